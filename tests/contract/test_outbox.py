from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.outbox import MAX_ATTEMPTS, Outbox
from tests.factories import FakeClock, make_draft


@pytest.fixture
def outbox(engine: AsyncEngine, clock: FakeClock) -> Outbox:
    return Outbox(engine, clock)


async def test_a_written_email_is_due_at_once(archive: Archive, outbox: Outbox):
    case = await archive.file(make_draft())

    (email,) = await outbox.due()

    assert (email.reference, email.kind) == (case.reference, "receipt")
    assert (email.language, email.attempts) == ("fr", 0)


async def test_a_sent_email_is_not_due_again(archive: Archive, outbox: Outbox):
    await archive.file(make_draft())
    (email,) = await outbox.due()

    await outbox.mark_sent(email)

    assert await outbox.due() == []


async def test_emails_of_one_case_are_sent_in_order(archive: Archive, outbox: Outbox):
    case = await archive.file(make_draft())
    other = await archive.file(make_draft())
    await archive.add_reply(case.reference, "eva", "Bonjour")

    first = await outbox.due()
    await outbox.mark_sent(first[0])
    second = await outbox.due()

    assert [email.kind for email in first] == ["receipt", "receipt"]
    assert [(email.reference, email.kind) for email in second] == [
        (other.reference, "receipt"),
        (case.reference, "reply"),
    ]


async def test_a_failed_email_waits_twice_as_long_each_time(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    await archive.file(make_draft())
    waited = []
    for _ in range(4):
        (email,) = await outbox.due()
        await outbox.mark_failed(email, "connection refused")
        minutes = 0
        while not await outbox.due():
            clock.advance(minutes=1)
            minutes += 1
        waited.append(minutes)

    assert waited == [1, 2, 4, 8]


async def test_an_email_that_always_fails_is_given_up_and_counted(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    case = await archive.file(make_draft())
    await archive.add_reply(case.reference, "eva", "Bonjour")

    for _ in range(MAX_ATTEMPTS):
        (email,) = await outbox.due()
        await outbox.mark_failed(email, "no such mailbox")
        clock.advance(days=2)

    assert [email.kind for email in await outbox.due()] == ["reply"]
    assert await outbox.given_up() == 1
