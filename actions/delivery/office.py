"""What delivers and what takes letters in, and where handlers find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from actions.delivery.courier import Carrier, Courier
from actions.delivery.imap import Mailbox
from actions.delivery.letterbook import Letterbook
from actions.delivery.letters import Letters
from actions.delivery.mailroom import Mailroom
from actions.delivery.outbox import Outbox


@dataclass(frozen=True, kw_only=True)
class PostOffice:
    """The parts of delivery.

    Attributes:
        carriers: By destination; without one for `email`, letters wait.
        mailbox: None when replies are not fetched.
        webhook_secret: Signs letters that are posted to us; empty: none are taken.
    """

    outbox: Outbox
    letters: Letters
    letterbook: Letterbook
    mailroom: Mailroom
    carriers: Mapping[str, Carrier]
    courier: Courier
    mailbox: Mailbox | None
    webhook_secret: str


POST = web.AppKey("post", PostOffice)
