"""Opening the real parts, in the order they need one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from zoneinfo import ZoneInfo

import aiohttp
from redis.asyncio import Redis

from actions.cases.archive import Archive
from actions.cases.policies import load_policy
from actions.cases.transcripts import Transcripts
from actions.classification import load_classifier
from bot.events import Events, LocalEvents, RedisEvents
from bot.keys import Parts
from bot.languages import load_identifier
from bot.locks import LocalLocks, Locks, RedisLocks
from bot.rasa import RasaClient, internal_token
from bot.settings import Settings
from bot.staff import Accounts
from bot.texts import load_texts
from knowledge.answers import open_knowledge
from knowledge.database import open_engine
from knowledge.embedding import load_embedder
from knowledge.operator import load_operator
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
        engine = open_engine(settings.archive_url)
        stack.push_async_callback(engine.dispose)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        events, locks = await _shared(stack, settings)
        yield Parts(
            settings=settings,
            clock=clock,
            operator=operator,
            texts=load_texts(settings.data_dir, operator.languages),
            archive=Archive(
                engine,
                load_policy(settings.data_dir / "policies" / f"{operator.policy}.yml"),
                ZoneInfo(operator.time_zone),
                clock,
            ),
            transcripts=Transcripts(engine, clock),
            pages=PageStore(engine, clock),
            knowledge=await load(
                executor, open_knowledge, settings.state_dir / "index", embedder
            ),
            classifier=await load(
                executor, load_classifier, settings.state_dir / "classifier", embedder
            ),
            languages=await load(executor, load_identifier, settings.data_dir),
            assistant=RasaClient(
                session,
                settings.rasa_url,
                token=internal_token(settings.state_dir),
                timeout_seconds=settings.rasa_timeout_seconds,
            ),
            events=events,
            locks=locks,
            accounts=Accounts(engine, clock, executor),
            engine=engine,
            executor=executor,
        )


async def _shared(stack: AsyncExitStack, settings: Settings) -> tuple[Events, Locks]:
    """What replicas share; within one process when no Redis is configured."""
    if not settings.redis_url:
        return LocalEvents(), LocalLocks()
    redis = Redis.from_url(settings.redis_url)
    stack.push_async_callback(redis.aclose)
    longest = settings.rasa_timeout_seconds + 15
    return RedisEvents(redis), RedisLocks(redis, longest_hold_seconds=longest)
