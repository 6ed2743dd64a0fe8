"""What becomes of a received letter.

It joins a case only when it came to an address that we sealed for that case, or
answers a letter of ours by its unguessable id, and its sender is the customer of that
case. Everything else waits for staff. What is stored is masked, as in the chat.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.appending import customer_wrote
from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Case, Message, message_as_json
from actions.cases.history import append_events
from actions.cases.post_tables import letters
from actions.cases.queries import email_key, read_case
from actions.cases.sealed_files import file_details
from actions.cases.sealing import FILE_ADDED
from actions.cases.tables import attachments as attachments_table
from actions.delivery.incoming import IncomingMail, read_mail
from actions.delivery.letter_files import files_in, move_files, open_holder
from actions.delivery.letterbook import (
    DISMISSED,
    StoredLetter,
    find_sent,
    insert_letter,
    update_letter,
)
from actions.delivery.quoting import trim_reply
from actions.delivery.reply_addresses import ReplyAddresses
from knowledge.database import reading, writing
from knowledge.errors import BadInput, Conflict, NotFound

log = logging.getLogger(__name__)

Result = Literal["appended", "automatic", "bounce", "unmatched", "duplicate"]
Announce = Callable[[str, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class _Place:
    """Where a letter belongs: to a case, or to none for a reason."""

    case: Case | None
    reason: str | None = None


class Mailroom:
    """Takes received letters. All methods raise ArchiveUnavailable."""

    def __init__(
        self,
        engine: AsyncEngine,
        archive: Archive,
        addresses: ReplyAddresses,
        mask: Callable[[str], str],
        clock: Callable[[], datetime],
        *,
        attachments: Attachments | None = None,
        announce: Announce | None = None,
        is_cry_for_help: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        """Join the mailroom to the archive.

        Args:
            engine: Of the archive.
            archive: Whose cases letters join.
            addresses: Which addresses are ours.
            mask: Hides card numbers and the like before anything is stored.
            clock: The present moment.
            attachments: Keeps files; without it none is kept.
            announce: Tells whoever watches a conversation of what was written.
            is_cry_for_help: Whether the writer of these words needs help at once;
                without it no letter is read so.
        """
        self._engine, self._archive = engine, archive
        self._addresses = addresses
        self._mask, self._clock = mask, clock
        self._attachments, self._announce = attachments, announce
        self._is_cry_for_help = is_cry_for_help

    async def receive(self, raw: bytes) -> Result:
        """Take one letter; the same one again changes nothing."""
        mail = read_mail(raw)
        mail = replace(
            mail,
            text=self._mask(mail.text),
            subject=self._mask(mail.subject),
            headers=self._mask(mail.headers),
        )
        if await self._is_known(mail):
            return "duplicate"
        if mail.bounce is not None:
            return await self._take_bounce(mail)
        place = await self._place(mail)
        if place.case is None:
            return await self._set_aside(mail, place.reason or "")
        if mail.is_automatic:
            return await self._take_automatic(mail, place.case)
        return await self._append(mail, place.case)

    async def attach(self, number: int, reference: str, agent: str) -> Case:
        """Add an unmatched letter to a case, as an agent decides.

        Raises:
            NotFound: No such letter or case.
            Conflict: The letter does not wait any more.
        """
        async with writing(self._engine) as connection:
            letter = await self._waiting(connection, number)
            files = await files_in(connection, letter.conversation)
            async with self._archive.changing(connection, reference) as change:
                message = await customer_wrote(
                    change,
                    trim_reply(letter.text),
                    is_cry_for_help=letter.is_cry_for_help,
                )
                change.record(agent, "letter_attached", message_id=letter.message_id)
                for file in files:
                    change.record("customer", FILE_ADDED, **file_details(file))
            if letter.conversation is not None:
                holder, joined = letter.conversation, change.case.conversation
                await move_files(connection, holder, joined, message.id)
            await update_letter(
                connection,
                number,
                reference=reference,
                state="appended",
                message=message.id,
                conversation=None,
            )
        await self._tell(change.case, message)
        return change.saved

    async def dismiss(self, number: int, agent: str) -> None:
        """Put an unmatched letter away, in the name of who does it.

        Raises:
            NotFound: No such letter.
            Conflict: The letter does not wait any more.
        """
        async with writing(self._engine) as connection:
            await self._waiting(connection, number)
            await update_letter(
                connection,
                number,
                state=DISMISSED,
                dismissed_by=agent,
                dismissed_at=self._clock(),
            )

    async def take_up_again(self, number: int) -> None:
        """Have a letter wait again that was put away.

        Raises:
            NotFound: No such letter.
            Conflict: It was not put away.
        """
        async with writing(self._engine) as connection:
            query = select(letters.c.state).where(letters.c.id == number)
            state = await connection.scalar(query.with_for_update())
            if state is None:
                raise NotFound(f"no letter {number}")
            if state != DISMISSED:
                raise Conflict(f"letter {number} is {state}, not put away")
            await update_letter(
                connection,
                number,
                state="unmatched",
                dismissed_by=None,
                dismissed_at=None,
            )

    async def case_named_by(self, letter: StoredLetter) -> str | None:
        """The case that a received letter answers, whoever sent it; None for none."""
        for recipient in letter.recipient.split(", "):
            found = self._addresses.read(recipient)
            if found is not None:
                return found[1]
        if letter.in_reply_to is None:
            return None
        async with reading(self._engine) as connection:
            answered = await find_sent(connection, [letter.in_reply_to])
        return answered.reference if answered else None

    async def _is_known(self, mail: IncomingMail) -> bool:
        query = select(letters.c.id).where(
            letters.c.direction == "in", letters.c.message_id == mail.message_id
        )
        async with reading(self._engine) as connection:
            return await connection.scalar(query) is not None

    async def _place(self, mail: IncomingMail) -> _Place:
        if self._addresses.is_ours(mail.sender):
            return _Place(None, "loop")
        sealed = [self._addresses.read(each) for each in mail.recipients]
        references = [found[1] for found in sealed if found and found[0] == "reply"]
        async with reading(self._engine) as connection:
            if not references and mail.answers:
                answered = await find_sent(connection, mail.answers)
                if answered is not None and answered.reference is not None:
                    references = [answered.reference]
            if not references:
                return _Place(None, "no_case_named")
            case = await read_case(connection, references[0])
        if case is None:
            return _Place(None, "case_is_gone")
        theirs = email_key(case.customer.email)
        if theirs is None or email_key(mail.sender) != theirs:
            return _Place(None, "stranger")
        return _Place(case)

    async def _append(self, mail: IncomingMail, case: Case) -> Result:
        files, refused = await self._store_files(mail, case.conversation)
        text = _words_of(mail)
        if not text and not files:
            return await self._set_aside(mail, "empty")
        is_cry_for_help = await self._cries_for_help(mail)
        async with writing(self._engine) as connection:
            number = await self._insert(
                connection, mail, "appended", reference=case.reference, case=case
            )
            if number is None:
                return "duplicate"
            async with self._archive.changing(connection, case.reference) as change:
                message = await customer_wrote(
                    change,
                    text,
                    letter=mail.message_id,
                    is_cry_for_help=is_cry_for_help,
                )
                for reason in refused:
                    change.record("system", "attachment_refused", reason=reason)
            await update_letter(connection, number, message=message.id)
            await connection.execute(
                update(attachments_table)
                .where(attachments_table.c.id.in_(files))
                .values(message_id=message.id)
            )
        await self._tell(case, message)
        return "appended"

    async def _store_files(
        self, mail: IncomingMail, conversation: str
    ) -> tuple[list[str], list[str]]:
        """Keep the files before the letter: ids of those kept, why others were not."""
        kept: list[str] = []
        refused: list[str] = []
        for file in mail.files if self._attachments else ():
            assert self._attachments is not None
            try:
                stored = await self._attachments.store(
                    conversation, self._mask(file.name), file.content
                )
            except BadInput as exc:
                refused.append(type(exc).__name__)
            else:
                kept.append(stored.id)
        return kept, refused

    async def _take_automatic(self, mail: IncomingMail, case: Case) -> Result:
        """Keep an auto-reply beside the case: nobody wrote, so nothing moves."""
        async with writing(self._engine) as connection:
            if await self._insert(
                connection, mail, "automatic", reference=case.reference, case=case
            ):
                details = {"message_id": mail.message_id}
                event = ("system", "auto_reply_received", details)
                await append_events(connection, case.reference, self._clock(), [event])
        return "automatic"

    async def _take_bounce(self, mail: IncomingMail) -> Result:
        assert mail.bounce is not None
        sealed = [self._addresses.read(each) for each in mail.recipients]
        named = next((found[1] for found in sealed if found), None)
        async with writing(self._engine) as connection:
            ids = [mail.bounce.message_id] if mail.bounce.message_id else []
            letter = await find_sent(connection, [*ids, *mail.answers])
            reference = letter.reference if letter else named
            case = reference and await read_case(connection, reference)
            if not case:
                # Of a case that is gone, or forged: nobody need look at it.
                await self._insert(connection, mail, "bounce", reason="no_case_named")
                return "bounce"
            await self._insert(connection, mail, "bounce", reference=case.reference)
            if letter is not None and mail.bounce.is_final:
                await update_letter(
                    connection,
                    letter.id,
                    state="bounced",
                    reason=mail.bounce.status or "bounced",
                )
            details = {
                "message_id": letter.message_id if letter else None,
                "status": mail.bounce.status,
            }
            name = "letter_bounced" if mail.bounce.is_final else "letter_delayed"
            await append_events(
                connection,
                case.reference,
                self._clock(),
                [("system", name, details)],
            )
        return "bounce"

    async def _set_aside(self, mail: IncomingMail, reason: str) -> Result:
        conversation = await self._keep_files(mail)
        is_cry_for_help = await self._cries_for_help(mail)
        async with writing(self._engine) as connection:
            await self._insert(
                connection,
                mail,
                "unmatched",
                reason=reason,
                conversation=conversation,
                is_cry_for_help=is_cry_for_help,
            )
        log.info("a letter belongs to no case: %s", reason)
        return "unmatched"

    async def _cries_for_help(self, mail: IncomingMail) -> bool:
        if self._is_cry_for_help is None or mail.is_automatic:
            return False
        return await self._is_cry_for_help(_words_of(mail))

    async def _keep_files(self, mail: IncomingMail) -> str | None:
        """Keep the files of a letter without a case, in a conversation of their own.

        Before the letter: if that fails it comes again, and these go with their time.
        """
        if self._attachments is None or not mail.files:
            return None
        holder = await open_holder(self._engine, self._clock())
        await self._store_files(mail, holder)
        return holder

    async def _insert(
        self,
        connection: AsyncConnection,
        mail: IncomingMail,
        state: str,
        *,
        reference: str | None = None,
        reason: str | None = None,
        case: Case | None = None,
        conversation: str | None = None,
        is_cry_for_help: bool = False,
    ) -> int | None:
        return await insert_letter(
            connection,
            reference=reference,
            direction="in",
            kind="reply",
            state=state,
            reason=reason,
            message_id=mail.message_id,
            in_reply_to=mail.answers[0] if mail.answers else None,
            sender=mail.sender,
            recipient=", ".join(mail.recipients),
            subject=mail.subject,
            text=mail.text,
            source=mail.headers,
            language=case.language if case else "",
            message=None,
            conversation=conversation,
            is_cry_for_help=is_cry_for_help,
            at=self._clock(),
        )

    async def _waiting(self, connection: AsyncConnection, number: int) -> StoredLetter:
        query = select(letters).where(letters.c.id == number).with_for_update()
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"no letter {number}")
        if row.state != "unmatched":
            raise Conflict(f"letter {number} is {row.state}, not unmatched")
        return StoredLetter(**row._mapping)

    async def _tell(self, case: Case, message: Message) -> None:
        if self._announce is not None:
            await self._announce(case.conversation, message_as_json(message))


def _words_of(mail: IncomingMail) -> str:
    """What was written this time."""
    return trim_reply(mail.text) or mail.subject
