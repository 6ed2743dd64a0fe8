"""Telling words by language: what a text is about, and how it is meant.

The lists stand in `data/complaints/cues.yml`. They are features beside the embedding:
what a group of words is worth is learnt from examples.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

FEATURES_A_GROUP = 2
FAR_MORE = 2
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

        Each line is read in `language`, or in the language whose words occur in it
        far more often: people change language, and only the line that they wrote
        after it is in the new one.

        Args:
            text: Any text.
            language: BCP 47 tag, or None where it is not known.

        Returns:
            Shape (n_features,).
        """
        stated = (language or "").split("-")[0]
        counts = [0] * len(self.groups)
        for line in filter(None, map(fold, text.split("\n"))):
            by_language = {tag: self._counts(line, tag) for tag in self.languages}
            best = max(by_language, key=lambda tag: sum(by_language[tag]))
            ours = by_language.get(stated)
            if ours is None or sum(by_language[best]) > FAR_MORE * sum(ours):
                ours = by_language[best]
            counts = [sum(pair) for pair in zip(counts, ours, strict=True)]
        return _features(np.array(counts))

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


def add_features(
    one: NDArray[np.float32], other: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The features of two texts read one below the other."""
    return _features(np.rint(np.expm1(one[1::2]) + np.expm1(other[1::2])))


def _features(counts: NDArray[np.float64]) -> NDArray[np.float32]:
    features = np.stack([np.minimum(counts, 1), np.log1p(counts)], axis=1)
    return features.ravel().astype(np.float32)


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
        groups: Any = parse_yaml(path.read_text(encoding="utf-8"))
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
