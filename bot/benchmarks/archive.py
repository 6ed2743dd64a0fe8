"""How fast the archive is when it is full: `guichet bench --archive`.

A scratch database is filled with cases of five years, three in a hundred not closed,
and worked on through the same code that serves. Every write is on disk when it
counts as done, and the time that the disk takes for that is a figure of its own.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import CaseDraft, Customer
from actions.cases.policies import load_policy
from actions.desk.queue import Filters, Queue
from bot.benchmarks.archive_filling import fill
from bot.migrations import upgrade
from bot.running.prepare import shown
from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.operator import load_operator

Figures = dict[str, float]

AGENT = "bench@example.com"
# What a page of the desk's list may be asked for; the words are of `fill`.
LISTS: dict[str, tuple[dict[str, str], int]] = {
    "list_active": ({}, 1),
    "list_open_page_20": ({"status": "open"}, 20),
    "list_closed": ({"status": "closed"}, 1),
    "list_all": ({"status": "all"}, 1),
    "list_filtered": ({"category": "withdrawal", "language": "fi"}, 1),
    "list_overdue": ({"due": "overdue"}, 1),
    "search_rare_word": ({"status": "all", "q": "w123457"}, 1),
    "search_common_word": ({"status": "all", "q": "w1"}, 1),
    "search_person": ({"status": "all", "q": "person4242@example.com"}, 1),
    "search_two_words_open": ({"status": "open", "q": "w17 w3"}, 1),
}


async def measure_archive(
    settings: Settings, n_cases: int, n_rounds: int = 200
) -> Figures:
    """Measure on the kind of database that the settings name.

    Args:
        settings: With a PostgreSQL address, a scratch database is made beside it.
        n_cases: As many are in the archive before the first measurement.
        n_rounds: As many times each thing is done.

    Returns:
        Milliseconds by name, 50th and 95th percentile.
    """
    now = settings.clock()()
    console = Console(stderr=True)
    async with _scratch(settings) as url:
        engine = open_engine(url)
        await upgrade(engine)
        with shown(console, f"Filling an archive with {n_cases} cases") as report:
            await asyncio.to_thread(fill, url, n_cases, now, report)
        with shown(console, "Working"):
            figures = await _work(engine, settings, n_rounds)
        await engine.dispose()
    return {
        "cases": float(n_cases),
        "disk_sync_p50_ms": _disk_sync(settings.state_dir),
        **figures,
    }


def archive_table(figures: Figures) -> Table:
    """The figures as a table."""
    table = Table("figure", "p50 ms", "p95 ms")
    for name in figures:
        if name.endswith("_p50_ms") and name != "disk_sync_p50_ms":
            what = name.removesuffix("_p50_ms")
            median, most = figures[name], figures[f"{what}_p95_ms"]
            table.add_row(what.replace("_", " "), f"{median:.1f}", f"{most:.1f}")
    table.add_row("one sync of this disk", f"{figures['disk_sync_p50_ms']:.1f}", "")
    return table


async def _work(engine: AsyncEngine, settings: Settings, n_rounds: int) -> Figures:
    operator = load_operator(settings.data_dir)
    policy = load_policy(settings.data_dir, operator.policy)
    archive = Archive(engine, policy, operator.zone, settings.clock())
    queue = Queue(engine, settings.clock())
    references: list[str] = []
    dice = random.Random(2026)

    def any_case() -> str:
        # Not always the same one: its transcript would be longer than any is.
        return dice.choice(references)

    async def file() -> None:
        references.append((await archive.file(_draft())).reference)

    async def append() -> None:
        await archive.append_to_case(any_case(), "Any news of my withdrawal?")

    async def take() -> None:
        assert await archive.take_next(AGENT) is not None

    async def close() -> None:
        await archive.close(references.pop(), AGENT, "solution", "It was paid.")

    async def show() -> None:
        await archive.case(any_case())

    figures: Figures = {}
    for act in (file, append, show, take, close):
        n_times = n_rounds if act is not close else n_rounds // 2
        figures |= await _timed(act.__name__, act, n_times)
    for name, (query, page) in LISTS.items():
        filters = Filters.from_query(query, agent=AGENT)

        async def read(filters: Filters = filters, page: int = page) -> None:
            await queue.page(filters, page)

        figures |= await _timed(name, read, max(20, n_rounds // 4))

    async def count() -> None:
        await queue.counts(AGENT)

    return figures | await _timed("counts", count, max(20, n_rounds // 4))


def _draft() -> CaseDraft:
    key = uuid.uuid4().hex
    return CaseDraft(
        filing_key=key,
        language="en",
        customer=Customer(name="Kim", email=f"{key}@example.com", username="kim"),
        description=f"My withdrawal {key} of 250 euros has not arrived since Monday. "
        "I wrote to you last week, and nobody has told me where it is.",
        is_complaint=True,
        ground="service_not_delivered",
        category="withdrawal",
    )


async def _timed(
    name: str, act: Callable[[], Awaitable[None]], n_times: int
) -> Figures:
    for _ in range(min(10, n_times)):
        await act()
    taken = []
    for _ in range(n_times):
        started = time.perf_counter()
        await act()
        taken.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(taken, n=20, method="inclusive")
    return {f"{name}_p50_ms": statistics.median(taken), f"{name}_p95_ms": cuts[18]}


@asynccontextmanager
async def _scratch(settings: Settings) -> AsyncIterator[str]:
    """The address of an empty database that is gone afterwards."""
    parsed = make_url(settings.archive_url)
    if parsed.get_backend_name() == "sqlite":
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.state_dir) as folder:
            yield f"sqlite:///{folder}/bench.sqlite3"
        return
    name = f"guichet_bench_{uuid.uuid4().hex}"
    server = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield (
                make_url(server)
                .set(database=name)
                .render_as_string(hide_password=False)
            )
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _disk_sync(folder: Path) -> float:
    """Milliseconds until a page is on the disk of the state folder."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)
