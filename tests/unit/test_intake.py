from __future__ import annotations

from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any

import pytest

from actions.crisis import HelpInCrisis
from actions.filing import CancelCase, FileCase, OpenCase, RestartCase
from actions.talk import Correct, Fallback
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


async def test_one_utterance_fills_several_fields() -> None:
    slots = asking("name", email=None, event_date=None)

    heard = await tell("Ida Berg, ida@example.se, hände i fredags", **slots)

    assert heard.slots["name"] == "Ida Berg"
    assert heard.slots["email"] == "ida@example.se"
    assert heard.slots["event_date"] == "2026-11-20"
    assert heard.slots["requested_slot"] == "confirmed"


async def test_opening_a_case_keeps_what_was_said_as_its_description() -> None:
    heard = await tell(STORY, action=OpenCase, intent="complaint", form=False)

    assert heard.slots["description"] == STORY
    assert heard.opens_form


async def test_an_ordinary_request_is_not_asked_for_a_date() -> None:
    services = make_services(classifier=Judge(is_complaint=False))
    verdict = {"is_complaint": False, "category": "other", "ground": None, "chosen": {}}
    slots = asking("username", event_date=None, details=None, verdict=verdict)

    heard = await tell("river_rat", services=services, **slots)

    assert heard.slots["requested_slot"] == "details"


async def test_a_question_is_no_answer_and_the_form_goes_on() -> None:
    heard = await tell("Who reads this?", intent="ask_question", **asking("name"))

    assert "name" not in heard.slots
    assert heard.slots["requested_slot"] == "name"
    assert heard.text.endswith("What is your name?")


async def test_an_answer_and_a_question_are_both_taken() -> None:
    heard = await tell(
        "username new_rat. How long does it take?",
        intent="ask_question",
        **asking("username"),
    )

    assert heard.slots["username"] == "new_rat"
    assert "answer to that" in heard.text


@pytest.mark.parametrize("text", ["", "🤷", "…"])
async def test_without_words_the_same_field_is_asked_for_again(text: str) -> None:
    heard = await tell(text, **asking("email"))

    assert heard.slots["requested_slot"] == "email"
    assert heard.slots["attempts"] == {}


async def test_a_correction_replaces_the_value_and_the_form_goes_on() -> None:
    slots = asking("username", name="Sofia Lindh")

    heard = await tell("oops, Sofia Lind without h", intent="correct", **slots)

    assert heard.slots["name"] == "Sofia Lind"
    assert heard.slots["requested_slot"] == "username"


async def test_an_invalid_value_wipes_no_valid_one() -> None:
    heard = await tell("the e-mail is sofia@nowhere", intent="correct", **filled())

    assert "email" not in heard.slots


async def test_after_two_failures_there_is_an_example() -> None:
    slots = asking("email", attempts={"email": 1})

    heard = await tell("bla", intent="inform", **slots)

    assert "@example.com" in heard.text
    assert heard.slots["requested_slot"] == "email"


async def test_after_three_failures_the_form_goes_on_without_the_field() -> None:
    slots = asking("email", attempts={"email": 2})

    heard = await tell("bla", intent="inform", **slots)

    assert heard.slots["missing"] == ["email"]
    assert heard.slots["requested_slot"] == "confirmed"


async def test_a_username_may_be_refused_at_once() -> None:
    heard = await tell("I'd rather not say", intent="skip", **asking("username"))

    assert heard.slots["missing"] == ["username"]


async def test_an_address_is_explained_before_the_form_goes_on_without_it() -> None:
    heard = await tell("I won't give you that", intent="skip", **asking("email"))

    assert heard.slots.get("missing", []) == []
    assert heard.slots["requested_slot"] == "email"


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


async def test_crisis_is_left_to_its_rule_before_anything_is_stored() -> None:
    heard = await tell(
        "my name is Ida Berg and I can't go on", intent="crisis", **asking("name")
    )

    assert heard.is_rejected
    assert "name" not in heard.slots


async def test_crisis_stops_the_form_and_names_the_help_line() -> None:
    heard = await tell(
        "jag orkar inte mer",
        action=HelpInCrisis,
        intent="crisis",
        language="sv",
        **asking("email"),
    )

    assert "020-81 91 00" in heard.text
    assert heard.slots["requested_slot"] is None
    assert {"event": "active_loop", "timestamp": None, "name": None} in heard.events


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


async def test_an_utterance_not_understood_never_ends_in_silence() -> None:
    heard = await tell("hm", action=Fallback, intent="nlu_fallback", form=False)

    assert heard.text
    assert heard.followup == "action_listen"


@pytest.mark.parametrize(
    ("language", "field", "words", "value"),
    [
        ("nb", "username", "endre brukernavnet til monalie_99", "monalie_99"),
        ("es", "name", "cambia el nombre a Iker Zubeldia", "Iker Zubeldia"),
        ("da", "name", "navnet skal være Birthe Kjærsgaard", "Birthe Kjærsgaard"),
        ("pl", "name", "zmień imię na Paweł Nowicki", "Paweł Nowicki"),
        ("en", "email", "wait, the e-mail is kim@example.com", "kim@example.com"),
        ("it", "email", "scusa ho sbagliato, kim@example.it", "kim@example.it"),
        ("nb", "event_date", "datoen skal være 10. november", "2026-11-10"),
        ("fr", "event_date", "non, c'était le 4, pas le 3", "2026-11-04"),
    ],
)
async def test_a_summary_is_corrected_in_the_customers_own_words(
    language: str, field: str, words: str, value: str
) -> None:
    intent = "correct" if field == "event_date" else "inform"

    heard = await tell(words, intent=intent, language=language, **filled())

    assert heard.slots[field] == value
    assert "confirmed" not in heard.slots


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "attention, ce n'est pas une réclamation"),
        ("sv", "det är inget klagomål, jag ville bara fråga"),
        ("de", "das soll keine Beschwerde sein"),
        ("fi", "tämä ei ole valitus"),
    ],
)
async def test_a_customer_may_say_that_it_is_no_complaint(
    language: str, words: str
) -> None:
    heard = await tell(words, intent="cancel", language=language, **filled())

    assert heard.slots["verdict"]["chosen"] == {"is_complaint": False}
    assert heard.followup is None


async def test_a_customer_may_say_that_it_is_a_complaint_after_all() -> None:
    asked = {**filled()["verdict"], "is_complaint": False}

    heard = await tell("I do want it to be a complaint", **filled(verdict=asked))

    assert heard.slots["customer_says_complaint"]
    assert heard.slots["verdict"]["chosen"] == {"is_complaint": True}


@pytest.mark.parametrize("word", ["joostpoker", "kill_bill88", "Desperado"])
async def test_a_username_is_no_cry_for_help(word: str) -> None:
    heard = await tell(word, intent="crisis", confidence=0.8, **asking("username"))

    assert heard.slots["username"] == word
    assert not heard.is_rejected


async def test_a_username_is_no_greeting() -> None:
    heard = await tell("kim.berg@", intent="greet", confidence=0.6, **asking("email"))

    assert heard.slots["attempts"] == {"email": 1}


async def test_a_wish_said_in_place_of_an_answer_is_kept() -> None:
    heard = await tell("I just want my 40 euros back", **asking("event_date"))

    assert "40 euros" in heard.slots["description"]
    assert heard.slots["requested_slot"] == "event_date"


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


async def test_a_username_that_comes_to_mind_later_is_taken() -> None:
    slots = asking("details", username=None, missing=["username"])

    heard = await tell("lillan_spelar tror jag", language="sv", **slots)

    assert heard.slots["username"] == "lillan_spelar"
    assert heard.slots["missing"] == []


async def test_a_question_that_asks_no_reason_is_looked_up() -> None:
    heard = await tell(
        "is it too late for that?",
        intent="why_needed",
        confidence=0.8,
        **asking("name"),
    )

    assert "answer to that" in heard.text


async def test_a_name_given_with_an_apology_is_no_cry_for_help() -> None:
    heard = await tell(
        "förlåt, kunde inte låta bli. Fia Rosenqvist heter jag",
        intent="crisis",
        confidence=0.4,
        language="sv",
        **asking("name"),
    )

    assert heard.slots["name"] == "Fia Rosenqvist"
    assert not heard.is_rejected
