"""How often one address may ask: against floods and guessing, not against customers.

The limits are generous, since many customers may share an address. They are kept in
this process: with replicas each counts for itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from aiohttp import web

from bot import keys
from bot.web.problems import Handler
from knowledge.errors import TooManyRequests

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


@dataclass
class _Bucket:
    """What is left of a minute's requests; it fills up again as time passes."""

    left: float
    at: datetime


class Limits:
    """Counts requests by address, and refuses those beyond a limit."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def take(self, group: str, address: str, per_minute: int) -> None:
        """Count one request.

        Raises:
            TooManyRequests: More than `per_minute` of this group lately; says when
                the next one may be made.
        """
        now, key = self._clock(), (group, address)
        bucket = self._buckets.pop(key, None) or _Bucket(per_minute, now)
        self._buckets[key] = bucket
        while len(self._buckets) > ADDRESSES_REMEMBERED:
            self._buckets.popitem(last=False)
        passed = max((now - bucket.at).total_seconds(), 0.0)
        bucket.left = min(bucket.left + passed * per_minute / 60, per_minute)
        bucket.at = now
        if bucket.left < 1:
            wait = timedelta(seconds=(1 - bucket.left) * 60 / per_minute)
            raise TooManyRequests(
                f"at most {per_minute} requests a minute", retry_after=wait
            )
        bucket.left -= 1


LIMITS = web.AppKey("limits", Limits)


@web.middleware
async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse an address that asks too often of what costs or gives something."""
    resource = request.match_info.route.resource
    limited = PER_MINUTE.get((request.method, resource.canonical if resource else ""))
    if limited is not None:
        address = customer_address(request, request.app[keys.PARTS].settings.proxies)
        if address is not None:
            group, per_minute = limited
            request.app[LIMITS].take(group, address, per_minute)
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
