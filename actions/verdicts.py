"""What the customer says of the verdict: a complaint after all, or none."""

from __future__ import annotations

import re
from typing import Any

from actions.intake import is_complaint
from actions.phrases import any_of
from actions.turns import Turn

_LONGEST_VERDICT_WORDS = 16


def choose_verdict(turn: Turn, field: str, value: Any) -> None:
    """Keep what the customer says of the verdict beside the classifier's."""
    verdict = dict(turn.get("verdict") or {})
    chosen = {**(verdict.get("chosen") or {}), field: value}
    if field == "is_complaint" and value:
        turn.set(customer_says_complaint=True)
    turn.set(verdict={**verdict, "chosen": chosen})


def _denies_complaint(turn: Turn) -> bool:
    """Whether a negation stands shortly before the word: "det ska inte vara ett …"."""
    own = turn.services.phrases.starting_with(turn.language)[0]
    no, complaint = any_of(own.words("not")), any_of(own.words("complaint"))
    pattern = rf"(?<!\w){no}(?:\W+\w+){{0,2}}\W+{complaint}(?!\w)"
    return re.search(pattern, turn.statements) is not None


def take_verdict(turn: Turn, asked_for: str) -> bool:
    """Take the customer's word that the matter is a complaint, or that it is none.

    Returns:
        Whether they said so. That it is one needs saying only to the summary: before,
        it is part of the story.
    """
    if turn.is_question or len(turn.text.split()) > _LONGEST_VERDICT_WORDS:
        return False
    if turn.states("no_complaint") or _denies_complaint(turn):
        choose_verdict(turn, "is_complaint", False)
        return True
    is_new = asked_for == "confirmed" and not is_complaint(turn)
    if is_new and turn.states("complaint") and not turn.negates:
        choose_verdict(turn, "is_complaint", True)
        return True
    return False
