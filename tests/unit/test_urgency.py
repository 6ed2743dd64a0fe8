"""What somebody in need is given."""

from __future__ import annotations

import pytest

from actions.crisis import HelpInCrisis
from actions.talk import (
    Accept,
    Correct,
    ExplainWhyNeeded,
    Fallback,
    HandOver,
    Inform,
    SmallTalk,
)
from tests.unit.talking import WORDING, Drawer, Judge, filled, make_services, tell

VALUES = dict.fromkeys(
    ("gambling_line", "crisis_line", "exclusion", "emergency", "email"), ""
)


@pytest.mark.parametrize("language", WORDING.languages)
async def test_despair_is_offered_a_person_and_exclusion_and_asked_nothing_else(
    language: str,
) -> None:
    heard = await tell(
        "…", action=HelpInCrisis, intent="crisis", language=language, **filled()
    )

    assert heard.payloads == ["/ask_human", '/crisis{"field": "exclusion"}']
    assert len(heard.said) == 1


@pytest.mark.parametrize(
    ("text", "is_another"),
    [
        ("my husband gambled everything away and wants to die", True),
        ("my wife left me because I gamble", False),
        ("I lie to my husband every day and can't stop", False),
    ],
)
async def test_somebody_close_is_spoken_of_only_where_it_is_plain(
    text: str, is_another: bool
) -> None:
    heard = await tell(text, action=HelpInCrisis, intent="crisis", form=False)

    assert ("relatives" in heard.text) == is_another


@pytest.mark.parametrize(
    ("text", "action"), [("/ask_human", HandOver), ("yes please", Accept)]
)
async def test_a_person_is_told_at_once_and_urgently(text: str, action: type) -> None:
    drawer = Drawer()

    heard = await tell(
        text,
        services=make_services(archive=drawer),
        action=action,
        form=False,
        pause="crisis",
        offer="urgent",
        distress="I can't go on",
    )

    (draft,) = drawer.drafts
    assert (draft.is_urgent, draft.wants_human) == (True, True)
    assert draft.description == "I can't go on"
    assert "G-2026-00001" in heard.text


async def test_with_a_matter_put_aside_it_asks_before_it_tells_a_person() -> None:
    drawer = Drawer()

    heard = await tell(
        "can I talk to somebody?",
        services=make_services(archive=drawer),
        action=HandOver,
        form=False,
        pause="crisis",
        parked={"description": "…"},
    )

    assert drawer.drafts == []
    assert heard.payloads == ["/ask_human"]


async def test_when_the_archive_is_away_the_help_lines_are_still_given() -> None:
    heard = await tell(
        "/ask_human",
        services=make_services(archive=Drawer(is_away=True)),
        action=HandOver,
        form=False,
        pause="crisis",
    )

    assert "0808 8020 133" in heard.text


async def test_abuse_gets_the_way_to_a_person() -> None:
    heard = await tell("idiots", action=SmallTalk, intent="abuse", form=False)

    assert heard.payloads == ["/ask_human"]
    assert len(heard.said) == 1


@pytest.mark.parametrize(("confidence", "opens"), [(0.4, True), (0.6, False)])
async def test_a_plain_report_is_no_cry_for_help_where_that_is_doubtful(
    confidence: float, opens: bool
) -> None:
    heard = await tell(
        "my deposit of 50 euro left the bank and never reached my account",
        action=HelpInCrisis,
        intent="crisis",
        confidence=confidence,
        form=False,
    )

    assert (heard.followup == "action_open_case") == opens


@pytest.mark.parametrize(("confidence", "goes_on"), [(0.5, True), (0.7, False)])
async def test_more_of_the_matter_is_no_cry_for_help_where_that_is_doubtful(
    confidence: float, goes_on: bool
) -> None:
    heard = await tell(
        "look at the hands, the two of us were never seated at one table",
        intent="crisis",
        confidence=confidence,
        **filled(details=None, confirmed=None, requested_slot="details"),
    )

    assert (heard.followup is None) == goes_on


@pytest.mark.parametrize(
    ("language", "text", "slot", "value"),
    [
        ("sv", "ursäkta skämtet. Maja Lund heter jag", "name", "Maja Lund"),
        ("en", "yes I know it is too late. file it anyway", "confirmed", True),
    ],
)
async def test_what_mends_or_ends_the_form_is_no_cry_for_help_where_that_is_doubtful(
    language: str, text: str, slot: str, value: object
) -> None:
    heard = await tell(
        text,
        intent="crisis",
        confidence=0.5,
        language=language,
        **filled(confirmed=None, requested_slot="confirmed"),
    )

    assert heard.slots[slot] == value


async def test_what_may_or_may_not_be_a_complaint_is_heard_as_a_cry_for_help() -> None:
    heard = await tell(
        "a mate of mine wrote goodbye to all of us and his phone is off",
        services=make_services(classifier=Judge(sure=0.9)),
        action=HelpInCrisis,
        intent="crisis",
        confidence=0.3,
        form=False,
    )

    assert heard.followup != "action_open_case"


@pytest.mark.parametrize(
    ("language", "text", "is_another"),
    [
        ("sv", "det är min lillebror, han har spelat bort allt och vill dö", True),
        ("fr", "je vous écris pour mon fils, il joue la nuit, il menace", True),
        ("sv", "min fru lämnade mig för att jag spelat bort allt, jag vill dö", False),
        ("pl", "mój brat przegrał wszystko i nie chce żyć", True),
    ],
)
async def test_who_is_in_need_is_told_by_whom_most_is_said_of(
    language: str, text: str, is_another: bool
) -> None:
    expected = "utter_crisis_relative" if is_another else "utter_crisis"

    heard = await tell(
        text, action=HelpInCrisis, intent="crisis", language=language, form=False
    )

    opening = WORDING.response(language, expected, VALUES)[0][:60]
    assert heard.text.startswith(opening)


async def test_what_is_not_understood_after_a_crisis_is_answered_with_help() -> None:
    for action in (Correct, Inform, Fallback, ExplainWhyNeeded):
        heard = await tell("hm, well", action=action, form=False, pause="crisis")

        assert "/ask_human" in heard.payloads
