"""Deletes cases and conversations from every table, in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.clock_tables import case_clocks, case_notices
from actions.cases.history import append_events
from actions.cases.post_tables import letters, outbox
from actions.cases.tables import (
    attachments,
    case_embeddings,
    case_events,
    case_texts,
    cases,
    conversations,
    corrections,
    customers,
    event_details,
    feedback,
    messages,
)
from knowledge.gap_queries import question_key
from knowledge.tables import gaps

OF_A_CASE = (case_clocks, case_embeddings, case_notices, case_texts, corrections)
# Not `tickets`: by its number the other system is told of the erasure, and no more.
BY_REFERENCE = (letters, outbox)


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What was deleted.

    Attributes:
        files: Hashes of attachments whose files may not be needed any more.
    """

    counts: Counter[str]
    files: frozenset[str] = frozenset()


async def erase_cases(
    connection: AsyncConnection, references: Sequence[str], now: datetime, cause: str
) -> Erased:
    """Delete cases with all that hangs on them; each leaves an `erased` event.

    All is deleted before the first event: the chain's lock is taken last.
    """
    total: Counter[str] = Counter()
    files: frozenset[str] = frozenset()
    told: list[tuple[str, Counter[str]]] = []
    for reference in references:
        erased = await _erase_case(connection, reference)
        if erased.counts["cases"]:
            told.append((reference, erased.counts))
        total, files = total + erased.counts, files | erased.files
    for reference, counts in told:
        removed = {name: n for name, n in counts.items() if n}
        event = ("system", "erased", {"cause": cause, "counts": removed})
        await append_events(connection, reference, now, [event])
    return Erased(counts=total, files=files)


async def _erase_case(connection: AsyncConnection, reference: str) -> Erased:
    row = (
        await connection.execute(
            select(cases.c.id, cases.c.customer_id, cases.c.conversation_id)
            .where(cases.c.reference == reference, cases.c.legal_hold.is_(None))
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        return Erased(counts=Counter())
    counts: Counter[str] = Counter()
    for table in OF_A_CASE:
        counts[table.name] = await _delete(connection, table, table.c.case_id == row.id)
    counts["cases"] = await _delete(connection, cases, cases.c.id == row.id)
    counts["customers"] = await _delete(
        connection,
        customers,
        customers.c.id == row.customer_id,
        ~exists().where(cases.c.customer_id == row.customer_id),
    )
    for table in BY_REFERENCE:
        counts[table.name] = await _delete(
            connection, table, table.c.reference == reference
        )
    events = select(case_events.c.id).where(case_events.c.reference == reference)
    counts["event_details"] = await _delete(
        connection, event_details, event_details.c.event_id.in_(events)
    )
    talk = await erase_conversations(
        connection, conversations.c.id == row.conversation_id
    )
    return Erased(counts=counts + talk.counts, files=talk.files)


async def erase_conversations(
    connection: AsyncConnection, wanted: ColumnElement[bool]
) -> Erased:
    """Delete conversations that no case needs, with all that was said in them."""
    unused = (
        select(conversations.c.id)
        .where(wanted, ~exists().where(cases.c.conversation_id == conversations.c.id))
        .scalar_subquery()
    )
    in_them = messages.c.conversation_id.in_(unused)
    said = select(messages.c.id).where(in_them).scalar_subquery()
    of_them = attachments.c.conversation_id.in_(unused)
    files = await connection.scalars(select(attachments.c.sha256).where(of_them))
    erased = frozenset(files.all())
    counts = Counter(
        gaps=await _erase_gaps(connection, in_them),
        attachments=await _delete(connection, attachments, of_them),
        feedback=await _delete(connection, feedback, feedback.c.message_id.in_(said)),
        messages=await _delete(connection, messages, in_them),
        conversations=await _delete(
            connection, conversations, conversations.c.id.in_(unused)
        ),
    )
    return Erased(counts=counts, files=erased)


async def erase_letters(
    connection: AsyncConnection, wanted: ColumnElement[bool]
) -> Erased:
    """Delete received letters that belong to no case, with their files."""
    theirs = (letters.c.reference.is_(None), wanted)
    with_files = select(letters.c.conversation).where(
        *theirs, letters.c.conversation.is_not(None)
    )
    holders = (await connection.scalars(with_files)).all()
    counts = Counter(letters=await _delete(connection, letters, *theirs))
    held = await erase_conversations(connection, conversations.c.id.in_(holders))
    return Erased(counts=counts + held.counts, files=held.files)


async def _erase_gaps(connection: AsyncConnection, in_them: ColumnElement[bool]) -> int:
    """Delete the questions of these messages from those that nothing answered."""
    asked = await connection.execute(
        select(messages.c.text, messages.c.sent_at).where(
            in_them, messages.c.sender == "customer"
        )
    )
    removed = 0
    for row in asked.all():
        # Others may have asked the same: only what was noted then is this person's.
        around = gaps.c.asked_at.between(
            row.sent_at - timedelta(minutes=1), row.sent_at + timedelta(minutes=5)
        )
        same = gaps.c.question_key == question_key(row.text)
        removed += await _delete(connection, gaps, same, around)
    theirs = gaps.c.answer.in_(select(messages.c.id).where(in_them))
    return removed + await _delete(connection, gaps, theirs)


async def _delete(
    connection: AsyncConnection, table: Table, *conditions: ColumnElement[bool]
) -> int:
    return (await connection.execute(delete(table).where(*conditions))).rowcount
