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
