"""What the command line prints about the quality of the help pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from knowledge.errors import PublishRefused

if TYPE_CHECKING:
    from knowledge.parity import Difference, ParityReport

_COUNTS = ("n", "n_answerable", "n_given", "n_given_wrong")
_SHARES = (
    "recall_at_1",
    "recall_at_3",
    "answered",
    "near_misses_refused",
    "parity",
    "auroc",
    "expected_calibration_error",
)


def say_quality(quality: dict[str, Any] | None, console: Console) -> None:
    """Print what the editors' questions measured, and the thresholds by language."""
    if not quality or not quality["measures"]:
        console.print("no questions to measure with: see data/questions/")
        return
    groups = quality["measures"]
    table = Table("the editors' questions")
    for name in groups:
        table.add_column(name, justify="right")
    for count in _COUNTS:
        table.add_row(_said(count), *(str(each[count]) for each in groups.values()))
    for share in _SHARES:
        table.add_row(_said(share), *(_share(each[share]) for each in groups.values()))
    for which in ("answer_from", "offer_from"):
        table.add_row(
            _said(which), *(_threshold(quality[which], name) for name in groups)
        )
    console.print(table)


def _said(name: str) -> str:
    return name.replace("_", " ")


def _threshold(thresholds: dict[str, Any], language: str) -> str:
    threshold = thresholds.get(language, thresholds["other"])
    return f"{threshold['value']:.2f} {threshold['basis']}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def say_parity(report: ParityReport, console: Console) -> None:
    """Print where the languages part."""
    if report.parity is None:
        console.print("no question is there in two languages: see data/questions/")
    else:
        console.print(
            f"{report.parity:.3f} of {report.n_pairs} pairs of questions reach the same"
            " section in both languages"
        )
        table = Table("question", "", "reaches", "")
        for pair in report.parted:
            table.add_row(
                pair.questions[0], pair.languages[0], pair.found[0], pair.same_as
            )
            table.add_row(pair.questions[1], pair.languages[1], pair.found[1], "")
            table.add_section()
        console.print(table)
    table = Table("section", "", "", "what differs")
    for stale in report.stale:
        what = "missing" if stale.is_missing else f"made from {stale.translates or '?'}"
        said = f"{what}, the source is at {stale.source_version}"
        table.add_row(stale.id, stale.source_language, stale.language, said)
    for each in report.differences:
        table.add_row(
            each.section, each.source_language, each.language, _difference(each)
        )
    console.print(table)


def _difference(each: Difference) -> str:
    if each.contradiction is None:
        return f"missing in {each.missing_in}"
    ours, theirs = (
        ", ".join(side) or "-"
        for side in (each.contradiction.source, each.contradiction.translation)
    )
    if each.contradiction.kind == "negation":
        return f"denials: {ours} against {theirs}"
    return f"{ours} against {theirs}"


def say_refusal(refused: PublishRefused, console: Console) -> None:
    """Print why a publication was refused, and every question that it breaks."""
    console.print(f"[red]not published[/red]: {refused}")
    table = Table("question", "", "answered until now", "would be answered")
    for each in refused.broken:
        unknown = "I don't know"
        table.add_row(
            each["text"],
            each["language"],
            each["before"] or unknown,
            each["after"] or unknown,
        )
    console.print(table)
    console.print("Publish all the same with `guichet knowledge publish --force`.")
