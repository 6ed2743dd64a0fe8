"""Whether a customer puts something right, and which field they mean."""

from __future__ import annotations

from actions.turns import Turn

_CUES = {
    "email": "email",
    "username": "username",
    "name": "name",
    "event_date": "date",
    "description": "description",
}
_LONGEST_ORDER_WORDS = 16
_SURE = 0.4


def named_fields(turn: Turn) -> list[str]:
    """The fields whose names stand in the utterance."""
    phrases, rest, named = turn.services.phrases, turn.folded, []
    for field, cue in _CUES.items():
        if phrases.has(cue, rest):
            named.append(field)
            # What names a username ("user name") names no name.
            rest = phrases.pattern(cue).sub(" ", rest)
    return named


def is_correction(turn: Turn) -> bool:
    """Whether the utterance puts something right that was said before.

    The customer's own words decide before the classifier of intents does: a word
    for changing, or a no, together with the name of a field.
    """
    if turn.is_choice:
        return turn.intent == "correct"
    if turn.likeliest_intent == "correct" and turn.confidence >= _SURE:
        return not turn.is_question
    if len(turn.text.split()) > _LONGEST_ORDER_WORDS or not named_fields(turn):
        return False
    denies = turn.services.phrases.pattern("deny").match(turn.folded) is not None
    return turn.has("change") or (denies and not turn.is_question)
