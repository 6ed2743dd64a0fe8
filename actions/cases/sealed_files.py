"""Attached files in the histories of their cases: none is altered or exchanged unseen.

What a conversation holds when a case is filed is sealed with the filing; what comes
later is an event of its own. Erasing a case removes its files, and says how many.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.history import append_events
from actions.cases.sealing import FILE_ADDED, SealedFiles
from actions.cases.tables import (
    attachments,
    case_events,
    cases,
    event_details,
)

if TYPE_CHECKING:
    from actions.cases.attachments import Attachment


async def files_when_filed(
    connection: AsyncConnection, conversation: str
) -> list[dict[str, str]]:
    """Id and hash of every file in a conversation, to be sealed with a filing.

    The caller has locked the conversation: nobody adds another.
    """
    found = await connection.execute(_files(), {"conversation": conversation})
    return [{"id": each.id, "sha256": each.sha256} for each in found]


@cache
def _files() -> Select[Any]:
    return (
        select(attachments.c.id, attachments.c.sha256)
        .where(attachments.c.conversation_id == bindparam("conversation"))
        .order_by(attachments.c.number)
    )


async def seal_file(connection: AsyncConnection, stored: Attachment) -> None:
    """Tell the history of every case that a file belongs to; the caller's last act."""
    of_conversation = (
        select(cases.c.reference)
        .where(cases.c.conversation_id == stored.conversation)
        .order_by(cases.c.id)
    )
    for reference in (await connection.scalars(of_conversation)).all():
        event = ("customer", FILE_ADDED, file_details(stored))
        await append_events(connection, reference, stored.uploaded_at, [event])


def file_details(stored: Attachment) -> dict[str, Any]:
    """What the event says of a file."""
    return {
        "id": stored.id,
        "sha256": stored.sha256,
        "name": stored.name,
        "media_type": stored.media_type,
        "size": stored.size,
    }


async def row_faults(
    connection: AsyncConnection, reference: str | None
) -> tuple[list[str], dict[str, list[str]]]:
    """Compare the files that are recorded with those that were sealed.

    Returns:
        One sentence for each file that is missing, exchanged or was never sealed; and
        the names of what should have each content, by hash.
    """
    events = (
        select(case_events.c.reference, case_events.c.kind, event_details.c.details)
        .join_from(case_events, event_details)
        .where(case_events.c.kind.in_(("filed", FILE_ADDED)))
        .order_by(case_events.c.id)
    )
    recorded = select(
        cases.c.reference, attachments.c.id, attachments.c.sha256
    ).join_from(cases, attachments, onclause=_same_conversation())
    if reference is not None:
        events = events.where(case_events.c.reference == reference)
        recorded = recorded.where(cases.c.reference == reference)
    sealed: dict[str, SealedFiles] = defaultdict(SealedFiles)
    async for row in await connection.stream(events):
        sealed[row.reference].read(row.kind, row.details)
    present: dict[str, dict[str, str]] = defaultdict(dict)
    for row in await connection.execute(recorded):
        present[row.reference][row.id] = row.sha256
    faults: list[str] = []
    contents: dict[str, list[str]] = defaultdict(list)
    for each, files in sealed.items():
        faults += [f"{fault} of {each}" for fault in files.faults(present[each])]
        for file, sha256 in present[each].items():
            contents[sha256].append(f"attachment {file} of {each}")
    return faults, contents


def _same_conversation() -> Any:
    return attachments.c.conversation_id == cases.c.conversation_id
