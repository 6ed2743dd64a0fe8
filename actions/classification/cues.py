"""Telling words by language: what a text is about, and how it is meant.

The lists stand in `data/complaints/cues.yml`. They are features beside the embedding:
what a group of words is worth is learnt from examples.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge.errors import NotReady

FEATURES_A_GROUP = 2
# Written with a stroke, so that taking off diacritics leaves them as they are.
_LETTERS = str.maketrans({"’": "'", "ø": "o", "ł": "l", "æ": "ae", "ß": "ss"})


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
        self._patterns = {
            name: {
                tag: re.compile("|".join(map(_pattern, entries)))
                for tag, entries in lists.items()
            }
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
            len(lists[language].findall(folded)) if language in lists else 0
            for lists in self._patterns.values()
        ]


def fold(text: str) -> str:
    """Lower case without diacritics."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(each for each in decomposed if not unicodedata.combining(each))


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


def _pattern(entry: str) -> str:
    folded = fold(entry)
    words = r"\s+".join(map(re.escape, folded.strip("-").split()))
    before = "" if folded.startswith("-") else r"(?<!\w)"
    after = "" if folded.endswith("-") else r"(?!\w)"
    return f"{before}{words}{after}"
