"""Connections to SQLite that go to their thread once a statement.

`aiosqlite` gives every connection a thread, and goes there and back for the cursor, for
the statement, for its rows and for the end of the cursor. The way there costs as much
as a small statement does. Here all of it is one way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import aiosqlite
from aiosqlite.context import contextmanager

# Rows that come along with the statement; of a larger result the others are fetched.
ROWS_AT_ONCE = 500

Rows = list[Any]


class QuickCursor(aiosqlite.Cursor):
    """A cursor that executes, fetches and closes in one call of its thread."""

    _cursor: sqlite3.Cursor

    def __init__(self, connection: QuickConnection) -> None:
        # Made in the thread, with the first statement.
        super().__init__(connection, None)  # type: ignore[arg-type]
        self._rows: Rows = []
        self._is_closed = True

    async def execute(
        self, sql: str, parameters: Iterable[Any] | None = None
    ) -> QuickCursor:
        """Execute a statement; a small result is here then, and the cursor closed."""
        await self._in_thread(self._run, sql, parameters or ())
        return self

    async def executemany(
        self, sql: str, parameters: Iterable[Iterable[Any]]
    ) -> QuickCursor:
        """Execute a statement for each row of parameters; it gives no rows."""
        await self._in_thread(self._run_many, sql, parameters)
        return self

    async def fetchall(self) -> Rows:
        """Fetch all remaining rows."""
        rows, self._rows = self._rows, []
        return rows if self._is_closed else [*rows, *await super().fetchall()]

    async def fetchmany(self, size: int | None = None) -> Rows:
        """Fetch up to `size` rows, by default `arraysize`."""
        size = self.arraysize if size is None else size
        if self._rows or self._is_closed:
            rows, self._rows = self._rows[:size], self._rows[size:]
            return rows
        return [*await super().fetchmany(size)]

    async def fetchone(self) -> Any:
        """Fetch a single row; None when there is none left."""
        return next(iter(await self.fetchmany(1)), None)

    async def close(self) -> None:
        """Close the cursor, where it is not closed yet."""
        self._rows = []
        if not self._is_closed:
            self._is_closed = True
            await super().close()

    async def _in_thread(self, act: Callable[..., None], *given: Any) -> None:
        await self._execute(act, *given)  # type: ignore[no-untyped-call]

    def _run(self, sql: str, parameters: Iterable[Any]) -> None:
        self._is_closed = False
        self._cursor = self._database.execute(sql, parameters)  # type: ignore[arg-type]
        self._rows = self._cursor.fetchmany(ROWS_AT_ONCE)
        if len(self._rows) < ROWS_AT_ONCE:
            self._end()

    def _run_many(self, sql: str, parameters: Iterable[Iterable[Any]]) -> None:
        self._cursor = self._database.executemany(sql, parameters)  # type: ignore[arg-type]
        self._rows = []
        self._end()

    def _end(self) -> None:
        self._cursor.close()
        self._is_closed = True

    @property
    def _database(self) -> sqlite3.Connection:
        """What only the thread may use."""
        return self._conn._conn


class QuickConnection(aiosqlite.Connection):
    """A connection with quick cursors."""

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """A cursor; the thread hears of it with its first statement."""
        return QuickCursor(self)

    async def rollback(self) -> None:
        """Roll the transaction back, if there is one."""
        if self.in_transaction:
            await super().rollback()


def connect(database: str, **options: Any) -> QuickConnection:
    """A connection to await, as SQLAlchemy wants it made: `async_creator_fn`."""
    connector = partial(sqlite3.connect, database, **options)
    connection = QuickConnection(connector, iter_chunk_size=64)
    # A process that ends does not wait for it.
    connection._thread.daemon = True
    return connection
