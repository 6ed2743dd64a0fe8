"""Files of received letters: kept before it is known where a letter belongs.

While it belongs to no case they lie in a conversation of their own, which goes when
they join a case, or with the letter.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.attachments import Attachment, attachment_from
from actions.cases.tables import attachments, conversations
from actions.cases.transcripts import Conversation, conversation_row
from knowledge.database import writing
from knowledge.writes import write_all


async def open_holder(engine: AsyncEngine, at: datetime) -> str:
    """A conversation that holds the files of one letter; its id."""
    holder = Conversation(
        id=uuid.uuid4().hex,
        token_hash="",
        language="",
        stage="filed",
        created_at=at,
        accept_languages=(),
    )
    async with writing(engine) as connection:
        await write_all(connection, [conversation_row(holder, channel="letter")])
    return holder.id


async def files_in(
    connection: AsyncConnection, conversation: str | None
) -> list[Attachment]:
    """The files that a letter's conversation holds; none without one."""
    query = (
        select(attachments)
        .where(attachments.c.conversation_id == conversation)
        .order_by(attachments.c.number)
    )
    return [attachment_from(row) for row in await connection.execute(query)]


async def move_files(
    connection: AsyncConnection, holder: str, conversation: str, message: str
) -> None:
    """Have the files belong to a message of a case, in place of their holder."""
    await connection.execute(
        update(attachments)
        .where(attachments.c.conversation_id == holder)
        .values(conversation_id=conversation, message_id=message)
    )
    await connection.execute(delete(conversations).where(conversations.c.id == holder))
