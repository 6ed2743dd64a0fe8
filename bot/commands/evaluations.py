"""`guichet eval`: measure the counter on files of labelled items."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.evaluation.running import Progress

# Heavy modules are imported where they are used: `--help` answers at once.
evaluations = typer.Typer(
    help="Measure the counter on files of labelled items.", no_args_is_help=True
)
console = Console(highlight=False)
JsonLines = Annotated[Path, typer.Argument(help="JSON Lines, one item a line.")]
Json = Annotated[bool, typer.Option("--json", help="Print one object.")]
Now = Annotated[
    str, typer.Option(help="Date, or date and time, where the clock stands.")
]
Transcripts = Annotated[
    Path | None, typer.Option(help="Folder for what was said, one file a dialogue.")
]
Baseline = Annotated[
    str, typer.Option(help="Baselines to set beside it: bm25,dense,rrf,interaction.")
]
Curve = Annotated[
    Path | None,
    typer.Option(help="Folder for the risk-coverage curve, as JSON and PNG."),
]
REFERENCE_DATE = "2026-11-22"


class Shown(Protocol):
    def as_json(self) -> dict[str, Any]:
        """One object for a program."""


Measure = TypeVar("Measure", bound=Shown)


@evaluations.command()
def retrieval(
    corpus: JsonLines, queries: JsonLines, compare: Baseline = "", json: Json = False
) -> None:
    """Measure how often the right passage is found first."""
    from bot.evaluation.running import measure_retrieval

    _measure(
        "Searching",
        json,
        lambda report: measure_retrieval(
            Settings.from_environment(), corpus, queries, _names(compare), report
        ),
    )


@evaluations.command()
def refusal(
    corpus: JsonLines,
    queries: JsonLines,
    compare: Baseline = "",
    curve: Curve = None,
    json: Json = False,
) -> None:
    """Measure whether confidence tells right answers from wrong ones."""
    from bot.evaluation.running import measure_refusal

    measured = _measure(
        "Searching",
        json,
        lambda report: measure_refusal(
            Settings.from_environment(), corpus, queries, _names(compare), report
        ),
    )
    if curve is not None:
        from bot.evaluation.curves import write_curve

        name = corpus.name.removesuffix(".jsonl").removesuffix(".corpus")
        for file in write_curve(measured, curve, name):
            Console(stderr=True, quiet=json).print(f"written: {file}")


@evaluations.command()
def complaints(file: JsonLines, json: Json = False) -> None:
    """Measure the verdict: complaint or not, ground, category."""
    from bot.evaluation.running import measure_complaints

    _measure(
        "Classifying",
        json,
        lambda report: measure_complaints(Settings.from_environment(), file, report),
    )


@evaluations.command()
def transfer(json: Json = False) -> None:
    """Judge each language by the examples of all others (some minutes)."""
    from bot.evaluation.running import measure_transfer

    _measure(
        "Training",
        json,
        lambda report: measure_transfer(Settings.from_environment(), report),
    )


@evaluations.command()
def intents(json: Json = False) -> None:
    """Measure intents by language, with and without its own examples (minutes)."""
    from bot.evaluation.running import measure_intents

    _measure(
        "Training and testing",
        json,
        lambda report: measure_intents(Settings.from_environment(), report),
    )


@evaluations.command()
def duplicates(file: JsonLines, json: Json = False) -> None:
    """Measure whether a person who writes again about a matter is recognised."""
    from bot.evaluation.running import measure_duplicates

    _measure(
        "Comparing",
        json,
        lambda report: measure_duplicates(Settings.from_environment(), file, report),
    )


@evaluations.command()
def languages(file: JsonLines, json: Json = False) -> None:
    """Measure language identification, alone and inside conversations."""
    from bot.evaluation.running import measure_languages

    _measure(
        "Identifying",
        json,
        lambda report: measure_languages(Settings.from_environment(), file, report),
    )


@evaluations.command()
def routing(file: JsonLines, json: Json = False) -> None:
    """Measure what first messages are taken for, on an instance of its own."""
    from bot.evaluation.running import measure_routing

    _measure(
        "Talking",
        json,
        lambda report: measure_routing(Settings.from_environment(), file, report),
    )


@evaluations.command()
def dialogues(
    file: JsonLines,
    now: Now = REFERENCE_DATE,
    transcripts: Transcripts = None,
    json: Json = False,
) -> None:
    """Say whole conversations to an instance of its own; compare the filed cases."""
    from bot.evaluation.running import measure_dialogues, parse_now

    settings = Settings.from_environment()
    clock = parse_now(now, settings)
    _measure(
        "Talking",
        json,
        lambda report: measure_dialogues(settings, file, clock, transcripts, report),
    )


@evaluations.command("all")
def everything(
    folder: Annotated[Path, typer.Argument(help="Holds the files of evaluations.")],
    now: Now = REFERENCE_DATE,
    transcripts: Transcripts = None,
    json: Json = False,
) -> None:
    """Run every evaluation whose files are in a folder.

    The files are `complaints`, `routing`, `dialogues`, `languages` and `no_switch`
    (`.jsonl`), and pairs of `NAME.corpus.jsonl` and `NAME.queries.jsonl`.
    """
    from bot.evaluation.running import measure_all, parse_now

    settings = Settings.from_environment()
    clock: datetime = parse_now(now, settings)
    reports: dict[str, Any] = {}
    for name, measure in measure_all(settings, folder, clock, transcripts):
        measured = _run(name, measure, quiet=json)
        reports[name] = measured.as_json()
        if not json:
            _print(measured)
    if json:
        console.print_json(data=reports)


def _names(listed: str) -> list[str]:
    return [name for part in listed.split(",") if (name := part.strip())]


def _measure(
    what: str, json: bool, measure: Callable[[Progress], Awaitable[Measure]]
) -> Measure:
    measured = _run(what, measure, quiet=json)
    if json:
        console.print_json(data=measured.as_json())
    else:
        _print(measured)
    return measured


def _run(
    what: str, measure: Callable[[Progress], Awaitable[Measure]], *, quiet: bool
) -> Measure:
    from bot.running.prepare import shown

    async def run() -> Measure:
        # Bars go to standard error: standard output holds the figures alone.
        with shown(Console(stderr=True, quiet=quiet), what) as report:
            return await measure(report)

    return asyncio.run(run())


def _print(measured: Any) -> None:
    tables: list[Table] = (
        measured.tables() if hasattr(measured, "tables") else [measured.table()]
    )
    for table in tables:
        console.print(table)
    differences: dict[str, list[str]] = getattr(measured, "details", {}).get(
        "differences", {}
    )
    for name, lines in differences.items():
        for line in lines:
            console.print(f"{name}: {line}", markup=False)
