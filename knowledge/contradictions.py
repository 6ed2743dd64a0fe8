"""What a text states in numbers, and what it denies, to hold against a translation.

Digits are read by the language's own marks for thousands and decimals, and months by
their names, both from Babel; number words, words of denial and the like stand in
`data/parity/<language>.yml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import get_month_names
from babel.numbers import get_decimal_symbol, get_group_symbol

from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

_SPACES = "\u00a0\u202f\u2009 "
# 23 h 59, as the French write it.
_HOUR = rf"[{_SPACES}]?h[{_SPACES}]?(?=\d\d\b)"
_NUMBER = re.compile(rf"\d+(?:(?:[.,:’'{_SPACES}]|{_HOUR})\d+)*")
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|\b[A-Z]{2}\d{2}[A-Z0-9]+\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’])?")


@dataclass(frozen=True, slots=True)
class Statements:
    """What a text says in a form that does not depend on its language.

    Attributes:
        figures: Numbers in digits, in one spelling; those of percentages end in `%`,
            months read `month 9`.
        words: Numbers in words.
        denials: How often something is denied.
    """

    figures: frozenset[str]
    words: frozenset[str]
    denials: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Where a translation says something else.

    Attributes:
        kind: `figures` or `negation`.
        source, translation: What only the one has; for a negation, how often each
            denies.
    """

    kind: str
    source: tuple[str, ...]
    translation: tuple[str, ...]


class Reader:
    """Reads the statements of texts in one language."""

    def __init__(self, language: str, cues: dict[str, Any]) -> None:
        try:
            locale = Locale.parse(language, sep="-")
        except (UnknownLocaleError, ValueError):
            locale = Locale.parse("en")
        self._decimal = get_decimal_symbol(locale)
        self._group = get_group_symbol(locale)
        months = get_month_names("wide", locale=locale)
        self._months = {name.casefold(): f"month {i}" for i, name in months.items()}
        self._numbers = {
            str(word).casefold(): str(value)
            for value, words in (cues.get("numbers") or {}).items()
            for word in words
        }
        self._denials = _any_of(cues.get("negations") or ())
        self._percent = _starts_with(["%", *(cues.get("percent") or ())])
        self._afternoon = _starts_with(cues.get("afternoon") or ())

    def read(self, text: str) -> Statements:
        text = _ADDRESS.sub(" ", text)
        figures = set()
        for match in _NUMBER.finditer(text):
            after = text[match.end() : match.end() + 20]
            for figure in self._figures(match.group()):
                if self._percent.match(after):
                    figure += "%"
                elif self._afternoon.match(after):
                    hour, point, minutes = figure.partition(".")
                    figure = f"{int(hour) % 12 + 12}{point}{minutes}"
                figures.add(figure)
            figures |= self._month_beside(text, match)
        folded = text.casefold()
        words = {
            self._numbers[word]
            for word in _WORD.findall(folded)
            if word in self._numbers
        }
        denials = len(self._denials.findall(folded.replace("’", "'")))
        return Statements(frozenset(figures), frozenset(words), denials)

    def _figures(self, written: str) -> list[str]:
        """One number, or several that only stand beside each other."""
        written = re.sub(_HOUR, ":", written)
        parts = [written]
        if self._group.isspace() or self._group in _SPACES:
            # Thousands come in threes; anything else is two numbers.
            if re.fullmatch(rf"\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:\D\d+)?", written):
                parts = [re.sub(rf"[{_SPACES}]", "", written)]
            else:
                parts = re.split(rf"[{_SPACES}]", written)
        else:
            parts = re.split(rf"[{_SPACES}]", written)
        return [self._in_one_spelling(part) for part in parts if part]

    def _in_one_spelling(self, written: str) -> str:
        group = re.escape(self._group)
        if re.fullmatch(rf"\d{{1,3}}(?:{group}\d{{3}})+(?:\D\d+)?", written):
            written = written.replace(self._group, "")
        whole, *rest = re.split(r"\D", written)
        parts = [str(int(whole)), *rest]
        # 09:00 and 9, 2.50 and 2.5, 4.0 and 4 are the same.
        while len(parts) > 1 and not parts[-1].rstrip("0"):
            parts.pop()
        if len(parts) > 1:
            parts[-1] = parts[-1].rstrip("0")
        return ".".join(parts)

    def _month_beside(self, text: str, number: re.Match[str]) -> set[str]:
        before = _WORD.findall(text[max(0, number.start() - 20) : number.start()])
        after = _WORD.findall(text[number.end() : number.end() + 20])
        beside = [*before[-1:], *after[:1]]
        names = (self._months.get(word.casefold()) for word in beside)
        return {name for name in names if name}


def compare(source: Statements, translation: Statements) -> list[Contradiction]:
    """Where two translations of one section contradict each other.

    A number in digits must be there in the other, in digits or words. Words for
    numbers have other uses, so that one alone says nothing: only where both have
    one that the other lacks do they differ.
    """
    ours = _lacking(source, translation)
    theirs = _lacking(translation, source)
    # "Within 1 hour" may well be "within the hour".
    if {*ours, *theirs} == {"1"}:
        ours = theirs = frozenset()
    our_words = source.words - translation.words - translation.figures
    their_words = translation.words - source.words - source.figures
    if our_words and their_words:
        ours, theirs = ours | our_words, theirs | their_words
    found = []
    if ours or theirs:
        found.append(
            Contradiction("figures", tuple(sorted(ours)), tuple(sorted(theirs)))
        )
    if bool(source.denials) != bool(translation.denials):
        denials = ((str(source.denials),), (str(translation.denials),))
        found.append(Contradiction("negation", *denials))
    return found


def _lacking(one: Statements, other: Statements) -> frozenset[str]:
    """Figures of the one that the other lacks.

    In "5, 10 and 15 %" only the last one shows that it is a share.
    """
    said = set(other.figures | other.words)
    if any(figure.endswith("%") for figure in one.figures & other.figures):
        said |= {f"{figure}%" for figure in other.figures}
        said |= {figure.removesuffix("%") for figure in other.figures}
    return frozenset(one.figures - said)


def load_readers(data_dir: Path, languages: tuple[str, ...]) -> dict[str, Reader]:
    """A reader for each language; without a file of cues it reads digits alone.

    Raises:
        NotReady: A file is malformed.
    """
    readers = {}
    for language in languages:
        path = data_dir / "parity" / f"{language}.yml"
        cues: Any = {}
        if path.is_file():
            try:
                cues = parse_yaml(path.read_text("utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError) as exc:
                raise NotReady(f"{path} cannot be read: {exc}") from exc
            if not isinstance(cues, dict):
                raise NotReady(f"{path} must be a mapping of fields")
        readers[language] = Reader(language, cues)
    return readers


def _any_of(words: Any) -> re.Pattern[str]:
    """These words; one that begins or ends with an apostrophe may hang on another."""
    patterns = [
        re.escape(word)
        if word.startswith(("n'", "d'", "l'")) or word.startswith("'")
        else rf"\b{re.escape(word)}\b"
        for word in map(str, words)
        if not word.endswith("n't")
    ]
    if any(str(word) == "n't" for word in words):
        patterns.append(r"n't\b")
    return re.compile("|".join(patterns) or r"(?!)")


def _starts_with(words: Any) -> re.Pattern[str]:
    joined = "|".join(re.escape(str(word)) for word in words)
    return re.compile(rf"[{_SPACES}]?(?:{joined or '(?!)'})", re.IGNORECASE)
