"""Files that customers attach: kept by content, linked to what was said.

The bytes lie in `<state_dir>/attachments/`, outside anything that is served, in files
named by their SHA-256; the same file sent twice is kept once. A row names each
upload. Nothing that the sender says of a file is believed: its type is read from its
bytes and its name is for show.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.case import time_as_json
from actions.cases.files import (
    clean_name,
    file_of,
    hashes_in,
    media_type_of,
    name_by_hash,
    remove,
    remove_stale_parts,
    spool,
)
from actions.cases.sealed_files import row_faults, seal_file
from actions.cases.tables import attachments, cases, conversations, messages
from knowledge.database import reading, writing
from knowledge.errors import (
    ArchiveUnavailable,
    BadInput,
    FileTooLarge,
    NotFound,
    TooManyFiles,
)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One uploaded file.

    Attributes:
        message: Id of the message that it came with; None until `link` says so.
        name: The sender's name for it, made harmless; for show only.
        media_type: Read from the bytes.
        size: In bytes.
    """

    id: str
    conversation: str
    message: str | None
    sha256: str
    name: str
    media_type: str
    size: int
    uploaded_at: datetime

    def as_json(self) -> dict[str, Any]:
        """What both APIs show of it."""
        return {
            "id": self.id,
            "message": self.message,
            "name": self.name,
            "media_type": self.media_type,
            "size": self.size,
            "sha256": self.sha256,
            "uploaded_at": time_as_json(self.uploaded_at),
        }


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one conversation may attach."""

    largest_bytes: int = 10 * 1024 * 1024
    files_in_a_conversation: int = 10


class Attachments:
    """The store. All methods raise ArchiveUnavailable when database or disk fail."""

    def __init__(
        self,
        engine: AsyncEngine,
        folder: Path,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        """Use `folder`, `<state_dir>/attachments`; it is made when first needed."""
        self._engine, self.folder, self._clock = engine, folder, clock
        self.limits = limits or Limits()

    async def store(
        self,
        conversation: str,
        name: str,
        content: bytes,
        *,
        message: str | None = None,
    ) -> Attachment:
        """Keep a file; it is on disk when this returns.

        Args:
            conversation: Where it was sent.
            name: The sender's name for it; not trusted.
            content: The whole file.
            message: The message that it came with, if that is stored already.

        Raises:
            BadInput: The file is empty.
            WrongFileType: Its bytes are none of the types that are taken.
            FileTooLarge: Over the limit.
            TooManyFiles: The conversation has as many as it may.
            NotFound: There is no such conversation, or no such message in it.
        """
        if not content:
            raise BadInput("the file is empty")
        if len(content) > self.limits.largest_bytes:
            raise FileTooLarge(
                f"a file may have {self.limits.largest_bytes} bytes, got {len(content)}"
            )
        media_type = media_type_of(content)
        stored = Attachment(
            id=uuid.uuid4().hex,
            conversation=conversation,
            message=message,
            sha256=hashlib.sha256(content).hexdigest(),
            name=clean_name(name, media_type),
            media_type=media_type,
            size=len(content),
            uploaded_at=self._clock(),
        )
        # On disk before the transaction: a slow disk then holds up no other writer.
        async with self._spooled(content) as part, writing(self._engine) as connection:
            await self._admit(connection, stored)
            await lock_content(connection, stored.sha256)
            await asyncio.to_thread(name_by_hash, self.folder, part, stored.sha256)
            await connection.execute(
                insert(attachments).values(
                    id=stored.id,
                    conversation_id=conversation,
                    message_id=message,
                    sha256=stored.sha256,
                    name=stored.name,
                    media_type=stored.media_type,
                    size=stored.size,
                    uploaded_at=stored.uploaded_at,
                )
            )
            await seal_file(connection, stored)
        return stored

    async def link(self, ids: Sequence[str], conversation: str, message: str) -> None:
        """Say with which message these files came.

        Raises:
            NotFound: The conversation has no such message, or not all these files.
        """
        async with writing(self._engine) as connection:
            await _require_message(connection, conversation, message)
            linked = await connection.execute(
                update(attachments)
                .where(
                    attachments.c.id.in_(ids),
                    attachments.c.conversation_id == conversation,
                )
                .values(message_id=message)
            )
            if linked.rowcount != len(set(ids)):
                raise NotFound(f"not all of {len(ids)} files are in {conversation}")

    async def open(self, attachment: str) -> tuple[Attachment, bytes]:
        """A file with its bytes, which are checked to be those that were stored.

        Raises:
            NotFound: There is no such file.
            ArchiveUnavailable: Its bytes are missing or altered.
        """
        found = await self._select(attachments.c.id == attachment)
        if not found:
            raise NotFound(f"no attachment {attachment}")
        return found[0], await self.content(found[0].sha256)

    async def content(self, sha256: str) -> bytes:
        """The bytes with this hash.

        Raises:
            ArchiveUnavailable: They are missing or altered.
        """
        try:
            content = await asyncio.to_thread(file_of(self.folder, sha256).read_bytes)
        except OSError as exc:
            raise ArchiveUnavailable(f"attachment {sha256} is missing") from exc
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ArchiveUnavailable(f"attachment {sha256} was altered")
        return content

    async def of_conversation(self, conversation: str) -> list[Attachment]:
        """Its files, in the order in which they came."""
        return await self._select(attachments.c.conversation_id == conversation)

    async def of_case(self, reference: str) -> list[Attachment]:
        """The files of a case's conversation, in the order in which they came."""
        conversation = (
            select(cases.c.conversation_id)
            .where(cases.c.reference == reference)
            .scalar_subquery()
        )
        return await self._select(attachments.c.conversation_id == conversation)

    async def find_faults(self, reference: str | None = None) -> list[str]:
        """Check the files of all cases, or of one, against what was sealed.

        Returns:
            One sentence for each that is missing, altered, exchanged or unknown.
        """
        async with reading(self._engine) as connection:
            faults, contents = await row_faults(connection, reference)
        for sha256, names in contents.items():
            try:
                await self.content(sha256)
            except ArchiveUnavailable as exc:
                faults += [f"{name}: {exc}" for name in names]
        return faults

    async def sweep(self, hashes: Iterable[str] | None = None) -> int:
        """Remove files that no row names any more; how many there were.

        Args:
            hashes: Only these; None looks at every file, for after a crash.
        """
        if hashes is None:
            hashes = await asyncio.to_thread(hashes_in, self.folder)
            an_hour_ago = time.time() - 3600
            await asyncio.to_thread(remove_stale_parts, self.folder, an_hour_ago)
        removed = 0
        for sha256 in sorted(set(hashes)):
            async with writing(self._engine) as connection:
                await lock_content(connection, sha256)
                named = select(attachments.c.id).where(attachments.c.sha256 == sha256)
                if await connection.scalar(named.limit(1)) is None:
                    removed += await asyncio.to_thread(remove, self.folder, sha256)
        return removed

    @asynccontextmanager
    async def _spooled(self, content: bytes) -> AsyncIterator[Path]:
        try:
            part = await asyncio.to_thread(spool, self.folder, content)
            try:
                yield part
            finally:
                await asyncio.to_thread(part.unlink, missing_ok=True)
        except OSError as exc:
            raise ArchiveUnavailable("attachments cannot be written") from exc

    async def _admit(self, connection: AsyncConnection, stored: Attachment) -> None:
        known = await connection.scalar(
            select(conversations.c.id)
            .where(conversations.c.id == stored.conversation)
            .with_for_update()
        )
        if known is None:
            raise NotFound(f"no conversation {stored.conversation}")
        if stored.message is not None:
            await _require_message(connection, stored.conversation, stored.message)
        n_files = await connection.scalar(
            select(func.count()).where(
                attachments.c.conversation_id == stored.conversation
            )
        )
        if (n_files or 0) >= self.limits.files_in_a_conversation:
            raise TooManyFiles(
                f"a conversation may have {self.limits.files_in_a_conversation} files"
            )

    async def _select(self, condition: Any) -> list[Attachment]:
        query = select(attachments).where(condition).order_by(attachments.c.number)
        async with reading(self._engine) as connection:
            return [attachment_from(row) for row in await connection.execute(query)]


async def _require_message(
    connection: AsyncConnection, conversation: str, message: str
) -> None:
    known = await connection.scalar(
        select(messages.c.id).where(
            messages.c.id == message, messages.c.conversation_id == conversation
        )
    )
    if known is None:
        raise NotFound(f"no message {message} in {conversation}")


async def lock_content(connection: AsyncConnection, sha256: str) -> None:
    """Let nobody store or remove this content until the transaction ends.

    On SQLite every writer is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(sha256)[:8], signed=True)
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(:number)"), {"number": number}
        )


def attachment_from(row: Any) -> Attachment:
    """One attachment from its row."""
    return Attachment(
        id=row.id,
        conversation=row.conversation_id,
        message=row.message_id,
        sha256=row.sha256,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        uploaded_at=row.uploaded_at,
    )
