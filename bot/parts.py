"""Opening the real parts, in the order they need one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import aiohttp
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments, Limits
from actions.cases.dossier import Dossiers
from actions.cases.helpfulness import Helpfulness
from actions.cases.matters import Matters
from actions.cases.policies import load_policies, load_policy
from actions.cases.retention import Retention
from actions.cases.transcripts import Transcripts
from actions.classification import (
    classifier_folder,
    load_classifier,
    load_language_free,
)
from actions.helplines import load_help_lines
from bot.dialogue.events import Events, LocalEvents, RedisEvents
from bot.dialogue.locks import LocalLocks, Locks, RedisLocks
from bot.dialogue.rasa import RasaClient
from bot.dialogue.trackers import open_trackers
from bot.keys import Parts
from bot.languages import load_identifier
from bot.privacy import load_masker
from bot.settings import Settings
from bot.staff.accounts import Accounts
from bot.staff.hashing import Hashing
from bot.staff.second_factor import SecondFactor
from bot.staff.sessions import Sessions
from bot.staff.single_sign_on import RETURN_PATH, Provider, SingleSignOn
from bot.texts import load_texts
from bot.tokens import internal_token
from bot.web.limits import LocalRateLimits, RateLimits, RedisRateLimits
from knowledge.answers import open_knowledge
from knowledge.courtesies import load_courtesies
from knowledge.database import open_engine
from knowledge.embedding import load_embedder
from knowledge.operator import Operator, load_operator
from knowledge.publishing import index_folder
from knowledge.store import PageStore

N_WORKERS = 2


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything that serving needs.

    Raises:
        NotReady: A part is missing or stale; says what to run.
    """
    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(N_WORKERS))
        load = asyncio.get_running_loop().run_in_executor
        clock = settings.clock()
        operator = load_operator(settings.data_dir)
        embedder = await load(
            executor,
            load_embedder,
            settings.embedding_model,
            settings.embedding_backend,
            settings.state_dir,
        )
        folder = classifier_folder(settings.state_dir)
        language_free = load_language_free(folder, embedder)
        matters = Matters(embedder, executor, language_free)
        engine = open_engine(settings.archive_url)
        stack.push_async_callback(engine.dispose)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        events, locks, limits = await _shared(stack, settings, clock)
        hashing = Hashing(executor)
        second_factor = SecondFactor(engine, clock, operator.name)
        transcripts, pages = Transcripts(engine, clock), PageStore(engine, clock)
        yield Parts(
            settings=settings,
            clock=clock,
            operator=operator,
            texts=load_texts(settings.data_dir, operator.languages, operator.style),
            archive=_archive(engine, settings, operator, matters),
            transcripts=transcripts,
            helpfulness=Helpfulness(engine, transcripts, pages),
            attachments=open_attachments(engine, settings),
            pages=pages,
            knowledge=await load(
                executor,
                open_knowledge,
                index_folder(settings.state_dir),
                embedder,
                load_courtesies(settings.data_dir),
            ),
            classifier=await load(executor, load_classifier, folder, embedder),
            languages=await load(executor, load_identifier, settings.data_dir),
            masker=load_masker(settings.data_dir),
            help_lines=load_help_lines(settings.data_dir),
            assistant=RasaClient(
                session,
                settings.rasa_url,
                token=internal_token(settings.state_dir),
                timeout_seconds=settings.rasa_timeout_seconds,
            ),
            events=events,
            locks=locks,
            limits=limits,
            accounts=Accounts(engine, clock, hashing),
            sessions=Sessions(engine, clock, hashing, second_factor),
            second_factor=second_factor,
            single_sign_on=_single_sign_on(engine, settings),
            engine=engine,
            embedder=embedder,
            executor=executor,
        )


@asynccontextmanager
async def open_archive(settings: Settings) -> AsyncIterator[Archive]:
    """Open the archive alone, for the command line."""
    engine = open_engine(settings.archive_url)
    try:
        yield _archive(engine, settings, load_operator(settings.data_dir))
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_archive_and_files(
    settings: Settings,
) -> AsyncIterator[tuple[Archive, Attachments]]:
    """Open the archive with its attached files, for the command line."""
    engine = open_engine(settings.archive_url)
    try:
        archive = _archive(engine, settings, load_operator(settings.data_dir))
        yield archive, open_attachments(engine, settings)
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_dossiers(settings: Settings) -> AsyncIterator[tuple[Archive, Dossiers]]:
    """Open the archive with what makes dossiers of it, for the command line."""
    operator = load_operator(settings.data_dir)
    engine = open_engine(settings.archive_url)
    try:
        archive = _archive(engine, settings, operator)
        yield (
            archive,
            Dossiers(
                engine,
                archive,
                open_attachments(engine, settings),
                load_texts(settings.data_dir, operator.languages, operator.style),
                operator,
                settings.clock(),
                settings.address,
            ),
        )
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_retention(settings: Settings) -> AsyncIterator[Retention]:
    """Open what removes cases, for the command line."""
    operator = load_operator(settings.data_dir)
    engine = open_engine(settings.archive_url)
    try:
        policy = load_policy(settings.data_dir, operator.policy)
        policies = load_policies(settings.data_dir)
        yield Retention(
            engine,
            policy,
            operator.zone,
            policies=policies,
            attachments=open_attachments(engine, settings),
            memory=open_trackers(settings),
        )
    finally:
        await engine.dispose()


def _archive(
    engine: AsyncEngine,
    settings: Settings,
    operator: Operator,
    matters: Matters | None = None,
) -> Archive:
    return Archive(
        engine,
        load_policy(settings.data_dir, operator.policy),
        operator.zone,
        settings.clock(),
        prefix=operator.reference_prefix,
        matters=matters,
        policies=load_policies(settings.data_dir),
    )


def open_attachments(engine: AsyncEngine, settings: Settings) -> Attachments:
    """The files of this installation."""
    return Attachments(
        engine,
        settings.state_dir / "attachments",
        settings.clock(),
        Limits(
            largest_bytes=settings.max_attachment_bytes,
            files_in_a_conversation=settings.max_attachments,
        ),
    )


def _single_sign_on(engine: AsyncEngine, settings: Settings) -> SingleSignOn | None:
    if not settings.oidc_issuer:
        return None
    provider = Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
    )
    return SingleSignOn(
        engine, settings.clock(), provider, f"{settings.address}{RETURN_PATH}"
    )


async def _shared(
    stack: AsyncExitStack, settings: Settings, clock: Callable[[], datetime]
) -> tuple[Events, Locks, RateLimits]:
    """What replicas share; within one process when no Redis is configured."""
    if not settings.redis_url:
        return LocalEvents(), LocalLocks(), LocalRateLimits(clock)
    redis = Redis.from_url(settings.redis_url)
    stack.push_async_callback(redis.aclose)
    longest = settings.rasa_timeout_seconds + 15
    return (
        RedisEvents(redis),
        RedisLocks(redis, longest_hold_seconds=longest),
        RedisRateLimits(redis, clock),
    )
