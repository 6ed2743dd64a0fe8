"""Letters on every database: kept once, found again, moved by staff."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Case
from actions.delivery.letterbook import Letterbook, find_sent, insert_letter, thread_of
from actions.delivery.mailroom import Mailroom
from actions.delivery.reply_addresses import ReplyAddresses
from knowledge.database import reading, writing
from knowledge.errors import Conflict
from tests.factories import NOW, FakeClock, make_draft

ADDRESSES = ReplyAddresses("reply@ruterdam.example", "a key")


@pytest.fixture
def book(engine: AsyncEngine) -> Letterbook:
    return Letterbook(engine)


@pytest.fixture
def mailroom(engine: AsyncEngine, archive: Archive, clock: FakeClock) -> Mailroom:
    return Mailroom(engine, archive, ADDRESSES, lambda text: text, clock)


def reply(case: Case, *, sender: str = "elise.morel@example.fr") -> bytes:
    to = ADDRESSES.make("reply", case.reference)
    head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <one@example.fr>"
    return f"{head}\r\n\r\nToujours rien.".encode()


async def test_a_reply_is_appended_once(
    archive: Archive, mailroom: Mailroom, book: Letterbook
) -> None:
    case = await archive.file(make_draft())

    results = [await mailroom.receive(reply(case)) for _ in range(2)]

    (kept,) = await book.of_case(case.reference)
    transcript = (await archive.case(case.reference)).transcript
    assert results == ["appended", "duplicate"]
    assert kept.message == transcript[-1].id
    assert await archive.find_faults() == []


async def test_an_unmatched_letter_is_attached_once(
    archive: Archive, mailroom: Mailroom, book: Letterbook
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(reply(case, sender="eve@example.net"))
    (waiting,) = await book.unmatched()

    await mailroom.attach(waiting.id, case.reference, "eva")

    with pytest.raises(Conflict):
        await mailroom.dismiss(waiting.id, "eva")
    assert [each.state for each in await book.of_case(case.reference)] == ["appended"]


async def test_a_thread_is_the_letters_in_order_without_bounces(
    engine: AsyncEngine,
) -> None:
    async with writing(engine) as connection:
        for number, state in enumerate(["sent", "appended", "bounce", "sent"]):
            await insert_letter(
                connection,
                reference="G-2026-000001",
                direction="in" if state in ("appended", "bounce") else "out",
                kind="reply",
                state=state,
                message_id=f"<{number}@x>",
                sender="a@x",
                recipient="b@x",
                subject="",
                text="",
                source="",
                language="sv",
                at=NOW,
            )

    async with reading(engine) as connection:
        thread = await thread_of(connection, "G-2026-000001")
        found = await find_sent(connection, ["<9@x>", "<1@x>", "<0@x>", "<3@x>"])

    assert thread == ["<0@x>", "<1@x>", "<3@x>"]
    assert found is not None and found.message_id == "<3@x>"
