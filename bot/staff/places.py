"""Where an attempt to sign in comes from: an address, or a browser known before.

A browser that somebody has signed in with keeps a sealed cookie. Its attempts count
apart, so that nobody who fails behind the same address locks its owner out. The cookie
opens nothing by itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.staff.accounts import email_key
from bot.tokens import hash_token, seal, unseal

DEVICE_LENGTH = timedelta(days=180)
_PURPOSE = "a browser that somebody signed in with"


@dataclass(frozen=True)
class Device:
    """A browser that somebody has signed in with.

    Attributes:
        owner: Hash of that person's e-mail.
        number: Its own, at random.
    """

    owner: str
    number: str

    def sealed(self, key: str, now: datetime) -> str:
        """As its cookie."""
        text = f"{self.owner}:{self.number}"
        return seal(text, key, purpose=_PURPOSE, until=now + DEVICE_LENGTH)


@dataclass(frozen=True)
class Place:
    """Where an attempt comes from.

    Attributes:
        address: Of the network; None when unknown, which is one place.
        device: The browser, where one has been used before.
    """

    address: str | None = None
    device: Device | None = None

    def known_to(self, email: str) -> str | None:
        """The number of the browser, if it is one that `email` signed in with."""
        is_theirs = self.device is not None and self.device.owner == _hash(email)
        return self.device.number if self.device and is_theirs else None


def device_for(email: str) -> Device:
    """A browser that `email` has just signed in with."""
    return Device(_hash(email), secrets.token_urlsafe(16))


def device_from(cookie: str, key: str, now: datetime) -> Device | None:
    """What a cookie says; None where it is not ours or too old."""
    text = unseal(cookie, key, purpose=_PURPOSE, now=now)
    return Device(*text.split(":")) if text is not None else None


def _hash(email: str) -> str:
    return hash_token(email_key(email))
