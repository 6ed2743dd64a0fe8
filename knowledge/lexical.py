"""Search by words: BM25 over stems and over runs of five characters.

Runs of characters find the parts of compound words and survive spelling; stems are
the usual baseline. Each language has its own index, so that a word's rarity is that
in its language.
"""

from __future__ import annotations

import logging
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

# It logs each index at DEBUG to a handler of its own.
logging.getLogger("bm25s").setLevel(logging.WARNING)

Scores = NDArray[np.float32]
Analyzer = Callable[[str], list[str]]

GRAM = 5
# A question is read this far: long ones are stories, and time must stay bounded.
MAX_QUERY_CHARACTERS = 2000

_WORD = re.compile(r"\w+")
_ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}


def fold(text: str) -> str:
    """Text for comparison: compatibility forms unified, lower case."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def stems(text: str, language: str) -> list[str]:
    """Stemmed words; languages without a stemmer keep theirs as they are."""
    algorithm = _ALGORITHMS.get(language.split("-")[0].lower())
    found = words(text)
    if algorithm is None or algorithm not in _algorithms():
        return found
    stemmed: list[str] = Stemmer.Stemmer(algorithm).stemWords(found)
    return stemmed


@cache
def _algorithms() -> frozenset[str]:
    return frozenset(Stemmer.algorithms())


def character_grams(text: str) -> list[str]:
    """Every run of five characters, words joined by single spaces."""
    joined = f" {' '.join(words(text))} "
    if len(joined) <= GRAM:
        return [joined] if joined.strip() else []
    return [joined[i : i + GRAM] for i in range(len(joined) - GRAM + 1)]


def stemmer(language: str) -> Analyzer:
    """The analyzer that stems words as in a language."""
    return partial(stems, language=language)


class LexicalIndex:
    """BM25 over the texts of one language."""

    def __init__(self, analyze: Analyzer, bm25: Any, n_texts: int) -> None:
        self._analyze = analyze
        self._bm25 = bm25
        self._n_texts = n_texts

    @classmethod
    def build(cls, texts: Sequence[str], analyze: Analyzer) -> LexicalIndex:
        """Index texts in the order given."""
        bm25 = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        tokens = [analyze(text) for text in texts]
        if not any(tokens):
            return cls(analyze, None, len(texts))
        bm25.index(tokens, show_progress=False)
        return cls(analyze, bm25, len(texts))

    def scores(self, question: str) -> Scores:
        """BM25 of every text, from 0. Shape (n_texts,)."""
        return self._scores(self._tokens(question))

    def coverage(self, question: str) -> Scores:
        """How much of the question each text covers, 0 to 1. Shape (n_texts,).

        BM25 over the most that any text could reach: the rarity of all of the
        question's tokens, found or not.
        """
        tokens = self._tokens(question)
        most = sum(self._rarity(token) for token in tokens)
        return self._scores(tokens) / np.float32(max(most, 1e-9))

    def _tokens(self, question: str) -> list[str]:
        return self._analyze(question[:MAX_QUERY_CHARACTERS])

    def _scores(self, tokens: list[str]) -> Scores:
        if self._bm25 is None or not tokens:
            return np.zeros(self._n_texts, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(tokens), dtype=np.float32)

    def _rarity(self, token: str) -> float:
        """The idf that BM25 gives a token (Lucene's form)."""
        n_with = 0
        if self._bm25 is not None and token in self._bm25.vocab_dict:
            starts = self._bm25.scores["indptr"]
            place = self._bm25.vocab_dict[token]
            n_with = int(starts[place + 1] - starts[place])
        return math.log1p((self._n_texts - n_with + 0.5) / (n_with + 0.5))

    def save(self, folder: Path) -> None:
        if self._bm25 is not None:
            self._bm25.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path, analyze: Analyzer, n_texts: int) -> LexicalIndex:
        """Open what `save` wrote; the analyzer must be the same."""
        bm25 = bm25s.BM25.load(folder) if folder.is_dir() else None
        return cls(analyze, bm25, n_texts)
