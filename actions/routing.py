"""What an utterance was taken for, in the words of the customer API."""

from __future__ import annotations

from typing import Literal

Route = Literal[
    "faq",
    "case",
    "complaint_case",
    "howto_complain",
    "human",
    "smalltalk",
    "out_of_scope",
    "crisis",
]
Stage = Literal["answering", "intake", "review", "filed", "handed_over"]

ROUTES: dict[str, Route] = {
    "ask_question": "faq",
    "case_status": "case",
    "report_problem": "case",
    "complaint": "complaint_case",
    "how_to_complain": "howto_complain",
    "ask_human": "human",
    "greet": "smalltalk",
    "thank": "smalltalk",
    "goodbye": "smalltalk",
    "bot_challenge": "smalltalk",
    "praise": "smalltalk",
    "abuse": "smalltalk",
    "affirm": "smalltalk",
    "deny": "smalltalk",
    "change_language": "smalltalk",
    "why_needed": "faq",
    "out_of_scope": "out_of_scope",
    "crisis": "crisis",
    "nlu_fallback": "faq",
}


def route(intent: str | None, *, verdict: bool | None = None) -> Route | None:
    """The route of an intent; None for what only has a meaning inside the form.

    Args:
        intent: As Rasa names it.
        verdict: Whether the case that the utterance opened is taken as a complaint;
            None when it opened none.
    """
    if intent in ("report_problem", "complaint") and verdict is not None:
        return "complaint_case" if verdict else "case"
    return ROUTES.get(intent or "")


def stage(
    *, form: str | None, requested_slot: str | None, filed: bool, handed_over: bool
) -> Stage:
    """Where a conversation stands after a turn.

    Args:
        form: The active form.
        requested_slot: The field that was asked for last.
        filed: A case was filed in this conversation, and no new one is open.
        handed_over: The last turn handed over to a person.
    """
    if form is not None:
        return "review" if requested_slot == "confirmed" else "intake"
    if handed_over:
        return "handed_over"
    return "filed" if filed else "answering"
