"""What somebody in need is given."""

from __future__ import annotations

import pytest

from actions.crisis import HelpInCrisis
from actions.talk import Accept, HandOver, SmallTalk
from tests.unit.talking import WORDING, Drawer, filled, make_services, tell


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
