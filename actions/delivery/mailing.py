"""Sends letters by SMTP and keeps each as it was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal, cast

import aiosmtplib
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Case
from actions.cases.history import append_events
from actions.cases.outbox import EmailKind
from actions.cases.queries import read_case
from actions.cases.tables import cases
from actions.delivery.letterbook import insert_letter, thread_of
from actions.delivery.letters import AUTOMATIC, Letter, Letters
from actions.delivery.outbox import Delivery, mark_sent
from actions.delivery.reply_addresses import ReplyAddresses
from knowledge.database import reading, writing
from knowledge.errors import DeliveryFailed

Tls = Literal["starttls", "tls", "none"]
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """The mail server that sends for us.

    Attributes:
        tls: `starttls` or `tls`; `none` for a server on this machine.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: Tls

    async def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        """Hand over a message.

        Raises:
            DeliveryFailed: It did not take it; final when it never will.
        """
        try:
            await aiosmtplib.send(
                message,
                sender=sender,
                recipients=[recipient],
                hostname=self.host,
                port=self.port,
                username=self.username or None,
                password=self.password or None,
                use_tls=self.tls == "tls",
                start_tls=self.tls == "starttls",
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as exc:
            raise _refused(exc.recipients[0].code) from exc
        except aiosmtplib.SMTPAuthenticationError as exc:
            raise DeliveryFailed(
                f"{self.host} refused our user name or password: {exc.code}"
            ) from exc
        except aiosmtplib.SMTPResponseException as exc:
            raise _refused(exc.code) from exc
        except (aiosmtplib.SMTPException, OSError) as exc:
            raise DeliveryFailed(
                f"{self.host}:{self.port} cannot be reached: {type(exc).__name__}"
            ) from exc

    async def check(self) -> str:
        """Sign in and out; what `guichet doctor` shows.

        Raises:
            DeliveryFailed: Says why.
        """
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username or None,
            password=self.password or None,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            timeout=10,
        )
        try:
            async with client:
                return f"{self.host}:{self.port} answers"
        except (aiosmtplib.SMTPException, OSError) as exc:
            raise DeliveryFailed(
                f"{self.host}:{self.port} does not take letters: {type(exc).__name__}"
            ) from exc


def _refused(code: int) -> DeliveryFailed:
    return DeliveryFailed(f"the mail server answered {code}", is_final=code >= 500)


class EmailCarrier:
    """Brings letters to customers."""

    def __init__(
        self,
        engine: AsyncEngine,
        letters: Letters,
        server: SmtpServer,
        sender: Address,
        addresses: ReplyAddresses,
        clock: Callable[[], datetime],
    ) -> None:
        """Send in the name of `sender`, through `server`."""
        self._engine, self._letters, self._server = engine, letters, server
        self._sender, self._addresses, self._clock = sender, addresses, clock

    async def deliver(self, delivery: Delivery) -> None:
        """Write the letter, send it, and keep it as sent.

        Raises:
            DeliveryFailed: The server did not take it.
        """
        async with reading(self._engine) as connection:
            case = await read_case(connection, delivery.reference)
            thread = await thread_of(connection, delivery.reference)
        if case is None or delivery.recipient is None:
            return
        kind = cast(EmailKind, delivery.kind)
        letter = self._letters.render_letter(
            kind, delivery.language or case.language, case, delivery.content
        )
        message = self._compose(delivery, case, letter, thread)
        source = message.as_bytes(policy=policy.SMTP)
        bounces_to = self._addresses.make("bounce", case.reference)
        try:
            await self._server.send(
                source, sender=bounces_to, recipient=delivery.recipient
            )
        except DeliveryFailed as failure:
            if failure.is_final:
                await self._keep(delivery, letter, message, source, is_refused=True)
            raise
        await self._keep(delivery, letter, message, source, is_refused=False)

    async def check(self) -> str:
        return await self._server.check()

    def _compose(
        self, delivery: Delivery, case: Case, letter: Letter, thread: Sequence[str]
    ) -> EmailMessage:
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = self._sender
        message["To"] = delivery.recipient
        message["Reply-To"] = self._addresses.make("reply", case.reference)
        message["Subject"] = letter.subject
        message["Date"] = self._clock()
        # The same at every attempt: who gets it twice can tell.
        domain = self._addresses.mailbox.partition("@")[2]
        message["Message-ID"] = f"<{case.reference}.{delivery.key}@{domain}>"
        if thread:
            message["In-Reply-To"] = thread[-1]
            message["References"] = " ".join(thread)
        if delivery.kind in AUTOMATIC:
            message["Auto-Submitted"] = "auto-generated"
            message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
        message.set_content(letter.text, cte="quoted-printable")
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        # Last: it would move into the text part with the other Content headers.
        message["Content-Language"] = letter.language
        return message

    async def _keep(
        self,
        delivery: Delivery,
        letter: Letter,
        message: EmailMessage,
        source: bytes,
        *,
        is_refused: bool,
    ) -> None:
        """Archive the letter, tell the history, and mark it sent: all or nothing."""
        now, message_id = self._clock(), str(message["Message-ID"])
        event = {
            "kind": delivery.kind,
            "message_id": message_id,
            "sha256": hashlib.sha256(source).hexdigest(),
            "text_sha256": hashlib.sha256(letter.text.encode()).hexdigest(),
        }
        async with writing(self._engine) as connection:
            still_there = select(cases.c.id).where(
                cases.c.reference == delivery.reference
            )
            if await connection.scalar(still_there.with_for_update()) is None:
                # Erased while the letter was on its way: nothing of it is kept.
                return
            await insert_letter(
                connection,
                reference=delivery.reference,
                direction="out",
                kind=delivery.kind,
                state="bounced" if is_refused else "sent",
                reason="refused" if is_refused else None,
                message_id=message_id,
                in_reply_to=message["In-Reply-To"],
                sender=str(message["From"]),
                recipient=delivery.recipient,
                subject=letter.subject,
                text=letter.text,
                source=source.decode("ascii"),
                language=letter.language,
                message=None,
                at=now,
            )
            if not is_refused:
                await mark_sent(connection, delivery, now)
            name = "letter_bounced" if is_refused else "letter_sent"
            await append_events(
                connection, delivery.reference, now, [("system", name, event)]
            )
