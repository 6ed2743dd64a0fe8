"""Cases as tickets of another system: what is common to all of them.

The first event that reaches a system makes the ticket, unless it is there already;
each later one becomes a comment. What we write is internal there: letters to the
customer are ours alone to send. A comment ends with a mark, by which a repetition of
it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Case
from actions.cases.post_tables import tickets
from actions.delivery.news import News, NewsReader
from actions.delivery.outbox import Delivery
from knowledge.database import reading, writing
from knowledge.errors import NotReady
from knowledge.language_style import PLAIN, LanguageStyle
from knowledge.workplace import StaffTexts


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something to write into a ticket.

    Attributes:
        mark: Ends the text and tells the note from every other of the ticket.
        is_customers: The customer's own words.
    """

    text: str
    mark: str
    is_customers: bool


@dataclass(frozen=True, kw_only=True)
class Matter:
    """A case as a ticket begins.

    Attributes:
        title: Begins with the reference.
        note: The customer's account and what is known, for the first comment.
    """

    reference: str
    title: str
    name: str | None
    email: str | None
    category: str
    is_urgent: bool
    note: Note


class TicketSystem(Protocol):
    """Another system's API. All methods raise DeliveryFailed."""

    async def open(self, matter: Matter) -> str:
        """The number of the case's ticket; made unless it is there already."""

    async def add(self, number: str, note: Note) -> None:
        """Write a note into a ticket."""

    async def has(self, number: str, mark: str) -> bool:
        """Whether a ticket holds a note with this mark."""

    async def set_closed(self, number: str, is_closed: bool) -> None:
        """Close a ticket, or open it again."""

    async def check(self) -> str:
        """Who we are there."""


class TicketWords:
    """What we write into tickets, in one of the staff's languages."""

    def __init__(
        self,
        texts: StaffTexts,
        language: str,
        zone: tzinfo,
        style: LanguageStyle = PLAIN,
    ) -> None:
        """Raises NotReady when there are no texts in this language."""
        if language not in texts.languages:
            known = ", ".join(texts.languages)
            raise NotReady(f"tickets can be written in {known}, not in {language!r}")
        self._texts, self._language, self._zone = texts, language, zone
        self._style = style

    def matter(self, case: Case, mark: str) -> Matter:
        """The case as a ticket begins."""
        return Matter(
            reference=case.reference,
            title=self._text(
                "ticket.title",
                reference=case.reference,
                kind=self._text(f"ticket.kind.{_kind(case)}"),
                category=self._text(f"codes.category.{case.category}"),
            ),
            name=case.customer.name,
            email=case.customer.email,
            category=case.category,
            is_urgent=case.is_urgent,
            note=Note(
                text=f"{case.description}\n\n{self._facts(case)}\n\n{mark}",
                mark=mark,
                is_customers=True,
            ),
        )

    def note(self, news: News, mark: str) -> Note:
        """An event as a comment."""
        lines = [self._text(f"ticket.event.{news.event.kind}")]
        if news.event.kind == "closed" and news.case and news.case.outcome:
            lines.append(self._text(f"codes.outcome.{news.case.outcome['kind']}"))
            lines.append(news.case.outcome["reasons"] or "")
        if news.event.kind == "classified" and news.case:
            lines.append(self._facts(news.case))
        if news.message is not None:
            lines.append(news.message.text)
        return Note(
            text="\n\n".join([*filter(None, lines), mark]),
            mark=mark,
            is_customers=news.event.kind == "customer_wrote",
        )

    def _facts(self, case: Case) -> str:
        due_at = case.answer_due_at.astimezone(self._zone)
        ground = case.ground and self._text(f"codes.ground.{case.ground}")
        event_date = case.event_date and self._style.day(
            self._language, case.event_date, case.event_time
        )
        languages = self._style.locale(self._language).languages
        facts = {
            "codes.field.name": case.customer.name,
            "codes.field.email": case.customer.email,
            "codes.field.username": case.customer.username,
            "codes.field.event_date": event_date,
            "codes.field.remedy_sought": case.remedy_sought,
            "ticket.kind.title": self._text(f"ticket.kind.{_kind(case)}"),
            "ticket.ground": ground,
            "ticket.category": self._text(f"codes.category.{case.category}"),
            "ticket.language": languages.get(case.language, case.language),
            "ticket.due": self._style.day(self._language, due_at.date()),
        }
        return "\n".join(
            f"{self._text(label)}: {fact}" for label, fact in facts.items() if fact
        )

    def _text(self, key: str, **values: object) -> str:
        return self._texts.text(self._language, key, **values)


def _kind(case: Case) -> str:
    return "complaint" if case.is_complaint else "request"


class TicketCarrier:
    """Brings events to one ticket system."""

    def __init__(
        self,
        name: str,
        system: TicketSystem,
        words: TicketWords,
        engine: AsyncEngine,
        reader: NewsReader,
    ) -> None:
        self._name, self._system, self._words = name, system, words
        self._engine, self._reader = engine, reader

    async def deliver(self, delivery: Delivery) -> None:
        """Make the ticket, or write into it."""
        news = await self._reader.read(delivery)
        if news is None:
            return
        number = await self._number(news.reference)
        if number is None and news.case is not None:
            opening = self._words.matter(news.case, f"Guichet {news.reference}")
            number = await self._system.open(opening)
            await self._remember(news.reference, number)
        if number is None or delivery.kind == "filed":
            return
        note = self._words.note(news, f"Guichet {news.reference} #{news.sequence}")
        is_there = delivery.is_repeated and await self._system.has(number, note.mark)
        if not is_there:
            await self._system.add(number, note)
        if delivery.kind in ("closed", "reopened"):
            await self._system.set_closed(number, delivery.kind == "closed")
        if delivery.kind == "erased":
            await self._forget(news.reference)

    async def check(self) -> str:
        return await self._system.check()

    async def _number(self, reference: str) -> str | None:
        query = select(tickets.c.number).where(*self._row(reference))
        async with reading(self._engine) as connection:
            number = await connection.scalar(query)
        return None if number is None else str(number)

    async def _remember(self, reference: str, number: str) -> None:
        row = {"reference": reference, "destination": self._name, "number": number}
        try:
            async with writing(self._engine) as connection:
                await connection.execute(insert(tickets).values(row))
        except IntegrityError:
            # By another replica, whose claim ran out: it found the same ticket.
            return

    async def _forget(self, reference: str) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(delete(tickets).where(*self._row(reference)))

    def _row(self, reference: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return tickets.c.reference == reference, tickets.c.destination == self._name
