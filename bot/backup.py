"""Backup and restore of the archive: every table, one consistent moment, one file.

The file is a ZIP of JSON Lines, one member a table, so that a backup of SQLite can be
restored on PostgreSQL and the other way round, and be read without Guichet.
"""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

# For its tables: what is not imported is not backed up.
import actions.desk.tables  # noqa: F401
from knowledge.database import metadata
from knowledge.errors import BadInput, Conflict

FORMAT = "guichet-backup-1"
BATCH_ROWS = 500
_encoder = msgspec.json.Encoder()


async def back_up(engine: AsyncEngine, file: Path) -> dict[str, int]:
    """Write every row to `file`, whole or not at all.

    Returns:
        The number of rows by table.

    Raises:
        Conflict: `file` exists already.
    """
    if await asyncio.to_thread(file.exists):
        raise Conflict(f"{file} exists already; name a new file")
    part = file.with_name(file.name + ".part")
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execution_options(isolation_level="REPEATABLE READ")
        counts = await connection.run_sync(_write, part)
    await asyncio.to_thread(part.rename, file)
    return counts


async def restore(engine: AsyncEngine, file: Path) -> dict[str, int]:
    """Fill an empty, migrated database from `file`, in one transaction.

    Returns:
        The number of rows by table.

    Raises:
        BadInput: `file` is no backup, or of another schema.
        Conflict: The database holds rows already.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            async with engine.begin() as connection:
                return await connection.run_sync(_read, archive)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as exc:
        raise BadInput(f"{file} is not a Guichet backup, or is damaged") from exc


def _write(connection: Connection, part: Path) -> dict[str, int]:
    counts = {}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        about = {"format": FORMAT, "revision": _revision(connection)}
        archive.writestr("about.json", _encoder.encode(about))
        for table in _stored_tables():
            with archive.open(f"{table.name}.jsonl", "w") as member:
                counts[table.name] = 0
                for row in connection.execute(select(table)).mappings():
                    member.write(_encoder.encode(dict(row)) + b"\n")
                    counts[table.name] += 1
    return counts


def _read(connection: Connection, archive: zipfile.ZipFile) -> dict[str, int]:
    about = msgspec.json.decode(archive.read("about.json"))
    if about.get("format") != FORMAT or about.get("revision") != _revision(connection):
        raise BadInput(
            f"the backup is of schema {about.get('revision')}, "
            f"the database of {_revision(connection)}; restore with the same release"
        )
    counts = {}
    for table in _stored_tables():
        if connection.execute(select(table).limit(1)).first() is not None:
            raise Conflict(
                f"table {table.name} is not empty; restore into a new database"
            )
        counts[table.name] = 0
        for rows in _batches(archive, table):
            connection.execute(insert(table), rows)
            counts[table.name] += len(rows)
        _continue_numbers(connection, table)
    return counts


def _stored_tables() -> list[Table]:
    """Every table but those that the database itself fills from others."""
    return [table for table in metadata.sorted_tables if "is_derived" not in table.info]


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number new rows after the restored ones; SQLite does it."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    last = select(func.max(column)).scalar_subquery()
    connection.execute(select(func.setval(sequence, last)).where(last.is_not(None)))


def _batches(archive: zipfile.ZipFile, table: Table) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with archive.open(f"{table.name}.jsonl") as member:
        for line in member:
            rows.append(_row(table, msgspec.json.decode(line)))
            if len(rows) == BATCH_ROWS:
                yield rows
                rows = []
    if rows:
        yield rows


def _row(table: Table, stored: dict[str, Any]) -> dict[str, Any]:
    """Give JSON's strings back the types of their columns."""
    row = {}
    for name, value in stored.items():
        column_type = table.c[name].type
        kind = getattr(column_type, "impl_instance", column_type).python_type
        is_json = kind is object
        row[name] = value if is_json else msgspec.convert(value, kind | None)
    return row


def _revision(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
