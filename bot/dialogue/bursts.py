"""Customers who write several short messages in a row, which belong together.

Whatever arrives while a turn is worked on is read in the next one anyway. Here it is
decided how long a turn waits for more before it starts. A single message that is
plainly whole is hardly held up: one that ends like a sentence, a choice, an answer to
the form. Any other waits a short while, and longer while its writer goes on typing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

# Messages that were sent at the same moment arrive within this time.
AT_ONCE_SECONDS = 0.02
TYPING_SECONDS = 1.5
LONGEST_SECONDS = 8.0


@dataclass
class _Pause:
    """One conversation in which a turn waits; times of the loop's clock."""

    began: float
    until: float
    n_waiting: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def move(self, until: float) -> None:
        self.until = min(until, self.began + LONGEST_SECONDS)
        self.moved.set()
        self.moved = asyncio.Event()


class Bursts:
    """Holds a turn back until its customer has finished."""

    def __init__(self, wait_seconds: float) -> None:
        """Wait so long for the rest of what looks unfinished; 0 never waits."""
        self._wait_seconds = wait_seconds
        self._pauses: dict[str, _Pause] = {}

    async def settle(self, conversation: str, *, is_whole: bool) -> None:
        """Return when nothing more of the same burst is expected.

        Args:
            conversation: Its id.
            is_whole: Nothing need follow what was just said: whoever waits in this
                conversation is let go.
        """
        if not self._wait_seconds:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        pause = self._pauses.setdefault(conversation, _Pause(now, now))
        wait = self._wait_seconds
        pause.move(now + (min(AT_ONCE_SECONDS, wait) if is_whole else wait))
        pause.n_waiting += 1
        try:
            while (left := pause.until - loop.time()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await pause.moved.wait()
        finally:
            pause.n_waiting -= 1
            if not pause.n_waiting:
                del self._pauses[conversation]

    def note_typing(self, conversation: str) -> None:
        """The customer is writing: a turn that waits goes on waiting."""
        pause = self._pauses.get(conversation)
        if pause is not None:
            now = asyncio.get_running_loop().time()
            pause.move(max(pause.until, now + TYPING_SECONDS))


def looks_whole(text: str) -> bool:
    """Whether a message ends as a sentence does."""
    text = text.rstrip(" \n\t\"'»”’)")
    return text.endswith((".", "?", "!")) and not text.endswith("..")
