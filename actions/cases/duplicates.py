"""Finds out whether a customer writes about the same matter again: pure, no I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Two texts of one person are the same matter from this share of common pieces on.
SAME_FROM = 0.7
_PIECE = 5


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An earlier, unclosed case of the same person."""

    reference: str
    description: str


def similarity(one: str, other: str) -> float:
    """Share of common five-character pieces (Jaccard), 0 to 1, in any script."""
    ours, theirs = _pieces(one), _pieces(other)
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0


def find_original(description: str, candidates: Sequence[Candidate]) -> str | None:
    """The reference of the first candidate that tells the same, or None."""
    for candidate in candidates:
        if similarity(description, candidate.description) >= SAME_FROM:
            return candidate.reference
    return None


def _pieces(text: str) -> set[str]:
    folded = " ".join(re.findall(r"\w+", text.casefold()))
    return {folded[i : i + _PIECE] for i in range(max(1, len(folded) - _PIECE + 1))}
