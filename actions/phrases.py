"""The words by which utterances are read, from `data/phrases/<language>.yml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

_LETTERS = {"ł": "l", "ø": "o", "æ": "a", "đ": "d", "’": "'", "‘": "'", "`": "'"}


def fold(text: str) -> str:
    """The text in lower case and without accents, as long as before.

    Each character becomes exactly one, so that places in the folded text are places
    in the text.
    """
    return "".join(_fold_character(character) for character in text)


@cache
def _fold_character(character: str) -> str:
    lower = character.lower()[:1]
    base = _LETTERS.get(lower) or unicodedata.normalize("NFKD", lower)[:1]
    return base or character


def any_of(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases, folded, the longest first."""
    return _any_of(tuple(phrases))


@cache
def _any_of(phrases: tuple[str, ...]) -> str:
    folded = {fold(part) for phrase in phrases for part in phrase.split("|")}
    longest_first = sorted(folded, key=lambda phrase: (-len(phrase), phrase))
    return "(?:" + "|".join(re.escape(phrase) for phrase in longest_first) + ")"


def whole_words(phrases: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the phrases in a folded text, not as parts of words."""
    phrases = list(phrases)
    if not phrases:
        return re.compile(r"(?!)")
    return re.compile(rf"(?<!\w){any_of(phrases)}(?!\w)")


@dataclass(frozen=True)
class Phrases:
    """One language's words, by the name of their list."""

    language: str
    lists: Mapping[str, Any]

    def words(self, name: str) -> list[str]:
        return list(self.lists.get(name, ()))


class PhraseBook:
    """Every language's words.

    Customers mix languages and are not always identified rightly, so cues are looked
    for in all languages at once; the language at hand only breaks ties.
    """

    def __init__(self, languages: Mapping[str, Phrases]) -> None:
        self.languages = dict(languages)
        self._found: dict[str, re.Pattern[str]] = {}

    def words(self, name: str) -> list[str]:
        """The list `name` of every language, joined."""
        return [word for p in self.languages.values() for word in p.words(name)]

    def pattern(self, name: str) -> re.Pattern[str]:
        """Finds a phrase of the list `name` of any language in a folded text."""
        if name not in self._found:
            self._found[name] = whole_words(self.words(name))
        return self._found[name]

    def has(self, name: str, folded: str) -> bool:
        return self.pattern(name).search(folded) is not None

    @cached_property
    def order(self) -> tuple[str, ...]:
        return tuple(self.languages)

    def starting_with(self, language: str) -> list[Phrases]:
        """All languages, the given one first."""
        first = [self.languages[language]] if language in self.languages else []
        return first + [p for tag, p in self.languages.items() if tag != language]


def load_phrases(data_dir: Path) -> PhraseBook:
    """Read every file of `data/phrases/`.

    Raises:
        NotReady: There is none.
    """
    paths = sorted((data_dir / "phrases").glob("*.yml"))
    if not paths:
        raise NotReady(f"{data_dir / 'phrases'} holds no files")
    return PhraseBook(
        {
            path.stem: Phrases(path.stem, parse_yaml(path.read_text(encoding="utf-8")))
            for path in paths
        }
    )
