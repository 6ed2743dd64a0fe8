"""Fetches received letters from a mailbox that is Guichet's own."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from aioimaplib import aioimaplib

from knowledge.errors import Unavailable
from knowledge.logs import place_of

log = logging.getLogger(__name__)

Tls = Literal["tls", "none"]
TIMEOUT_SECONDS = 30.0
AT_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """A mailbox on an IMAP server; what is taken from it is marked as read.

    Attributes:
        tls: `none` only for a server on this machine.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: Tls
    folder: str

    async def fetch(self, take: Callable[[bytes], Awaitable[object]]) -> int:
        """Hand over each unread letter, oldest first; how many were taken.

        One that a fault of ours keeps from being taken is flagged and left for a
        person; it holds nothing up.

        Raises:
            Unavailable: The server does not answer or refuses us, or `take` could not
                store a letter: that one stays unread, for the next time.
        """
        async with self._opened() as client:
            found = await client.uid_search("UNSEEN UNFLAGGED")
            numbers = b" ".join(found.lines[:1]).split()[:AT_MOST]
            n_taken = 0
            for number in numbers:
                uid = number.decode("ascii")
                raw = await _letter(client, uid)
                try:
                    if raw is not None:
                        await take(raw)
                        n_taken += 1
                except Unavailable:
                    raise
                except Exception as exc:
                    log.error("a letter could not be taken %s", place_of(exc))
                    await client.uid("store", uid, "+FLAGS", r"(\Flagged)")
                    continue
                await client.uid("store", uid, "+FLAGS", r"(\Seen)")
            return n_taken

    async def check(self) -> str:
        """Sign in and out; what `guichet doctor` shows.

        Raises:
            Unavailable: Says why.
        """
        async with self._opened():
            return f"{self.folder} on {self.host}:{self.port} can be read"

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[aioimaplib.IMAP4]:
        client = self._client()
        try:
            await client.wait_hello_from_server()
            signed_in = await client.login(self.username, self.password)
            if signed_in.result != "OK":
                raise Unavailable(f"{self.host} refused our user name or password")
            selected = await client.select(self.folder)
            if selected.result != "OK":
                raise Unavailable(f"{self.host} has no folder {self.folder}")
            yield client
        except (aioimaplib.AioImapException, OSError, TimeoutError) as exc:
            raise Unavailable(
                f"{self.host}:{self.port} cannot be reached: {type(exc).__name__}"
            ) from exc
        finally:
            with suppress(Exception):
                await client.logout()
            # The library leaves closing to the server.
            if (transport := client.protocol.transport) is not None:
                transport.close()
                await asyncio.sleep(0)

    def _client(self) -> aioimaplib.IMAP4:
        if self.tls == "none":
            return aioimaplib.IMAP4(self.host, self.port, timeout=TIMEOUT_SECONDS)
        return aioimaplib.IMAP4_SSL(
            self.host,
            self.port,
            timeout=TIMEOUT_SECONDS,
            ssl_context=ssl.create_default_context(),
        )


async def _letter(client: aioimaplib.IMAP4, uid: str) -> bytes | None:
    """The bytes of a letter; None when it is gone by now."""
    answer = await client.uid("fetch", uid, "(BODY.PEEK[])")
    # The line of the letter itself is the only one that comes as a bytearray.
    found = [bytes(line) for line in answer.lines if isinstance(line, bytearray)]
    return found[0] if found else None
