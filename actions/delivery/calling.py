"""Calls to other systems: in time, to checked addresses, failures in our words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from actions.delivery.addresses import CheckedResolver, Network
from knowledge.errors import DeliveryFailed

TIMEOUT_SECONDS = 20.0
LARGEST_ANSWER_BYTES = 4 * 1024 * 1024
_MOST_WAIT = timedelta(days=1)
# Repeating the same request gets the same answer.
_FINAL = (400, 404, 405, 409, 413, 415, 422)


@asynccontextmanager
async def open_session(network: Network) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that reaches addresses of `network` alone."""
    connector = aiohttp.TCPConnector(resolver=CheckedResolver(network))
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session


class Caller:
    """Calls one system."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        name: str,
        clock: Callable[[], datetime],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Call in the name of the destination `name`, always with these headers."""
        self._session, self._name, self._clock = session, name, clock
        self._headers = dict(headers or {})

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        final: tuple[int, ...] = _FINAL,
    ) -> bytes:
        """The body of a good answer.

        Args:
            method: Of HTTP.
            url: Where to.
            body: Already encoded.
            headers: Beside those of every call.
            params: Of the query.
            final: Statuses that will not get better by trying again.

        Raises:
            DeliveryFailed: No answer in time, or no good one; says which status.
        """
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                params=params,
                headers={**self._headers, **(headers or {})},
                allow_redirects=False,
                middlewares=(self._try_once,),
            ) as response:
                if response.status < 300:
                    return await response.content.read(LARGEST_ANSWER_BYTES)
                raise self._failure(response, final)
        except TimeoutError as exc:
            raise DeliveryFailed(
                f"{self._name} did not answer within {TIMEOUT_SECONDS:.0f} s"
            ) from exc
        except aiohttp.ClientError as exc:
            raise self._unreachable(exc) from exc

    async def call(
        self,
        method: str,
        url: str,
        content: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        """Send JSON and read JSON.

        Raises:
            DeliveryFailed: No good answer, or none that is JSON.
        """
        accepted = {"Accept": "application/json", **(headers or {})}
        body = None
        if content is not None:
            body = json.dumps(content).encode()
            accepted["Content-Type"] = "application/json"
        answer = await self.send(
            method, url, body=body, headers=accepted, params=params
        )
        try:
            return json.loads(answer)
        except ValueError as exc:
            raise DeliveryFailed(f"{self._name} answered with no JSON") from exc

    async def _try_once(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Keep aiohttp from repeating a PUT unseen: it may carry a comment."""
        try:
            return await handler(request)
        except aiohttp.ClientError as exc:
            raise self._unreachable(exc) from exc

    def _unreachable(self, exc: Exception) -> DeliveryFailed:
        return DeliveryFailed(f"{self._name} cannot be reached: {type(exc).__name__}")

    def _failure(
        self, response: aiohttp.ClientResponse, final: tuple[int, ...]
    ) -> DeliveryFailed:
        status = response.status
        message = f"{self._name} answered {status}"
        retry_after = self._retry_after(response.headers.get("Retry-After", ""))
        if status in (429, 503):
            return DeliveryFailed(
                message, retry_after=retry_after, holds=retry_after is not None
            )
        if status == 410:
            return DeliveryFailed(message, is_final=True, holds=True)
        if status in (401, 403):
            message += "; is its secret right, and may it do this?"
        return DeliveryFailed(message, is_final=status in final)

    def _retry_after(self, text: str) -> timedelta | None:
        """Seconds or a date, as in RFC 9110; None when it is neither."""
        if text.strip().isdecimal():
            # A number of any length: more than a day is a day.
            return min(timedelta(seconds=int(text.strip()[:9])), _MOST_WAIT)
        try:
            wait = parsedate_to_datetime(text) - self._clock()
        except (ValueError, TypeError):
            return None
        return min(max(wait, timedelta(0)), _MOST_WAIT)
