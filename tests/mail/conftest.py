"""Cases with customers, real mail servers, and letters between them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Case
from actions.cases.outbox import EMAIL
from actions.delivery.courier import Courier
from actions.delivery.imap import Mailbox
from actions.delivery.letterbook import Letterbook
from actions.delivery.letters import Letters, load_letters
from actions.delivery.mailing import EmailCarrier, SmtpServer
from actions.delivery.mailroom import Mailroom
from actions.delivery.outbox import Outbox
from actions.delivery.reply_addresses import ReplyAddresses
from bot.privacy import load_masker
from bot.settings import ROOT
from knowledge.operator import Operator, load_operator
from tests.factories import FakeClock
from tests.mail.servers import (
    DOVECOT,
    PASSWORD,
    USER,
    Postbox,
    empty,
    running_imap,
    running_smtp,
)

CUSTOMER = "elise.morel@example.fr"


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'archive.sqlite3')}"


@pytest.fixture(scope="session")
def operator() -> Operator:
    return load_operator(ROOT / "data")


@pytest.fixture(scope="session")
def letters(operator: Operator) -> Letters:
    return load_letters(ROOT / "data", operator, "https://ruterdam.example")


@pytest.fixture
def outbox(engine: AsyncEngine, clock: FakeClock) -> Outbox:
    return Outbox(engine, clock, jitter=lambda: 0.5)


@pytest.fixture
def book(engine: AsyncEngine) -> Letterbook:
    return Letterbook(engine)


@pytest.fixture
def addresses() -> ReplyAddresses:
    return ReplyAddresses("reply@ruterdam.example", "a key")


@pytest.fixture(scope="session")
def _smtp() -> Iterator[tuple[Postbox, int]]:
    with running_smtp() as running:
        yield running


@pytest.fixture
def postbox(_smtp: tuple[Postbox, int]) -> Postbox:
    postbox, _port = _smtp
    postbox.letters.clear()
    postbox.refusals.clear()
    return postbox


@pytest.fixture
def server(_smtp: tuple[Postbox, int]) -> SmtpServer:
    _postbox, port = _smtp
    return SmtpServer(host="127.0.0.1", port=port, username="", password="", tls="none")


@pytest.fixture(scope="session")
def imap_port() -> Iterator[int]:
    if not Path(DOVECOT).exists():
        pytest.skip("needs Dovecot: apt install dovecot-imapd")
    # A short path: the server's sockets lie in it.
    with tempfile.TemporaryDirectory(prefix="guichet-imap-") as folder:
        with running_imap(Path(folder)) as port:
            yield port


@pytest.fixture
def mailbox(imap_port: int) -> Iterator[Mailbox]:
    yield Mailbox(
        host="127.0.0.1",
        port=imap_port,
        username=USER,
        password=PASSWORD,
        tls="none",
        folder="INBOX",
    )
    empty(imap_port)


@pytest.fixture
def courier(
    engine: AsyncEngine,
    letters: Letters,
    server: SmtpServer,
    postbox: Postbox,
    addresses: ReplyAddresses,
    outbox: Outbox,
    clock: FakeClock,
) -> Courier:
    sender = Address("Ruterdam", addr_spec="support@ruterdam.example")
    carrier = EmailCarrier(engine, letters, server, sender, addresses, clock)
    return Courier(outbox, {EMAIL: carrier}, clock)


@pytest.fixture
def attachments(engine: AsyncEngine, tmp_path: Path, clock: FakeClock) -> Attachments:
    return Attachments(engine, tmp_path / "attachments", clock)


@pytest.fixture
def is_cry_for_help() -> Callable[[str], Awaitable[bool]] | None:
    """What the mailroom reads letters with; by default it reads none so."""
    return None


@pytest.fixture
def mailroom(
    engine: AsyncEngine,
    archive: Archive,
    addresses: ReplyAddresses,
    attachments: Attachments,
    clock: FakeClock,
    is_cry_for_help: Callable[[str], Awaitable[bool]] | None,
) -> Mailroom:
    masker = load_masker(ROOT / "data")
    return Mailroom(
        engine,
        archive,
        addresses,
        lambda text: masker.mask(text).text,
        clock,
        attachments=attachments,
        is_cry_for_help=is_cry_for_help,
    )


@pytest.fixture
def make_reply(addresses: ReplyAddresses) -> Callable[..., bytes]:
    """Makes the customer's answer about a case; headers replace the usual ones."""

    def make(case: Case, text: str = "Toujours rien reçu.", **headers: Any) -> bytes:
        message = EmailMessage()
        usual = {
            "From": f"Élise Morel <{CUSTOMER}>",
            "To": addresses.make("reply", case.reference),
            "Subject": "Re: votre dossier",
            "Message-ID": "<one@mail.example.fr>",
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {**usual, **given}.items():
            message[name] = value
        message.set_content(text)
        return message.as_bytes()

    return make
