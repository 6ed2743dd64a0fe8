"""The time of day in what a customer wrote: "20:40", "um halb neun", "vers 20h30"."""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache

from actions.phrases import PhraseBook, any_of, fold

_NOON = 12
# From this hour on a night is the evening's.
_LATE = 6
_CLOCK = r"(?P<hour>[01]?\d|2[0-4])(?:(?P<sign>[:.h])(?P<minute>[0-5]\d))?"
_AFTERNOON = re.compile(r"\s?p\.?m\b")
_MORNING = re.compile(r"\s?a\.?m\b")
# Characters between a time and the evening before or after it.
_AFTER_EVENING, _BEFORE_EVENING = 28, 12
# What may stand after an hour in words: "at eight tables" is none.
_NO_NOUN = re.compile(r"\s*(?:$|[.,;!?]|\w{1,3}\b)")


def time_of_day(text: str, phrases: PhraseBook) -> time | None:
    """The first time of day in the text, or None.

    "20:40" counts by itself; "20.40" and "20" only beside a word that makes them a
    time, since they may as well be an amount; "eight" only after "half", or beside an
    evening.
    """
    folded = fold(text)
    evenings = [m.span() for m in _part_of_day("evening", phrases).finditer(folded)]
    nights = [m.span() for m in _part_of_day("night", phrases).finditer(folded)]
    for match in _pattern(phrases).finditer(folded):
        is_late = _is_near(match, evenings)
        is_night = not is_late and _is_near(match, nights)
        found = _read(match, folded, phrases, is_evening=is_late or is_night)
        if found is not None and is_night and found.hour < _NOON + _LATE:
            # At two at night, not in the afternoon.
            found = found.replace(hour=found.hour % _NOON)
        if found is not None:
            return found
    return None


def _is_near(match: re.Match[str], parts: list[tuple[int, int]]) -> bool:
    return any(
        start - match.end() <= _BEFORE_EVENING and match.start() - end <= _AFTER_EVENING
        for start, end in parts
    )


def _read(
    match: re.Match[str], folded: str, phrases: PhraseBook, *, is_evening: bool
) -> time | None:
    if match["word"]:
        hour, minute = _numbers(phrases)[match["word"]], 0
        is_half = match["half_to"] or match["half_past"]
        is_hour = is_evening and match["before"] and hour > 1
        if not is_half and not (is_hour and _NO_NOUN.match(folded, match.end())):
            return None
        if match["half_to"]:
            hour, minute = (hour - 1) or _NOON, 30
        elif match["half_past"]:
            minute = 30
    else:
        is_marked = match["before"] or match["after"] or match["sign"] == "h"
        if not is_marked and match["sign"] != ":":
            return None
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
    rest = folded[match.end("said") :]
    if (is_evening or _AFTERNOON.match(rest)) and hour < _NOON:
        hour += _NOON
    elif _MORNING.match(rest) and hour == _NOON:
        hour = 0
    return time(hour, minute) if hour < 24 else None


@lru_cache(maxsize=8)
def _part_of_day(name: str, phrases: PhraseBook) -> re.Pattern[str]:
    """Its words, alone or joined to a weekday: "Samstagabend", "lauantai-iltana"."""
    weekdays = any_of(phrases.words("weekdays"))
    words = any_of(phrases.words(name))
    return re.compile(rf"(?<!\w)(?:{weekdays}s?-?)?{words}(?!\w)")


@lru_cache(maxsize=4)
def _numbers(phrases: PhraseBook) -> dict[str, int]:
    return {
        fold(word): n
        for each in phrases.languages.values()
        for n, words in enumerate(each.words("numbers"), 1)
        for word in words.split("|")
    }


@lru_cache(maxsize=4)
def _pattern(phrases: PhraseBook) -> re.Pattern[str]:
    before, after = any_of(phrases.words("at_hour")), any_of(phrases.words("oclock"))
    half_to = any_of(phrases.words("half_to"))
    half_past = any_of(phrases.words("half_past"))
    word = rf"(?P<word>{any_of(_numbers(phrases))})(?!\w)"
    half = rf"(?:(?P<half_to>{half_to})\s+|(?P<half_past>{half_past})\s+)"
    return re.compile(
        rf"(?:(?<!\w)(?P<before>{before})\.?\s*)?"
        rf"(?<![\w.,:/-])(?P<said>(?P<clock>{_CLOCK})|{half}?{word})"
        rf"(?:\s?(?P<after>{after}))?(?![\w€$£%/-]|[.,:]\d|\s?(?:€|\$|£|kr\b|eur|zl))"
    )
