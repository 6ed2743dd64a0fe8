"""Live messages: whoever watches a conversation is told what was said in it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from knowledge.errors import Unavailable

log = logging.getLogger(__name__)

# A watcher that falls this far behind loses messages; the widget then polls.
BACKLOG = 100


class Events(Protocol):
    async def publish(self, conversation: str, message: dict[str, Any]) -> None:
        """Tell every watcher of `conversation`; nobody watching is fine.

        Messages are stored before they are published, so a failure to publish is
        logged and nothing more: watchers catch up when they next ask.
        """

    def watch(
        self, conversation: str
    ) -> AbstractAsyncContextManager[AsyncIterator[dict[str, Any]]]:
        """Messages published from the moment the context is entered, in order.

        Raises:
            Unavailable: The carrier of the messages does not answer.
        """


class LocalEvents:
    """Fan-out within one process."""

    def __init__(self) -> None:
        self._watchers: defaultdict[str, set[asyncio.Queue[dict[str, Any]]]] = (
            defaultdict(set)
        )

    async def publish(self, conversation: str, message: dict[str, Any]) -> None:
        for queue in self._watchers.get(conversation, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)

    @asynccontextmanager
    async def watch(
        self, conversation: str
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BACKLOG)
        self._watchers[conversation].add(queue)
        try:
            yield _drain(queue)
        finally:
            self._watchers[conversation].discard(queue)
            if not self._watchers[conversation]:
                del self._watchers[conversation]


class RedisEvents:
    """Fan-out between replicas, over Redis publish and subscribe."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, conversation: str, message: dict[str, Any]) -> None:
        try:
            await self._redis.publish(_channel(conversation), json.dumps(message))
        except RedisError as exc:
            log.warning("not published: %s", type(exc).__name__)

    @asynccontextmanager
    async def watch(
        self, conversation: str
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        subscription = self._redis.pubsub(ignore_subscribe_messages=False)
        try:
            try:
                await subscription.subscribe(_channel(conversation))
                # Redis confirms: from here on nothing published is missed.
                await subscription.get_message(timeout=5)
            except RedisError as exc:
                raise Unavailable("Redis does not answer") from exc
            yield _listen(subscription)
        finally:
            await subscription.aclose()  # type: ignore[no-untyped-call]


async def _drain(
    queue: asyncio.Queue[dict[str, Any]],
) -> AsyncIterator[dict[str, Any]]:
    while True:
        yield await queue.get()


async def _listen(subscription: Any) -> AsyncIterator[dict[str, Any]]:
    async for item in subscription.listen():
        if item["type"] == "message":
            yield json.loads(item["data"])


def _channel(conversation: str) -> str:
    return f"guichet:conversation:{conversation}"
