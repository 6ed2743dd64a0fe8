"""What must stand before the first customer: model, tables, pages, assistant.

Each step looks at content, not at times, and does nothing when its work is done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from actions.classification import classifier_folder, train_classifier
from bot.commands.quality import say_refusal
from bot.migrations import upgrade
from bot.running.retraining import say_unlearnt
from bot.running.training import train_assistant
from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.embedding import Embedder, load_embedder, prepare_model
from knowledge.errors import PublishRefused
from knowledge.operator import load_operator
from knowledge.publishing import rebuild
from knowledge.quality import load_checks
from knowledge.stocking import stock
from knowledge.store import PageStore

Report = Callable[[int, int], None]


@contextmanager
def shown(console: Console, what: str) -> Iterator[Report]:
    """A progress bar for one step; off a terminal, one line when it took long."""
    started = time.monotonic()
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
    )
    # Off a terminal a bar would only leave blank lines.
    is_shown = console.is_terminal
    with Progress(
        *columns, console=console, transient=True, disable=not is_shown
    ) as progress:
        task = progress.add_task(what, total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield report
    elapsed = time.monotonic() - started
    if elapsed > 2:
        console.print(f"{what}: done in {elapsed:.0f} s")


async def prepare(settings: Settings, console: Console) -> Embedder:
    """Bring the state folder up to date with code, data and settings.

    Returns:
        The embedding model, loaded.
    """
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with shown(console, "Embedding model") as report:
        await asyncio.to_thread(
            prepare_model,
            settings.embedding_model,
            settings.embedding_backend,
            settings.state_dir,
            report,
        )
    with shown(console, "Loading the model"):
        embedder = await asyncio.to_thread(
            load_embedder,
            settings.embedding_model,
            settings.embedding_backend,
            settings.state_dir,
        )
    with shown(console, "Archive"):
        engine = open_engine(settings.archive_url)
        await upgrade(engine)
    try:
        store = PageStore(engine, settings.clock())
        with shown(console, "Help pages") as report:
            await _stock(settings, store, embedder, console, report)
    finally:
        await engine.dispose()
    await train(settings, embedder, console)
    await say_unlearnt(settings, console)
    return embedder


async def _stock(
    settings: Settings,
    store: PageStore,
    embedder: Embedder,
    console: Console,
    report: Report,
) -> None:
    """Publish new files of the operator's; a refusal leaves what was live."""
    checks = load_checks(settings.data_dir)
    try:
        stocked = await stock(
            store,
            settings.data_dir / "help",
            embedder,
            settings.state_dir,
            checks=checks,
            progress=report,
        )
    except PublishRefused as refused:
        say_refusal(refused, console)
        await rebuild(
            store, embedder, settings.state_dir, checks=checks, progress=report
        )
        return
    for broken in stocked.broken:
        console.print(f"[red]{broken.name}[/red]: {broken.reason}")


async def train(settings: Settings, embedder: Embedder, console: Console) -> None:
    """Train the complaint classifier and the assistant, where their data changed."""
    with shown(console, "Complaint classifier") as report:
        await asyncio.to_thread(
            train_classifier,
            settings.data_dir,
            embedder,
            classifier_folder(settings.state_dir),
            report,
        )
    with shown(console, "Assistant (Rasa)"):
        await train_assistant(settings, embedder, load_operator(settings.data_dir))
