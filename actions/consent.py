"""Whether a customer says to send what they were shown, or not to."""

from __future__ import annotations

import re

from actions.phrases import any_of
from actions.turns import Turn

_SURE = 0.5
_LONGEST_ORDER_WORDS = 16
_LONGEST_CLAUSE_WORDS = 5


def is_held_back(turn: Turn) -> bool:
    """Whether the customer says not to send: "wait", "don't send"."""
    if turn.is_question or len(turn.text.split()) > 10:
        return False
    return turn.has("wait") or _is_negated_submit(turn)


def _is_negated_submit(turn: Turn) -> bool:
    words = turn.services.phrases.words
    no, submit = any_of(words("not")), any_of(words("submit"))
    gap = r"(?:\W+\w+){0,1}\W+"
    pattern = rf"(?<!\w)(?:{no}{gap}{submit}|{submit}(?:\W+\w+){{0,1}}\W+{no})(?!\w)"
    return re.search(pattern, turn.folded) is not None


def _orders_to_send(turn: Turn) -> bool:
    """Whether it is an order, and not told of: "I can send you the receipt"."""
    if not turn.has("submit") or len(turn.text.split()) > _LONGEST_ORDER_WORDS:
        return False
    clauses = re.split(r"[,;:.!\n]+", turn.folded)
    submits = turn.services.phrases.pattern("submit")
    is_short = any(
        submits.search(clause) and len(clause.split()) <= _LONGEST_CLAUSE_WORDS
        for clause in clauses
    )
    return is_short or turn.likeliest_intent == "affirm"


def confirms(turn: Turn) -> bool:
    """Whether the customer says that the summary may be sent."""
    if turn.is_question or _is_negated_submit(turn) or turn.has("wait"):
        return False
    words = turn.text.split()
    phrases = turn.services.phrases
    denies = phrases.pattern("deny").match(turn.folded) is not None
    agrees = phrases.pattern("agree").match(turn.folded) is not None
    if denies and not turn.has("agree"):
        return False
    if _orders_to_send(turn):
        return True
    if agrees and len(words) <= 6 and not turn.has("not"):
        return True
    if turn.has("nothing_more"):
        return False
    return turn.likeliest_intent == "affirm" and turn.confidence >= _SURE
