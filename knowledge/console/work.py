"""Work that takes longer than a page may take to answer: imports, rehearsals."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from knowledge.errors import GuichetError, NotFound
from knowledge.logs import place_of

log = logging.getLogger(__name__)

KEPT_SECONDS = 3600
MOST_KEPT = 20

Kind = Literal["what_if", "import"]
Progress = Callable[[int, int], None]


@dataclass(kw_only=True)
class Work:
    """One piece of work.

    Attributes:
        about: What it works on, for the page that shows its result.
        done, total: How far it is; total is 0 until that is known.
        result: None until it has ended well.
        error: Why it ended otherwise; empty for what nobody expected.
    """

    key: str
    kind: Kind
    author: str
    about: Any
    started: float
    done: int = 0
    total: int = 0
    result: Any = None
    error: str | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def is_over(self) -> bool:
        return self.result is not None or self.error is not None

    def report(self, done: int, total: int) -> None:
        """Note how far it is; may be called from any thread."""
        self.done, self.total = done, total


class Workshop:
    """The work of this process, and its results for an hour.

    It is not shared: with several replicas a browser must stay with one of them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._work: dict[str, Work] = {}

    def start(
        self,
        kind: Kind,
        author: str,
        run: Callable[[Progress], Awaitable[Any]],
        about: Any = None,
    ) -> Work:
        """Begin a piece of work."""
        self._forget()
        work = Work(
            key=secrets.token_urlsafe(16),
            kind=kind,
            author=author,
            about=about,
            started=self._clock(),
        )
        self._work[work.key] = work
        work.task = asyncio.create_task(self._run(work, run))
        return work

    def find(self, key: str, kind: Kind, author: str) -> Work:
        """The work that this author began under `key`.

        Raises:
            NotFound: There is none, or it is long over.
        """
        self._forget()
        work = self._work.get(key)
        if work is None or (work.kind, work.author) != (kind, author):
            raise NotFound("this is no longer there: begin anew")
        return work

    async def close(self) -> None:
        """Stop what is under way."""
        tasks = [work.task for work in self._work.values() if work.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, work: Work, run: Callable[[Progress], Awaitable[Any]]) -> None:
        try:
            work.result = await run(work.report)
        except GuichetError as exc:
            work.error = str(exc)
        except Exception as exc:
            # The page says that it failed; the traceback may quote a customer.
            log.error("unexpected %s", place_of(exc))
            work.error = ""

    def _forget(self) -> None:
        too_old = self._clock() - KEPT_SECONDS
        ordered = sorted(self._work.values(), key=lambda work: work.started)
        for place, work in enumerate(ordered):
            is_spare = len(ordered) - place > MOST_KEPT
            if work.is_over and (work.started < too_old or is_spare):
                del self._work[work.key]
