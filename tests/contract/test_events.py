"""What fan-out and locks promise, in one process and over Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.dialogue.events import BACKLOG, Events, LocalEvents, RedisEvents
from bot.dialogue.locks import LocalLocks, Locks, RedisLocks
from knowledge.errors import Unavailable


@pytest.fixture(params=["local", "redis"])
def events(request: pytest.FixtureRequest) -> Events:
    if request.param == "local":
        return LocalEvents()
    return RedisEvents(request.getfixturevalue("redis"))


@pytest.fixture(params=["local", "redis"])
def locks(request: pytest.FixtureRequest) -> Locks:
    if request.param == "local":
        return LocalLocks()
    return RedisLocks(request.getfixturevalue("redis"), longest_hold_seconds=5)


async def take(messages: AsyncIterator[dict[str, Any]], n: int) -> list[Any]:
    async with asyncio.timeout(5):
        return [await anext(messages) for _ in range(n)]


async def test_a_watcher_hears_messages_in_order(events: Events) -> None:
    async with events.watch("a") as messages:
        for n in range(3):
            await events.publish("a", {"n": n, "text": "åäö"})

        heard = await take(messages, 3)

    assert heard == [{"n": n, "text": "åäö"} for n in range(3)]


async def test_every_watcher_hears_every_message(events: Events) -> None:
    async with events.watch("a") as first, events.watch("a") as second:
        await events.publish("a", {"n": 1})

        assert await take(first, 1) == await take(second, 1) == [{"n": 1}]


async def test_a_watcher_hears_only_its_conversation(events: Events) -> None:
    async with events.watch("a") as messages:
        await events.publish("b", {"n": 1})
        await events.publish("a", {"n": 2})

        assert await take(messages, 1) == [{"n": 2}]


async def test_publishing_to_nobody_is_fine(events: Events) -> None:
    await events.publish("a", {"n": 1})


async def test_a_watcher_that_left_is_forgotten(events: Events) -> None:
    async with events.watch("a"):
        pass

    await events.publish("a", {"n": 1})

    async with events.watch("a") as messages:
        await events.publish("a", {"n": 2})
        assert await take(messages, 1) == [{"n": 2}]


async def test_a_watcher_that_falls_behind_loses_the_oldest() -> None:
    events = LocalEvents()

    async with events.watch("a") as messages:
        for n in range(BACKLOG + 5):
            await events.publish("a", {"n": n})

        assert await take(messages, 1) == [{"n": 5}]


async def test_without_redis_publishing_goes_on_and_watching_says_so() -> None:
    redis = Redis.from_url("redis://127.0.0.1:1")
    events = RedisEvents(redis)

    await events.publish("a", {"n": 1})

    with pytest.raises(Unavailable):
        async with events.watch("a"):
            pass
    await redis.aclose()


async def test_only_one_holds_a_name_at_a_time(locks: Locks) -> None:
    inside, most = 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with locks.hold("a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(5)))

    assert most == 1


async def test_other_names_do_not_wait(locks: Locks) -> None:
    async with asyncio.timeout(5), locks.hold("a"), locks.hold("b"):
        pass


async def test_an_error_lets_go_of_the_name(locks: Locks) -> None:
    with pytest.raises(RuntimeError):
        async with locks.hold("a"):
            raise RuntimeError

    async with asyncio.timeout(5), locks.hold("a"):
        pass


async def test_without_redis_holding_says_so() -> None:
    redis = Redis.from_url("redis://127.0.0.1:1")

    with pytest.raises(Unavailable):
        async with RedisLocks(redis, longest_hold_seconds=1).hold("a"):
            pass
    await redis.aclose()
