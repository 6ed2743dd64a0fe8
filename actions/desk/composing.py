"""Answers before they are sent: their language, what they change, the letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions.cases.case import OUTCOME_KINDS, Case
from actions.cases.outbox import EmailKind

Identify = Callable[[str], str | None]

# Fewer words say too little about their language.
WORDS_TO_TELL = 4


def other_language(text: str, case: Case, identify: Identify) -> str | None:
    """The language of `text`, if it is surely none that the customer uses here.

    The customer uses the language of the case, and that of what they wrote last.
    """
    if len(text.split()) < WORDS_TO_TELL:
        return None
    used = {case.language}
    used |= {each.language for each in case.transcript if each.sender == "customer"}
    found = identify(text)
    return None if found in used else found


def change_of(purpose: str, text: str) -> tuple[str, dict[str, Any]]:
    """Which change of the case an answer is, with its fields."""
    if purpose in OUTCOME_KINDS:
        return "outcome", {"kind": purpose, "reasons": text}
    return {
        "reply": "replies",
        "interim_update": "interim-update",
        "information_request": "information-request",
    }[purpose], {"text": text}


def letter_of(purpose: str, text: str) -> tuple[EmailKind, dict[str, Any]]:
    """Which letter an answer is, with what is filled into it."""
    if purpose in OUTCOME_KINDS:
        return "outcome", {"outcome": purpose, "reasons": text}
    kinds: dict[str, EmailKind] = {
        "reply": "reply",
        "interim_update": "interim_update",
        "information_request": "information_request",
    }
    return kinds[purpose], {"text": text}
