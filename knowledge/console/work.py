"""Work that takes longer than a page may take to answer: imports, rehearsals.

It is done in the process that began it. How far it is, and its result, stand in the
database: any replica shows them, and a restart loses no result. Work that a restart
interrupted is said to be so, and can be begun anew.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge.database import reading, writing
from knowledge.errors import GuichetError, NotFound
from knowledge.logs import place_of
from knowledge.tables import console_work

log = logging.getLogger(__name__)

# So long results are kept.
KEPT = timedelta(days=1)
# So often a process says how far it is; silent for longer, it is gone.
BEAT_SECONDS = 1.0
SILENT = timedelta(seconds=20)

Kind = Literal["what_if", "import"]
Progress = Callable[[int, int], None]
State = Literal["running", "done", "failed", "interrupted"]
_table = console_work


@dataclass(frozen=True, kw_only=True)
class Work:
    """One piece of work.

    Attributes:
        about: What it works on, for the page that shows its result; as JSON.
        done, total: How far it is; total is 0 until that is known.
        result: None until it has ended well.
        error: Why it failed; empty for what nobody expected.
    """

    key: str
    kind: Kind
    about: Any
    state: State
    done: int
    total: int
    result: Any
    error: str

    @property
    def is_over(self) -> bool:
        return self.state != "running"


@dataclass
class _Running:
    """What this process is at."""

    task: asyncio.Task[None] | None = None
    done: int = 0
    total: int = 0

    def report(self, done: int, total: int) -> None:
        """Note how far it is; may be called from any thread."""
        self.done, self.total = done, total


class Workshop:
    """The work that editors began. All methods raise ArchiveUnavailable."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        results: Mapping[Kind, Any],
    ) -> None:
        """`results` gives the type of what each kind of work ends in."""
        self._engine, self._clock, self._results = engine, clock, results
        self._running: dict[str, _Running] = {}

    async def start(
        self,
        kind: Kind,
        author: str,
        run: Callable[[Progress], Awaitable[Any]],
        about: Any = None,
    ) -> str:
        """Begin a piece of work; gives the key to find it by."""
        now, key = self._clock(), secrets.token_urlsafe(16)
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(_table).where(_table.c.started_at < now - KEPT)
            )
            await connection.execute(
                insert(_table).values(
                    key=key,
                    kind=kind,
                    author=author,
                    about=about,
                    state="running",
                    done=0,
                    total=0,
                    error="",
                    started_at=now,
                    heard_at=now,
                )
            )
        running = self._running[key] = _Running()
        running.task = asyncio.create_task(self._run(key, running, run))
        return key

    async def find(self, key: str, kind: Kind, author: str) -> Work:
        """The work that this author began under `key`, here or in another process.

        Raises:
            NotFound: There is none, or it is long over.
        """
        query = select(_table).where(
            _table.c.key == key, _table.c.kind == kind, _table.c.author == author
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFound("this is no longer there: begin anew")
        state = row.state
        if state == "running" and row.heard_at < self._clock() - SILENT:
            state = "interrupted"
        result = None
        if state == "done":
            result = msgspec.json.decode(row.result, type=self._results[kind])
        here = self._running.get(key)
        return Work(
            key=key,
            kind=kind,
            about=row.about,
            state=state,
            done=here.done if here else row.done,
            total=here.total if here else row.total,
            result=result,
            error=row.error,
        )

    async def ended(self) -> None:
        """Wait until nothing is under way in this process."""
        while tasks := [each.task for each in self._running.values() if each.task]:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop what is under way, and say so."""
        tasks = [each.task for each in self._running.values() if each.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self,
        key: str,
        running: _Running,
        run: Callable[[Progress], Awaitable[Any]],
    ) -> None:
        beating = asyncio.create_task(self._beat(key, running))
        try:
            result = await run(running.report)
            # Scores may come as numbers of numpy.
            told = msgspec.json.encode(result, enc_hook=float)
            await self._note(key, state="done", result=told.decode())
        except asyncio.CancelledError:
            await self._note(key, state="interrupted")
            raise
        except GuichetError as exc:
            await self._note(key, state="failed", error=str(exc))
        except Exception as exc:
            # The page says that it failed; the traceback may quote a customer.
            log.error("unexpected %s", place_of(exc))
            await self._note(key, state="failed")
        finally:
            beating.cancel()
            del self._running[key]

    async def _beat(self, key: str, running: _Running) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._note(key, done=running.done, total=running.total)
            except GuichetError as exc:
                log.warning("no word of work %s: %s", key, exc)

    async def _note(self, key: str, **values: Any) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(_table)
                .where(_table.c.key == key)
                .values(heard_at=self._clock(), **values)
            )
