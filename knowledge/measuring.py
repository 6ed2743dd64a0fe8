"""Asking an index the editors' questions, through the code that serves customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.answers import Knowledge
from knowledge.calibration import (
    Threshold,
    choose_thresholds,
    fit_correction,
    held_out,
)
from knowledge.confidence import FEATURES
from knowledge.embedding import Embedder, Progress
from knowledge.embedding_cache import QUESTIONS, open_embedding_cache
from knowledge.index import PassageIndex
from knowledge.measures import auroc, calibration_error, risk_coverage
from knowledge.operator import AnswerRules
from knowledge.quality import (
    MOST_OFFERED,
    Asked,
    Checks,
    Measures,
    Quality,
    is_across_languages,
    pairs,
    place,
    unmeasured,
)
from knowledge.question_sets import Query
from knowledge.search import Found
from knowledge.threads import in_turn

_CURVE_POINTS = 40


class Asks(Protocol):
    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that pages are published in."""

    def find(self, question: str, *, language: str | None, top_k: int) -> Found:
        """What serving finds for a question."""


def measure_index(
    index: PassageIndex,
    embedder: Embedder,
    state_dir: Path,
    checks: Checks,
    progress: Progress,
) -> Quality:
    """Measure an index; questions that were asked before are not embedded again."""
    with open_embedding_cache(embedder, state_dir, file=QUESTIONS) as cached:
        asked = Knowledge(index, cached, unmeasured(checks), checks.courtesies)
        return measure(asked, checks, progress)


def measure(knowledge: Asks, checks: Checks, progress: Progress) -> Quality:
    """Ask every question, correct the confidence, and choose the thresholds."""
    if not checks.questions:
        return unmeasured(checks)
    answers = _ask_all(knowledge, checks, progress)
    shipped, evidence, right = answers.confidence, answers.evidence, answers.right
    within, apart = ~answers.across, answers.across
    confidence = np.empty(len(shipped))
    for part in (within, apart):
        confidence[part] = held_out(
            shipped[part], evidence[part], right[part], answers.groups[part]
        )
    languages, rules = [row.language for row in answers.rows], checks.rules
    thresholds = partial(
        choose_thresholds, confidence, languages=languages, certainty=rules.certainty
    )
    answer_from = thresholds(right, budget=rules.wrong_at_most)
    asked = tuple(
        _judged(row, float(value), answer_from)
        for row, value in zip(answers.rows, confidence, strict=True)
    )
    groups = _groups(asked)
    return Quality(
        key=checks.key,
        correction=fit_correction(shipped[within], evidence[within], right[within]),
        across=fit_correction(shipped[apart], evidence[apart], right[apart]),
        answer_from=answer_from,
        offer_from=thresholds(answers.offered, budget=rules.offers_wrong_at_most),
        measures={name: _measures(group) for name, group in groups.items()},
        curve={
            name: _curve(groups[name], rules)
            for name in ("all", *dict.fromkeys(languages))
        },
        asked=asked,
    )


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """What every question was answered with: one row each, in their order.

    Attributes:
        evidence: Shape (n_questions, n_features).
        across: What was found is in another language than the question.
        groups: Questions that are one in several languages have the same.
    """

    rows: list[Asked]
    evidence: NDArray[np.float64]
    across: NDArray[np.bool_]
    groups: NDArray[np.str_]

    @property
    def confidence(self) -> NDArray[np.float64]:
        return np.array([row.confidence for row in self.rows])

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.array([row.is_right for row in self.rows])

    @property
    def offered(self) -> NDArray[np.bool_]:
        return np.array([row.is_offered for row in self.rows])


def _ask_all(knowledge: Asks, checks: Checks, progress: Progress) -> _Answers:
    rows, evidence, across = [], [], []

    def ask(query: Query) -> Found:
        return knowledge.find(query.text, language=query.language, top_k=MOST_OFFERED)

    all_found = in_turn(ask, checks.questions)
    for n, (query, found) in enumerate(all_found, start=1):
        rows.append(_asked(query, found, knowledge.languages))
        evidence.append(
            found.evidence.as_vector() if found.evidence else np.zeros(len(FEATURES))
        )
        across.append(is_across_languages(found, query.language))
        progress(n, len(checks.questions))
    return _Answers(
        rows=rows,
        evidence=np.array(evidence),
        across=np.array(across),
        groups=np.array([query.same_as or query.id for query in checks.questions]),
    )


def _judged(
    row: Asked, confidence: float, answer_from: dict[str | None, Threshold]
) -> Asked:
    """The row with its corrected confidence, and whether that is enough to answer."""
    threshold = answer_from.get(row.language, answer_from[None])
    return replace(
        row, confidence=confidence, is_answered=bool(confidence >= threshold.value)
    )


def _groups(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """The questions that are measured together, by the name of the group."""
    groups: dict[str, list[Asked]] = {"all": list(asked)}
    for row in asked:
        groups.setdefault(row.language, []).append(row)
    with_kind = [row for row in asked if row.kind]
    for row in with_kind:
        groups.setdefault(row.kind, []).append(row)
    for row in with_kind:
        groups.setdefault(f"{row.language} {row.kind}", []).append(row)
    return groups


def _asked(query: Query, found: Found, published: Sequence[str]) -> Asked:
    places = [place(hit.passage) for hit in found.hits]
    return Asked(
        id=query.id,
        language=query.language,
        text=query.text,
        same_as=query.same_as if query.language in published else None,
        kind=query.kind,
        is_answerable=bool(query.relevant),
        found=places[0] if places else "",
        confidence=found.confidence,
        is_right=bool(places) and places[0] in query.relevant,
        is_offered=any(each in query.relevant for each in places),
    )


def _measures(asked: Sequence[Asked]) -> Measures:
    answerable = [row for row in asked if row.is_answerable]
    near_misses = [row for row in asked if not row.is_answerable]
    given = [row for row in asked if row.is_answered]
    right = np.array([row.is_right for row in asked])
    confidence = np.array([row.confidence for row in asked])
    return {
        "n": len(asked),
        "n_answerable": len(answerable),
        "recall_at_1": _share(row.is_right for row in answerable),
        "recall_at_3": _share(row.is_offered for row in answerable),
        "auroc": auroc(confidence, right),
        "expected_calibration_error": calibration_error(confidence, right),
        "n_given": len(given),
        "n_given_wrong": sum(not row.is_right for row in given),
        "answered": _share(row.is_answered and row.is_right for row in answerable),
        "near_misses_refused": _share(not row.is_answered for row in near_misses),
        "parity": _share(first.found == second.found for first, second in pairs(asked)),
    }


def _share(truths: Any) -> float | None:
    values = list(truths)
    return sum(values) / len(values) if values else None


def _curve(asked: Sequence[Asked], rules: AnswerRules) -> list[dict[str, float]]:
    points = risk_coverage(
        np.array([row.confidence for row in asked]),
        np.array([row.is_right for row in asked]),
        certainty=rules.certainty,
    )
    chosen = np.unique(np.linspace(0, len(points) - 1, _CURVE_POINTS).astype(int))
    return [
        {name: round(value, 4) for name, value in asdict(points[i]).items()}
        for i in chosen
    ]
