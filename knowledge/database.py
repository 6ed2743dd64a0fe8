"""One engine and one metadata for every table of Guichet.

SQLite is opened so that an acknowledged write is on disk: write-ahead log, foreign
keys, full synchronisation. PostgreSQL is used as it comes.
"""

from __future__ import annotations

import selectors
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from knowledge import sqlite_connections
from knowledge.errors import ArchiveUnavailable, NotReady

_NO_DATABASE = "the database must be sqlite:///path or postgresql://user@host/name"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with a zone, got {value!r}")
        return value.astimezone(UTC)

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


def open_engine(url: str) -> AsyncEngine:
    """Open the database at `url`.

    Args:
        url: `sqlite:///path` or `postgresql://user@host/name`; the async driver is
            filled in.

    Errors do not quote parameters, which may be a customer's words.

    Raises:
        NotReady: It is the address of another database, or no address; it is not
            quoted, since it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise NotReady(_NO_DATABASE) from exc
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(
            parsed.set(drivername="sqlite+aiosqlite"),
            connect_args={"async_creator_fn": sqlite_connections.connect},
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "connect", _harden_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_immediately)
        return engine
    if parsed.get_backend_name() == "postgresql":
        engine = create_async_engine(
            parsed.set(drivername="postgresql+psycopg"), hide_parameters=True
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        return engine
    raise NotReady(f"{_NO_DATABASE}, got {parsed.get_backend_name()}")


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction, committed at the end unless an exception leaves it.

    Raises:
        ArchiveUnavailable: The database does not answer.
    """
    try:
        async with engine.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeoutError) as exc:
        raise ArchiveUnavailable from exc


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that only reads, and so waits for no writer.

    Raises:
        ArchiveUnavailable: The database does not answer.
    """
    try:
        async with engine.connect() as connection:
            await connection.execution_options(guichet_reads_only=True)
            yield connection
            # A rollback would make psycopg forget every prepared statement.
            await connection.commit()
    except (OperationalError, InterfaceError, PoolTimeoutError) as exc:
        raise ArchiveUnavailable from exc


def _refuse_closed(connection: Any, record: Any, proxy: Any) -> None:
    """Have the pool open another connection in place of one that the server closed.

    Nothing is to be read from an idle connection but its end. A ping would tell more,
    at the price of a round trip for each transaction.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(connection.driver_connection.fileno(), selectors.EVENT_READ)
        if selector.select(0):
            raise DisconnectionError


def _harden_sqlite(connection: Any, record: Any) -> None:
    # Our own BEGIN: the driver's would start transactions too late to serialise.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        "busy_timeout=10000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediately(connection: Any) -> None:
    reads_only = connection.get_execution_options().get("guichet_reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
