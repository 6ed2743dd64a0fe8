"""One change of one case: what is set, said, mailed and recorded, or none of it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Case, Message, Sender, Status
from actions.cases.history import append_events, read_history
from actions.cases.outbox import EmailKind, write_email
from actions.cases.queries import case_from, read_case, select_cases
from actions.cases.tables import cases, corrections, storable
from actions.cases.transcripts import insert_message, read_messages
from actions.cases.words import add_words
from knowledge.errors import Conflict, NotFound

if TYPE_CHECKING:
    # For the annotations only: the classifier's libraries are heavy.
    from actions.classification.observing import StoredObservation

# Every legal move of a case. Leaving `closed` is reopening: it keeps its place.
MOVES: dict[Status, frozenset[Status]] = {
    "open": frozenset({"open", "in_progress", "waiting", "closed"}),
    "in_progress": frozenset({"open", "in_progress", "waiting", "closed"}),
    "waiting": frozenset({"open", "in_progress", "waiting", "closed"}),
    "closed": frozenset({"open", "in_progress"}),
}


class Change:
    """What is about to happen to `case`; kept or dropped as one transaction."""

    def __init__(self, connection: AsyncConnection, row: Any, at: datetime) -> None:
        self.connection, self.at = connection, at
        self.case = case_from(row)
        self._values: dict[str, Any] = {}
        self._events: list[tuple[str, str, dict[str, Any]]] = []
        self._said: dict[str, str] = {}
        self.saved: Case

    @property
    def status(self) -> Status:
        """The state that the case comes into."""
        moved: Status = self._values.get("status", self.case.status)
        return moved

    @property
    def actor(self) -> str:
        """Who did what was recorded last."""
        return self._events[-1][0]

    def set(self, **values: Any) -> None:
        """Give columns of the case new values."""
        self._values.update(values)

    def move(self, status: Status) -> None:
        """Bring the case into another state.

        Raises:
            Conflict: Not a legal move from the state that it is in.
        """
        if status not in MOVES[self.case.status]:
            raise Conflict(f"a case that is {self.case.status} cannot become {status}")
        self.set(status=status)

    def record(self, actor: str, kind: str, **details: Any) -> None:
        """Add an event to the history; details hold plain JSON values.

        Where they name a message that was just said, its words are sealed as well.
        """
        if (words := self._said.get(str(details.get("message")))) is not None:
            details["sha256"] = words
        self._events.append((actor, kind, details))

    async def say(self, sender: Sender, text: str, language: str) -> Message:
        """Write into the transcript of the case."""
        message = Message(
            id=uuid.uuid4().hex,
            sender=sender,
            text=text,
            language=language,
            sent_at=self.at,
        )
        await insert_message(self.connection, self.case.conversation, message)
        await add_words(self.connection, self.case.reference, text)
        self._said[message.id] = hashlib.sha256(text.encode()).hexdigest()
        return message

    async def keep_for_learning(self, observed: StoredObservation | None) -> None:
        """Mark the verdict as one to learn from, with the text as it was read."""
        of_case = select(cases.c.id).where(cases.c.reference == self.case.reference)
        case_id = of_case.scalar_subquery()
        await self.connection.execute(
            delete(corrections).where(corrections.c.case_id == case_id)
        )
        await self.connection.execute(
            insert(corrections).values(
                case_id=case_id,
                fingerprint=observed.fingerprint if observed else None,
                observed=observed.data if observed else None,
            )
        )

    async def mail(self, kind: EmailKind, **content: Any) -> None:
        """Send the customer an e-mail, if the case has an address."""
        await write_email(
            self.connection,
            reference=self.case.reference,
            kind=kind,
            recipient=self.case.customer.email,
            language=self.case.language,
            content={"name": self.case.customer.name, **content},
            at=self.at,
        )

    async def finish(self) -> None:
        """Write the new values and the events; the chain's lock is taken last.

        The case as it is then is in `saved`, read while nobody waits for the chain.
        """
        await self.connection.execute(
            update(cases)
            .where(cases.c.reference == self.case.reference)
            .values(version=self.case.version + 1, **self._values)
        )
        self.saved = await self._read_back()
        self.saved.history.extend(
            await append_events(
                self.connection, self.case.reference, self.at, self._events
            )
        )

    async def _read_back(self) -> Case:
        """The case as it is now; its own row is known, unless its place came back."""
        reference = self.case.reference
        if self.case.status == "closed" != self.status:
            saved = await read_case(self.connection, reference)
            assert saved is not None
            return saved
        shown = {field.name for field in fields(Case)}
        values: dict[str, Any] = {
            name: storable(value) if isinstance(value, str) else value
            for name, value in self._values.items()
            if name in shown
        }
        if self.status == "closed":
            values["queue_position"] = None
        said = await read_messages(self.connection, self.case.conversation)
        return replace(
            self.case,
            version=self.case.version + 1,
            transcript=said,
            history=await read_history(self.connection, reference),
            **values,
        )


@asynccontextmanager
async def changing(
    connection: AsyncConnection, reference: str, version: int | None, at: datetime
) -> AsyncIterator[Change]:
    """Change a case alone, inside the caller's transaction.

    Raises:
        NotFound: There is no such case.
        Conflict: The case is not in `version` any more; None accepts any.
    """
    # Read as it is locked: nobody changes what this change builds on.
    query = select_cases().where(cases.c.reference == reference)
    locked = query.with_for_update(of=cases)
    row = (await connection.execute(locked)).one_or_none()
    if row is None:
        raise NotFound(f"no case {reference}")
    if version is not None and row.version != version:
        raise Conflict(f"case {reference} is in version {row.version}, not {version}")
    change = Change(connection, row, at)
    yield change
    await change.finish()
