from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue.rasa import Reply, Turn
from bot.dialogue.routing import route_of, stage_after


def make_turn(*marks: dict[str, Any], **changes: Any) -> Turn:
    return Turn(replies=[Reply(text="x", custom=each) for each in marks], **changes)


def test_the_action_names_the_route() -> None:
    turn = make_turn({"route": "howto_complain"}, {}, intent="ask_question")

    assert route_of(turn, "answering") == "howto_complain"


def test_without_a_name_the_intent_decides() -> None:
    assert route_of(make_turn({}, intent="ask_human"), "answering") == "human"


@pytest.mark.parametrize(
    ("named", "route"), [("crisis", "crisis"), ("smalltalk", None)]
)
def test_an_answer_to_the_form_has_no_route_but_a_crisis_has(
    named: str, route: str | None
) -> None:
    assert route_of(make_turn({"route": named}), "review") == route


def test_the_action_names_the_stage() -> None:
    turn = make_turn({}, {"stage": "review"}, form="case_form")

    assert stage_after(turn, "intake") == "review"


@pytest.mark.parametrize(
    ("form", "before", "after"),
    [
        ("case_form", "answering", "intake"),
        ("case_form", "review", "review"),
        (None, "intake", "answering"),
        (None, "filed", "filed"),
    ],
)
def test_without_a_name_the_form_decides(
    form: str | None, before: str, after: str
) -> None:
    assert stage_after(make_turn({}, form=form), before) == after
