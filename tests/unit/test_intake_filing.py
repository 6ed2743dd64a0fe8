"""From the summary to the case: confirmed, put aside, filed."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from actions.crisis import HelpInCrisis
from actions.filing import CancelCase, FileCase, OpenCase, RestartCase
from actions.talk import Correct
from knowledge.errors import NotReady
from tests.unit.talking import (
    STORY,
    Drawer,
    Judge,
    Silence,
    filled,
    make_services,
    tell,
)


def asking(field: str, **overrides: Any) -> dict[str, Any]:
    return filled(**{field: None, "requested_slot": field, **overrides})


@pytest.mark.parametrize(
    "text",
    ["yes", "go ahead", "yeah I know it's late. file it anyway"],
)
async def test_a_confirmation_ends_the_form(text: str) -> None:
    heard = await tell(text, intent="affirm", **filled())

    assert heard.slots["confirmed"]
    assert heard.slots["requested_slot"] is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("that's all", "affirm"),
        ("wait, don't send it", "cancel"),
        ("the username is wrong, it should be rat_2", "correct"),
        ("can't you just write 28 August?", "affirm"),
        ("is it free?", "ask_question"),
        ("no", "deny"),
    ],
)
async def test_nothing_else_is_taken_for_a_confirmation(text: str, intent: str) -> None:
    heard = await tell(text, intent=intent, **filled())

    assert heard.slots.get("requested_slot", "confirmed") is not None
    assert not heard.slots.get("confirmed")


async def test_a_cancelled_case_can_be_taken_up_again() -> None:
    cancelled = await tell("forget it", action=CancelCase, **filled())

    resumed = await tell(
        "no wait, I do want to complain",
        action=OpenCase,
        intent="complaint",
        form=False,
        **{**filled(), **cancelled.slots},
    )

    assert resumed.opens_form
    assert resumed.slots["parked"] is None
    assert not {"description", "event_date"} & resumed.slots.keys()


async def test_starting_over_keeps_nothing() -> None:
    heard = await tell("start over", action=RestartCase, **filled())

    for slot in ("name", "email", "username", "event_date", "description"):
        assert heard.slots[slot] is None


async def test_filing_takes_every_field() -> None:
    drawer = Drawer()
    services = make_services(archive=drawer)

    heard = await tell(
        "yes", services=services, action=FileCase, form=False, **filled(confirmed=True)
    )

    (draft,) = drawer.drafts
    assert draft.customer.email == "sofia@example.se"
    assert draft.filing_key == "c1:m0"
    assert draft.received_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert "G-2026-00001" in heard.text


async def test_nothing_is_filed_without_confirmation() -> None:
    drawer = Drawer()

    await tell(
        "yes",
        services=make_services(archive=drawer),
        action=FileCase,
        form=False,
        **filled(),
    )

    assert drawer.drafts == []


async def test_when_the_archive_is_away_the_summary_comes_back() -> None:
    services = make_services(archive=Drawer(is_away=True))

    heard = await tell(
        "yes", services=services, action=FileCase, form=False, **filled(confirmed=True)
    )

    assert heard.slots["confirmed"] is None
    assert heard.opens_form


async def test_writing_again_about_a_filed_matter_opens_no_second_case() -> None:
    same = SimpleNamespace(reference="G-2026-00001")
    services = make_services(archive=Drawer(same=same))
    filed = {"reference": "G-2026-00001"}

    heard = await tell(
        STORY,
        services=services,
        action=OpenCase,
        intent="complaint",
        form=False,
        filed=filed,
    )

    assert "G-2026-00001" in heard.text
    assert heard.followup == "action_listen"


class Away(Silence):
    """Help pages that cannot be read."""

    def open_passage(self, *args: Any, **kwargs: Any) -> None:
        raise NotReady("the index is away")

    def suggest(self, *args: Any, **kwargs: Any) -> list[Any]:
        raise NotReady("the index is away")


async def test_a_case_is_filed_while_the_help_pages_are_away() -> None:
    drawer = Drawer()
    services = make_services(archive=drawer, knowledge=Away())

    reviewed = await tell("no, that's all", services=services, **asking("details"))
    await tell(
        "yes", services=services, action=FileCase, form=False, **filled(confirmed=True)
    )

    assert "I'll send" in reviewed.text
    assert drawer.drafts[0].suggested_pages == []


async def test_a_correction_of_nothing_opens_a_case() -> None:
    heard = await tell(
        "I sent you the wrong bill by mistake, please bin it",
        services=make_services(classifier=Judge(is_complaint=False)),
        action=Correct,
        intent="correct",
        next_intent="report_problem",
        form=False,
    )

    assert heard.followup == "action_open_case"


async def test_a_doubtful_cry_for_help_is_judged_once() -> None:
    judge = Judge()

    heard = await tell(
        STORY,
        services=make_services(classifier=judge),
        action=HelpInCrisis,
        intent="crisis",
        confidence=0.4,
        form=False,
    )

    assert heard.followup == "action_open_case"
    assert judge.judged == [STORY]


@pytest.mark.parametrize(
    ("text", "is_same"),
    [
        ("I come back to my withdrawal of 300 euro, still not arrived today", True),
        ("Your table Siljan dealt the same card twice and I lost a hand", False),
    ],
)
async def test_a_report_that_names_the_filed_matter_again_is_the_same(
    text: str, is_same: bool
) -> None:
    heard = await tell(
        text,
        action=OpenCase,
        intent="report_problem",
        form=False,
        filed={"reference": "G-2026-000001"},
        description=STORY,
    )

    assert ("G-2026-000001" in heard.text) is is_same
