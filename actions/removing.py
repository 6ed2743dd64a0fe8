"""Taking back what was given: "forget the date", "I don't know the day after all"."""

from __future__ import annotations

import re

from actions import fields, intake
from actions.correcting import fields_named_in
from actions.name_words import is_marked
from actions.phrases import any_of, whole_words
from actions.turns import Turn

_GIVEN = ("name", "email", "username", "event_date", "description")
_LONGEST_ORDER_WORDS = 8
_BARE_WORDS = 5
_CLAUSE = re.compile(r"[,;:!?\n]|\.(?:\s|$)")


def take_out(turn: Turn, asked_for: str) -> bool:
    """Take out every field that the customer no longer wants to have given.

    One that may be left out stays out. What is needed is explained and asked for
    again, once; whoever refuses it then goes on without, as anywhere.

    Returns:
        Whether there was one.
    """
    missing = turn.get("missing") or []
    taken_out = [field for field in _unwanted(turn, asked_for) if field not in missing]
    for field in taken_out:
        _take_out(turn, field)
    return bool(taken_out)


def is_withheld(turn: Turn, field: str) -> bool:
    """Whether the customer says of this very field that it is not known, or not told.

    "I forgot the username, but the table was 8812" is that, and "a username? I have
    none, since you would not let me in", whatever else they tell.
    """
    has = turn.services.phrases.has
    is_named = field in fields_named_in(turn.services.phrases, turn.folded)
    return any(
        _is_doubted(turn, field, clause)
        or (is_named and has("refuse", clause) and len(clause.split()) <= _BARE_WORDS)
        for clause in _CLAUSE.split(turn.statements)
    )


def _take_out(turn: Turn, field: str) -> None:
    turn.set(correcting=None)
    if field == "event_time":
        turn.set(event_time=None)
        fields.say_date_noted(turn)
        return
    if field == "description":
        turn.set(correcting="description")
        return
    turn.set(**{field: None})
    if field == "event_date":
        turn.set(event_time=None, date_options=None)
    fields.do_without(turn, field)


def _unwanted(turn: Turn, asked_for: str) -> list[str]:
    correcting = turn.get("correcting")
    # In the language at hand alone: "quite" takes out in Spanish, and not in English.
    own = turn.services.phrases.starting_with(turn.language)[0]
    remove = whole_words(own.words("remove"))
    found: list[str] = []
    for clause in _CLAUSE.split(turn.folded):
        if len(clause.split()) > _LONGEST_ORDER_WORDS:
            continue
        named = [f for f in _named(turn, clause) if not _has_value(turn, f)]
        if remove.search(clause):
            # "Take it out", said to the question for it; "forget it" ends the form.
            is_meant = correcting in _GIVEN and not turn.states("cancel")
            found += named or ([correcting] if is_meant else [])
        elif asked_for not in named and not turn.is_question:
            given = [f for f in named if turn.get(f)]
            found += [f for f in given if _is_doubted(turn, f, clause)]
    is_forgotten = correcting in intake.FIELDS and turn.states("unknown")
    if not found and is_forgotten and intake.may_be_skipped(turn, str(correcting)):
        found = [] if _has_value(turn, str(correcting)) else [str(correcting)]
    return list(dict.fromkeys(found))


def _named(turn: Turn, clause: str) -> list[str]:
    named = fields_named_in(turn.services.phrases, clause)
    if turn.get("event_time") and turn.services.phrases.has("time", clause):
        # With its day a time goes as well.
        return named if "event_date" in named else [*named, "event_time"]
    return named


def _is_doubted(turn: Turn, field: str, clause: str) -> bool:
    """Whether the customer does not know the value, or will not give it after all."""
    words = turn.services.phrases.words
    if field not in intake.FIELDS:
        return False
    cue = any_of(words("date" if field == "event_date" else field))
    unknown = turn.services.phrases.pattern("unknown").search(clause)
    if unknown and re.search(rf"(?<!\w){cue}(?!\w)", unknown[0]):
        # "Ich weiß das Datum nicht": the name stands inside the words for it.
        return True
    no = any_of(words("unknown") + words("refuse"))
    gap = r"(?:\s+\w+){0,2}\s+"
    return (
        re.search(rf"(?<!\w)(?:{no}{gap}{cue}|{cue}{gap}{no})(?!\w)", clause)
        is not None
    )


def _has_value(turn: Turn, field: str) -> bool:
    """Whether the utterance gives the field anew, so that it is put right instead."""
    if field == "event_date":
        found = intake.mentions(turn, is_answer=True)
        return any(mention.value or mention.options for mention in found)
    if field not in ("name", "email", "username"):
        return False
    value = getattr(turn.services.facts.read(turn.text), field)
    if field == "username":
        return value is not None and is_marked(value)
    return value is not None and (field == "email" or " " in value)
