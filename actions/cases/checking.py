"""Compares what the tables say of cases with what their histories sealed.

The chain shows that the events are whole; this shows that words, facts, verdicts,
decisions and letters are still those that the events tell of, by the rules by which a
dossier is checked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import exists, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Case, Message, case_as_json
from actions.cases.case_rows import case_from, select_rows
from actions.cases.history import sealed_histories
from actions.cases.post_tables import letters
from actions.cases.tables import case_events, cases, messages
from actions.cases.transcripts import message_from
from actions.cases.verifying import content_faults

# Cases that are read at once.
_BATCH = 500


async def find_altered_content(
    connection: AsyncConnection, reference: str | None = None
) -> list[str]:
    """Check all cases, or one of them; one sentence for each fault.

    The connection must show the database as it stands at one moment.
    """
    faults = await _missing_cases(connection, reference)
    last = 0
    while rows := await _next_cases(connection, last, reference):
        last = rows[-1].id
        found = [case_from(row) for row in rows]
        references = [case.reference for case in found]
        said = await _said(connection, [case.conversation for case in found])
        sent = await _letters(connection, references)
        histories = await sealed_histories(connection, references)
        for case in found:
            whole: Case = replace(case, transcript=said[case.conversation])
            faults += [
                f"{case.reference}: {fault}"
                for fault in content_faults(
                    case_as_json(whole), sent[case.reference], histories[case.reference]
                )
            ]
    return faults


async def _missing_cases(
    connection: AsyncConnection, reference: str | None
) -> list[str]:
    """Cases that were filed, are not there, and were never erased."""
    same = case_events.alias("erasure")
    query = (
        select(case_events.c.reference)
        .where(
            case_events.c.kind == "filed",
            ~exists().where(cases.c.reference == case_events.c.reference),
            ~exists().where(
                same.c.reference == case_events.c.reference, same.c.kind == "erased"
            ),
        )
        .order_by(case_events.c.id)
    )
    if reference is not None:
        query = query.where(case_events.c.reference == reference)
    return [
        f"{missing}: the case is missing, and was never erased"
        for missing in await connection.scalars(query)
    ]


async def _next_cases(
    connection: AsyncConnection, last: int, reference: str | None
) -> Sequence[Any]:
    # Its place now is sealed nowhere.
    query = (
        select_rows(null()).where(cases.c.id > last).order_by(cases.c.id).limit(_BATCH)
    )
    if reference is not None:
        query = query.where(cases.c.reference == reference)
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return rows


async def _said(
    connection: AsyncConnection, conversations: Sequence[str]
) -> defaultdict[str, list[Message]]:
    query = (
        select(messages)
        .where(messages.c.conversation_id.in_(conversations))
        .order_by(messages.c.number)
    )
    said: defaultdict[str, list[Message]] = defaultdict(list)
    for row in await connection.execute(query):
        said[row.conversation_id].append(message_from(row))
    return said


async def _letters(
    connection: AsyncConnection, references: Sequence[str]
) -> defaultdict[str, list[dict[str, Any]]]:
    query = select(
        letters.c.reference, letters.c.direction, letters.c.message_id, letters.c.text
    ).where(letters.c.reference.in_(references))
    sent: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in await connection.execute(query):
        sent[row.reference].append(row._asdict())
    return sent
