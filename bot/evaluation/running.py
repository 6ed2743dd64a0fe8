"""Opening what each evaluation needs, from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from actions.classification import (
    classifier_folder,
    load_classifier,
    load_language_free,
)
from bot.commands.accounts import add_account, add_token
from bot.evaluation.complaints import evaluate_complaints
from bot.evaluation.dialogues import Cases, evaluate_dialogues
from bot.evaluation.duplicates import evaluate_duplicates
from bot.evaluation.intents import evaluate_intents
from bot.evaluation.languages import evaluate_languages
from bot.evaluation.measured import Measured
from bot.evaluation.routing import evaluate_routing
from bot.evaluation.searching import (
    SearchMeasured,
    measure_search,
    operator_measures,
    search_sets,
)
from bot.evaluation.transfer import evaluate_transfer
from bot.languages import load_identifier
from bot.running.instance import Instance, run_instance
from bot.running.visitor import Visitor
from bot.settings import Settings
from knowledge.embedding import Embedder, load_embedder
from knowledge.embedding_cache import open_embedding_cache
from knowledge.errors import BadInput, NotReady
from knowledge.evaluation import Report, evaluate_refusal, evaluate_retrieval
from knowledge.indexes import index_folder
from knowledge.operator import load_operator

Progress = Callable[[int, int], None]
Measure = Callable[[Progress], Awaitable[Measured | SearchMeasured]]

EVALUATION_CACHE = "evaluation"
CASES_PATH = "/api/v1/desk/cases"
# Words of the reference date alone mean noon where the operator is.
NOON = time(12)


async def measure_retrieval(
    settings: Settings,
    corpus: Path,
    queries: Path,
    compare: Sequence[str],
    report: Progress,
) -> Report:
    return await asyncio.to_thread(
        evaluate_retrieval,
        corpus,
        queries,
        _embedder(settings),
        compare=compare,
        progress=report,
    )


async def measure_refusal(
    settings: Settings,
    corpus: Path,
    queries: Path,
    compare: Sequence[str],
    report: Progress,
) -> Report:
    return await asyncio.to_thread(
        evaluate_refusal,
        corpus,
        queries,
        _embedder(settings),
        compare=compare,
        progress=report,
    )


async def measure_all_search(
    settings: Settings, folder: Path, report: Progress
) -> SearchMeasured:
    """Retrieval and refusal on every set of `folder`; texts are embedded once ever."""

    def run() -> SearchMeasured:
        scratch = settings.state_dir / EVALUATION_CACHE
        with open_embedding_cache(_embedder(settings), scratch) as embedder:
            operator = operator_measures(index_folder(settings.state_dir))
            return measure_search(folder, embedder, operator, report)

    return await asyncio.to_thread(run)


async def measure_complaints(
    settings: Settings, file: Path, report: Progress
) -> Measured:
    classifier = load_classifier(
        classifier_folder(settings.state_dir), _embedder(settings)
    )
    return await asyncio.to_thread(
        evaluate_complaints, file, classifier.classify, report
    )


async def measure_transfer(settings: Settings, report: Progress) -> Measured:
    return await asyncio.to_thread(
        evaluate_transfer,
        settings.data_dir / "complaints",
        _embedder(settings),
        report,
    )


async def measure_duplicates(
    settings: Settings, file: Path, report: Progress
) -> Measured:
    embedder = _embedder(settings)
    folder = classifier_folder(settings.state_dir)
    language_free = load_language_free(folder, embedder)
    if language_free is None:
        raise NotReady(f"{folder} was trained by an earlier form: run `guichet train`")
    return await asyncio.to_thread(
        evaluate_duplicates, file, embedder, language_free, report
    )


async def measure_languages(
    settings: Settings, file: Path, report: Progress
) -> Measured:
    identifier = load_identifier(settings.data_dir)
    return await asyncio.to_thread(evaluate_languages, file, identifier)


async def measure_intents(settings: Settings, report: Progress) -> Measured:
    return await evaluate_intents(
        settings.data_dir, _embedder(settings), settings.state_dir, report
    )


async def measure_routing(settings: Settings, file: Path, report: Progress) -> Measured:
    async with run_instance(settings) as instance, visitors(instance) as visit:
        return await evaluate_routing(file, visit, report)


async def measure_dialogues(
    settings: Settings,
    file: Path,
    now: datetime,
    transcripts: Path | None,
    report: Progress,
) -> Measured:
    async with (
        run_instance(settings, now=now) as instance,
        visitors(instance) as visit,
        archive(instance) as cases,
    ):
        return await evaluate_dialogues(
            file,
            visit,
            cases,
            data_dir=settings.data_dir,
            transcripts=transcripts,
            progress=report,
        )


def measure_all(
    settings: Settings, folder: Path, now: datetime, transcripts: Path | None
) -> Iterator[tuple[str, Measure]]:
    """Every evaluation whose files are in `folder`, with its name.

    Raises:
        BadInput: There is none.
    """
    found: list[tuple[str, Measure]] = []
    if search_sets(folder):
        found.append(("search", partial(measure_all_search, settings, folder)))
    single: dict[str, Callable[[Path], Measure]] = {
        "complaints": lambda file: partial(measure_complaints, settings, file),
        "languages": lambda file: partial(measure_languages, settings, file),
        "no_switch": lambda file: partial(measure_languages, settings, file),
        "routing": lambda file: partial(measure_routing, settings, file),
        "dialogues": lambda file: partial(
            measure_dialogues, settings, file, now, transcripts
        ),
    }
    for name, measure in single.items():
        file = folder / f"{name}.jsonl"
        if file.is_file():
            found.append((name, measure(file)))
    if not found:
        raise BadInput(f"{folder} holds no file of an evaluation")
    yield from found


def parse_now(text: str, settings: Settings) -> datetime:
    """A date (then noon) or a date and time, in the operator's zone.

    Raises:
        BadInput: Neither.
    """
    zone = load_operator(settings.data_dir).zone
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadInput(f"now must be a date, or a date and time, got {text!r}") from exc
    if len(text) == len("2026-11-22"):
        moment = datetime.combine(moment.date(), NOON)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


@asynccontextmanager
async def visitors(instance: Instance) -> AsyncIterator[Callable[[], Visitor]]:
    """Give visitors of an instance, each with a conversation of their own."""
    async with aiohttp.ClientSession() as session:
        yield lambda: Visitor(session, instance.settings.address)


@asynccontextmanager
async def archive(instance: Instance) -> AsyncIterator[Cases]:
    """Read the cases of an instance through the staff API."""
    agent = "evaluation@guichet.invalid"
    await add_account(instance.settings, agent, name="Evaluation", role="agent")
    token = await add_token(instance.settings, agent, "evaluation")
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:
        yield _DeskCases(session, f"{instance.settings.address}{CASES_PATH}")


class _DeskCases:
    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address

    async def references(self) -> list[str]:
        found: list[str] = []
        number = 1
        while True:
            page = await self._read(f"{self._address}?page={number}")
            found += [case["reference"] for case in page["cases"]]
            if len(found) >= page["total"] or not page["cases"]:
                return found
            number += 1

    async def case(self, reference: str) -> dict[str, Any]:
        case: dict[str, Any] = await self._read(f"{self._address}/{reference}")
        return case

    async def _read(self, url: str) -> Any:
        async with self._session.get(url) as response:
            return await response.json()


def _embedder(settings: Settings) -> Embedder:
    return load_embedder(
        settings.embedding_model, settings.embedding_backend, settings.state_dir
    )
