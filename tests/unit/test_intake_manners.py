"""The form as a conversation: nothing asked twice, said twice or thrown away."""

from __future__ import annotations

from typing import Any

import pytest

from actions.filing import OpenCase
from actions.talk import Correct, Decline, Fallback, HandOver, Inform
from tests.unit.talking import STORY, Judge, filled, make_services, tell


def asking(field: str, **overrides: Any) -> dict[str, Any]:
    return filled(**{field: None, "requested_slot": field, **overrides})


async def test_why_told_once_is_not_told_again_to_who_would_rather_not_say() -> None:
    asked = await tell("why?", intent="why_needed", **asking("email"))
    refused = await tell(
        "I'd rather not say",
        intent="skip",
        **asking("email", explained=asked.slots["explained"]),
    )

    assert asked.slots["attempts"] == {}
    assert "written answer" in asked.text
    assert "without an e-mail address" in refused.text


async def test_a_day_to_come_is_refused_with_one_question() -> None:
    heard = await tell("next Friday", **asking("event_date"))

    assert heard.text.count("?") == 1
    assert "/skip" in heard.payloads


async def test_a_month_is_said_back_and_a_day_of_it_asked_for() -> None:
    heard = await tell("some time in September", **asking("event_date"))
    day = await tell(
        "the 14th",
        **asking("event_date", date_options=heard.slots["date_options"]),
    )

    assert "September 2026" in heard.text
    assert heard.slots["description"].endswith("some time in September")
    assert day.slots["event_date"] == "2026-09-14"


@pytest.mark.parametrize(
    ("text", "day"),
    [("the first one", "2026-09-03"), ("March", "2026-03-09")],
)
async def test_one_of_two_days_is_chosen_in_words(text: str, day: str) -> None:
    heard = await tell(
        text,
        intent="skip",
        **asking("event_date", date_options=["2026-09-03", "2026-03-09"]),
    )

    assert heard.slots["event_date"] == day


async def test_leaving_a_field_as_it_is_cancels_nothing() -> None:
    heard = await tell(
        "leave it as it is",
        intent="cancel",
        **filled(correcting="event_date", requested_slot="event_date"),
    )

    assert not heard.is_rejected
    assert heard.slots["requested_slot"] == "confirmed"
    assert heard.slots.get("event_date", "2026-11-03") == "2026-11-03"


async def test_a_time_alone_is_added_to_the_day_of_the_summary() -> None:
    heard = await tell("it was at 20:40", **filled())

    assert heard.slots["event_time"] == "20:40"
    assert "at 20:40" in heard.text


async def test_a_word_for_sending_taken_for_a_cancellation_throws_nothing_away() -> (
    None
):
    heard = await tell("absenden", intent="cancel", confidence=0.7, **filled())

    assert heard.slots["confirmed"]


async def test_the_verdict_is_told_once_while_fields_are_corrected() -> None:
    first = await tell(
        "no, that's all",
        intent="deny",
        **filled(details=None, requested_slot="details"),
    )
    second = await tell(
        "my name is Sofia Lindh",
        intent="correct",
        **filled(shown=first.slots["shown"]),
    )

    assert "treat this as a complaint" in first.text
    assert "treat this as a complaint" not in second.text
    assert '/inform{"field": "is_complaint", "value": "false"}' in second.payloads


async def test_yes_to_what_should_be_changed_sends_nothing() -> None:
    asked = await tell("no", intent="deny", **filled())
    heard = await tell("yes", intent="affirm", **filled(shown=asked.slots["shown"]))

    assert not heard.slots.get("confirmed")
    assert "Shall I send it" in heard.text


async def test_that_it_should_be_a_complaint_is_acknowledged_at_any_step() -> None:
    heard = await tell(
        "I want this to be treated as a complaint",
        intent="complaint",
        services=make_services(classifier=Judge(is_complaint=False)),
        **asking("name", verdict={"is_complaint": False}),
    )

    assert heard.slots["customer_says_complaint"]
    assert "handled as a complaint" in heard.text


async def test_a_thumb_up_sends_the_summary() -> None:
    heard = await tell("👍", intent="affirm", **filled())

    assert heard.slots["confirmed"]


async def test_signs_without_words_are_no_answer_to_an_offer() -> None:
    heard = await tell("???", action=Decline, intent="deny", form=False)

    assert "any words" in heard.text


async def test_a_likely_report_opens_a_case_though_the_classifier_falls_back() -> None:
    heard = await tell(
        "my money hasn't turned up",
        action=Fallback,
        intent="nlu_fallback",
        next_intent="complaint",
        form=False,
    )

    assert heard.followup == "action_open_case"


@pytest.mark.parametrize(
    ("text", "sure", "opens"),
    [
        ("Do you sell cards with my own portrait?", 0.45, False),
        ("Could you look up when I joined?", 0.95, True),
        ("I lost the ball. Do you sell new ones?", 0.45, True),
        ("Is this where I make a complaint?", 0.45, True),
    ],
)
async def test_what_sounds_like_a_report_and_only_asks_is_answered(
    text: str, sure: float, opens: bool
) -> None:
    heard = await tell(
        text, action=OpenCase, intent="report_problem", confidence=sure, form=False
    )

    assert heard.opens_form == opens
    assert (heard.custom[0]["route"] == "faq") != opens


async def test_a_crisis_that_was_only_guessed_at_is_not_told_as_one() -> None:
    heard = await tell(
        "zzz",
        action=Fallback,
        intent="nlu_fallback",
        next_intent="crisis",
        form=False,
    )

    assert heard.custom[0]["route"] != "crisis"


async def test_a_reference_with_its_address_is_a_question_for_its_status() -> None:
    heard = await tell(
        "G-2026-000001 sofia@example.se",
        action=Fallback,
        intent="nlu_fallback",
        form=False,
    )

    assert heard.followup == "action_case_status"


async def test_who_wants_a_case_of_its_own_gets_one_at_once() -> None:
    heard = await tell(
        "no, file it separately",
        action=Decline,
        intent="deny",
        form=False,
        offer="append",
        filed={"reference": "G-2026-000001"},
        last_question=STORY,
    )

    assert heard.opens_form
    assert heard.slots["description"] == STORY


async def test_who_gives_a_fact_after_a_cry_for_help_goes_on_with_the_matter() -> None:
    heard = await tell(
        "my name is Jan Novák",
        action=Correct,
        intent="correct",
        form=False,
        pause="crisis",
        parked={"description": STORY},
    )

    assert heard.followup == "action_open_case"


async def test_a_day_by_its_number_is_of_the_month_known_so_far() -> None:
    heard = await tell(
        "no, it was the 4th",
        intent="correct",
        **filled(event_date="2026-09-03"),
    )

    assert heard.slots["event_date"] == "2026-09-04"


async def test_a_wish_said_to_the_summary_is_added_to_it() -> None:
    heard = await tell("I want my money back", intent="inform", **filled())

    assert heard.slots["remedy_sought"] == "I want my money back"
    assert heard.slots["description"].endswith("I want my money back")


async def test_who_would_rather_not_say_cancels_nothing() -> None:
    heard = await tell(
        "je préfère ne pas le donner",
        intent="cancel",
        confidence=0.6,
        language="fr",
        **asking("username"),
    )

    assert not heard.is_rejected
    assert heard.slots["missing"] == ["username"]


async def test_a_name_that_was_left_out_is_taken_when_it_is_given_after_all() -> None:
    heard = await tell("Åsa-Lis Holm", **asking("email", name=None, missing=["name"]))

    assert heard.slots["name"] == "Åsa-Lis Holm"
    assert heard.slots["missing"] == []
    assert heard.slots["requested_slot"] == "email"


async def test_that_a_case_is_late_stands_beside_its_date() -> None:
    heard = await tell("the details are right", **filled(event_date="2026-04-03"))

    lines = heard.text.splitlines()
    late = next(place for place, line in enumerate(lines) if "marked as late" in line)
    assert lines[late - 1].startswith("Date")


async def test_who_agrees_to_be_contacted_in_distress_is_asked_nothing_more() -> None:
    heard = await tell(
        "yes please, have someone contact me",
        action=HandOver,
        intent="ask_human",
        form=False,
        pause="crisis",
        offer="urgent",
        parked={"description": STORY},
    )

    assert heard.slots["case_reference"]


async def test_a_story_told_in_place_of_a_name_is_no_refusal() -> None:
    heard = await tell(
        "Mitt uttag har inte kommit",
        intent="complaint",
        language="sv",
        **asking("name", description=None),
    )

    assert heard.slots["description"] == "Mitt uttag har inte kommit"
    assert heard.slots["requested_slot"] == "name"


async def test_a_person_asked_for_is_no_name() -> None:
    heard = await tell(
        "ein Mensch bitte", intent="ask_human", language="de", **asking("name")
    )

    assert not heard.slots.get("name")
    assert heard.slots["requested_slot"] == "name"


async def test_the_day_told_before_the_case_was_opened_is_not_asked_for() -> None:
    heard = await tell(
        "/inform",
        action=Inform,
        intent="inform",
        entities={"field": "new_case"},
        form=False,
        last_question="My withdrawal from last Tuesday at 20:40 has not arrived yet",
    )

    assert heard.slots["event_date"] == "2026-11-17"
    assert heard.slots["event_time"] == "20:40"


@pytest.mark.parametrize("asked_for", ["details", "confirmed"])
async def test_a_wish_beside_a_question_is_taken_with_it(asked_for: str) -> None:
    heard = await tell(
        "Do I have three months? And I want my buy-in back.",
        intent="ask_question",
        **filled(details=None, requested_slot=asked_for),
    )

    assert "definite answer" in heard.text
    assert heard.slots["remedy_sought"] == "And I want my buy-in back."


async def test_a_request_that_is_said_to_be_none_stays_one() -> None:
    heard = await tell(
        "det ska inte vara ett klagomål",
        intent="correct",
        language="sv",
        **filled(verdict={"is_complaint": False, "category": "deposit", "chosen": {}}),
    )

    assert "avbryta?" not in heard.text
    assert heard.slots["verdict"]["chosen"] == {"is_complaint": False}


async def test_an_order_to_send_is_obeyed_after_the_choice_of_what_to_change() -> None:
    asked = await tell("no", intent="deny", **filled())
    heard = await tell("send it", intent="affirm", **filled(shown=asked.slots["shown"]))

    assert heard.slots["confirmed"]


async def test_what_a_field_that_is_named_is_for_is_told_at_another_step() -> None:
    heard = await tell(
        "why do you need my e-mail?",
        intent="why_needed",
        **filled(details=None, requested_slot="details"),
    )

    assert "written answer" in heard.text
    assert heard.slots["requested_slot"] == "details"


async def test_what_is_told_in_few_words_to_the_summary_is_added() -> None:
    heard = await tell("just want my 75 quid", intent="inform", **filled())

    assert heard.slots["description"].endswith("just want my 75 quid")


@pytest.mark.parametrize("step", ["details", "confirmed"])
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "die Uhrzeit stimmt nicht, es war Viertel vor zehn abends"),
        ("en", "at 9:45 pm to be exact"),
        ("sv", "klockslaget är fel, det var kvart i tio på kvällen"),
    ],
)
async def test_a_time_is_put_right_at_any_step(
    step: str, language: str, text: str
) -> None:
    slots = filled(event_time="21:30", requested_slot=step)
    slots |= {} if step == "confirmed" else {step: None}

    heard = await tell(text, language=language, **slots)

    assert heard.slots["event_time"] == "21:45"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "looks good but the date is wrong"),
        ("sv", "allt är bra men datumet är fel"),
        ("fr", "tout va bien mais la date est fausse"),
        ("de", "alles gut, nur das Datum ist falsch"),
    ],
)
async def test_a_field_said_to_be_wrong_is_asked_for_again(
    language: str, text: str
) -> None:
    heard = await tell(text, language=language, intent="affirm", **filled())

    assert heard.slots["correcting"] == "event_date"
    assert heard.slots["requested_slot"] == "event_date"
    assert not heard.slots.get("confirmed")
