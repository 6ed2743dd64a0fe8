"""Telling words by language: what a text is about, and how it is meant.

The lists stand in `data/complaints/cues.yml`. They are features beside the embedding:
what a group of words is worth is learnt from examples.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge.errors import NotReady

FEATURES_A_GROUP = 2
# Written with a stroke, so that taking off diacritics leaves them as they are.
_LETTERS = str.maketrans({"’": "'", "ø": "o", "ł": "l", "æ": "ae", "ß": "ss"})


class _Entry(NamedTuple):
    """Words to look for, and whether they stand at a word's beginning and end."""

    words: str
    starts_word: bool
    ends_word: bool


class Cues:
    """Counts telling words; thread-safe.

    Args:
        groups: Group to language to entries: `word`, `stem-` or `-part-`.
    """

    def __init__(self, groups: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self.groups = {
            name: {tag: list(map(str, entries)) for tag, entries in lists.items()}
            for name, lists in groups.items()
        }
        self._entries = {
            name: {tag: list(map(_read, entries)) for tag, entries in lists.items()}
            for name, lists in self.groups.items()
        }
        self.languages = tuple(
            sorted({tag for lists in self.groups.values() for tag in lists})
        )

    @property
    def n_features(self) -> int:
        return len(self.groups) * FEATURES_A_GROUP

    def features(self, text: str, language: str | None) -> NDArray[np.float32]:
        """For each group, whether it occurs and how often.

        Args:
            text: Any text.
            language: BCP 47 tag; for None or an unknown one, the language whose words
                occur most often counts.

        Returns:
            Shape (n_features,).
        """
        folded = fold(text)
        tag = (language or "").split("-")[0]
        if tag in self.languages:
            counts = self._counts(folded, tag)
        else:
            every = (self._counts(folded, known) for known in self.languages)
            counts = max(every, key=sum, default=[])
        values = [value for n in counts for value in (min(n, 1), math.log1p(n))]
        return np.array(values, dtype=np.float32)

    def _counts(self, folded: str, language: str) -> list[int]:
        return [
            sum(
                _occurrences(folded, entry)
                for entry in lists.get(language, ())
                # The quick look first: nearly all entries are not there at all.
                if entry.words in folded
            )
            for lists in self._entries.values()
        ]


def fold(text: str) -> str:
    """Lower case without diacritics, one space where there is any."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(each for each in decomposed if not unicodedata.combining(each))
    return " ".join(plain.split())


def read_cues(path: Path) -> Cues:
    """Read the lists of telling words.

    Raises:
        NotReady: The file is missing or is not group to language to list.
    """
    try:
        groups: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Cues(groups)
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as exc:
        raise NotReady(f"{path} must hold words by group and language") from exc


def _read(entry: str) -> _Entry:
    folded = fold(entry)
    return _Entry(
        folded.strip("-"),
        starts_word=not folded.startswith("-"),
        ends_word=not folded.endswith("-"),
    )


def _occurrences(folded: str, entry: _Entry) -> int:
    count, start = 0, folded.find(entry.words)
    while start >= 0:
        end = start + len(entry.words)
        count += not (
            (entry.starts_word and start and _is_letter(folded[start - 1]))
            or (entry.ends_word and end < len(folded) and _is_letter(folded[end]))
        )
        start = folded.find(entry.words, end)
    return count


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"
