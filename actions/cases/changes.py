"""One change of one case: what is set, said, mailed and recorded, or none of it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.cases.case import Case, Message, Sender, Status, message_as_json
from actions.cases.case_rows import case_from
from actions.cases.columns import storable
from actions.cases.history import append_events, read_history
from actions.cases.outbox import EmailKind, email_row
from actions.cases.queries import read_case, select_cases
from actions.cases.sealed_messages import seal_messages
from actions.cases.sealing import message_seal
from actions.cases.tables import case_texts, cases, conversations, corrections
from actions.cases.transcripts import message_row, messages_from, messages_of
from actions.cases.words import more_words
from knowledge.errors import Conflict, NotFound
from knowledge.writes import Write, changed_rows, write_all, write_and_ask

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
        self.case, self._case_id = case_from(row), row.id
        self._values: dict[str, Any] = {}
        self._writes: list[Write] = []
        self._events: list[tuple[str, str, dict[str, Any]]] = []
        self._said: dict[str, Message] = {}
        # By which the case is found: as stored, and with what is said now.
        self._words: tuple[str, str] | None = None
        # Of its conversation, as far as is known.
        self._is_only_case = False
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

        Where they name a message that was just said, that is sealed as well.
        """
        if (said := self._said.get(str(details.get("message")))) is not None:
            details |= message_seal(message_as_json(said))
        self._events.append((actor, kind, details))

    async def say(self, sender: Sender, text: str, language: str) -> Message:
        """Write into the transcript of the case."""
        message = Message(
            id=uuid.uuid4().hex,
            sender=sender,
            text=storable(text),
            language=storable(language),
            sent_at=self.at,
        )
        if self._words is None:
            found = await self.connection.execute(
                _locked_words(), {"case_id": self._case_id}
            )
            stored = found.scalar_one() or ""
            self._words = (stored, stored)
        self._words = (self._words[0], more_words(self._words[1], text))
        self._writes.append(message_row(self.case.conversation, message))
        self._said[message.id] = message
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

    def mail(self, kind: EmailKind, **content: Any) -> None:
        """Send the customer an e-mail, if the case has an address."""
        if self.case.customer.email is not None:
            self._writes.append(
                email_row(
                    reference=self.case.reference,
                    kind=kind,
                    recipient=self.case.customer.email,
                    language=self.case.language,
                    content={"name": self.case.customer.name, **content},
                    at=self.at,
                )
            )

    async def finish(self) -> None:
        """Write what was set, said and recorded; the chain's lock is taken last.

        The case as it is then is in `saved`, read while nobody waits for the chain.
        """
        version = self.case.version + 1
        set_now = {"version": version, **self._values}
        writes = [*self._writes, changed_rows(cases.c.id, self._case_id, **set_now)]
        if self._words is not None and self._words[0] != self._words[1]:
            texts = case_texts.c.case_id
            writes.append(changed_rows(texts, self._case_id, words=self._words[1]))
        self.saved = await self._write(writes)
        self.saved.history.extend(
            await append_events(
                self.connection, self.case.reference, self.at, self._events
            )
        )
        # Other cases of the same conversation show these words too.
        if not self._is_only_case:
            await seal_messages(
                self.connection,
                self.case.conversation,
                list(self._said.values()),
                sealed_for=self.case.reference,
            )

    async def _write(self, writes: list[Write]) -> Case:
        """The case as it is then; its own row is known, unless its place came back."""
        reference = self.case.reference
        if self.case.status == "closed" != self.status:
            await write_all(self.connection, writes)
            saved = await read_case(self.connection, reference)
            assert saved is not None
            return saved
        conversation = {"conversation": self.case.conversation}
        asked = await write_and_ask(
            self.connection, writes, _messages_and_cases(), conversation
        )
        self._is_only_case = bool(asked) and asked[0].n_cases == 1
        # What is said now may be among them already.
        transcript = {each.id: each for each in messages_from(asked)} | self._said
        shown = {field.name for field in fields(Case)}
        values: dict[str, Any] = {
            name: storable(value) if isinstance(value, str) else value
            for name, value in self._values.items()
            if name in shown
        }
        if self.status == "closed":
            values["queue_position"] = None
        return replace(
            self.case,
            version=self.case.version + 1,
            transcript=list(transcript.values()),
            history=await read_history(self.connection, reference),
            **values,
        )


@cache
def _messages_and_cases() -> Select[Any]:
    """What was said, and of how many cases it is."""
    of_it = cases.c.conversation_id == bindparam("conversation")
    n_cases = select(func.count()).select_from(cases).where(of_it).scalar_subquery()
    return messages_of().add_columns(n_cases.label("n_cases"))


@cache
def _locked_words() -> Select[Any]:
    """The words of a case, with its conversation locked: see `lock_conversation`."""
    return (
        select(case_texts.c.words)
        .select_from(cases)
        .join(conversations)
        .outerjoin(case_texts, case_texts.c.case_id == cases.c.id)
        .where(cases.c.id == bindparam("case_id"))
        .with_for_update(of=conversations)
    )


@cache
def _locked_case() -> Select[Any]:
    """A case, read as it is locked: nobody changes what a change builds on."""
    this = cases.c.reference == bindparam("reference")
    return select_cases().where(this).with_for_update(of=cases)


@asynccontextmanager
async def changing(
    connection: AsyncConnection, reference: str, version: int | None, at: datetime
) -> AsyncIterator[Change]:
    """Change a case alone, inside the caller's transaction.

    Raises:
        NotFound: There is no such case.
        Conflict: The case is not in `version` any more; None accepts any.
    """
    found = await connection.execute(_locked_case(), {"reference": reference})
    row = found.one_or_none()
    if row is None:
        raise NotFound(f"no case {reference}")
    if version is not None and row.version != version:
        raise Conflict(f"case {reference} is in version {row.version}, not {version}")
    change = Change(connection, row, at)
    yield change
    await change.finish()
