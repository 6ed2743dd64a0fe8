"""The `guichet` command."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.commands.cases import cases
from bot.commands.dossier import dossier
from bot.commands.evaluations import evaluations
from bot.commands.knowledge import knowledge
from bot.commands.outbox import outbox
from bot.settings import Settings
from knowledge.errors import GuichetError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.backup import Contents

app = typer.Typer(
    help="The first counter of a company's customer service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(knowledge, name="knowledge")
app.add_typer(evaluations, name="eval")
app.add_typer(cases, name="cases")
app.add_typer(dossier, name="dossier")
app.add_typer(outbox, name="outbox")
user = typer.Typer(help="Accounts of agents and editors.", no_args_is_help=True)
token = typer.Typer(help="API tokens.", no_args_is_help=True)
app.add_typer(user, name="user")
app.add_typer(token, name="token")

console = Console()


@app.command()
def up() -> None:
    """Prepare what is missing, then run the app and Rasa together."""
    from bot.running.serving import run

    asyncio.run(run(Settings.from_environment(), console, with_rasa=True))


@app.command()
def serve() -> None:
    """Run the app alone; Rasa runs elsewhere on this machine."""
    from bot.running.serving import run

    asyncio.run(run(Settings.from_environment(), console, with_rasa=False))


@app.command()
def prepare() -> None:
    """Build what `up` needs: model, tables, index, classifier, assistant."""
    from bot.running.prepare import prepare as run

    asyncio.run(run(Settings.from_environment(), console))


@app.command()
def train(
    with_corrections: Annotated[
        bool,
        typer.Option(
            "--with-corrections",
            help="Learn the verdicts from what agents corrected, too.",
        ),
    ] = False,
) -> None:
    """Train the complaint classifier and the assistant, where their data changed."""
    from bot.running.prepare import shown
    from bot.running.prepare import train as run
    from bot.running.retraining import retrain, say_unlearnt
    from knowledge.embedding import load_embedder, prepare_model

    settings = Settings.from_environment()
    model = (settings.embedding_model, settings.embedding_backend, settings.state_dir)
    prepare_model(*model)
    embedder = load_embedder(*model)
    asyncio.run(run(settings, embedder, console))
    if not with_corrections:
        asyncio.run(say_unlearnt(settings, console))
        return
    with shown(console, "Learning from corrections") as report:
        retrained = asyncio.run(retrain(settings, embedder, report))
    console.print(retrained.table())
    if retrained.worse:
        fallen = " and ".join(name.replace("_", " ") for name in retrained.worse)
        console.print(
            f"{fallen} fell by more than one message weighs: "
            "the corrections were not learnt, and the classifier stays as it was"
        )
        raise typer.Exit(1)
    console.print("written; takes effect when `guichet up` starts again")


@app.command()
def tune(
    folder: Annotated[Path, typer.Argument(help="Evaluation sets to fit to.")],
    write: Annotated[bool, typer.Option("--write", help="Ship the new fit.")] = False,
) -> None:
    """Fit the confidence of answers to sets of questions, each family held out once."""
    from bot.running.prepare import shown
    from knowledge.confidence import SHIPPED
    from knowledge.embedding import load_embedder
    from knowledge.tuning import tune as run
    from knowledge.tuning import write_model

    settings = Settings.from_environment()
    embedder = load_embedder(
        settings.embedding_model, settings.embedding_backend, settings.state_dir
    )
    with shown(console, "Searching every set") as report:
        tuned = run(folder, embedder, progress=report)
    console.print(tuned.table())
    if write:
        write_model(tuned.model, SHIPPED)
        console.print(f"written: {SHIPPED}")


@app.command()
def chat(
    language: Annotated[str, typer.Option(help="Language to begin in.")] = "",
) -> None:
    """Talk to a running counter in the terminal."""
    from bot.commands.chat import talk

    asyncio.run(talk(Settings.from_environment().address, language or None))


@app.command()
def doctor() -> None:
    """Check this machine and state folder; say what to run where something lacks."""
    from bot.commands.doctor import examine

    findings = asyncio.run(examine(Settings.from_environment()))
    for finding in findings:
        mark = "[green]ok[/green]  " if finding.is_ok else "[red]fails[/red]"
        console.print(f"{mark} {finding.what}: {finding.detail}")
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def bench(
    json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
    turns: Annotated[int, typer.Option(help="Turns of each kind.")] = 60,
    passages: Annotated[
        list[int] | None,
        typer.Option(
            help="Measure search alone instead, on as many passages; repeatable."
        ),
    ] = None,
    archive: Annotated[
        bool,
        typer.Option("--archive", help="Measure the archive alone instead."),
    ] = False,
    cases: Annotated[
        int, typer.Option(min=100, help="With --archive: as many cases are in it.")
    ] = 100_000,
    rounds: Annotated[
        int, typer.Option(min=20, help="With --archive: times of each act.")
    ] = 200,
    database: Annotated[
        str,
        typer.Option(
            help="With --archive: beside this database a scratch one is made; "
            "left out, that of the settings."
        ),
    ] = "",
) -> None:
    """Measure start-up, memory and response times through the public API."""
    from bot.benchmarks.archive import archive_table, measure_archive
    from bot.benchmarks.turns import measure, measure_search_alone, table

    settings = Settings.from_environment()
    if database:
        settings = replace(settings, database_url=database)
    if archive:
        figures = asyncio.run(measure_archive(settings, cases, rounds))
        shown = archive_table(figures)
    elif passages:
        figures = measure_search_alone(settings, passages)
        shown = table(figures)
    else:
        figures = asyncio.run(measure(settings, turns))
        shown = table(figures)
    if json:
        console.print_json(data=figures)
    else:
        console.print(shown)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Write archive and attachments to one file, as they stand at one moment."""
    from bot.backup import back_up
    from bot.running.prepare import shown

    with shown(Console(stderr=True), "Writing the backup"):
        contents = asyncio.run(_with_archive(back_up, file))
    console.print(f"{_in_words(contents)} in {file}")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="From `backup`.")]) -> None:
    """Fill an empty archive from a backup, attachments included."""
    from bot.backup import restore as run
    from bot.running.prepare import shown

    with shown(Console(stderr=True), "Restoring the backup"):
        contents = asyncio.run(_with_archive(run, file))
    console.print(f"{_in_words(contents)} restored")


async def _with_archive(
    work: Callable[[AsyncEngine, Path, Path], Awaitable[Contents]], file: Path
) -> Contents:
    from bot.migrations import upgrade
    from knowledge.database import open_engine

    settings = Settings.from_environment()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.archive_url)
    try:
        await upgrade(engine)
        return await work(engine, settings.state_dir / "attachments", file)
    finally:
        await engine.dispose()


def _in_words(contents: Contents) -> str:
    n_rows = sum(contents.rows.values())
    return f"{n_rows} rows of {len(contents.rows)} tables, {contents.n_files} files"


@user.command("add")
def add_user(
    email: str,
    name: Annotated[str, typer.Option(help="Shown to colleagues and customers.")],
    role: Annotated[str, typer.Option(help="agent, lead, editor or administrator.")],
) -> None:
    """Make an account and print its password once."""
    from bot.commands.accounts import add_account

    password = asyncio.run(
        add_account(Settings.from_environment(), email, name=name, role=role)
    )
    console.print(f"{email} can sign in with: {password}", highlight=False)


@token.command("add")
def add_token(
    email: str,
    name: Annotated[str, typer.Option(help="What the token is for.")],
) -> None:
    """Make an API token for an account and print it once."""
    from bot.commands.accounts import add_token as run

    console.print(
        asyncio.run(run(Settings.from_environment(), email, name)), highlight=False
    )


def main() -> None:
    """Run the command; an error that we foresaw is one sentence, not a traceback."""
    # Said before numpy is loaded. The products here are small: threads that wait for
    # each other made a search several times as slow.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except GuichetError as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False)
        sys.exit(1)
