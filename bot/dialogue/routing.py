"""What an utterance was taken for, and how far the conversation has come.

The actions attach both to what they say; without them the assistant's own view of the
turn has to do.
"""

from __future__ import annotations

from typing import get_args

from actions.routing import Route, Stage, route
from bot.dialogue.rasa import Turn

ROUTES: frozenset[str] = frozenset(get_args(Route))
STAGES: frozenset[str] = frozenset(get_args(Stage))
IN_FORM = ("intake", "review")
# Both want a person, and are heard in the middle of the form too.
LEAVING_THE_FORM = ("crisis", "human")


def route_of(turn: Turn, stage_before: str) -> str | None:
    """The last route that an action named; None for an answer to the form."""
    named = _last(turn, "route")
    if stage_before in IN_FORM:
        return named if named in LEAVING_THE_FORM else None
    return named if named in ROUTES else route(turn.intent)


def stage_after(turn: Turn, stage_before: str) -> str:
    """The last stage that an action named, else by whether the form is open."""
    named = _last(turn, "stage")
    if named in STAGES:
        return named
    if turn.form:
        return stage_before if stage_before in IN_FORM else "intake"
    return "answering" if stage_before in IN_FORM else stage_before


def _last(turn: Turn, mark: str) -> str:
    marks = (reply.custom.get(mark) for reply in reversed(turn.replies))
    return next((str(each) for each in marks if each), "")
