"""Addresses that only we can make: a reply to one belongs to a certain case.

`reply+<reference>.<seal>@domain`; failed deliveries come back to
`reply+bounce.<reference>.<seal>@domain`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

from knowledge.errors import NotReady

Purpose = Literal["reply", "bounce"]
# 80 bits, and the whole local part stays below the 64 characters of RFC 5321.
_SEAL_LENGTH = 16


@dataclass(frozen=True)
class ReplyAddresses:
    """Makes and reads the addresses of one mailbox.

    Attributes:
        mailbox: Such as `reply@mail.example`; mail to `reply+anything@` reaches it.
        key: The secret of the seals.
    """

    mailbox: str
    key: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^@+\s]{1,20}@[^@\s]+", self.mailbox):
            raise NotReady(
                "the mailbox for replies must look like reply@mail.example, with at "
                f"most 20 characters before @, got {self.mailbox!r}"
            )

    def make(self, purpose: Purpose, reference: str) -> str:
        """The address for this case."""
        name, _, domain = self.mailbox.partition("@")
        tag = reference.lower()
        if purpose == "bounce":
            tag = f"bounce.{tag}"
        return f"{name}+{tag}.{self._seal(tag)}@{domain}"

    def read(self, address: str) -> tuple[Purpose, str] | None:
        """What an address is for, and its case; None unless the seal is right.

        Some mail servers change capitals: they do not matter.
        """
        name, _, domain = self.mailbox.lower().partition("@")
        pattern = rf"{re.escape(name)}\+(.+)\.([a-z2-7]+)@{re.escape(domain)}"
        found = re.fullmatch(pattern, address.strip().lower())
        if found is None:
            return None
        tag, seal = found.groups()
        if not hmac.compare_digest(seal.encode(), self._seal(tag).encode()):
            return None
        is_bounce = tag.startswith("bounce.")
        reference = tag.removeprefix("bounce.").upper()
        return ("bounce" if is_bounce else "reply"), reference

    def is_ours(self, address: str) -> bool:
        """Whether it is the mailbox itself, with whatever after the plus sign."""
        name, _, domain = address.strip().lower().partition("@")
        return f"{name.partition('+')[0]}@{domain}" == self.mailbox.lower()

    def _seal(self, tag: str) -> str:
        digest = hmac.digest(self.key.encode(), tag.encode(), hashlib.sha256)
        return base64.b32encode(digest).decode().lower()[:_SEAL_LENGTH]
