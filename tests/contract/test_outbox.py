from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from actions.cases.outbox import EMAIL
from actions.cases.retention import Retention
from actions.delivery.outbox import LEASE, MAX_ATTEMPTS, Delivery, Outbox
from tests.factories import NOW, STOCKHOLM, FakeClock, make_draft

CRM = "crm"


@pytest.fixture
def outbox(engine: AsyncEngine, clock: FakeClock) -> Outbox:
    return Outbox(engine, clock, jitter=lambda: 0.5)


@pytest.fixture
def replica(engine: AsyncEngine, clock: FakeClock) -> Outbox:
    """Another process on the same database."""
    return Outbox(engine, clock)


async def letters(outbox: Outbox) -> list[Delivery]:
    return await outbox.claim([EMAIL])


async def events(outbox: Outbox) -> list[Delivery]:
    return await outbox.claim([CRM])


async def test_a_written_letter_is_due_at_once(archive: Archive, outbox: Outbox):
    case = await archive.file(make_draft())

    (letter,) = await letters(outbox)

    assert (letter.reference, letter.kind) == (case.reference, "receipt")
    assert (letter.language, letter.attempts) == ("fr", 0)


async def test_a_sent_letter_is_not_due_again(archive: Archive, outbox: Outbox):
    await archive.file(make_draft())
    (letter,) = await letters(outbox)

    await outbox.mark_sent(letter)

    assert await letters(outbox) == []


async def test_letters_of_one_case_are_sent_in_order(archive: Archive, outbox: Outbox):
    case = await archive.file(make_draft())
    other = await archive.file(make_draft())
    await archive.add_reply(case.reference, "eva", "Bonjour")

    first = await letters(outbox)
    await outbox.mark_sent(first[0])
    second = await letters(outbox)

    assert [each.reference for each in first] == [case.reference, other.reference]
    assert [(each.reference, each.kind) for each in second] == [
        (case.reference, "reply")
    ]


async def test_a_failed_letter_waits_twice_as_long_each_time(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    await archive.file(make_draft())
    waited = []
    for _ in range(4):
        (letter,) = await letters(outbox)
        await outbox.mark_failed(letter, "connection refused")
        (waiting,) = await outbox.list("waiting")
        assert waiting.next_attempt_at is not None
        waited.append((waiting.next_attempt_at - clock.now) / timedelta(minutes=1))
        clock.now = waiting.next_attempt_at

    assert waited == [1, 2, 4, 8]


async def test_the_other_side_says_when_to_come_back(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    await archive.file(make_draft())
    (letter,) = await letters(outbox)

    await outbox.mark_failed(letter, "busy", retry_after=timedelta(minutes=30))
    clock.advance(minutes=29)
    too_early = await letters(outbox)
    clock.advance(minutes=1)

    assert too_early == []
    assert len(await letters(outbox)) == 1


async def test_a_failure_holds_back_only_its_own_case(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    failing = await archive.file(make_draft())
    (letter,) = await letters(outbox)
    await outbox.mark_failed(letter, "greylisted")
    await archive.add_reply(failing.reference, "eva", "Bonjour")
    other = await archive.file(make_draft())

    assert [each.reference for each in await letters(outbox)] == [other.reference]


async def test_a_letter_that_always_fails_is_given_up_and_listed(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    case = await archive.file(make_draft())
    await archive.add_reply(case.reference, "eva", "Bonjour")

    for _ in range(MAX_ATTEMPTS):
        (letter,) = await letters(outbox)
        await outbox.mark_failed(letter, "no such mailbox")
        clock.advance(days=2)

    (dead,) = await outbox.list("dead")
    assert (dead.kind, dead.last_error) == ("receipt", "no such mailbox")
    assert await outbox.counts() == {(EMAIL, "dead"): 1, (EMAIL, "waiting"): 1}
    assert [each.kind for each in await letters(outbox)] == ["reply"]


async def test_a_dead_letter_is_tried_again_from_the_start_on_replay(
    archive: Archive, outbox: Outbox
):
    await archive.file(make_draft())
    (letter,) = await letters(outbox)
    await outbox.mark_failed(letter, "no such mailbox", is_final=True)

    n_replayed = await outbox.replay([letter.id])

    (again,) = await letters(outbox)
    assert (n_replayed, again.key, again.attempts) == (1, letter.key, 0)


async def test_what_one_replica_took_no_other_takes(
    archive: Archive, outbox: Outbox, replica: Outbox
):
    for _ in range(3):
        await archive.file(make_draft())

    first = await outbox.claim([EMAIL], limit=2)
    second = await letters(replica)

    assert (len(first), len(second)) == (2, 1)
    assert not {each.id for each in first} & {each.id for each in second}


async def test_replicas_that_claim_at_once_share_without_overlap(
    archive: Archive, engine: AsyncEngine, clock: FakeClock
):
    for _ in range(12):
        await archive.file(make_draft())
    replicas = [Outbox(engine, clock) for _ in range(4)]

    taken = await asyncio.gather(*[each.claim([EMAIL], limit=3) for each in replicas])
    rest = await replicas[0].claim([EMAIL])

    ids = [delivery.id for each in [*taken, rest] for delivery in each]
    assert len(ids) == len(set(ids)) == 12


async def test_what_a_dead_replica_took_is_free_after_its_lease(
    archive: Archive, outbox: Outbox, replica: Outbox, clock: FakeClock
):
    await archive.file(make_draft())
    (taken,) = await letters(replica)
    clock.now += LEASE

    (again,) = await letters(outbox)
    await replica.mark_failed(taken, "too late to say so")

    assert again.key == taken.key
    assert (await outbox.list("waiting"))[0].attempts == 0


async def test_a_subscribed_system_gets_the_events_it_asked_for(
    archive: Archive, outbox: Outbox
):
    await outbox.subscribe({CRM: ["filed", "closed"], "other": ["closed"]})
    case = await archive.file(make_draft())
    await archive.add_note(case.reference, "eva", "between us")
    await archive.close(case.reference, "eva", "clarification")

    written = await outbox.list(reference=case.reference)

    assert [(each.destination, each.kind) for each in reversed(written)] == [
        (EMAIL, "receipt"),
        (CRM, "filed"),
        (EMAIL, "outcome"),
        (CRM, "closed"),
        ("other", "closed"),
    ]


async def test_an_event_is_written_with_its_change_or_not_at_all(
    archive: Archive, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
):
    await outbox.subscribe({CRM: ["filed"]})
    monkeypatch.setattr("actions.cases.filing.append_events", _fail)

    with pytest.raises(RuntimeError):
        await archive.file(make_draft())

    assert await outbox.list() == []


async def _fail(*_: object) -> None:
    raise RuntimeError


async def test_a_failing_system_does_not_keep_back_letters(
    archive: Archive, outbox: Outbox
):
    await outbox.subscribe({CRM: ["filed"]})
    await archive.file(make_draft())
    (event,) = await events(outbox)
    await outbox.mark_failed(event, "down")

    assert [each.kind for each in await letters(outbox)] == ["receipt"]


async def test_a_held_destination_gets_nothing_until_then(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    await archive.file(make_draft())
    await outbox.hold(EMAIL, NOW + timedelta(minutes=5), "asked to slow down")

    held = await letters(outbox)
    clock.advance(minutes=5)

    assert held == []
    assert len(await letters(outbox)) == 1
    assert await outbox.holds() == []


async def test_a_destination_that_is_gone_waits_for_a_person(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    await archive.file(make_draft())
    await outbox.hold(EMAIL, None, "410 Gone")
    clock.advance(days=30)
    held = await letters(outbox)

    await outbox.replay(destination=EMAIL)

    assert held == []
    assert len(await letters(outbox)) == 1


async def test_an_erased_case_leaves_nothing_but_the_news_of_it(
    archive: Archive, engine: AsyncEngine, outbox: Outbox, policy: Policy
):
    await outbox.subscribe({CRM: ["filed", "erased"]})
    case = await archive.file(make_draft())

    await Retention(engine, policy, STOCKHOLM).erase(NOW, reference=case.reference)

    (left,) = await outbox.list()
    assert (left.kind, left.content, left.recipient) == ("erased", {}, None)


async def test_what_was_sent_long_ago_is_pruned(
    archive: Archive, outbox: Outbox, clock: FakeClock
):
    await archive.file(make_draft())
    (letter,) = await letters(outbox)
    await outbox.mark_sent(letter)
    await archive.file(make_draft())

    n_pruned = await outbox.prune(NOW + timedelta(days=1))

    assert (n_pruned, len(await outbox.list())) == (1, 1)
