"""`guichet eval duplicates`: whether a person writes about the same matter again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from actions.cases.duplicates import (
    SAME_MEANING_FROM,
    Candidate,
    find_original,
    have_other_figures,
)
from actions.cases.language_free import LanguageFree
from bot.evaluation.measured import Measured, Metrics, by_language, share
from bot.evaluation.rows import read_rows
from knowledge.embedding import Embedder

# Thresholds that are tried. A wrong link misleads the agent, a missed one only leaves
# two cases of one person side by side: precision weighs twice as much as recall.
THRESHOLDS = tuple(round(0.2 + n / 50, 2) for n in range(31))
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
    path: Path,
    embedder: Embedder,
    language_free: LanguageFree,
    report: Callable[[int, int], None],
) -> Measured:
    """Judge every pair as filing does, and find the threshold that would judge best.

    "Cross-validated" is each matter judged by the threshold that is best for all
    others; pairs of one matter share the first part of their id, before "-".

    Raises:
        BadInput: The file is malformed; the message names the line.
    """
    pairs = read_rows(path, Pair)
    judged = []
    for done, pair in enumerate(pairs, start=1):
        first, second = embedder.embed_queries([pair.first.text, pair.second.text])
        earlier = Candidate(reference="", description=pair.first.text, vector=first)
        found = find_original(pair.second.text, [earlier], second, language_free)
        cosine = language_free.similarity(first, second)
        judged.append(_Judged(pair, cosine, found is not None))
        report(done, len(pairs))
    curve = {threshold: _measure(_at(judged, threshold)) for threshold in THRESHOLDS}
    held_out = _measure(_cross_validated(judged))
    return Measured(
        title=f"The same matter, {path.name}",
        overall={
            **_measure(judged),
            "threshold": SAME_MEANING_FROM,
            "best_threshold": _best(judged),
            "precision_cross_validated": held_out["precision"],
            "recall_cross_validated": held_out["recall"],
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


def _at(judged: Sequence[_Judged], threshold: float) -> list[_Judged]:
    """As another threshold for the meaning would judge."""
    return [
        _Judged(
            each.pair,
            each.cosine,
            each.cosine >= threshold
            and not have_other_figures(each.pair.first.text, each.pair.second.text),
        )
        for each in judged
    ]


def _best(judged: Sequence[_Judged]) -> float:
    """The threshold that judges best; of equally good ones the highest."""
    return max(
        THRESHOLDS, key=lambda each: (_measure(_at(judged, each))["f_half"] or 0, each)
    )


def _cross_validated(judged: Sequence[_Judged]) -> list[_Judged]:
    def matter(each: _Judged) -> str:
        return each.pair.id.split("-")[0]

    held_out: list[_Judged] = []
    for name in sorted({matter(each) for each in judged}):
        others = [each for each in judged if matter(each) != name]
        mine = [each for each in judged if matter(each) == name]
        held_out += _at(mine, _best(others))
    return held_out


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
