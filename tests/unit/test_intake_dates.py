"""Days and times told in the form."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from actions.filing import FileCase
from tests.unit.talking import (
    Drawer,
    Judge,
    filled,
    make_services,
    tell,
)


def asking(field: str, **overrides: Any) -> dict[str, Any]:
    return filled(**{field: None, "requested_slot": field, **overrides})


async def test_an_ordinary_request_is_not_asked_for_a_date() -> None:
    services = make_services(classifier=Judge(is_complaint=False))
    verdict = {"is_complaint": False, "category": "other", "ground": None, "chosen": {}}
    slots = asking("username", event_date=None, details=None, verdict=verdict)

    heard = await tell("river_rat", services=services, **slots)

    assert heard.slots["requested_slot"] == "details"


async def test_an_ambiguous_date_is_asked_with_two_choices() -> None:
    heard = await tell("06/10", **asking("event_date"))

    assert heard.slots["date_options"] == ["2026-10-06", "2026-06-10"]
    assert heard.slots["requested_slot"] == "event_date"


async def test_a_date_to_come_is_refused() -> None:
    heard = await tell("on 24 December", **asking("event_date"))

    assert "event_date" not in heard.slots
    assert "still to come" in heard.text


async def test_a_vague_time_is_never_made_a_day() -> None:
    heard = await tell("sometime last summer", **asking("event_date"))

    assert "event_date" not in heard.slots


async def test_a_late_event_is_said_to_be_late() -> None:
    heard = await tell("on 10 June", **asking("event_date"))

    assert heard.slots["event_date"] == "2026-06-10"
    assert "late" in heard.text


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("sv", "i fredags kl 14.30", ("2026-11-20", "14:30")),
        ("en", "yesterday around 9 pm", ("2026-11-21", "21:00")),
        ("fr", "hier vers 20h30", ("2026-11-21", "20:30")),
    ],
)
async def test_a_date_is_taken_with_its_time(
    language: str, words: str, expected: tuple[str, str]
) -> None:
    heard = await tell(words, language=language, **asking("event_date"))

    assert (heard.slots["event_date"], heard.slots["event_time"]) == expected


async def test_a_time_that_may_be_of_two_days_is_kept_while_it_asks_which() -> None:
    heard = await tell("last Saturday at 9 pm", **asking("event_date"))

    assert heard.slots["date_options"]
    assert heard.slots["event_time"] == "21:00"


async def test_a_time_alone_is_no_date() -> None:
    heard = await tell("at 9 pm", **asking("event_date"))

    assert "event_date" not in heard.slots
    assert heard.slots["requested_slot"] == "event_date"


async def test_the_time_is_corrected_and_said_back() -> None:
    heard = await tell("wait, it was at 8:15 pm", intent="correct", **filled())

    assert heard.slots["event_time"] == "20:15"
    assert "8:15" in heard.text or "20:15" in heard.text


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-11-03", (date(2026, 11, 3), time(14, 30))), (None, (None, None))],
)
async def test_a_case_is_filed_with_the_time_of_its_day(
    day: str | None, expected: tuple[date | None, time | None]
) -> None:
    drawer = Drawer()
    slots = filled(confirmed=True, event_date=day, event_time="14:30")

    await tell(
        "yes",
        services=make_services(archive=drawer),
        action=FileCase,
        form=False,
        **slots,
    )

    (draft,) = drawer.drafts
    assert (draft.event_date, draft.event_time) == expected


async def test_asked_to_write_another_date_it_asks_which_is_true() -> None:
    heard = await tell("can't you just write 10 November?", **filled())

    assert "event_date" not in heard.slots
    assert len([p for p in heard.payloads if "event_date" in p]) == 2


async def test_of_several_times_in_a_story_none_is_taken() -> None:
    text = (
        "On Friday the table opened at 20:15, it froze for the first time at 20:40"
        " and my seat was taken away from me at 21:05"
    )

    heard = await tell(text, **asking("event_date"))

    assert heard.slots["event_date"] == "2026-11-20"
    assert heard.slots.get("event_time") is None


async def test_a_time_is_changed_to_what_would_else_be_a_limit() -> None:
    heard = await tell(
        "ändra tiden till kl 20.40",
        language="sv",
        intent="correct",
        **filled(event_time="21:00"),
    )

    assert heard.slots["event_time"] == "20:40"


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("it was on 3 November as I said", False),
        ("on 3 November, late in the evening", True),
        ("on 3 November, and the table was called Siljan", True),
    ],
)
async def test_a_day_said_again_is_no_more_of_the_story(
    text: str, is_kept: bool
) -> None:
    heard = await tell(text, **asking("details"))

    assert heard.slots["requested_slot"] == "confirmed"
    assert (text in heard.slots.get("description", "")) is is_kept
