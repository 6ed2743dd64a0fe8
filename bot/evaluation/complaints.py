"""`guichet eval complaints`: the classifier against labelled messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actions.cases.case import Verdict
from actions.classification.examples import Example
from bot.evaluation.measured import Measured, Metrics, by_language, confusion, share
from bot.evaluation.rows import read_rows
from knowledge.measures import calibration_error

Classify = Callable[[str, str | None], Verdict]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Judged:
    """A labelled message and the verdict on it."""

    message: Example
    verdict: Verdict


def evaluate_complaints(
    path: Path, classify: Classify, progress: Progress | None = None
) -> Measured:
    """Measure complaint, ground (on complaints) and category (on all messages).

    A complaint that was not recognised has no ground, and counts as wrong there too.

    Raises:
        BadInput: The file is malformed; the message names the line.
    """
    messages = read_rows(path, Example)
    judged = []
    for done, message in enumerate(messages, start=1):
        judged.append(Judged(message, classify(message.text, message.lang)))
        if progress:
            progress(done, len(messages))
    return Measured(
        title=f"Complaints, {path.name}",
        overall=measure_judged(judged),
        by_language=by_language(judged, lambda item: item.message.lang, measure_judged),
        confusion=confusion((item.message.lang, *_names(item)) for item in judged),
        details={"wrong": [_wrong(item) for item in judged if not _is_right(item)]},
    )


def measure_judged(judged: Sequence[Judged]) -> Metrics:
    """The figures of a set of verdicts."""
    expected = np.array([item.message.is_complaint for item in judged])
    given = np.array([item.verdict.is_complaint for item in judged])
    probability = np.array([item.verdict.probability for item in judged])
    n_right = int((expected & given).sum())
    return {
        "n": len(judged),
        "accuracy": float((expected == given).mean()),
        "precision": n_right / int(given.sum()) if given.any() else None,
        "recall": n_right / int(expected.sum()) if expected.any() else None,
        "f1": _f1(n_right, int(expected.sum()), int(given.sum())),
        "ground_accuracy": share(
            item.verdict.ground == item.message.ground
            for item in judged
            if item.message.is_complaint
        ),
        "category_accuracy": share(_category_rank(item) == 0 for item in judged),
        "category_top_3_accuracy": share(_category_rank(item) < 3 for item in judged),
        "expected_calibration_error": calibration_error(probability, expected),
    }


def _f1(n_right: int, n_expected: int, n_given: int) -> float | None:
    if not n_expected and not n_given:
        return None
    return 2 * n_right / (n_expected + n_given)


def _category_rank(item: Judged) -> int:
    ranked = [row["category"] for row in item.verdict.categories]
    return ranked.index(item.message.category)


def _names(item: Judged) -> tuple[str, str]:
    expected, given = item.message.is_complaint, item.verdict.is_complaint
    return (
        "complaint" if expected else "no complaint",
        "complaint" if given else "no complaint",
    )


def _is_right(item: Judged) -> bool:
    return (
        item.message.is_complaint == item.verdict.is_complaint
        and item.message.ground == item.verdict.ground
        and _category_rank(item) == 0
    )


def _wrong(item: Judged) -> dict[str, object]:
    verdict = item.verdict
    return {
        "id": item.message.id,
        "probability": round(verdict.probability, 3),
        "is_complaint": [item.message.is_complaint, verdict.is_complaint],
        "ground": [item.message.ground, verdict.ground],
        "category": [item.message.category, verdict.category],
    }
