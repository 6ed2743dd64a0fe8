"""Opens what delivers and takes letters in, as settings and operator say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, time, timedelta, tzinfo
from email.headerregistry import Address
from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.outbox import EMAIL
from actions.delivery.calling import Caller, open_session
from actions.delivery.chatwoot import Chatwoot
from actions.delivery.courier import Carrier, Courier
from actions.delivery.destinations import Destination, load_destinations
from actions.delivery.imap import Mailbox
from actions.delivery.letterbook import Letterbook
from actions.delivery.letters import load_letters
from actions.delivery.mailing import EmailCarrier, SmtpServer
from actions.delivery.mailroom import Mailroom
from actions.delivery.news import NewsReader
from actions.delivery.office import POST, PostOffice
from actions.delivery.outbox import Outbox
from actions.delivery.reminding import STAFF_EMAIL, ReminderCarrier
from actions.delivery.reply_addresses import ReplyAddresses
from actions.delivery.tickets import TicketCarrier, TicketWords
from actions.delivery.webhooks import WebhookCarrier
from actions.delivery.zammad import Zammad
from actions.delivery.zendesk import Zendesk
from bot import keys
from bot.dialogue.distress import is_cry_for_help
from bot.keys import Parts
from bot.metrics import Metrics
from bot.scheduling.scheduler import Daily, Every, Job
from bot.settings import Settings
from bot.tokens import internal_token
from knowledge.database import open_engine
from knowledge.errors import NotReady
from knowledge.operator import Operator, load_operator
from knowledge.workplace import StaffTexts, load_staff_texts

# What was sent is in the archive as a letter, or was only an event.
KEEP_SENT = timedelta(days=30)
_SYSTEMS: dict[str, type[Zammad] | type[Zendesk] | type[Chatwoot]] = {
    "zammad": Zammad,
    "zendesk": Zendesk,
    "chatwoot": Chatwoot,
}

Check = tuple[str, Callable[[Settings], Awaitable[str]]]


@asynccontextmanager
async def open_post_office(app: web.Application, parts: Parts) -> AsyncIterator[None]:
    """Put a `PostOffice` into the application; deliver while this is open.

    Raises:
        NotReady: A letter, a delivery or a setting is malformed; says which.
    """
    settings, engine, clock = parts.settings, parts.engine, parts.clock
    addresses = reply_addresses(settings, parts.operator)
    letters = load_letters(settings.data_dir, parts.operator, settings.address)
    destinations = load_destinations(settings.data_dir, settings.delivery_secrets)
    outbox, metrics = Outbox(engine, clock), app[keys.METRICS]
    async with AsyncExitStack() as stack:
        carriers = await _carriers(stack, parts, destinations)
        if (server := smtp_server(settings)) is not None:
            carriers[EMAIL] = EmailCarrier(
                engine,
                letters,
                server,
                _sender(settings, parts.operator),
                addresses,
                clock,
            )
            carriers[STAFF_EMAIL] = ReminderCarrier(
                server,
                _sender(settings, parts.operator),
                load_staff_texts(settings.data_dir),
                parts.operator.style,
                parts.operator.zone,
                settings.address,
            )
        await outbox.subscribe({each.name: each.events for each in destinations})
        courier = Courier(
            outbox,
            carriers,
            clock,
            observe=lambda name, result: metrics.deliveries.labels(name, result).inc(),
            after_round=lambda: _count(outbox, metrics),
        )
        app[POST] = PostOffice(
            outbox=outbox,
            letters=letters,
            letterbook=Letterbook(engine),
            mailroom=_mailroom(parts, addresses),
            carriers=carriers,
            courier=courier,
            mailbox=mailbox(settings),
            webhook_secret=settings.mail_webhook_secret,
        )
        if settings.scheduler:
            await stack.enter_async_context(courier.running())
        yield


def list_post_jobs(office: PostOffice, metrics: Metrics, zone: tzinfo) -> list[Job]:
    """Fetch replies, and forget what was sent long ago."""

    async def prune(now: datetime) -> None:
        await office.outbox.prune(now - KEEP_SENT)

    async def take(raw: bytes) -> None:
        result = await office.mailroom.receive(raw)
        metrics.letters_received.labels(result).inc()

    async def fetch(now: datetime) -> None:
        assert office.mailbox is not None
        await office.mailbox.fetch(take)

    jobs = [Job(name="outbox", timetable=Daily(time(4, 0), zone), run=prune)]
    if office.mailbox is not None:
        jobs.append(Job(name="mail", timetable=Every(timedelta(minutes=1)), run=fetch))
    return jobs


def post_checks(settings: Settings) -> list[Check]:
    """What `guichet doctor` looks at: letters, replies, and each delivery."""
    try:
        found = load_destinations(settings.data_dir, settings.delivery_secrets)
    except (NotReady, OSError):
        # The same sentence, as the finding of this check.
        found = []
    return [
        ("letters out", _check_smtp),
        ("letters in", _check_imap),
        ("deliveries", _check_deliveries),
        *[(f"delivery {each.name}", _delivery_check(each)) for each in found],
    ]


def reply_addresses(settings: Settings, operator: Operator) -> ReplyAddresses:
    """The addresses that customers answer to."""
    mailbox = settings.mail_reply_address or settings.mail_from or operator.email
    key = settings.mail_secret or f"mail:{internal_token(settings.state_dir)}"
    return ReplyAddresses(mailbox, key)


def smtp_server(settings: Settings) -> SmtpServer | None:
    """The server that sends, or None when none is configured."""
    if not settings.smtp_host:
        return None
    _one_of("GUICHET_SMTP_TLS", settings.smtp_tls, "starttls", "tls", "none")
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username,
        password=settings.smtp_password,
        tls=cast(Any, settings.smtp_tls),
    )


def mailbox(settings: Settings) -> Mailbox | None:
    """The mailbox of replies, or None when none is configured."""
    if not settings.imap_host:
        return None
    _one_of("GUICHET_IMAP_TLS", settings.imap_tls, "tls", "none")
    return Mailbox(
        host=settings.imap_host,
        port=settings.imap_port,
        username=settings.imap_username,
        password=settings.imap_password,
        tls=cast(Any, settings.imap_tls),
        folder=settings.imap_folder,
    )


def _one_of(name: str, value: str, *known: str) -> None:
    if value not in known:
        raise NotReady(f"{name} must be one of {', '.join(known)}, got {value!r}")


def _sender(settings: Settings, operator: Operator) -> Address:
    return Address(
        display_name=operator.name, addr_spec=settings.mail_from or operator.email
    )


def _mailroom(parts: Parts, addresses: ReplyAddresses) -> Mailroom:
    return Mailroom(
        parts.engine,
        parts.archive,
        addresses,
        lambda text: parts.masker.mask(text).text,
        parts.clock,
        attachments=parts.attachments,
        announce=parts.events.publish,
        is_cry_for_help=partial(is_cry_for_help, parts.assistant),
    )


async def _count(outbox: Outbox, metrics: Metrics) -> None:
    metrics.outbox.clear()
    for (destination, state), number in (await outbox.counts()).items():
        metrics.outbox.labels(destination, state).set(number)


async def _carriers(
    stack: AsyncExitStack, parts: Parts, destinations: list[Destination]
) -> dict[str, Carrier]:
    sessions: dict[str, aiohttp.ClientSession] = {}
    texts = load_staff_texts(parts.settings.data_dir) if destinations else None
    carriers = {}
    for each in destinations:
        if each.network not in sessions:
            sessions[each.network] = await stack.enter_async_context(
                open_session(each.network)
            )
        carriers[each.name] = _carrier(
            each,
            sessions[each.network],
            parts.engine,
            parts.clock,
            parts.operator,
            texts,
        )
    return carriers


def _carrier(
    destination: Destination,
    session: aiohttp.ClientSession,
    engine: AsyncEngine,
    clock: Callable[[], datetime],
    operator: Operator,
    texts: StaffTexts | None,
) -> Carrier:
    reader = NewsReader(engine)
    if destination.kind == "webhook":
        return WebhookCarrier(destination, session, reader, clock)
    assert texts is not None
    make = _SYSTEMS[destination.kind]
    headers = make.headers(destination)
    caller = Caller(session, destination.name, clock, headers=headers)
    language = destination.options.get("language", texts.languages[0])
    return TicketCarrier(
        destination.name,
        make(destination, caller),
        TicketWords(texts, language, operator.zone, operator.style),
        engine,
        reader,
    )


async def _check_smtp(settings: Settings) -> str:
    load_letters(settings.data_dir, load_operator(settings.data_dir), "")
    server = smtp_server(settings)
    if server is None:
        return "not configured: letters wait in the outbox; set GUICHET_SMTP_HOST"
    return await server.check()


async def _check_imap(settings: Settings) -> str:
    reply_addresses(settings, load_operator(settings.data_dir))
    found = mailbox(settings)
    if found is None:
        by_webhook = "posted to /api/v1/mail/inbound" * bool(
            settings.mail_webhook_secret
        )
        return by_webhook or "not configured: replies are not read; GUICHET_IMAP_HOST"
    return await found.check()


async def _check_deliveries(settings: Settings) -> str:
    found = load_destinations(settings.data_dir, settings.delivery_secrets)
    return ", ".join(each.name for each in found) or "none configured"


def _delivery_check(destination: Destination) -> Callable[[Settings], Awaitable[str]]:
    async def check(settings: Settings) -> str:
        texts, clock = load_staff_texts(settings.data_dir), settings.clock()
        operator = load_operator(settings.data_dir)
        engine = open_engine(settings.archive_url)
        try:
            async with open_session(destination.network) as session:
                return await _carrier(
                    destination, session, engine, clock, operator, texts
                ).check()
        finally:
            await engine.dispose()

    return check
