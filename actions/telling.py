"""What is told of the matter: in place of an answer, beside one, or with a question."""

from __future__ import annotations

import re
from functools import lru_cache

from actions import intake
from actions.correcting import corrects_in_words
from actions.name_words import blank, is_common, name_parts
from actions.phrases import PhraseBook, fold
from actions.turns import Turn

_SHORTEST_WISH_WORDS = 4
# Words that tell something, in an answer to the question for a field: fewer beside a
# day, where they are most likely of what happened on it.
_TELLING_WORDS = 3
_TELLING_WORDS_BESIDE_DAY = 2
_TELLING_WORDS_IN_CORRECTION = 5
_SHORTEST_TELLING_LETTERS = 4
_LONGEST_EMPTY_PHRASE_WORDS = 2
_QUOTED = re.compile(r"[«“”„\"][^«»“”„\"]{3,}[»“”\"]")
# Of a hand, a receipt, an error: "778-210", "G77".
_NUMBER = re.compile(r"(?<![:.,])\d{3,}|[A-Z]+\d{2,}")
_WORD = re.compile(r"[^\W_][\w'’-]*")
_POLITE = frozenset("greet thank goodbye praise".split())
_AMOUNT = re.compile(
    r"[€$£]\s?\d|\d\s?(?:[€$£]|(?:kr|eur|euro?s?|zł|pln|sek|usd)\b)", re.I
)
# These lists hold no words that tell something of a matter.
_EMPTY_LISTS = (
    "name name_after first_name last_name i_am username email date description time"
    " links was slip greetings refuse unknown at_hour oclock oclock_or_hours evening"
    " night morning today yesterday day_before_yesterday last previous numbers hours"
    " minutes change wrong not agree deny submit nothing_more wait here remove"
).split()


def tells_more(turn: Turn) -> bool:
    """Whether an answer that is none says what is wished for, or an amount of money."""
    return wishes(turn) and len(turn.text.split()) >= _SHORTEST_WISH_WORDS


def wishes(turn: Turn) -> bool:
    """Whether the utterance says what should be done, or names an amount."""
    return turn.has("wish") or _AMOUNT.search(turn.text) is not None


def told_beside_facts(turn: Turn) -> str:
    """What an utterance tells beside the values in it; empty where that is nothing.

    "Yesterday at six, with the message “account exists”" answers the question for the
    day and tells more of the matter as well.
    """
    if turn.likeliest_intent in _POLITE:
        return ""
    text = turn.told if turn.is_question else turn.text
    values = (turn.get(field) for field in ("name", "email", "username"))
    told = turn.services.facts.without_person(text, filter(None, values))
    told = _without_and(told.strip(" ,;:.-–"))
    days = intake.mentions_in(turn, told, is_answer=True)
    rest = blank(told, [(day.start, day.end) for day in days])
    is_marked = _QUOTED.search(told) or _NUMBER.search(rest)
    own = name_parts(str(turn.get("name") or ""))
    n_words = len(_telling_words(fold(rest), turn.services.phrases) - own)
    is_told = n_words >= _needed(turn, has_day=bool(days)) or (is_marked and n_words)
    return told if is_told else ""


def holds_number(turn: Turn) -> bool:
    """Whether a number or a quotation makes "yes, it was error 504" more than a yes."""
    text = turn.text
    return _QUOTED.search(text) is not None or _NUMBER.search(text) is not None


def names_part_of_day(turn: Turn) -> bool:
    """Whether the utterance says at least in which part of the day it was."""
    return any(turn.has(part) for part in ("morning", "noon", "evening", "night"))


def _needed(turn: Turn, *, has_day: bool) -> int:
    if corrects_in_words(turn):
        return _TELLING_WORDS_IN_CORRECTION
    return _TELLING_WORDS_BESIDE_DAY if has_day else _TELLING_WORDS


def _without_and(told: str) -> str:
    """Without the "and" by which it stood beside something else."""
    first, _, rest = told.partition(" ")
    return rest if rest and is_common(first) else told


def _telling_words(folded: str, phrases: PhraseBook) -> set[str]:
    empty = _empty_words(phrases)
    return {
        word
        for word in _WORD.findall(folded)
        if (
            len(word) >= _SHORTEST_TELLING_LETTERS or any(c.isdigit() for c in word[1:])
        )
        and word not in empty
    }


@lru_cache(maxsize=4)
def _empty_words(phrases: PhraseBook) -> frozenset[str]:
    return frozenset(
        word
        for name in _EMPTY_LISTS
        for phrase in phrases.words(name)
        if len(phrase.split()) <= _LONGEST_EMPTY_PHRASE_WORDS
        for word in _WORD.findall(fold(phrase))
    )


async def add_words(turn: Turn) -> None:
    """Keep the utterance as part of the story, and a wish in it as the remedy."""
    await intake.add_description(turn, turn.text)
    if turn.has("wish"):
        turn.set(remedy_sought=turn.text)


async def add_told(turn: Turn) -> bool:
    """Keep what is told, or wished for, beside values or a question; whether it is."""
    is_wish = turn.services.phrases.has("wish", fold(turn.told)) and turn.is_question
    told = turn.told if is_wish else told_beside_facts(turn)
    if told:
        await intake.add_description(turn, told)
    if is_wish:
        turn.set(remedy_sought=turn.told)
    return bool(told)


async def add_aside(turn: Turn) -> None:
    """Keep what is told in place of an answer, and say so."""
    was_complaint = turn.get("customer_says_complaint")
    await add_words(turn)
    is_wish = turn.get("customer_says_complaint") and not was_complaint
    turn.say("utter_complaint_noted" if is_wish else "utter_added")
