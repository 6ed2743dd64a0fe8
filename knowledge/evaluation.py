"""How good search is, measured on files of questions with known answers.

A corpus is indexed in memory and searched by the same `Searcher` that serves
customers; baselines stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from knowledge.baselines import Baselines, check_baselines
from knowledge.chunking import Passage
from knowledge.embedding import Embedder, Progress
from knowledge.errors import BadInput
from knowledge.index import make_index
from knowledge.measures import (
    auroc,
    calibration_error,
    coverage_at_precision,
    risk_coverage,
)
from knowledge.question_sets import Query, read_corpus, read_queries
from knowledge.search import Searcher

DEPTH = 10
# Questions embedded together, over all cores; the model remembers as many.
EMBEDDED_TOGETHER = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a system made of one query: ids, best first, and its confidence.

    `is_calibrated` when the confidence is a probability, not just any score.
    """

    query: Query
    ranked: tuple[str, ...]
    confidence: float
    is_calibrated: bool = True

    @property
    def is_right(self) -> bool:
        return bool(self.ranked) and self.ranked[0] in self.query.relevant

    @property
    def ranks(self) -> list[int]:
        """Ranks, from 1, of the relevant passages found."""
        return [
            rank
            for rank, passage in enumerate(self.ranked, start=1)
            if passage in self.query.relevant
        ]


Metrics = dict[str, float | int | None]
Measure = Callable[[Sequence[Outcome]], Metrics]


@dataclass(frozen=True, kw_only=True)
class Report:
    """Metrics of one system, over all and by group, with baselines beside.

    Attributes:
        title: What was measured.
        overall: Metric to value; `None` where it is undefined.
        groups: Kind of group (`by_language`, `by_pair`) to group to metrics.
        baselines: The overall metrics and groups of other systems, by name.
        curve: Risk and coverage, where measured.
        remarks: What is odd about the files measured, a sentence each.
    """

    title: str
    overall: Metrics
    groups: dict[str, dict[str, Metrics]]
    baselines: dict[str, Report] = field(default_factory=dict)
    curve: list[dict[str, float]] = field(default_factory=list)
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        report: dict[str, Any] = {"overall": self.overall, **self.groups}
        if self.remarks:
            report["remarks"] = list(self.remarks)
        if self.curve:
            report["risk_coverage"] = self.curve
        if self.baselines:
            report["baselines"] = {
                name: baseline.as_json() for name, baseline in self.baselines.items()
            }
        return report

    def table(self) -> Table:
        table = Table(title=self.title, caption="\n".join(self.remarks) or None)
        table.add_column("")
        for name in self.overall:
            table.add_column(name.replace("_", " "), justify="right")
        table.add_row("all", *_cells(self.overall), style="bold")
        for name, baseline in self.baselines.items():
            table.add_row(f"  {name}", *_cells(baseline.overall), style="dim")
        for groups in self.groups.values():
            table.add_section()
            for group, metrics in groups.items():
                table.add_row(group, *_cells(metrics))
                for name, baseline in self.baselines.items():
                    rival = _group(baseline, group)
                    if rival:
                        table.add_row(f"  {name}", *_cells(rival), style="dim")
        return table


def _group(report: Report, group: str) -> Metrics | None:
    for groups in report.groups.values():
        if group in groups:
            return groups[group]
    return None


def _cells(metrics: Metrics) -> list[str]:
    return [
        "-"
        if value is None
        else f"{value:.3f}"
        if isinstance(value, float)
        else f"{value}"
        for value in metrics.values()
    ]


def evaluate_retrieval(
    corpus: Path,
    queries: Path,
    embedder: Embedder,
    *,
    compare: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Measure how often the right passage comes first, or near.

    Queries that nothing answers are left out.

    Args:
        corpus: JSON Lines of `{"id", "lang", "title", "text"}`.
        queries: JSON Lines of `{"id", "lang", "text", "relevant": [ids]}`.
        embedder: The model to use.
        compare: Systems of `knowledge.baselines` to measure as well.
        progress: Called with steps done and in all.

    Raises:
        BadInput: A file is malformed (the message names its line), no query has an
            answer, or a baseline is unknown.
    """
    asked = [query for query in read_queries(queries) if query.relevant]
    if not asked:
        raise BadInput(f"{queries}: no query has a relevant passage")
    passages = read_corpus(corpus)
    outcomes = _run(passages, asked, embedder, compare, progress)
    report = _retrieval(corpus.name, passages, outcomes)
    return replace(report, remarks=_remarks(passages, asked))


def evaluate_refusal(
    corpus: Path,
    queries: Path,
    embedder: Embedder,
    *,
    compare: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Measure whether confidence tells right answers from wrong ones.

    An answer is right when the first passage is relevant; to a query that nothing
    answers, every answer is wrong. Coverage is the share of all queries answered.

    Args and errors as for `evaluate_retrieval`, but every query counts.
    """
    asked = read_queries(queries)
    passages = read_corpus(corpus)
    outcomes = _run(passages, asked, embedder, compare, progress)
    return replace(_refusal(corpus.name, outcomes), remarks=_remarks(passages, asked))


def evaluate_search(
    corpus: Path,
    queries: Path,
    embedder: Embedder,
    *,
    compare: Sequence[str] = (),
    progress: Progress | None = None,
) -> tuple[Report | None, Report | None]:
    """Measure retrieval and refusal, asking every query once.

    Args and errors as for `evaluate_retrieval`.

    Returns:
        Retrieval, `None` where no query has an answer; and refusal, `None` where
        every query has one.
    """
    asked = read_queries(queries)
    passages = read_corpus(corpus)
    outcomes = _run(passages, asked, embedder, compare, progress)
    answerable = {
        name: [outcome for outcome in found if outcome.query.relevant]
        for name, found in outcomes.items()
    }
    n_answerable = len(answerable[_OURS])
    retrieval = _retrieval(corpus.name, passages, answerable) if n_answerable else None
    refusal = _refusal(corpus.name, outcomes) if n_answerable < len(asked) else None
    remarks = _remarks(passages, asked)
    return (
        replace(retrieval, remarks=remarks) if retrieval else None,
        replace(refusal, remarks=remarks) if refusal else None,
    )


def _remarks(passages: Sequence[Passage], queries: Sequence[Query]) -> tuple[str, ...]:
    known = {passage.id for passage in passages}
    unknown = [
        (query.id, sorted(query.relevant - known))
        for query in queries
        if not query.relevant <= known
    ]
    if not unknown:
        return ()
    query, ids = unknown[0]
    return (
        f"{len(unknown)} of {len(queries)} queries name passages that are not in the"
        f" corpus and cannot be found, first {query!r}: {ids[0]!r}",
    )


def _retrieval(
    name: str, passages: Sequence[Passage], outcomes: dict[str, list[Outcome]]
) -> Report:
    languages = {passage.id: passage.language for passage in passages}
    reports = {
        system: _report(f"retrieval: {system}", found, _retrieval_metrics, languages)
        for system, found in outcomes.items()
    }
    return _beside(reports, f"Retrieval, {name}")


def _refusal(name: str, outcomes: dict[str, list[Outcome]]) -> Report:
    reports = {
        system: _report(f"refusal: {system}", found, _refusal_metrics, None)
        for system, found in outcomes.items()
    }
    for system, found in outcomes.items():
        reports[system].curve.extend(_curve(found))
    return _beside(reports, f"Refusal, {name}")


_OURS = "guichet"


def _beside(reports: dict[str, Report], title: str) -> Report:
    ours = reports.pop(_OURS)
    return Report(
        title=title,
        overall=ours.overall,
        groups=ours.groups,
        curve=ours.curve,
        baselines=reports,
    )


def _run(
    passages: list[Passage],
    queries: Sequence[Query],
    embedder: Embedder,
    compare: Sequence[str],
    progress: Progress | None,
) -> dict[str, list[Outcome]]:
    check_baselines(compare)
    report = progress or (lambda done, total: None)
    total = 0

    def embedded(done: int, n_segments: int) -> None:
        nonlocal total
        total = n_segments + len(queries)
        report(done, total)

    index = make_index(passages, embedder, embedded)
    searcher = Searcher(index, embedder)
    baselines = Baselines(index, embedder) if compare else None
    outcomes: dict[str, list[Outcome]] = {name: [] for name in (_OURS, *compare)}
    total = total or len(queries)
    for n, query in enumerate(queries, start=1):
        if n % EMBEDDED_TOGETHER == 1:
            group = queries[n - 1 : n - 1 + EMBEDDED_TOGETHER]
            embedder.encode([each.text for each in group], "query")
        found = searcher.search(query.text, language=query.language, top_k=DEPTH)
        ranked = tuple(hit.passage.id for hit in found.hits)
        outcomes[_OURS].append(
            Outcome(query=query, ranked=ranked, confidence=found.confidence)
        )
        if baselines:
            rivals = baselines.scores(query.text, query.language, compare)
            for name, scores in rivals.items():
                order = np.argsort(-scores, kind="stable")[:DEPTH]
                outcomes[name].append(
                    Outcome(
                        query=query,
                        ranked=tuple(index.passages[i].id for i in order),
                        confidence=float(scores[order[0]]),
                        is_calibrated=False,
                    )
                )
        report(total - len(queries) + n, total)
    return outcomes


def _report(
    title: str,
    outcomes: Sequence[Outcome],
    measure: Measure,
    languages: dict[str, str] | None,
) -> Report:
    groups = {"by_language": _grouped(outcomes, lambda o: o.query.language, measure)}
    if languages is not None:
        groups["by_pair"] = _grouped(
            outcomes, lambda o: _pair(o.query, languages), measure
        )
    return Report(title=title, overall=measure(outcomes), groups=groups)


def _grouped(
    outcomes: Sequence[Outcome], key: Callable[[Outcome], str | None], measure: Measure
) -> dict[str, Metrics]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        name = key(outcome)
        if name is not None:
            groups.setdefault(name, []).append(outcome)
    return {name: measure(groups[name]) for name in sorted(groups)}


def _pair(query: Query, languages: dict[str, str]) -> str | None:
    """Language of the question and of its answer, where those differ."""
    found = {languages[p] for p in query.relevant if p in languages}
    if len(found) != 1 or query.language in found:
        return None
    return f"{query.language}→{found.pop()}"


def _retrieval_metrics(outcomes: Sequence[Outcome]) -> Metrics:
    first = [min(outcome.ranks, default=DEPTH + 1) for outcome in outcomes]
    metrics: Metrics = {"n": len(outcomes)}
    for k in (1, 3, 5):
        metrics[f"recall_at_{k}"] = float(np.mean([rank <= k for rank in first]))
    reciprocal = [1 / rank if rank <= DEPTH else 0.0 for rank in first]
    metrics["mrr_at_10"] = float(np.mean(reciprocal))
    metrics["ndcg_at_10"] = float(np.mean([_ndcg(outcome) for outcome in outcomes]))
    return metrics


def _ndcg(outcome: Outcome) -> float:
    gained = sum(1 / np.log2(1 + rank) for rank in outcome.ranks)
    n_ideal = min(DEPTH, len(outcome.query.relevant))
    return float(gained / sum(1 / np.log2(1 + rank) for rank in range(1, n_ideal + 1)))


def _refusal_metrics(outcomes: Sequence[Outcome]) -> Metrics:
    right = np.array([outcome.is_right for outcome in outcomes])
    answerable = np.array([bool(outcome.query.relevant) for outcome in outcomes])
    confidence = np.array([outcome.confidence for outcome in outcomes])
    is_probability = all(outcome.is_calibrated for outcome in outcomes)
    n_answerable = int(answerable.sum())
    metrics: Metrics = {
        "n": len(outcomes),
        "n_answerable": n_answerable,
        "recall_at_1": float(right[answerable].mean()) if n_answerable else None,
        "auroc": auroc(confidence, right),
    }
    for percent in (80, 90, 95):
        metrics[f"coverage_at_precision_{percent}"] = coverage_at_precision(
            confidence, right, percent / 100
        )
    # The scores of baselines are no probabilities, so that calibration means nothing.
    metrics["expected_calibration_error"] = (
        calibration_error(confidence, right) if is_probability else None
    )
    return metrics


def _curve(outcomes: Sequence[Outcome]) -> list[dict[str, float]]:
    right = np.array([outcome.is_right for outcome in outcomes])
    confidence = np.array([outcome.confidence for outcome in outcomes])
    return [asdict(point) for point in risk_coverage(confidence, right)]
