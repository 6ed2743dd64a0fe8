"""What the command line prints about the quality of the help pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from knowledge.errors import DeadLinks, PublishRefused

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
_SHORT = {
    "n_answerable": "with an answer",
    "n_given": "answered",
    "n_given_wrong": "wrongly",
    "answered": "answered rightly",
    "expected_calibration_error": "calibration error",
}


def say_quality(quality: dict[str, Any] | None, console: Console) -> None:
    """Print what the editors' questions measured, and the thresholds by language."""
    if not quality or not quality["measures"]:
        console.print("no questions to measure with: see data/questions/")
        return
    groups = quality["measures"]
    counts = Table("questions", *map(_said, (*_COUNTS, "answer_from", "offer_from")))
    shares = Table("questions", *map(_said, _SHARES))
    for name, measures in groups.items():
        if measures == groups.get(name.split(" ")[0]) and " " in name:
            # All questions of the language are of this kind.
            continue
        counts.add_row(
            name,
            *(str(measures[count]) for count in _COUNTS),
            _threshold(quality["answer_from"], name),
            _threshold(quality["offer_from"], name),
        )
        shares.add_row(name, *(_share(measures[share]) for share in _SHARES))
    console.print(counts)
    console.print(shares)


def _said(name: str) -> str:
    return _SHORT.get(name, name.replace("_", " "))


def _threshold(thresholds: dict[str, Any], group: str) -> str:
    """That of a language; beside `all`, that of languages without questions."""
    threshold = thresholds.get("other" if group == "all" else group)
    return f"{threshold['value']:.2f} {threshold['basis']}" if threshold else ""


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
        for name, reached in _by_question(report).items():
            for language, (question, found) in reached.items():
                table.add_row(question, language, found, name)
                name = ""
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


def _by_question(
    report: ParityReport,
) -> dict[str, dict[str, tuple[str, str]]]:
    """By question and language: how it is asked there, and what that reaches."""
    questions: dict[str, dict[str, tuple[str, str]]] = {}
    for pair in report.parted:
        sides = zip(pair.languages, pair.questions, pair.found, strict=True)
        for language, question, found in sides:
            questions.setdefault(pair.same_as, {})[language] = (question, found)
    return questions


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


def say_dead_links(refused: DeadLinks, console: Console) -> None:
    """Print where the links stand that kept pages from being published."""
    console.print("[red]not published[/red]: links lead nowhere")
    table = Table("page", "link", "leads to", "")
    for each in refused.links:
        trouble = "no such page" if each["trouble"] == "no_page" else "no such section"
        page = f"{each['language']}/{each['id']}"
        table.add_row(page, escape(each["text"]), escape(each["target"]), trouble)
    console.print(table)
    console.print(
        "Mend them, or publish with `guichet knowledge publish --with-dead-links`."
    )
