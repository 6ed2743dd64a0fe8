"""Finds out whether a customer writes about the same matter again: pure, no I/O.

Two texts of one person are about the same matter when they share most of their
words, or when they mean nearly the same, in whatever languages, and name no different
amounts or numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actions.cases.language_free import LanguageFree

# From this share of common pieces on, in one language.
SAME_WORDS_FROM = 0.7
# From this cosine of their embeddings on, without what tells languages apart: where
# `guichet eval duplicates data/evaluation/duplicates.jsonl` found it to judge best.
SAME_MEANING_FROM = 0.42
_PIECE = 5
_SHORTEST_FIGURE = 3


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An earlier, unclosed case of the same person.

    Attributes:
        vector: Embedding of the description; None when not known.
    """

    reference: str
    description: str
    vector: NDArray[np.float32] | None = None


def find_original(
    description: str,
    candidates: Sequence[Candidate],
    vector: NDArray[np.float32] | None = None,
    language_free: LanguageFree | None = None,
) -> str | None:
    """The reference of the candidate that is about the same matter, or None.

    The first that tells the same in the same words; else, of those that mean the
    same, the closest.

    Args:
        description: What the customer writes now.
        candidates: Oldest first.
        vector: Embedding of `description`; None compares words alone.
        language_free: Compares embeddings of the model; None compares words alone.
    """
    for candidate in candidates:
        if similarity(description, candidate.description) >= SAME_WORDS_FROM:
            return candidate.reference
    if vector is None or language_free is None:
        return None
    best, closest = None, SAME_MEANING_FROM
    for candidate in candidates:
        if candidate.vector is None or have_other_figures(
            description, candidate.description
        ):
            continue
        cosine = language_free.similarity(vector, candidate.vector)
        if cosine >= closest and (best is None or cosine > closest):
            best, closest = candidate.reference, cosine
    return best


def similarity(one: str, other: str) -> float:
    """Share of common five-character pieces (Jaccard), 0 to 1, in any script."""
    ours, theirs = _pieces(one), _pieces(other)
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0


def have_other_figures(one: str, other: str) -> bool:
    """Whether both name amounts, hands or tickets, and none in common.

    "400 €" and "250 €" are two withdrawals, however alike the rest is.
    """
    ours, theirs = _figures(one), _figures(other)
    return bool(ours and theirs) and ours.isdisjoint(theirs)


def _figures(text: str) -> set[str]:
    """Numbers of three digits or more, without what groups their digits."""
    found = re.findall(r"\d+(?:[ .,\u00a0\u202f]\d{3})*(?!\d)", text)
    digits = (re.sub(r"\D", "", figure) for figure in found)
    return {each for each in digits if len(each) >= _SHORTEST_FIGURE}


def _pieces(text: str) -> set[str]:
    folded = " ".join(re.findall(r"\w+", text.casefold()))
    return {folded[i : i + _PIECE] for i in range(max(1, len(folded) - _PIECE + 1))}
