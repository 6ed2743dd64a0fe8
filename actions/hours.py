"""The time of day in what a customer wrote: "at 20:40", "vers 20h30", "um 19 Uhr"."""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache

from actions.phrases import PhraseBook, any_of, fold

_NOON = 12
_CLOCK = r"(?P<hour>[01]?\d|2[0-4])(?:(?P<sign>[:.h])(?P<minute>[0-5]\d))?"
_AFTERNOON = re.compile(r"\s?p\.?m\b")
_MORNING = re.compile(r"\s?a\.?m\b")


def time_of_day(text: str, phrases: PhraseBook) -> time | None:
    """The first time of day in the text, or None.

    "20:40" counts by itself; "20.40" and "20" only beside a word that makes them a
    time, since they may as well be an amount.
    """
    folded = fold(text)
    for match in _pattern(phrases).finditer(folded):
        is_marked = match["before"] or match["after"] or match["sign"] == "h"
        if not is_marked and match["sign"] != ":":
            continue
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        rest = folded[match.end("clock") :]
        if _AFTERNOON.match(rest) and hour < _NOON:
            hour += _NOON
        elif _MORNING.match(rest) and hour == _NOON:
            hour = 0
        if hour < 24:
            return time(hour, minute)
    return None


@lru_cache(maxsize=4)
def _pattern(phrases: PhraseBook) -> re.Pattern[str]:
    before, after = any_of(phrases.words("at_hour")), any_of(phrases.words("oclock"))
    return re.compile(
        rf"(?:(?<!\w)(?P<before>{before})\.?\s*)?"
        rf"(?<![\w.,:/-])(?P<clock>{_CLOCK})"
        rf"(?:\s?(?P<after>{after}))?(?![\w€$£%/-]|[.,:]\d|\s?(?:€|\$|£|kr\b|eur|zl))"
    )
