from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Case, Message
from actions.cases.clock_tables import case_clocks, case_notices
from actions.cases.clocks import CaseClocks
from actions.cases.complaint import Policy
from actions.cases.keeping_time import ClocksFailed
from actions.cases.policies import load_policy
from actions.cases.post_tables import outbox
from actions.cases.retention import Retention
from actions.desk.answering import Answering
from bot.settings import ROOT
from knowledge.database import reading
from knowledge.errors import BadInput, Conflict, NotFound
from tests.factories import STOCKHOLM, FakeClock, make_draft

DUE = datetime(2026, 12, 22, 9, 30, tzinfo=UTC)


def compose(case: Case, clocks: CaseClocks, now: datetime, next_at: datetime) -> str:
    return f"Vi arbetar vidare; nästa besked {next_at:%Y-%m-%d}."


class Heard:
    """Whoever watches a conversation."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Message]] = []

    async def __call__(self, conversation: str, message: Message) -> None:
        self.messages.append((conversation, message))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def lenient(policy: Policy) -> Policy:
    """A policy that lets the answer wait for the customer."""
    return replace(
        policy,
        pause_clocks=("answer",),
        pause_reasons=("waiting_for_customer",),
        pause_at_most_days=30,
    )


@pytest.fixture
def pausing(engine: AsyncEngine, lenient: Policy, clock: FakeClock) -> Archive:
    return Archive(engine, lenient, STOCKHOLM, clock)


def kinds(case: Case) -> list[str]:
    return [event.kind for event in case.history]


async def mailed(engine: AsyncEngine) -> list[str]:
    async with reading(engine) as connection:
        return list(
            await connection.scalars(
                select(outbox.c.kind)
                .where(outbox.c.destination == "email")
                .order_by(outbox.c.id)
            )
        )


async def test_a_case_has_the_dates_of_the_policy_it_was_filed_under(
    engine: AsyncEngine, policy: Policy, clock: FakeClock
):
    before = Archive(engine, policy, STOCKHOLM, clock)
    case = await before.file(make_draft())
    newer = replace(
        policy, name="newer", answer_within=replace(policy.answer_within, n=2)
    )
    known = {"default": policy, "newer": newer}
    now = Archive(engine, newer, STOCKHOLM, clock, policies=known)

    dates = await now.clocks.dates(case.reference)
    newest = await now.file(make_draft())

    assert dates.answer_due_at == case.answer_due_at == DUE
    assert newest.answer_due_at == datetime(2027, 1, 22, 9, 30, tzinfo=UTC)


async def test_a_case_is_closed_by_the_policy_it_was_filed_under(
    engine: AsyncEngine, archive: Archive, policy: Policy, clock: FakeClock
):
    case = await archive.file(make_draft())
    later = replace(
        policy, name="later", outcomes=("clarification",), reasons_required_for=()
    )
    policies = {policy.name: policy, "later": later}
    changed = Archive(engine, later, STOCKHOLM, clock, policies=policies)

    with pytest.raises(BadInput, match="written reasons"):
        await changed.close(case.reference, "eva", "decision_confirmed")
    closed = await changed.close(case.reference, "eva", "solution")

    assert closed.status == "closed"


async def test_agents_are_warned_once_before_the_answer_is_due(
    archive: Archive, clock: FakeClock, heard: Heard
):
    case = await archive.file(make_draft())
    clock.now = DUE.replace(day=19)

    first = await archive.clocks.run_due(clock(), compose, heard)
    again = await archive.clocks.run_due(clock(), compose, heard)

    warned = await archive.case(case.reference)
    assert (first, again) == (1, 0)
    assert kinds(warned) == ["filed", "due_soon"]
    assert warned.history[-1].details["due_at"] == "2026-12-22T09:30:00.000Z"
    assert warned.version == case.version


async def test_a_case_unanswered_when_due_gets_a_written_update_each_month(
    archive: Archive, engine: AsyncEngine, clock: FakeClock, heard: Heard
):
    case = await archive.file(make_draft(language="sv"))
    for moment in (DUE, DUE.replace(year=2027, month=1)):
        clock.now = moment
        await archive.clocks.run_due(clock(), compose, heard)

    updated = await archive.case(case.reference)
    assert kinds(updated).count("interim_update_sent") == 2
    assert updated.transcript[-1].text.endswith("nästa besked 2027-02-22.")
    assert updated.transcript[-1].sender == "bot"
    assert await mailed(engine) == ["receipt", "interim_update", "interim_update"]
    assert [each.id for _, each in heard.messages] == [
        each.id for each in updated.transcript[-2:]
    ]
    assert await archive.find_faults() == []


async def test_after_a_downtime_one_update_is_made_up_for(
    archive: Archive, clock: FakeClock, heard: Heard
):
    case = await archive.file(make_draft())
    clock.now = DUE.replace(year=2027, month=6)

    done = await archive.clocks.run_due(clock(), compose, heard)

    assert done == 1
    assert kinds(await archive.case(case.reference)) == ["filed", "interim_update_sent"]


async def test_schedulers_at_the_same_time_write_one_update(
    archive: Archive, clock: FakeClock, heard: Heard
):
    case = await archive.file(make_draft())
    clock.now = DUE

    done = await asyncio.gather(
        *[archive.clocks.run_due(clock(), compose, heard) for _ in range(4)]
    )

    assert sum(done) == 1
    assert kinds(await archive.case(case.reference)).count("interim_update_sent") == 1


async def test_an_update_that_cannot_be_written_leaves_nothing_and_stops_no_other(
    archive: Archive, engine: AsyncEngine, clock: FakeClock, heard: Heard
):
    broken = await archive.file(make_draft())
    other = await archive.file(make_draft())
    clock.now = DUE

    def compose_but_one(case: Case, *rest: Any) -> str:
        if case.reference == broken.reference:
            raise KeyError("no text")
        return compose(case, *rest)

    with pytest.raises(ClocksFailed, match="1 cases"):
        await archive.clocks.run_due(clock(), compose_but_one, heard)

    assert kinds(await archive.case(broken.reference)) == ["filed"]
    assert "interim_update_sent" in kinds(await archive.case(other.reference))
    assert await archive.clocks.run_due(clock(), compose, heard) == 1


async def test_an_agents_own_update_takes_the_place_of_the_next_one(
    archive: Archive, engine: AsyncEngine, clock: FakeClock, heard: Heard
):
    case = await archive.file(make_draft())
    clock.now = DUE
    await archive.clocks.run_due(clock(), compose, heard)
    clock.advance(days=14)
    await archive.send_interim_update(case.reference, "eva", "Vi väntar på banken.")
    clock.now = DUE.replace(year=2027, month=1)

    await archive.clocks.run_due(clock(), compose, heard)

    assert (await mailed(engine)).count("interim_update") == 2


async def test_a_closed_case_is_left_alone_and_a_reopened_one_waits_for_its_next_date(
    archive: Archive, engine: AsyncEngine, clock: FakeClock, heard: Heard
):
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "solution", "Pengarna är på väg.")
    clock.now = DUE.replace(day=24)
    closed = await archive.clocks.run_due(clock(), compose, heard)
    await archive.append_to_case(case.reference, "Det räcker inte.")
    reopened = await archive.clocks.run_due(clock(), compose, heard)
    clock.now = DUE.replace(year=2027, month=1)

    later = await archive.clocks.run_due(clock(), compose, heard)

    assert (closed, reopened, later) == (0, 0, 1)


async def test_a_pause_moves_the_date_until_the_customer_answers(
    pausing: Archive, clock: FakeClock
):
    case = await pausing.file(make_draft())
    await pausing.clocks.pause(
        case.reference, "eva", "waiting_for_customer", "Kontoutdrag"
    )
    waiting = await pausing.case(case.reference)
    clock.advance(days=5)

    answered = await pausing.append_to_case(case.reference, "Voici.")

    assert waiting.status == "waiting"
    assert waiting.answer_due_at == datetime(2027, 1, 21, 9, 30, tzinfo=UTC)
    assert answered.answer_due_at == DUE.replace(day=27)
    dates = await pausing.clocks.dates(case.reference)
    assert dates.answer_due_at == answered.answer_due_at
    assert kinds(answered) == [
        "filed",
        "clocks_paused",
        "customer_wrote",
        "clocks_resumed",
    ]
    paused = answered.history[1]
    assert (paused.actor, paused.details["note"]) == ("eva", "Kontoutdrag")
    assert answered.history[-1].actor == "customer"


async def test_asking_the_customer_stops_the_clock_of_the_pausing_policy(
    engine: AsyncEngine, clock: FakeClock
):
    policy = load_policy(ROOT / "data", "default-pausing")
    archive = Archive(engine, policy, STOCKHOLM, clock)
    case = await archive.file(make_draft())
    assert case.customer.email is not None

    clock.advance(days=3)
    await Answering(engine, archive).request_information(
        case.reference, "eva", "Quelle banque ?"
    )
    clock.advance(days=5)
    answered = await archive.append_to_case(case.reference, "La Banque Postale.")

    told = await archive.status_for(case.reference, case.customer.email)
    dates = await archive.clocks.dates(case.reference)
    expected = case.answer_due_at + timedelta(days=5)
    assert told.answer_due_at == dates.answer_due_at == expected
    assert kinds(answered)[-1] == "clocks_resumed"
    assert await archive.find_faults() == []


async def test_an_agent_takes_a_case_up_again(pausing: Archive, clock: FakeClock):
    case = await pausing.file(make_draft())
    await pausing.clocks.pause(case.reference, "eva", "waiting_for_customer", "Svar")
    clock.advance(days=2)

    await pausing.clocks.resume(case.reference, "eva")

    resumed = await pausing.case(case.reference)
    assert (resumed.status, resumed.answer_due_at) == ("open", DUE.replace(day=24))
    assert kinds(resumed)[-2:] == ["taken_up_again", "clocks_resumed"]
    with pytest.raises(BadInput, match="was not set aside"):
        await pausing.clocks.resume(case.reference, "eva")


async def test_at_the_limit_the_clocks_run_on(
    pausing: Archive, clock: FakeClock, heard: Heard
):
    case = await pausing.file(make_draft())
    await pausing.clocks.pause(case.reference, "eva", "waiting_for_customer", "Svar")
    clock.advance(days=31)

    await pausing.clocks.run_due(clock(), compose, heard)

    over = await pausing.case(case.reference)
    assert kinds(over)[-1] == "clocks_resumed"
    assert over.answer_due_at == datetime(2027, 1, 21, 9, 30, tzinfo=UTC)
    assert (await pausing.clocks.dates(case.reference)).paused_since is None


async def test_without_a_rule_for_it_the_clocks_run_on_while_a_case_waits(
    archive: Archive, clock: FakeClock
):
    case = await archive.file(make_draft())

    await archive.clocks.pause(case.reference, "eva", "waiting_for_customer", "Svar")

    waiting = await archive.case(case.reference)
    assert (waiting.status, waiting.answer_due_at) == ("waiting", DUE)
    assert kinds(waiting)[-1] == "waiting"


@pytest.mark.parametrize(
    ("reason", "note", "complaint"),
    [
        ("holiday", "Vi är lediga", "must be one of"),
        ("waiting_for_customer", " ", "empty"),
    ],
)
async def test_a_pause_needs_a_known_reason_and_a_note(
    archive: Archive, reason: Any, note: str, complaint: str
):
    case = await archive.file(make_draft())

    with pytest.raises(BadInput, match=complaint):
        await archive.clocks.pause(case.reference, "eva", reason, note)


async def test_a_closed_case_cannot_be_set_aside(archive: Archive):
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "clarification")

    with pytest.raises(Conflict):
        await archive.clocks.pause(
            case.reference, "eva", "waiting_for_customer", "Svar"
        )


async def test_an_unknown_case_has_no_dates(archive: Archive):
    with pytest.raises(NotFound):
        await archive.clocks.dates("G-1999-000001")


async def test_clocks_go_with_the_case(
    archive: Archive,
    engine: AsyncEngine,
    policy: Policy,
    clock: FakeClock,
    heard: Heard,
):
    case = await archive.file(make_draft())
    clock.now = DUE
    await archive.clocks.run_due(clock(), compose, heard)

    retention = Retention(engine, policy, STOCKHOLM)
    await retention.erase(clock(), reference=case.reference)

    async with reading(engine) as connection:
        for table in (case_clocks, case_notices):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0
