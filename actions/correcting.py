"""Whether a customer puts something right, and which field they mean."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from actions.phrases import PhraseBook, any_of
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
# Of the letters of two spellings of one name.
_ALIKE = 0.85
_SURE_OF_QUESTION = 0.5


def named_fields(turn: Turn) -> list[str]:
    """The fields whose names stand in the utterance."""
    return fields_named_in(turn.services.phrases, turn.folded)


def fields_named_in(phrases: PhraseBook, folded: str) -> list[str]:
    """The fields whose names stand in a folded text."""
    named = []
    for field, cue in _CUES.items():
        if phrases.has(cue, folded):
            named.append(field)
            # What names a username ("user name") names no name.
            folded = phrases.pattern(cue).sub(" ", folded)
    return named


def respells_name(text: str, name: str | None) -> bool:
    """Whether the name stands in the text again, in nearly the same letters.

    "Hedwall, with a w" after "Hedvall" needs no word that says what it is.
    """
    if not name:
        return False
    words, n = re.findall(r"[^\W\d_][\w'’-]*", text), len(name.split())
    spellings = (" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    return n > 1 and any(
        spelling.istitle()
        and spelling.casefold() != name.casefold()
        and SequenceMatcher(None, spelling.casefold(), name.casefold()).ratio() > _ALIKE
        for spelling in spellings
    )


def is_correction(turn: Turn) -> bool:
    """Whether the utterance puts something right that was said before.

    The customer's own words decide before the classifier of intents does: a word
    for changing, or a no, together with the name of a field.
    """
    if turn.is_choice:
        return turn.intent == "correct"
    is_likely = turn.likeliest_intent == "correct" and turn.confidence >= _SURE
    return corrects_in_words(turn) or (is_likely and not turn.is_question)


def corrects_in_words(turn: Turn) -> bool:
    """Whether it is in the words themselves that something is put right."""
    if respells_name(turn.text, turn.get("name")):
        return True
    if len(turn.text.split()) <= _LONGEST_ORDER_WORDS and "@" in turn.text:
        # "Oops, anna@example.com" corrects only what there is already.
        if turn.get("email") and turn.has("slip"):
            return True
    if len(turn.text.split()) <= _LONGEST_ORDER_WORDS and named_fields(turn):
        if turn.has("change") and not _asks_how(turn):
            return True
        denies = turn.services.phrases.pattern("deny").match(turn.folded)
        if denies and not turn.is_question:
            return True
        return _is_said_to_be_wrong(turn)
    return False


def _is_said_to_be_wrong(turn: Turn) -> bool:
    """Whether the name of a field and a word for "wrong" stand close together."""
    words = turn.services.phrases.words
    wrong = any_of(set(words("wrong")) - set(words("not")))
    names = any_of(word for cue in _CUES.values() for word in words(cue))
    pattern = rf"(?<!\w){names}(?:\s+\w+){{0,2}}\s+{wrong}(?!\w)"
    return not turn.is_question and re.search(pattern, turn.folded) is not None


def _asks_how(turn: Turn) -> bool:
    """Whether it is a question about changing something, as "how do I change …"."""
    is_sure = turn.intent == "ask_question" and turn.confidence >= _SURE_OF_QUESTION
    has_value = "@" in turn.text or any(char.isdigit() for char in turn.text)
    return turn.is_question and is_sure and not has_value
