"""Start-up, memory and response times of a counter of its own, through the public API.

Questions and reports are those of the operator's own files, so that any operator's
figures can be taken; each question is asked once, since answers are cached.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from bot.benchmarks.search import measure_search
from bot.running.instance import Instance, run_instance
from bot.running.prepare import shown
from bot.settings import Settings
from knowledge.embedding import load_embedder
from knowledge.errors import BadInput

Figures = dict[str, float]


async def measure(settings: Settings, n_turns: int) -> Figures:
    """Measure one instance.

    Returns:
        Seconds, megabytes and milliseconds by name.
    """
    data = settings.data_dir
    questions = _texts(data / "questions", n_turns, having="relevant")
    reports = _texts(data / "complaints", n_turns, having="is_complaint")
    console = Console(stderr=True)
    async with AsyncExitStack() as stack:
        with shown(console, "Starting an instance"):
            instance = await stack.enter_async_context(run_instance(settings))
        address = f"{instance.settings.address}/api/v1/"
        api = await stack.enter_async_context(aiohttp.ClientSession(address))
        with shown(console, "Asking questions"):
            asked = await _ask(api, questions)
        with shown(console, "Filling in forms"):
            opening, turns = await _report(api, reports)
        return {
            "warm_start_seconds": instance.start_seconds,
            **_spread("answered_question", asked),
            **_spread("opening_report", opening),
            **_spread("form_turn", turns),
            **_memory(instance),
        }


def measure_search_alone(settings: Settings, sizes: Sequence[int]) -> Figures:
    """Times of search without the rest of a turn, on made-up indexes of some sizes."""
    data = settings.data_dir
    questions = _texts(data / "questions", 1_000, having="relevant")
    # The language with most questions to ask; of several, the first by name.
    counts = Counter(sorted(language for language, _text in questions))
    language = counts.most_common(1)[0][0]
    embedder = load_embedder(
        settings.embedding_model, settings.embedding_backend, settings.state_dir
    )
    with shown(Console(stderr=True), "Searching") as report:
        return measure_search(
            data,
            language,
            [text for each, text in questions if each == language],
            embedder,
            sizes,
            report,
        )


def table(figures: Figures) -> Table:
    """The figures as a table."""
    shown_as = Table("figure", "value")
    for name, value in figures.items():
        shown_as.add_row(name.replace("_", " "), f"{value:.1f}")
    return shown_as


def _texts(folder: Path, n_texts: int, *, having: str) -> list[tuple[str, str]]:
    """Language and text of rows with a true `having`, in turn from every file."""
    files = [
        [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    ]
    wanted = [[row for row in rows if row[having]] for rows in files]
    rows = [row for group in zip(*wanted, strict=False) for row in group]
    if not rows:
        raise BadInput(f"{folder} holds no usable .jsonl rows")
    return [(row["lang"], row["text"]) for row in rows[:n_texts]]


async def _ask(
    api: aiohttp.ClientSession, questions: list[tuple[str, str]]
) -> list[float]:
    return [
        await _turn(api, *await _open(api, language), text)
        for language, text in questions
    ]


async def _report(
    api: aiohttp.ClientSession, reports: list[tuple[str, str]]
) -> tuple[list[float], list[float]]:
    """Times of the turn that opens a case, and of the form turns after it."""
    opening, turns = [], []
    for number, (language, text) in enumerate(reports):
        path, headers = await _open(api, language)
        opening.append(await _turn(api, path, headers, text))
        for answer in (
            "Robin Larsson",
            f"robin{number}@example.org",
            f"robin_{number}",
        ):
            turns.append(await _turn(api, path, headers, answer))
    return opening, turns


async def _open(
    api: aiohttp.ClientSession, language: str
) -> tuple[str, dict[str, str]]:
    async with api.post("conversations", json={"language": language}) as response:
        opened = await response.json()
    path = f"conversations/{opened['conversation']}/messages"
    return path, {"Authorization": f"Bearer {opened['token']}"}


async def _turn(
    api: aiohttp.ClientSession, path: str, headers: dict[str, str], text: str
) -> float:
    """Send one utterance; give the milliseconds until its whole reply is here."""
    started = time.perf_counter()
    async with api.post(path, json={"text": text}, headers=headers) as response:
        response.raise_for_status()
        await response.read()
    return (time.perf_counter() - started) * 1000


def _spread(name: str, milliseconds: list[float]) -> Figures:
    cuts = statistics.quantiles(milliseconds, n=20, method="inclusive")
    return {
        f"{name}_p50_ms": statistics.median(milliseconds),
        f"{name}_p95_ms": cuts[18],
    }


def _memory(instance: Instance) -> Figures:
    """Resident memory of the app and of Rasa, its child; Linux only."""
    children = Path(f"/proc/{instance.pid}/task/{instance.pid}/children")
    if not children.exists():
        return {}
    rasa = sum(_resident(int(pid)) for pid in children.read_text().split())
    return {"app_memory_mb": _resident(instance.pid), "rasa_memory_mb": rasa}


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
