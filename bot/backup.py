"""Backup and restore: every table and attachment, one consistent moment, one file.

The file is a ZIP of JSON Lines, one member a table, so that a backup of SQLite can be
restored on PostgreSQL and the other way round, and be read without Guichet. Bytes are
Base64 in it. Attachments lie beside the tables, each named by its SHA-256.
"""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

# For their tables: what is not imported is not backed up.
import actions.cases.clock_tables
import actions.cases.post_tables
import actions.desk.tables  # noqa: F401
import bot.tables  # noqa: F401
import knowledge.tables  # noqa: F401
from actions.cases.files import file_of, name_by_hash, spool
from actions.cases.tables import attachments
from knowledge.database import metadata
from knowledge.errors import ArchiveUnavailable, BadInput, Conflict

FORMAT = "guichet-backup-2"
BATCH_ROWS = 500
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a backup holds: rows by table, and how many different files."""

    rows: dict[str, int]
    n_files: int


async def back_up(engine: AsyncEngine, folder: Path, file: Path) -> Contents:
    """Write every row and every attachment to `file`, whole or not at all.

    Nobody who works on cases waits for it.

    Args:
        engine: The archive.
        folder: Where attachments lie.
        file: A new file.

    Raises:
        Conflict: `file` exists already.
        ArchiveUnavailable: An attachment is missing or altered, or was erased just now.
    """
    if await asyncio.to_thread(file.exists):
        raise Conflict(f"{file} exists already; name a new file")
    part = file.with_name(file.name + ".part")
    try:
        async with engine.connect() as connection:
            await connection.execution_options(guichet_reads_only=True)
            if engine.dialect.name == "postgresql":
                await connection.execution_options(isolation_level="REPEATABLE READ")
            contents = await connection.run_sync(_write, folder, part)
        await asyncio.to_thread(part.rename, file)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return contents


async def restore(engine: AsyncEngine, folder: Path, file: Path) -> Contents:
    """Fill an empty, migrated database and `folder` from `file`, in one transaction.

    Attachments are on disk before the rows that name them count.

    Raises:
        BadInput: `file` cannot be read, is no backup, of another schema, or an
            attachment in it is missing or altered.
        Conflict: The database holds rows already.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            async with engine.begin() as connection:
                return await connection.run_sync(_read, folder, archive)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as exc:
        raise BadInput(f"{file} cannot be read: {exc.strerror}") from exc
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as exc:
        raise BadInput(f"{file} is not a Guichet backup, or is damaged") from exc


def _write(connection: Connection, folder: Path, part: Path) -> Contents:
    counts = {}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        about = {"format": FORMAT, "revision": _revision(connection)}
        archive.writestr("about.json", _encoder.encode(about))
        for table in _stored_tables():
            rows = connection.execute(
                select(table), execution_options={"yield_per": BATCH_ROWS}
            )
            name = f"{table.name}.jsonl"
            with archive.open(name, "w", force_zip64=True) as member:
                counts[table.name] = 0
                for row in rows.mappings():
                    member.write(_encoder.encode(dict(row)) + b"\n")
                    counts[table.name] += 1
        hashes = _attached(connection)
        for sha256 in hashes:
            content = _content(folder, sha256)
            # Pictures and PDF files are compressed as they are.
            archive.writestr(_member(sha256), content, zipfile.ZIP_STORED)
    return Contents(rows=counts, n_files=len(hashes))


def _read(connection: Connection, folder: Path, archive: zipfile.ZipFile) -> Contents:
    about = msgspec.json.decode(archive.read("about.json"))
    if about.get("format") != FORMAT or about.get("revision") != _revision(connection):
        raise BadInput(
            f"the backup is {about.get('format')} of schema {about.get('revision')}, "
            f"this is {FORMAT} of {_revision(connection)}; restore with the same "
            "release"
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
    hashes = _attached(connection)
    for sha256 in hashes:
        content = archive.read(_member(sha256))
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BadInput(f"attachment {sha256} in the backup was altered")
        name_by_hash(folder, spool(folder, content), sha256)
    return Contents(rows=counts, n_files=len(hashes))


def _attached(connection: Connection) -> list[str]:
    """The hashes of all attachments."""
    query = select(attachments.c.sha256).distinct().order_by(attachments.c.sha256)
    return list(connection.scalars(query))


def _content(folder: Path, sha256: str) -> bytes:
    try:
        content = file_of(folder, sha256).read_bytes()
    except FileNotFoundError as exc:
        raise ArchiveUnavailable(
            f"attachment {sha256} is missing; if it was erased just now, try again"
        ) from exc
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArchiveUnavailable(f"attachment {sha256} was altered")
    return content


def _member(sha256: str) -> str:
    return f"attachments/{sha256}"


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
