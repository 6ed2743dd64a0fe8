"""Reminds staff by e-mail, each morning, of what must be answered soon."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, tzinfo
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import time_as_json
from actions.cases.keeping_time import TimeKeeper
from actions.cases.post_tables import outbox
from actions.delivery.mailing import SmtpServer
from actions.delivery.outbox import Delivery
from knowledge.database import writing
from knowledge.language_style import LanguageStyle
from knowledge.workplace import StaffTexts

STAFF_EMAIL = "staff-email"
KIND = "due_soon"


class Reminders:
    """Writes reminders into the outbox: one a day for each of the staff, if any."""

    def __init__(
        self,
        engine: AsyncEngine,
        clocks: TimeKeeper,
        addressees: Callable[[], Awaitable[Sequence[str]]],
        zone: tzinfo,
        language: str,
    ) -> None:
        """Remind `addressees`, e-mail addresses, of what the desk warns them of."""
        self._engine, self._clocks, self._addressees = engine, clocks, addressees
        self._zone, self._language = zone, language

    async def write(self, now: datetime) -> None:
        """Write today's; once more the same day changes nothing."""
        day = now.astimezone(self._zone).date().isoformat()
        for address in await self._addressees():
            due = await self._clocks.due_soon(address)
            if not due:
                continue
            whom = hashlib.sha256(address.encode()).hexdigest()[:32]
            reminder = {
                "key": f"{day}-{whom}",
                # The most pressing one: it leads there from the page of the outbox.
                "reference": due[0][0],
                "destination": STAFF_EMAIL,
                "kind": KIND,
                "recipient": address,
                "language": self._language,
                # No more than the desk shows in its list, and nobody's name.
                "content": {"due": [[each, time_as_json(at)] for each, at in due]},
                "created_at": now,
                "next_attempt_at": now,
                "attempts": 0,
            }
            async with writing(self._engine) as connection:
                await connection.execute(_adding(connection.dialect.name), reminder)


class ReminderCarrier:
    """Brings reminders to staff."""

    def __init__(
        self,
        server: SmtpServer,
        sender: Address,
        texts: StaffTexts,
        style: LanguageStyle,
        zone: tzinfo,
        address: str,
    ) -> None:
        """Send in the name of `sender`; links begin with `address`, no slash after."""
        self._server, self._sender, self._texts = server, sender, texts
        self._style, self._zone, self._address = style, zone, address

    async def deliver(self, delivery: Delivery) -> None:
        """Send one reminder.

        Raises:
            DeliveryFailed: The server did not take it.
        """
        if delivery.recipient is None:
            return
        await self._server.send(
            self._compose(delivery).as_bytes(policy=policy.SMTP),
            sender=self._sender.addr_spec,
            recipient=delivery.recipient,
        )

    async def check(self) -> str:
        return await self._server.check()

    def _compose(self, delivery: Delivery) -> EmailMessage:
        language = delivery.language or self._texts.languages[0]
        say, due = self._texts.text, delivery.content["due"]
        lines = [
            say(
                language,
                "reminder.line",
                reference=reference,
                due_on=self._day(language, due_at),
                link=f"{self._address}/desk/cases/{reference}",
            )
            for reference, due_at in due
        ]
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = self._sender
        message["To"] = delivery.recipient
        message["Subject"] = say(language, "reminder.subject", n=len(due))
        message["Date"] = delivery.created_at
        # The same at every attempt: who gets it twice can tell.
        message["Message-ID"] = f"<{delivery.key}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(
            "\n\n".join([say(language, "reminder.text"), *lines]) + "\n",
            cte="quoted-printable",
        )
        message["Content-Language"] = language
        return message

    def _day(self, language: str, due_at: str) -> str:
        moment = datetime.fromisoformat(due_at).astimezone(self._zone)
        return self._style.day(language, moment.date())


@cache
def _adding(dialect: str) -> Any:
    add = (sqlite if dialect == "sqlite" else postgresql).insert(outbox)
    return add.on_conflict_do_nothing(index_elements=["destination", "key"])
