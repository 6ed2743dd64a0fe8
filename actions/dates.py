"""When something happened, read from what a customer wrote.

Only dates of events are looked for, so everything lies in the past: "on Friday" is the
last Friday, and a day and month without a year is their latest occurrence. What is
vague stays vague: nothing is invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

from babel.dates import get_month_names

from actions.civil_days import begun_month, civil_date, latest, latest_day
from actions.phrases import PhraseBook, Phrases, any_of, fold

Kind = Literal["exact", "weekday", "relative", "partial", "vague", "future"]

_SPECIFICITY: dict[Kind, int] = {
    "exact": 3,
    "relative": 2,
    "weekday": 2,
    "future": 1,
    "partial": 0,
    "vague": 0,
}
_DAY_FIRST_UNSURE = {"en"}
_CURRENCY = re.compile(r"\s?(?:€|\$|£|kr|eur|usd|sek|zl|zł|%|:-)")
_HOUR_BEFORE = re.compile(
    r"(?:\b(?:kl|klo|klockan|kello|at|um|a las|alle|ore|godz|klokka|om|vid|gegen|vers)"
    r"\.?|\b(?:a|à))\s*$"
)
_STAKES_BEFORE = re.compile(
    r"(?:\b(?:nl|pl|blinds?|insats\w*|mises?|stakes?)|[€$£])\s*$"
)
_MORNING_BEFORE = re.compile(r"\b(?:la|esta|am|heute|gestern|'s)\s*$")
_TIDY = re.compile(r"[\s,.;:!?()'\"«»]+")


@dataclass(frozen=True)
class Mention:
    """A date in a text.

    Attributes:
        start, end: Place in the text.
        value: The day, if it is certain.
        options: The days that it may be, the likelier first, if it is not.
        month: The first of the month, where no more than the month is said.
        is_bare: Nothing but the number of the day is said.
    """

    start: int
    end: int
    kind: Kind
    value: date | None = None
    options: tuple[date, ...] = ()
    month: date | None = None
    is_bare: bool = False

    @property
    def specificity(self) -> int:
        return _SPECIFICITY[self.kind]


def find_dates(
    text: str,
    *,
    today: date,
    language: str,
    phrases: PhraseBook,
    is_answer: bool = False,
) -> list[Mention]:
    """Every date in the text, in the order of the text.

    Args:
        text: What the customer wrote.
        today: The civil date at the operator's.
        language: BCP 47 tag of the utterance; other languages are tried after it.
        phrases: Words for days, in every language.
        is_answer: The text answers the question for the date, so that "the 14th" or
            "3.9" is one as well.
    """
    folded = fold(text)
    found = [*_iso(folded, today), *_numeric(folded, today, language, is_answer)]
    for words in phrases.starting_with(language):
        more = list(_in_language(folded, today, words, is_answer))
        found += more
        if any(m.value or m.options or m.kind == "future" for m in more):
            break
    found = _without_denied(found, folded, phrases.starting_with(language)[0])
    return _without_overlaps(_merge_weekdays(found, folded))


def _without_denied(found: list[Mention], folded: str, words: Phrases) -> list[Mention]:
    """Leave out days that are named as not meant: "not Monday", "it wasn't Monday".

    Negations of the language at hand alone: "no" is "in the" in Portuguese.
    """
    no = any_of(words.words("not"))
    directly = re.compile(rf"(?<!\w){no}\s*(?:\w{{2}}\s)?$")
    inside = re.compile(rf"{no}\s")
    kept = [
        m
        for m in found
        if not directly.search(folded[: m.start])
        and not inside.match(folded, m.start, m.end)
    ]
    # "It was not Monday, it was Tuesday", but also "it did not come on Monday": a verb
    # may stand between only where another day is named.
    loosely = re.compile(rf"(?<!\w){no}\s+(?:\w{{1,6}}\s+){{1,2}}$")
    others = [m for m in kept if not loosely.search(folded[: m.start])]
    return others if any(m.value or m.options for m in others) else kept


def event_date(mentions: list[Mention], today: date) -> Mention | None:
    """The mention that most likely dates the event: the most exact, then the first.

    A date that only says what day it is now is left out, as are days to come.
    """
    candidates = [
        mention
        for mention in mentions
        if (mention.value or mention.options)
        and mention.kind != "future"
        and not (mention.kind == "exact" and mention.value == today)
    ]
    best = max((m.specificity for m in candidates), default=0)
    return next((m for m in candidates if m.specificity == best), None)


def _iso(folded: str, today: date) -> Iterator[Mention]:
    for match in re.finditer(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b", folded):
        day = civil_date(int(match[1]), int(match[2]), int(match[3]))
        if day:
            yield _mention(match, day, today)


def _numeric(
    folded: str, today: date, language: str, is_answer: bool
) -> Iterator[Mention]:
    pattern = (
        r"(?<![\w.,/-])(\d{1,2})([./-])(\d{1,2})"
        r"(?:\2(\d{4}|\d{2})(?!\d)|(\.))?(?![\w/-])"
    )
    for match in re.finditer(pattern, folded):
        before, after = folded[: match.start()], folded[match.end() :]
        year = int(match[4]) if match[4] else None
        if year is not None and year < 100:
            year += 2000
        is_plain = year is None and not (match[2] == "." and match[5])
        if is_plain and (
            _CURRENCY.match(after)
            or (_HOUR_BEFORE.search(before) and match[2] == ".")
            or _STAKES_BEFORE.search(before)
            or (match[2] != "/" and not is_answer)
            or (not is_answer and not _has_preposition(before))
        ):
            continue
        first, second = int(match[1]), int(match[3])
        days = _readings(first, second, year, today, language, match[2])
        if len(days) == 1:
            yield _mention(match, days[0], today)
        elif days:
            yield Mention(match.start(), match.end(), "exact", None, tuple(days))


def _has_preposition(before: str) -> bool:
    words = re.findall(r"[^\W\d_]+", before[-20:])
    return not before.strip() or (bool(words) and len(words[-1]) <= 4)


def _readings(
    first: int, second: int, year: int | None, today: date, language: str, sign: str
) -> list[date]:
    """Day first everywhere; in English the month may come first."""
    orders = [(first, second)]
    if language in _DAY_FIRST_UNSURE and sign in "/-" and first != second:
        orders.append((second, first))
    days = []
    for day, month in orders:
        value = civil_date(year, month, day) if year else latest(month, day, today)
        if value and value <= today and value not in days:
            days.append(value)
    if not days and (value := civil_date(year or today.year, second, first)):
        days.append(value)
    return days


def _in_language(
    folded: str, today: date, words: Phrases, is_answer: bool
) -> Iterator[Mention]:
    yield from _days_of_month_names(folded, today, words)
    yield from _weekdays(folded, today, words, words.words("weekdays"))
    if is_answer:
        yield from _weekdays(folded, today, words, words.words("weekdays_answer"))
    yield from _relative(folded, today, words)
    yield from _bare_days(folded, today, words, "day_of_month_sure")
    if is_answer:
        yield from _bare_days(folded, today, words, "day_of_month")
        yield from _to_come(folded, words)
    for match in _whole(words, "vague").finditer(folded):
        yield Mention(match.start(), match.end(), "vague")
    forms = enumerate(words.words("month_forms"), 1)
    months = _months(words.language) | {fold(form): n for n, form in forms}
    year = r"(?:\s+(?:de |del |of |roku )?(\d{4}))?"
    for match in re.finditer(rf"(?<!\w)({any_of(months)})\w*{year}", folded):
        if len(match[1]) >= 4 or match[1] == match[0] == "maj":
            month = begun_month(months[match[1]], match[2], today)
            yield Mention(match.start(), match.end(), "partial", month=month)


def _days_of_month_names(folded: str, today: date, words: Phrases) -> Iterator[Mention]:
    months = _months(words.language)
    names = any_of(months)
    ordinals = [fold(word) for word in words.words("ordinals")]
    number = r"\d{1,2}" + ("|" + any_of(ordinals) if ordinals else "")
    year = r"(?:,?\s*(?:de |del |of |roku )?(\d{4}))?"
    suffix = r"(?:st|nd|rd|th|er|e|ten|de|\.|º|o|:e|:a)?"
    day_first = (
        rf"(?<![\w.,])({number}){suffix}\s+(?:de |of |d'|di |do )?({names})\w*\.?{year}"
    )
    month_first = (
        rf"(?<!\w)({names})\w*\.?\s+(?:the )?({number}){suffix}"
        rf"(?!\w|\s*(?:%|€|kr|:)){year}"
    )
    patterns = [(day_first, 1, 2)]
    if ordinals:  # Only English puts the month first.
        patterns.append((month_first, 2, 1))
    for pattern, day_group, month_group in patterns:
        for match in re.finditer(pattern, folded):
            month = months.get(match[month_group])
            text = match[day_group]
            day = int(text) if text.isdigit() else ordinals.index(text) + 1
            given = int(match[3]) if match[3] else None
            if month is None:
                continue
            value = (
                civil_date(given, month, day) if given else latest(month, day, today)
            )
            if value:
                yield _mention(match, value, today)


def _weekdays(
    folded: str, today: date, words: Phrases, stems: list[str]
) -> Iterator[Mention]:
    last, previous = any_of(words.words("last")), any_of(words.words("previous"))
    coming = any_of(words.words("next"))
    next_before = re.compile(rf"(?<!\w){coming}\s+$")
    next_after = re.compile(rf"\s+{coming}(?!\w)")
    parts = any_of(p for n in ("morning", "evening", "night") for p in words.words(n))
    for number, stem in enumerate(stems):
        ending = rf"(?:s?-?{parts}|\w{{0,3}})"
        pattern = (
            rf"(?<!\w)(?:({last})\s+)?(?:[^\W\d]{{1,3}}\s+)?{any_of([stem])}{ending}"
            rf"(?![\w-])(?:\s+({last})(?!\w))?(?:\s+({previous})(?!\w))?"
        )
        for match in re.finditer(pattern, folded):
            if next_before.search(folded[: match.start()]) or next_after.match(
                folded, match.end()
            ):
                yield Mention(match.start(), match.end(), "future")
                continue
            gap = (today.weekday() - number) % 7 or 7
            day = today - timedelta(days=gap)
            if match[3]:
                day -= timedelta(days=7)
            elif (match[1] or match[2]) and gap == 1:
                # "Last Saturday" said on a Sunday: yesterday, or a week before?
                options = (day, day - timedelta(days=7))
                yield Mention(match.start(), match.end(), "weekday", None, options)
                continue
            yield Mention(match.start(), match.end(), "weekday", day)


def _relative(folded: str, today: date, words: Phrases) -> Iterator[Mention]:
    taken: list[tuple[int, int]] = []
    for name, days in (("day_before_yesterday", 2), ("yesterday", 1), ("today", 0)):
        for match in _whole(words, name).finditer(folded):
            if any(start <= match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            value = today - timedelta(days=days)
            yield Mention(match.start(), match.end(), "relative", value)
    numbers = {
        fold(word): n
        for n, text in enumerate(words.words("numbers"), 1)
        for word in text.split("|")
    }
    units = {
        fold(word): unit
        for unit, names in (words.lists.get("units") or {}).items()
        for word in names
    }
    for template in words.words("ago"):
        pattern = re.escape(fold(template)).replace(r"\ ", r"\s+")
        has_number = r"\{n\}" in pattern
        pattern = pattern.replace(r"\{n\}", rf"(?P<n>\d{{1,3}}|{any_of(numbers)})")
        pattern = pattern.replace(r"\{unit\}", rf"(?P<unit>{any_of(units)})")
        for match in re.finditer(rf"(?<!\w){pattern}(?!\w)", folded):
            count = 1
            if has_number:
                count = int(match["n"]) if match["n"].isdigit() else numbers[match["n"]]
            unit = units[match["unit"]]
            if unit in ("day", "week"):
                value = today - timedelta(days=count * (7 if unit == "week" else 1))
                yield Mention(match.start(), match.end(), "relative", value)
            else:
                yield Mention(match.start(), match.end(), "vague")


def _bare_days(
    folded: str, today: date, words: Phrases, name: str
) -> Iterator[Mention]:
    for template in words.words(name):
        pattern = re.escape(fold(template)).replace(r"\{n\}", r"(\d{1,2})")
        pattern = pattern.removesuffix(r"\.") + r"\.?"
        for match in re.finditer(rf"(?<!\w){pattern}(?![\w:.,/]*\d)(?!\w)", folded):
            day = latest_day(int(match[1]), today)
            if day:
                place = match.span()
                yield Mention(*place, "weekday", day, is_bare=True)


def _to_come(folded: str, words: Phrases) -> Iterator[Mention]:
    """Days to come, without their date: they are only refused."""
    for match in _whole(words, "tomorrow").finditer(folded):
        # "La mañana" and "am Morgen" are mornings.
        if not _MORNING_BEFORE.search(folded[: match.start()]):
            yield Mention(match.start(), match.end(), "future")


def _mention(match: re.Match[str], value: date, today: date) -> Mention:
    kind: Kind = "future" if value > today else "exact"
    return Mention(match.start(), match.end(), kind, value)


@cache
def _months(language: str) -> dict[str, int]:
    """Folded names, full and short, standing alone and in a date."""
    tag = language.replace("-", "_")
    names: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            for number, name in get_month_names(width, context, tag).items():
                names[fold(name.rstrip("."))] = number
    return {name: number for name, number in names.items() if len(name) >= 3}


def _whole(words: Phrases, name: str) -> re.Pattern[str]:
    phrases = words.words(name)
    if not phrases:
        return re.compile(r"(?!)")
    return re.compile(rf"(?<!\w){any_of(phrases)}(?!\w)")


def _merge_weekdays(found: list[Mention], folded: str) -> list[Mention]:
    """Join a weekday with the date beside it: they are one day, and the date says."""
    exact = [m for m in found if m.kind in ("exact", "future")]
    kept = []
    for mention in found:
        if mention.kind != "weekday":
            kept.append(mention)
            continue
        beside = [
            other
            for other in exact
            if other.start >= mention.end
            and len(_TIDY.sub("", folded[mention.end : other.start])) <= 4
        ]
        if not beside:
            kept.append(mention)
    return kept


def _without_overlaps(found: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda m: (-m.specificity, m.start, -m.end)):
        if all(mention.end <= k.start or k.end <= mention.start for k in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)
