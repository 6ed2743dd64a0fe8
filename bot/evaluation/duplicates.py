"""`guichet eval duplicates`: whether a person writes about the same matter again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from actions.cases.duplicates import (
    SAME_MEANING_FROM,
    Candidate,
    find_original,
    have_other_figures,
)
from bot.evaluation.measured import Measured, Metrics, by_language, share
from bot.evaluation.rows import read_rows
from knowledge.embedding import Embedder

# Thresholds that are tried. A wrong link misleads the agent, a missed one only leaves
# two cases of one person side by side: precision weighs twice as much as recall.
THRESHOLDS = tuple(round(0.80 + n / 200, 3) for n in range(33))
BETA = 0.5


class Told(msgspec.Struct):
    """One telling of a matter."""

    lang: str
    text: str


class Pair(msgspec.Struct):
    """One line of the file: what one person wrote, and what they write later."""

    id: str
    lang: str
    first: Told
    second: Told
    same: bool


@dataclass(frozen=True)
class _Judged:
    pair: Pair
    cosine: float
    is_same: bool


def evaluate_duplicates(
    path: Path, embedder: Embedder, report: Callable[[int, int], None]
) -> Measured:
    """Judge every pair as filing does, and find the threshold that would judge best.

    Raises:
        BadInput: The file is malformed; the message names the line.
    """
    pairs = read_rows(path, Pair)
    judged = []
    for done, pair in enumerate(pairs, start=1):
        first, second = embedder.embed_queries([pair.first.text, pair.second.text])
        earlier = Candidate(reference="", description=pair.first.text, vector=first)
        found = find_original(pair.second.text, [earlier], second)
        judged.append(_Judged(pair, float(np.dot(first, second)), found is not None))
        report(done, len(pairs))
    curve = {threshold: _at(judged, threshold) for threshold in THRESHOLDS}
    best = max(THRESHOLDS, key=lambda each: (curve[each]["f_half"] or 0, each))
    return Measured(
        title=f"The same matter, {path.name}",
        overall={
            **_measure(judged),
            "threshold": SAME_MEANING_FROM,
            "best_threshold": best,
        },
        by_language=by_language(judged, lambda each: each.pair.lang, _measure),
        details={
            "by_threshold": {str(each): metrics for each, metrics in curve.items()},
            "wrong": [
                {
                    "id": each.pair.id,
                    "same": each.pair.same,
                    "cosine": round(each.cosine, 3),
                }
                for each in judged
                if each.is_same != each.pair.same
            ],
        },
    )


def _at(judged: Sequence[_Judged], threshold: float) -> Metrics:
    """What would be measured with another threshold for the meaning."""
    return _measure(
        [
            _Judged(
                each.pair,
                each.cosine,
                each.cosine >= threshold
                and not have_other_figures(each.pair.first.text, each.pair.second.text),
            )
            for each in judged
        ]
    )


def _measure(judged: Sequence[_Judged]) -> Metrics:
    precision = share(each.pair.same for each in judged if each.is_same)
    recall = share(each.is_same for each in judged if each.pair.same)
    return {
        "n": len(judged),
        "n_same": sum(each.pair.same for each in judged),
        "precision": precision,
        "recall": recall,
        "f_half": _f(precision, recall),
        "accuracy": share(each.is_same == each.pair.same for each in judged),
    }


def _f(precision: float | None, recall: float | None) -> float | None:
    if not precision or not recall:
        return None
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
