"""One turn at a time in a conversation, in this process and across replicas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol
from weakref import WeakValueDictionary

from redis.asyncio import Redis
from redis.exceptions import LockError, RedisError

from knowledge.errors import Unavailable


class Locks(Protocol):
    def hold(self, name: str) -> Any:
        """An async context in which no one else holds `name`."""


class LocalLocks:
    """Locks within one process; a name that nobody holds costs nothing."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        async with lock:
            yield


class RedisLocks:
    """Locks that every replica respects."""

    def __init__(self, redis: Redis, *, longest_hold_seconds: float) -> None:
        """Use `redis`; a holder that died lets go after `longest_hold_seconds`."""
        self._redis = redis
        self._longest_hold_seconds = longest_hold_seconds

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        lock = self._redis.lock(
            f"guichet:lock:{name}", timeout=self._longest_hold_seconds
        )
        try:
            await lock.acquire()
        except RedisError as exc:
            raise Unavailable("Redis does not answer") from exc
        try:
            yield
        finally:
            try:
                await lock.release()
            except (LockError, RedisError):
                pass  # It ran out by itself: the next holder is already in.
