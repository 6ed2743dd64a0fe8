"""The time of day in what a customer wrote: "20:40", "um halb neun", "vers 20h30"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from functools import lru_cache

from actions.phrases import PhraseBook, Phrases, any_of, fold

_NOON = 12
# From this hour on a night is the evening's.
_LATE = 6
# From this hour on "18 heures" is hardly a length of time.
_FIRST_LONG = 13
# So short a text tells when, and not how long.
_SHORT_WORDS = 4
_STEP_MINUTES = 5
_CLOCK = r"(?P<hour>[01]?\d|2[0-4])(?:(?P<sign>[:.h])(?P<minute>[0-5]\d))?"
_DIGITS = r"(?<![\d.,:/-])(?:[01]?\d|2[0-4])(?![.,:/-]?\d)"
_NEXT = r"(?![\w€$£%/-]|[.,:]\d|\s?(?:€|\$|£|kr\b|eur|zl))"
_AFTERNOON = re.compile(r"\s?p\.?m\b")
_MORNING = re.compile(r"\s?a\.?m\b")
# Characters between a time and the evening before or after it.
_AFTER_EVENING, _BEFORE_EVENING = 28, 12

_LISTS = (
    "at_hour hours minutes spoken_hour spoken_past spoken_to half_to half_past"
).split()

Found = tuple[int, int, int, int]
"""Where it stands in the text, from and to, and its hour and minute."""


def time_of_day(text: str, phrases: PhraseBook, language: str = "") -> time | None:
    """The first time of day in the text, or None.

    "20:40" counts by itself; "20.40" and "20" only beside a word that makes them a
    time, since they may as well be an amount; "eight" only in the words for a time of
    day of its language, or beside an evening.

    Args:
        text: What the customer wrote.
        phrases: Words for times, in every language.
        language: BCP 47 tag of the utterance, whose words are tried first: "half 9" is
            another time in English and in Dutch.
    """
    return next(iter(times_of_day(text, phrases, language)), None)


def times_of_day(
    text: str, phrases: PhraseBook, language: str = "", *, with_limits: bool = False
) -> list[time]:
    """Every time of day in the text, in its order; see `time_of_day`.

    Args:
        text: What the customer wrote.
        phrases: Words for times, in every language.
        language: BCP 47 tag of the utterance.
        with_limits: Take those too until which something lasts: in an order to change
            the time the same word says what it is changed to.
    """
    folded = fold(text)
    found = [*_on_the_clock(folded, phrases)]
    for words in phrases.starting_with(language):
        if in_words := [*_in_words(folded, words, phrases)]:
            found += in_words
            break
    times, reached = [], 0
    for start, end, hour, minute in sorted(found, key=lambda f: (f[0], -f[1])):
        is_limit = not with_limits and _is_limit(folded, (start, end), phrases)
        if start < reached or is_limit:
            continue
        reached = end
        at = time(hour % 24, minute)
        times.append(_in_part_of_day(folded, (start, end), at, phrases))
    return times


def _is_limit(folded: str, place: tuple[int, int], phrases: PhraseBook) -> bool:
    """Whether something only lasts until then: "open until 9 pm", "klo 21 asti"."""
    before, after = _limits(phrases)
    is_after = after.match(folded, place[1]) is not None
    return is_after or before.search(folded[: place[0]]) is not None


def _in_part_of_day(
    folded: str, place: tuple[int, int], at: time, phrases: PhraseBook
) -> time:
    """The time in the half of the day that is named beside it."""
    rest = folded[place[1] :]
    is_late = _is_near(place, folded, "evening", phrases)
    is_night = not is_late and _is_near(place, folded, "night", phrases)
    hour = at.hour
    if (is_late or is_night or _AFTERNOON.match(rest)) and hour < _NOON:
        hour += _NOON
    elif _MORNING.match(rest) and hour == _NOON:
        hour = 0
    if is_night and hour < _NOON + _LATE:
        # At two at night, not in the afternoon.
        hour %= _NOON
    return at.replace(hour=hour)


def _is_near(
    place: tuple[int, int], folded: str, name: str, phrases: PhraseBook
) -> bool:
    """Whether a part of the day stands shortly before or after."""
    return any(
        part.start() - place[1] <= _BEFORE_EVENING
        and place[0] - part.end() <= _AFTER_EVENING
        for part in _part_of_day(name, phrases).finditer(folded)
    )


def _is_any_part(place: tuple[int, int], folded: str, phrases: PhraseBook) -> bool:
    parts = ("evening", "night", "morning")
    return any(_is_near(place, folded, name, phrases) for name in parts)


def _on_the_clock(folded: str, phrases: PhraseBook) -> Iterator[Found]:
    """Times in digits."""
    is_short = len(folded.split()) <= _SHORT_WORDS
    for match in _clock(phrases).finditer(folded):
        place, hour = match.span("said"), int(match["hour"])
        is_said = (
            match["before"]
            or match["after"]
            or hour >= _FIRST_LONG
            or is_short
            or _is_any_part(place, folded, phrases)
        )
        may_be_long = match["long"] or match["sign"] == "h"
        if match["sign"] == ":" or (may_be_long and is_said):
            is_time = True
        else:
            is_time = not may_be_long and bool(match["before"] or match["after"])
        if is_time and hour < 24:
            yield *place, hour, int(match["minute"] or 0)


def _in_words(folded: str, words: Phrases, phrases: PhraseBook) -> Iterator[Found]:
    """Times in the words of one language."""
    hours, minutes = _by_word(words, "hours"), _by_word(words, "minutes")
    for saying in _sayings(words):
        sense = saying.sense
        for match in saying.pattern.finditer(folded):
            place = match.span()
            if saying.ends_in_number and not _beside(phrases).match(folded, place[1]):
                continue
            if sense == "near" and not _is_any_part(place, folded, phrases):
                continue
            said = match["hour"]
            hour = int(said) if said.isdigit() else hours[said] + 1
            if sense == "near" and hour == 1:
                # "At one of the tables."
                continue
            minute = 0
            if sense in ("to", "past"):
                minute = (minutes[match["minutes"]] + 1) * _STEP_MINUTES
            elif sense in ("half_to", "half_past"):
                minute = 30
            if sense in ("to", "half_to"):
                hour, minute = (hour - 1) or _NOON, 60 - minute
            yield *place, hour, minute


def _by_word(words: Phrases, name: str) -> dict[str, int]:
    """The place in the list of each of its words, folded."""
    return {
        fold(word): place
        for place, alternatives in enumerate(words.words(name))
        for word in alternatives.split("|")
    }


@lru_cache(maxsize=8)
def _part_of_day(name: str, phrases: PhraseBook) -> re.Pattern[str]:
    """Its words, alone or joined to a weekday: "Samstagabend", "lauantai-iltana"."""
    weekdays = any_of(phrases.words("weekdays"))
    words = any_of(phrases.words(name))
    return re.compile(rf"(?<!\w)(?:{weekdays}s?-?)?{words}(?!\w)")


@lru_cache(maxsize=4)
def _clock(phrases: PhraseBook) -> re.Pattern[str]:
    before, after = any_of(phrases.words("at_hour")), any_of(phrases.words("oclock"))
    is_long, counted = phrases.words("oclock_or_hours"), phrases.words("counted")
    return re.compile(
        rf"(?:(?<!\w)(?P<before>{before})\.?\s*)?"
        rf"(?<![\w.,:/-])(?P<said>{_CLOCK})"
        rf"(?:\s?(?:(?P<after>{after})|(?P<long>{any_of(is_long)}))(?!\w))?{_NEXT}"
        rf"(?!\s{any_of(counted)}(?!\w))"
    )


@dataclass(frozen=True)
class _Saying:
    """One way to say a time of day."""

    pattern: re.Pattern[str]
    sense: str
    ends_in_number: bool


def _sayings(words: Phrases) -> tuple[_Saying, ...]:
    """Every way to say a time in one language."""
    lists = tuple((name, tuple(words.words(name))) for name in _LISTS)
    return _sayings_of(lists)


@lru_cache(maxsize=32)
def _sayings_of(
    lists: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[_Saying, ...]:
    words = dict(lists)
    parts = {
        "at": rf"{any_of(words['at_hour'])}\.?\s*",
        "hour": rf"(?P<hour>{any_of(words['hours'])}|{_DIGITS})",
        "minutes": rf"(?P<minutes>{any_of(words['minutes'])})",
    }
    templates = {
        "past": words["spoken_past"],
        "to": words["spoken_to"],
        "half_to": [f"{half} {{hour}}" for half in words["half_to"]],
        "half_past": [f"{half} {{hour}}" for half in words["half_past"]],
        "exact": words["spoken_hour"],
        "near": ["{at} {hour}"],
    }
    return tuple(
        _Saying(_pattern(template, parts), sense, template.endswith("}"))
        for sense, each in templates.items()
        for template in each
    )


def _pattern(template: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    pieces = re.split(r"(\{\w+\})", template.replace("{at} ", "{at}"))
    found = "".join(
        parts[piece[1:-1]]
        if piece.startswith("{")
        else re.escape(fold(piece)).replace(r"\ ", r"\s+")
        for piece in pieces
    )
    return re.compile(rf"(?<![\w-]){found}(?!\w)")


@lru_cache(maxsize=4)
def _limits(phrases: PhraseBook) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands right before, or after, a time until which something lasts."""
    until, at = any_of(phrases.words("until")), any_of(phrases.words("at_hour"))
    before = re.compile(rf"(?<!\w){until}\s+(?:{at}\.?\s*)?$")
    return before, re.compile(rf"\s+{until}(?!\w)")


@lru_cache(maxsize=4)
def _beside(phrases: PhraseBook) -> re.Pattern[str]:
    """What may stand after a number that ends a time: "at eight tables" is none."""
    days = (
        "evening night morning weekdays today yesterday day_before_yesterday last"
        " at_hour oclock"
    ).split()
    words = any_of(word for name in days for word in phrases.words(name))
    return re.compile(rf"\s*(?:$|[.,;!?)]|\w{{1,3}}\b|{words})")
