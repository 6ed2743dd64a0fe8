"""Asking websites: bounded, patient, and never an address inside our own network."""

from __future__ import annotations

import asyncio
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import aiohttp
from protego import Protego

from knowledge.importing.reading import Unreadable
from knowledge.networks import is_public

USER_AGENT = "Guichet"
MOST_REDIRECTS = 5
ROBOTS_BYTES = 512_000
# Below this, a public host is asked on the web's own two ports alone: others belong to
# services that are no websites.
FIRST_FREE_PORT = 1024
WEB_PORTS = (80, 443)
_GZIP = b"\x1f\x8b"
# Why a site is not asked for more.
_SILENT = ("unreachable", "no_connection", "too_slow", "forbidden_address")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much is asked of a website, and how fast.

    Attributes:
        n_bytes: Of all answers together, unpacked.
        seconds: For everything.
        answer_bytes: Of one answer.
        answer_seconds: For one answer.
        pause_seconds: Between two questions, unless robots.txt asks for more.
        longest_pause_seconds: What robots.txt may ask for at most.
    """

    n_pages: int = 500
    n_bytes: int = 200_000_000
    seconds: float = 900
    answer_bytes: int = 5_000_000
    answer_seconds: float = 20
    pause_seconds: float = 0.5
    longest_pause_seconds: float = 10


class Spent(Exception):
    """A bound of the whole reading is reached."""

    def __init__(self, bound: Literal["bytes", "seconds"]) -> None:
        super().__init__(bound)
        self.bound = bound


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a website answered.

    Attributes:
        address: After redirects.
        content_type: Such as `text/html`; empty when it is not given.
    """

    address: str
    content: bytes
    content_type: str
    charset: str | None
    language: str


class _Forbidden(OSError):
    """The address to connect to is none of the public internet."""


class Fetcher:
    """Reads addresses of websites, one after another.

    Every connection is checked as it is made, so that neither a name that resolves to
    an address of our own network nor a redirect to one gets through.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        bounds: Bounds,
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._session, self.bounds, self._sleep = session, bounds, sleep
        self._robots: dict[str, Protego] = {}
        self._started = time.monotonic()
        self._n_bytes = 0
        self._next_at: dict[str, float] = {}

    async def fetch(self, address: str, *, host: str | None = None) -> Answer:
        """Read an address that robots.txt leaves open, following its redirects.

        Args:
            address: `http` or `https`.
            host: Redirects must not leave it.

        Raises:
            Unreadable: It cannot be had; the message says why.
            Spent: A bound of the whole reading is reached.
        """
        for _ in range(MOST_REDIRECTS + 1):
            robots = await self.robots(address)
            if not robots.can_fetch(address, USER_AGENT):
                raise Unreadable("forbidden_by_robots")
            await self._wait(address, robots)
            answer = await self._ask(address, self.bounds.answer_bytes)
            if isinstance(answer, Answer):
                return answer
            address = urljoin(address, answer)
            if host is not None and host_of(address) != host:
                raise Unreadable("other_host", host=host_of(address))
        raise Unreadable("redirects", limit=MOST_REDIRECTS)

    async def robots(self, address: str) -> Protego:
        """The rules of the site of `address`; none when it has none.

        Raises:
            Unreadable: The site does not answer: then it is not read at all.
        """
        site = site_of(address)
        if site not in self._robots:
            self._robots[site] = Protego.parse(await self._robots_text(site))
        return self._robots[site]

    async def _robots_text(self, site: str) -> str:
        address = f"{site}/robots.txt"
        for _ in range(MOST_REDIRECTS + 1):
            try:
                answer = await self._ask(address, ROBOTS_BYTES)
            except Unreadable as exc:
                # RFC 9309: no such file leaves all open, a failing site nothing.
                if exc.code == "status" and str(exc.values["status"])[0] == "4":
                    return ""
                if exc.code in _SILENT:
                    raise
                return "" if exc.code == "longer" else "User-agent: *\nDisallow: /"
            if isinstance(answer, Answer):
                return answer.content.decode("utf-8", "replace")
            address = urljoin(address, answer)
        return ""

    async def _wait(self, address: str, robots: Protego) -> None:
        """Let the site rest between two questions."""
        now = time.monotonic()
        if now - self._started > self.bounds.seconds:
            raise Spent("seconds")
        asked = robots.crawl_delay(USER_AGENT) or 0
        longest = self.bounds.longest_pause_seconds
        pause = max(self.bounds.pause_seconds, min(float(asked), longest))
        site = site_of(address)
        if (rest := self._next_at.get(site, 0) - now) > 0:
            await self._sleep(rest)
        self._next_at[site] = time.monotonic() + pause

    async def _ask(self, address: str, largest: int) -> Answer | str:
        """One question; a redirect gives the address that it names."""
        check_address(address)
        timeout = aiohttp.ClientTimeout(total=self.bounds.answer_seconds)
        try:
            async with self._session.get(
                address, allow_redirects=False, timeout=timeout
            ) as response:
                if response.status in (301, 302, 303, 307, 308):
                    return response.headers.get("Location", "")
                if response.status != 200:
                    raise Unreadable("status", status=response.status)
                named = "Content-Type" in response.headers
                content = await self._read(response, largest)
        except _Forbidden as exc:
            raise _forbidden(address) from exc
        except aiohttp.ClientConnectorError as exc:
            if isinstance(exc.os_error, _Forbidden):
                raise _forbidden(address) from exc
            raise Unreadable("no_connection") from exc
        except TimeoutError as exc:
            seconds = f"{self.bounds.answer_seconds:g}"
            raise Unreadable("too_slow", seconds=seconds) from exc
        except (aiohttp.ClientError, ValueError, OSError) as exc:
            raise Unreadable("unreachable", error=type(exc).__name__) from exc
        return Answer(
            address=address,
            content=content,
            # Without the header, aiohttp supposes binary data.
            content_type=response.content_type if named else "",
            charset=response.charset,
            language=response.headers.get("Content-Language", "").split(",")[0],
        )

    async def _read(self, response: aiohttp.ClientResponse, largest: int) -> bytes:
        """The body, unpacked, never more than a bound of it."""
        content = bytearray()
        async for piece in response.content.iter_chunked(65_536):
            content += piece
            self._n_bytes += len(piece)
            if len(content) > largest:
                raise Unreadable("longer", limit=largest)
            if self._n_bytes > self.bounds.n_bytes:
                raise Spent("bytes")
        return unpacked(bytes(content), largest)


def unpacked(content: bytes, largest: int) -> bytes:
    """What a gzip file holds; other content as it is.

    Raises:
        Unreadable: It holds more than `largest` bytes, or is broken.
    """
    if not content.startswith(_GZIP):
        return content
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(content, largest + 1)
    except zlib.error as exc:
        raise Unreadable("no_gzip") from exc
    if len(plain) > largest:
        raise Unreadable("longer", limit=largest)
    return plain


@asynccontextmanager
async def open_fetcher(
    bounds: Bounds | None = None, *, is_private_allowed: bool = False
) -> AsyncIterator[Fetcher]:
    """Open a connection to the web.

    Args:
        bounds: How much is read.
        is_private_allowed: Also from addresses of our own network, for an intranet.
    """
    connector = aiohttp.TCPConnector(
        limit=2, socket_factory=None if is_private_allowed else _public_socket
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept": "text/html, */*;q=0.5"},
        max_line_size=16_384,
    ) as session:
        yield Fetcher(session, bounds or Bounds())


def check_address(address: str) -> None:
    """Raises Unreadable unless `address` is a plain one of the web."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as exc:
        raise Unreadable("no_address", address=address) from exc
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Unreadable("no_address", address=address)
    if parts.username or parts.password:
        raise Unreadable("with_password")


def host_of(address: str) -> str:
    """Host and port, `www.` left out: what counts as the same site."""
    return urlsplit(address).netloc.lower().removeprefix("www.")


def site_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _public_socket(info: Any) -> socket.socket:
    """A socket to connect with, refused for what is no public website."""
    family, kind, protocol, _, address = info
    if not is_public(ip_address(address[0].partition("%")[0])):
        raise _Forbidden(f"{address[0]} is not public")
    if address[1] < FIRST_FREE_PORT and address[1] not in WEB_PORTS:
        raise _Forbidden(f"port {address[1]} is none of a website")
    return socket.socket(family, kind, protocol)


def _forbidden(address: str) -> Unreadable:
    return Unreadable("forbidden_address", host=urlsplit(address).hostname)
