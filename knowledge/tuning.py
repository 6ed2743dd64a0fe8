"""Fitting the confidence model to a folder of evaluation sets.

Run it on public or own sets of questions, some of which nothing answers; the outcome
is the small file of coefficients that comes with Guichet. How well it carries over is
measured by fitting on all families of sets but one and measuring on that one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from knowledge.confidence import ConfidenceModel, fit, unfitted_model
from knowledge.embedding import Embedder, Progress
from knowledge.errors import BadInput
from knowledge.index import make_index
from knowledge.measures import auroc, calibration_error, coverage_at_precision
from knowledge.question_sets import Query, read_corpus, read_queries
from knowledge.search import Searcher

# Share of answerable queries above which a set says nothing about refusing.
MOST_ANSWERABLE = 0.9

Sample = tuple[NDArray[np.float64], NDArray[np.bool_]]


@dataclass(frozen=True, kw_only=True)
class TuningReport:
    """The fitted model, and how models fitted without each family do on it.

    Attributes:
        model: Fitted on all sets.
        held_out: By set, its measures under a model that saw no set of its family.
    """

    model: ConfidenceModel
    held_out: dict[str, dict[str, float | None]]

    def as_json(self) -> dict[str, Any]:
        return {"model": self.model.as_json(), "held_out": self.held_out}

    def table(self) -> Table:
        table = Table(title="Confidence on sets of a family left out of the fit")
        names = next(iter(self.held_out.values()), {})
        table.add_column("set")
        for name in names:
            table.add_column(name.replace("_", " "), justify="right")
        for name, measures in self.held_out.items():
            cells = ("-" if v is None else f"{v:.3f}" for v in measures.values())
            table.add_row(name, *cells)
        return table


def tune(
    folder: Path, embedder: Embedder, *, progress: Progress | None = None
) -> TuningReport:
    """Fit the confidence model to the sets in a folder.

    Args:
        folder: Holds `<name>.corpus.jsonl` and `<name>.queries.jsonl` for each set.
            Sets whose names end alike (`oos_sv_gnome`, `gnome`) are one family.
        embedder: The model to use.
        progress: Called after each set.

    Raises:
        BadInput: No sets, a file is malformed, or no answer was wrong.
    """
    corpora = sorted(folder.glob("*.corpus.jsonl"))
    if not corpora:
        raise BadInput(f"{folder}: no sets (*.corpus.jsonl) found")
    samples = {}
    for n, corpus in enumerate(corpora, start=1):
        name = corpus.name.removesuffix(".corpus.jsonl")
        samples[name] = gather(corpus, folder / f"{name}.queries.jsonl", embedder)
        if progress:
            progress(n, len(corpora))
    return TuningReport(model=fit(samples), held_out=_hold_out(samples))


def write_model(model: ConfidenceModel, file: Path) -> None:
    """Write the coefficients where the shipped ones stand."""
    file.write_text(json.dumps(model.as_json(), indent=1) + "\n", "utf-8")


def gather(corpus: Path, queries: Path, embedder: Embedder) -> Sample:
    """The evidence for the first hit of every query, and whether it was right.

    Where (nearly) all queries have an answer, each is asked a second time with the
    passages that answer it taken away: customers also ask what no page answers, and
    a model that never saw that would be too sure.
    """
    passages = read_corpus(corpus)
    asked = read_queries(queries)
    searcher = Searcher(make_index(passages, embedder), embedder, unfitted_model())
    evidence, right = [], []

    def ask(query: Query, among: NDArray[np.bool_] | None = None) -> None:
        found = searcher.search(
            query.text, language=query.language, top_k=1, among=among
        )
        if found.evidence is not None:
            evidence.append(found.evidence.as_vector())
            right.append(found.hits[0].passage.id in query.relevant)

    for query in asked:
        ask(query)
    answerable = [query for query in asked if query.relevant]
    if len(answerable) > MOST_ANSWERABLE * len(asked):
        ids = np.array([passage.id for passage in passages])
        for query in answerable:
            ask(query, ~np.isin(ids, list(query.relevant)))
    return np.array(evidence), np.array(right)


def family(name: str) -> str:
    """The part of a set's name that sets from one source share: `gnome`, `covid`."""
    parts = [part for part in name.split("_") if part not in {"oos", "faq", "help"}]
    return parts[-1] if parts else name


def _hold_out(samples: Mapping[str, Sample]) -> dict[str, dict[str, float | None]]:
    measures = {}
    for name, (evidence, right) in samples.items():
        others = {
            other: sample
            for other, sample in samples.items()
            if family(other) != family(name)
        }
        is_measurable = right.any() and not right.all()
        if not is_measurable or not _has_both(others):
            continue
        model = fit(others)
        confidence = np.array([model.of_vector(row) for row in evidence])
        measures[name] = {
            "auroc": auroc(confidence, right),
            "coverage_at_precision_80": coverage_at_precision(confidence, right, 0.8),
            "coverage_at_precision_90": coverage_at_precision(confidence, right, 0.9),
            "expected_calibration_error": calibration_error(confidence, right),
        }
    return measures


def _has_both(samples: Mapping[str, Sample]) -> bool:
    right = [right for _evidence, right in samples.values()]
    return any(r.any() for r in right) and any(not r.all() for r in right)
