"""How often one address may ask: against floods and guessing, not against customers.

The limits are generous, since many customers may share an address. Replicas count
together in Redis where it is configured; without it each process counts for itself.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot import keys
from bot.web.problems import Handler
from knowledge.errors import TooManyRequests
from knowledge.logs import place_of

log = logging.getLogger(__name__)

# What is asked often on purpose, by method and route, and how often in a minute.
PER_MINUTE: dict[tuple[str, str], tuple[str, int]] = {
    ("POST", "/api/v1/conversations"): ("open", 60),
    ("POST", "/api/v1/conversations/resume"): ("resume", 30),
    ("POST", "/api/v1/conversations/{conversation}/messages"): ("say", 240),
    ("POST", "/api/v1/conversations/{conversation}/attachments"): ("attach", 60),
    ("POST", "/contact"): ("contact", 30),
    ("POST", "/status"): ("status", 30),
    ("POST", "/api/v1/cases/status"): ("status", 30),
    ("POST", "/sign-in"): ("sign in", 30),
    ("POST", "/sign-in/code"): ("sign in", 30),
    ("GET", "/api/v1/search"): ("search", 240),
    ("POST", "/api/v1/classify"): ("search", 240),
}
ADDRESSES_REMEMBERED = 20_000


class RateLimits(Protocol):
    """Counts requests by address, and refuses those beyond a limit."""

    async def take(self, group: str, address: str, per_minute: int) -> None:
        """Count one request.

        Raises:
            TooManyRequests: More than `per_minute` of this group lately; says when
                the next one may be made.
        """


@dataclass
class _Bucket:
    """What is left of a minute's requests; it fills up again as time passes."""

    left: float
    at: datetime


class LocalRateLimits:
    """Counts in this process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    async def take(self, group: str, address: str, per_minute: int) -> None:
        now, key = self._clock(), (group, address)
        bucket = self._buckets.pop(key, None) or _Bucket(per_minute, now)
        self._buckets[key] = bucket
        while len(self._buckets) > ADDRESSES_REMEMBERED:
            self._buckets.popitem(last=False)
        passed = max((now - bucket.at).total_seconds(), 0.0)
        bucket.left = min(bucket.left + passed * per_minute / 60, per_minute)
        bucket.at = now
        if bucket.left < 1:
            raise _refused(per_minute, (1 - bucket.left) * 60 / per_minute)
        bucket.left -= 1


class RedisRateLimits:
    """Counts the requests of each minute for all replicas.

    While Redis does not answer, this process counts for itself.
    """

    def __init__(self, redis: Redis, clock: Callable[[], datetime]) -> None:
        self._redis, self._clock = redis, clock
        self._local = LocalRateLimits(clock)
        # Said once when Redis goes, and once when it is back.
        self._is_alone = False

    async def take(self, group: str, address: str, per_minute: int) -> None:
        minute, second = divmod(self._clock().timestamp(), 60)
        key = f"guichet:limit:{group}:{address}:{minute:.0f}"
        try:
            async with self._redis.pipeline() as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, 120)
                n_taken, _ = await pipeline.execute()
        except RedisError as exc:
            if not self._is_alone:
                log.warning("limits are counted here alone: %s", place_of(exc))
            self._is_alone = True
            return await self._local.take(group, address, per_minute)
        if self._is_alone:
            log.warning("limits are counted by all replicas together again")
        self._is_alone = False
        if n_taken > per_minute:
            raise _refused(per_minute, 60 - second)


def _refused(per_minute: int, seconds: float) -> TooManyRequests:
    return TooManyRequests(
        f"at most {per_minute} requests a minute",
        retry_after=timedelta(seconds=seconds),
    )


@web.middleware
async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse an address that asks too often of what costs or gives something."""
    resource = request.match_info.route.resource
    limited = PER_MINUTE.get((request.method, resource.canonical if resource else ""))
    if limited is not None:
        address = customer_address(request, request.app[keys.PARTS].settings.proxies)
        if address is not None:
            group, per_minute = limited
            await request.app[keys.PARTS].limits.take(group, address, per_minute)
    return await handler(request)


def customer_address(request: web.Request, proxies: int) -> str | None:
    """Where a request comes from; None when that cannot be known.

    `X-Forwarded-For` can be made up by anybody, so that only as many of its last
    addresses count as there are proxies of ours. Without any, an address of an inner
    network is taken for a proxy that was not named: all customers would share it.
    """
    text = request.remote or ""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    if proxies and forwarded:
        text = ",".join(forwarded).split(",")[-proxies:][0].strip()
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if not proxies and not address.is_global:
        return None
    if isinstance(address, IPv6Address):
        # One subscriber has a whole network of them.
        return str(ip_network((address, 64), strict=False))
    return str(address)
