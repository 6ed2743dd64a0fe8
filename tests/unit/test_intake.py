from __future__ import annotations

from typing import Any

import pytest

from actions.crisis import HelpInCrisis
from actions.filing import OpenCase
from actions.talk import Fallback
from tests.unit.talking import (
    STORY,
    filled,
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
