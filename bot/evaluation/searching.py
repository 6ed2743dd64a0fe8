"""Search measured on every pair of files in a folder, against its targets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.table import Table

from knowledge.baselines import BASELINES, INTERACTION, RETRIEVERS
from knowledge.confidence import shipped_model
from knowledge.embedding import Embedder, Progress
from knowledge.errors import BadInput
from knowledge.evaluation import Metrics, Report, evaluate_search

# Groups smaller than this say little about a language.
FEWEST_QUERIES = 50

LEAD_OVER_DENSE = 0.04
MEAN_AUROC = 0.90
LEAST_AUROC = 0.82
TIMES_THE_COVERAGE = 2.0
CALIBRATION_ERROR = 0.05
OPERATOR_RECALL = 0.92
OPERATOR_PARITY = 0.95
NEAR_MISSES_REFUSED = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure against its target.

    Attributes:
        what: The measure, and of what.
        n: Questions behind it.
        value: Measured.
        target: What it should be above (or not above, where less is better).
        beside: What the target is, or what reached it.
        is_met: Whether it is; a tie with a baseline is not.
    """

    what: str
    n: int
    value: float
    target: float
    beside: str
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetReports:
    """What was measured on one set; refusal only where something has no answer."""

    name: str
    retrieval: Report | None
    refusal: Report | None


@dataclass(frozen=True, kw_only=True)
class SearchMeasured:
    """Every set of a folder, and the operator's own questions."""

    sets: tuple[SetReports, ...]
    operator: dict[str, Metrics]

    def rows(self) -> list[Row]:
        """Every figure that has a target, in the order of the table."""
        return [
            *_retrieval_rows(self.sets),
            *_refusal_rows(self.sets),
            *_operator_rows(self.operator),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "targets": [asdict(row) for row in self.rows()],
            "sets": {
                each.name: {
                    kind: report.as_json()
                    for kind, report in _reports(each)
                    if report is not None
                }
                for each in self.sets
            },
            "operator": self.operator,
        }

    def tables(self) -> list[Table]:
        rows = self.rows()
        met = sum(row.is_met for row in rows)
        table = Table(title=f"Search against its targets: {met} of {len(rows)} met")
        for name in ("", "questions", "Guichet", "target", ""):
            table.add_column(name, justify="right" if name else "left")
        for row in rows:
            table.add_row(
                row.what,
                str(row.n),
                f"{row.value:.3f}",
                f"{row.target:.3f} {row.beside}",
                "met" if row.is_met else "missed",
                style="" if row.is_met else "bold",
            )
        known = sorted(
            {each.name for each in self.sets if each.refusal}
            & set(shipped_model().fitted_on)
        )
        if known:
            table.caption = (
                f"The shipped confidence was fitted on {len(known)} of these sets"
                f" too ({', '.join(known)}); `guichet tune FOLDER` measures it on"
                " families held out."
            )
        return [table, _systems_table(self.sets)]


def measure_search(
    folder: Path,
    embedder: Embedder,
    operator: dict[str, Metrics],
    progress: Progress,
) -> SearchMeasured:
    """Measure every pair `NAME.corpus.jsonl` and `NAME.queries.jsonl` of a folder.

    Args:
        folder: Holds the files.
        embedder: The model to use.
        operator: What the last publication measured, by language; may be empty.
        progress: Called in thousandths of a set.

    Raises:
        BadInput: A file is malformed, or a corpus has no queries beside it.
    """
    names = search_sets(folder)
    sets = []
    for i, name in enumerate(names):

        def report(done: int, total: int, i: int = i) -> None:
            progress(1000 * i + 1000 * done // max(total, 1), 1000 * len(names))

        retrieval, refusal = evaluate_search(
            folder / f"{name}.corpus.jsonl",
            folder / f"{name}.queries.jsonl",
            embedder,
            compare=BASELINES,
            progress=report,
        )
        sets.append(SetReports(name=name, retrieval=retrieval, refusal=refusal))
    return SearchMeasured(sets=tuple(sets), operator=operator)


def search_sets(folder: Path) -> list[str]:
    """Names of the sets of passages and queries in a folder.

    Raises:
        BadInput: A corpus has no queries beside it.
    """
    names = []
    for corpus in sorted(folder.glob("*.corpus.jsonl")):
        name = corpus.name.removesuffix(".corpus.jsonl")
        if not (folder / f"{name}.queries.jsonl").is_file():
            raise BadInput(f"{corpus}: expected {name}.queries.jsonl beside it")
        names.append(name)
    return names


def operator_measures(index: Path) -> dict[str, Metrics]:
    """What the publication in an index folder measured of its own questions.

    Of all of them, and by language and kind where there are pages in the language:
    no target is set for questions that only pages in other languages answer.
    """
    try:
        manifest = json.loads((index / "manifest.json").read_text("utf-8"))
        measures: dict[str, Metrics] = (manifest["quality"] or {}).get("measures", {})
        with_pages = {"all", *manifest["languages"]}
    except (OSError, ValueError, KeyError):
        return {}
    return {
        name: metrics
        for name, metrics in measures.items()
        if name.partition(" ")[0] in with_pages
    }


def _reports(each: SetReports) -> list[tuple[str, Report | None]]:
    return [("retrieval", each.retrieval), ("refusal", each.refusal)]


def _retrieval_rows(sets: tuple[SetReports, ...]) -> Iterator[Row]:
    leads = []
    for each in sets:
        report = each.retrieval
        if report is None:
            continue
        rivals = {name: report.baselines[name] for name in RETRIEVERS}
        yield _against(
            each.name, report.overall, {n: r.overall for n, r in rivals.items()}
        )
        leads.append(
            _number(report.overall, "recall_at_1")
            - _number(rivals["dense"].overall, "recall_at_1")
        )
        groups = report.groups["by_language"]
        for language, metrics in groups.items():
            if len(groups) > 1 and _number(metrics, "n") >= FEWEST_QUERIES:
                yield _against(
                    f"{each.name}, {language}",
                    metrics,
                    {n: r.groups["by_language"][language] for n, r in rivals.items()},
                )
    if leads:
        value = fmean(leads)
        yield Row(
            what="recall@1 over dense alone, mean of sets",
            n=len(leads),
            value=value,
            target=LEAD_OVER_DENSE,
            beside="at least",
            is_met=value >= LEAD_OVER_DENSE,
        )


def _against(what: str, metrics: Metrics, rivals: dict[str, Metrics]) -> Row:
    best = max(rivals, key=lambda name: _number(rivals[name], "recall_at_1"))
    value, target = (
        _number(metrics, "recall_at_1"),
        _number(rivals[best], "recall_at_1"),
    )
    return Row(
        what=f"recall@1, {what}",
        n=int(_number(metrics, "n")),
        value=value,
        target=target,
        beside=best,
        is_met=value > target,
    )


def _refusal_rows(sets: tuple[SetReports, ...]) -> Iterator[Row]:
    reports = {
        each.name: each.refusal
        for each in sets
        if each.refusal and each.refusal.overall["auroc"] is not None
    }
    for name, report in reports.items():
        value = _number(report.overall, "auroc")
        yield _at_least(
            f"AUROC, {name}", int(_number(report.overall, "n")), value, LEAST_AUROC
        )
    if not reports:
        return
    overall = [report.overall for report in reports.values()]
    untrained = [report.baselines[INTERACTION].overall for report in reports.values()]
    n = len(reports)
    yield _at_least("AUROC, mean of sets", n, _mean(overall, "auroc"), MEAN_AUROC)
    covered = "coverage_at_precision_80"
    yield Row(
        what="coverage at 80 % precision, mean of sets",
        n=n,
        value=_mean(overall, covered),
        target=TIMES_THE_COVERAGE * _mean(untrained, covered),
        beside="twice interaction",
        is_met=_mean(overall, covered)
        >= TIMES_THE_COVERAGE * _mean(untrained, covered),
    )
    error = _mean(overall, "expected_calibration_error")
    yield Row(
        what="expected calibration error, mean of sets",
        n=n,
        value=error,
        target=CALIBRATION_ERROR,
        beside="at most",
        is_met=error <= CALIBRATION_ERROR,
    )


def _operator_rows(operator: dict[str, Metrics]) -> Iterator[Row]:
    for language, metrics in operator.items():
        n = int(_number(metrics, "n_answerable"))
        if language == "all":
            yield _at_least(
                "parity, own questions", n, _number(metrics, "parity"), OPERATOR_PARITY
            )
            yield _at_least(
                "near misses refused, own questions",
                int(_number(metrics, "n")) - n,
                _number(metrics, "near_misses_refused"),
                NEAR_MISSES_REFUSED,
            )
        else:
            yield _at_least(
                f"recall@1, own questions, {language}",
                n,
                _number(metrics, "recall_at_1"),
                OPERATOR_RECALL,
            )


def _at_least(what: str, n: int, value: float, target: float) -> Row:
    return Row(
        what=what,
        n=n,
        value=value,
        target=target,
        beside="at least",
        is_met=value >= target,
    )


def _mean(metrics: list[Metrics], name: str) -> float:
    return fmean(_number(each, name) for each in metrics)


def _number(metrics: Metrics, name: str) -> float:
    """A metric; one that is undefined there counts as 0."""
    return float(metrics.get(name) or 0.0)


def _systems_table(sets: tuple[SetReports, ...]) -> Table:
    """Recall, AUROC and coverage of every system on every set."""
    table = Table(title="Every set, with baselines beside")
    columns = ("recall_at_1", "recall_at_3", "auroc", "coverage_at_precision_80")
    for name in ("", *(column.replace("_", " ") for column in columns)):
        table.add_column(name, justify="right" if name else "left")
    for each in sets:
        table.add_section()
        for system in ("guichet", *BASELINES):
            merged: Metrics = {}
            for _kind, report in reversed(_reports(each)):
                if report is not None:
                    of_system = report.baselines.get(system, report)
                    merged.update(of_system.overall)
            cells = (
                "-" if (v := merged.get(c)) is None else f"{v:.3f}" for c in columns
            )
            name = each.name if system == "guichet" else f"  {system}"
            table.add_row(name, *cells, style="" if system == "guichet" else "dim")
    return table
