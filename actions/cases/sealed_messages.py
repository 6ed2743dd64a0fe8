"""Messages in the histories of their cases: nothing that was said is altered unseen.

What a conversation holds when a case is filed is sealed with the filing. What a change
of the case says is sealed by the change, and all else by an event of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Message, message_as_json
from actions.cases.history import append_events
from actions.cases.sealing import SAID, message_seal
from actions.cases.tables import cases, conversations


async def seal_messages(
    connection: AsyncConnection,
    conversation: str,
    said: Sequence[Message],
    *,
    sealed_for: str | None = None,
) -> None:
    """Tell the history of every case of a conversation what was said in it.

    The caller has locked the conversation; this is its last act.

    Args:
        connection: Inside the caller's transaction.
        conversation: Its id.
        said: As it is stored, in this order.
        sealed_for: Reference of the case whose history tells of it already.
    """
    if not said:
        return
    found = await connection.execute(_of_cases(), {"conversation": conversation})
    for row in found.all():
        if row.reference != sealed_for:
            actors = {"customer": "customer", "bot": "system"}
            events = [
                (
                    actors.get(each.sender, row.agent or "agent"),
                    SAID,
                    message_seal(message_as_json(each)),
                )
                for each in said
            ]
            await append_events(connection, row.reference, said[-1].sent_at, events)


@cache
def _of_cases() -> Select[Any]:
    return (
        select(cases.c.reference, conversations.c.agent)
        .join_from(cases, conversations)
        .where(cases.c.conversation_id == bindparam("conversation"))
        .order_by(cases.c.id)
    )
