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
from collections import Counter
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
Places = NDArray[np.intp]
Posting = tuple[NDArray[np.int32], Scores]
Analyzer = Callable[[str], list[str]]

GRAM = 5
# A question is read this far: long ones are stories, and time must stay bounded.
MAX_QUERY_CHARACTERS = 2000
# As many entries of the index are read to find candidates, rarest tokens first.
MOST_POSTINGS = 100_000

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
        # Numbers for tokens: a large corpus would not fit as text.
        vocabulary: dict[str, int] = {}
        ids = [
            [vocabulary.setdefault(token, len(vocabulary)) for token in analyze(text)]
            for text in texts
        ]
        if not vocabulary:
            return cls(analyze, None, len(texts))
        bm25.index((ids, vocabulary), show_progress=False)
        return cls(analyze, bm25, len(texts))

    def scores(self, question: str) -> Scores:
        """BM25 of every text, from 0. Shape (n_texts,)."""
        return self._sum(self._postings(self._analyze_question(question)))

    def best(self, question: str, n: int, among: NDArray[Any] | None = None) -> Places:
        """Places of at most `n` texts that share most with a question, rising.

        In a large index the question's commonest tokens are passed over: they are in
        too many texts to tell one from another, and take most of the time.

        Args:
            question: As asked.
            n: At least 1.
            among: Shape (n_texts,), which texts may be found; all by default.
        """
        postings = self._postings(self._analyze_question(question))
        lengths = np.array([len(texts) for texts, _scores in postings], dtype=np.int64)
        rarest = np.argsort(lengths, kind="stable")
        kept = np.cumsum(lengths[rarest]) <= MOST_POSTINGS
        kept[:1] = True
        scores = self._sum([postings[i] for i in rarest[kept]])
        if among is not None:
            scores = np.where(among, scores, np.float32(0))
        n = min(n, self._n_texts)
        top = np.argpartition(-scores, n - 1)[:n]
        places: Places = np.sort(top[scores[top] > 0]).astype(np.intp)
        return places

    def coverage(self, question: str, texts: Places | None = None) -> Scores:
        """How much of the question texts cover, 0 to 1.

        BM25 over the most that any text could reach: the rarity of all of the
        question's tokens, found or not.

        Args:
            question: As asked.
            texts: Places of texts, rising; all by default.
        """
        tokens = self._analyze_question(question)
        most = sum(self._rarity(token) * count for token, count in tokens.items())
        postings = self._postings(tokens)
        scores = self._sum(postings) if texts is None else _pick(postings, texts)
        return scores / np.float32(max(most, 1e-9))

    def _analyze_question(self, question: str) -> Counter[str]:
        return Counter(self._analyze(question[:MAX_QUERY_CHARACTERS]))

    def _postings(self, tokens: Counter[str]) -> list[Posting]:
        """Of each token known: the texts that hold it, rising, and their scores."""
        if self._bm25 is None:
            return []
        matrix, vocabulary = self._bm25.scores, self._bm25.vocab_dict
        postings = []
        for token, count in tokens.items():
            if token in vocabulary:
                place = vocabulary[token]
                start, end = matrix["indptr"][place], matrix["indptr"][place + 1]
                scores = matrix["data"][start:end] * np.float32(count)
                postings.append((matrix["indices"][start:end], scores))
        return postings

    def _sum(self, postings: list[Posting]) -> Scores:
        if not postings:
            return np.zeros(self._n_texts, dtype=np.float32)
        texts = np.concatenate([texts for texts, _scores in postings])
        scores = np.concatenate([scores for _texts, scores in postings])
        return np.bincount(texts, scores, self._n_texts).astype(np.float32)

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


def _pick(postings: list[Posting], texts: Places) -> Scores:
    """The sum of postings at a few places, without going through all of them."""
    total = np.zeros(len(texts), dtype=np.float64)
    for holders, scores in postings:
        place = np.searchsorted(holders, texts)
        place[place == len(holders)] = 0
        total += np.where(holders[place] == texts, scores[place], 0)
    return total.astype(np.float32)
