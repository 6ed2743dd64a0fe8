"""Reads a received letter: who wrote, what, with which files, or which machine.

Nothing in a letter is believed but what is checked elsewhere, and no letter is so
malformed that reading it fails: what cannot be read is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser
from typing import cast

MOST_FILES = 10
LONGEST_TEXT = 50_000
_RECIPIENT_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


@dataclass(frozen=True, kw_only=True)
class File:
    """An attached file; its name is the sender's."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """What a mail server reports of a letter of ours.

    Attributes:
        message_id: Of the letter, where the report holds it.
        status: Such as `5.1.1` (RFC 3463); empty when none is told.
        is_final: It will not be tried again.
    """

    message_id: str | None
    status: str
    is_final: bool


@dataclass(frozen=True, kw_only=True)
class IncomingMail:
    """A received letter.

    Attributes:
        message_id: Its own, or made of its bytes where it has none.
        sender: Address only; empty when there is none.
        recipients: Every address that it may have reached us by.
        answers: Message ids that it answers, nearest first.
        text: The whole of it, with what it quotes.
        headers: As received.
        is_automatic: An auto-reply, a list's or another machine's letter.
    """

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    answers: tuple[str, ...]
    subject: str
    text: str
    headers: str
    files: tuple[File, ...]
    is_automatic: bool
    bounce: Bounce | None


def read_mail(raw: bytes) -> IncomingMail:
    """Read a letter as RFC 822 has it."""
    message = message_from_bytes(raw, policy=policy.default)
    own_id = _ids(_field(message, "Message-ID"))
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return IncomingMail(
        message_id=own_id[0] if own_id else f"<{hashlib.sha256(raw).hexdigest()}>",
        sender=parseaddr(_field(message, "From"))[1].strip(),
        recipients=_recipients(message),
        answers=tuple(
            _ids(_field(message, "In-Reply-To"))
            + _ids(_field(message, "References"))[::-1]
        ),
        subject=_field(message, "Subject")[:500],
        text=_text(message)[:LONGEST_TEXT],
        headers=head.decode("utf-8", "replace"),
        files=tuple(_files(message))[:MOST_FILES],
        is_automatic=_is_automatic(message),
        bounce=_bounce(message),
    )


def _field(message: EmailMessage, name: str) -> str:
    """A header's text; empty when it is missing or cannot be read."""
    try:
        return str(message.get(name, ""))
    except Exception:
        # The standard parser fails in many ways on malformed headers.
        return ""


def _ids(text: str) -> list[str]:
    return [found[:255] for found in re.findall(r"<[^<>\s]+>", text)]


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    stated: list[str] = []
    for name in _RECIPIENT_FIELDS:
        try:
            stated += [str(value) for value in message.get_all(name, [])]
        except Exception:
            # As in `_field`.
            continue
    found = (address.strip().lower() for _name, address in getaddresses(stated))
    return tuple(dict.fromkeys(filter(None, found)))


def _is_automatic(message: EmailMessage) -> bool:
    """Whether a machine wrote it, by RFC 3834 and by what was in use before."""
    submitted = _field(message, "Auto-Submitted").strip().lower() or "no"
    precedence = _field(message, "Precedence").strip().lower()
    return (
        not submitted.startswith("no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or _field(message, "Return-Path").strip() == "<>"
        or any(
            name in message
            for name in (
                "X-Auto-Response-Suppress",
                "X-Autoreply",
                "X-Autorespond",
                "List-Id",
            )
        )
    )


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    words = _decoded(cast(EmailMessage, body))
    if body.get_content_type() == "text/html":
        words = text_of_html(words)
    return words.replace("\r\n", "\n").strip()


def _decoded(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        return content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return content.decode("utf-8", "replace")


def _files(message: EmailMessage) -> Iterator[File]:
    body = message.get_body(("plain", "html"))
    for part in message.walk():
        name = part.get_filename()
        is_file = name or part.get_content_disposition() == "attachment"
        if part.is_multipart() or part is body or not is_file:
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            yield File(name=name or "", content=content)


def _bounce(message: EmailMessage) -> Bounce | None:
    """What a delivery report says (RFC 3464), or None when it is no such report."""
    if message.get_content_type() != "multipart/report":
        return None
    if message.get_param("report-type") != "delivery-status":
        return None
    status, action, message_id = "", "", None
    for part in message.walk():
        status = status or str(part.get("Status", "")).strip()
        action = action or str(part.get("Action", "")).strip().lower()
        if part is not message and message_id is None:
            ids = _ids(_field(part, "Message-ID"))
            if not ids and part.get_content_type() == "text/rfc822-headers":
                ids = _ids(_id_line(_decoded(part)))
            message_id = ids[0] if ids else None
    known = re.match(r"[245]\.\d{1,3}\.\d{1,3}", status)
    return Bounce(
        message_id=message_id,
        status=known[0] if known else "",
        is_final=action == "failed",
    )


def _id_line(headers: str) -> str:
    found = re.search(r"^message-id:\s*(<[^<>\s]+>)", headers, re.I | re.M)
    return found[1] if found else ""


def text_of_html(html: str) -> str:
    """The words of an HTML letter by lines; what it quotes begins with `>`."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in reader.lines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Collects the text between tags; quoted blocks become lines with `>`."""

    _BREAKS = frozenset("br p div tr li h1 h2 h3 h4 table ul ol blockquote".split())
    _SKIPPED = frozenset(("script", "style", "head", "title"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._depth_of_quote = self._depth_skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SKIPPED:
            self._depth_skipped += 1
        if tag in self._BREAKS:
            self._pieces.append("\n")
        if tag == "blockquote":
            self._depth_of_quote += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SKIPPED and self._depth_skipped:
            self._depth_skipped -= 1
        if tag in self._BREAKS - {"br"}:
            self._pieces.append("\n")
        if tag == "blockquote" and self._depth_of_quote:
            self._depth_of_quote -= 1

    def handle_data(self, data: str) -> None:
        if self._depth_skipped:
            return
        words = re.sub(r"\s+", " ", data)
        if self._depth_of_quote and words.strip():
            words = f"\n> {words.strip()}\n"
        self._pieces.append(words)

    def lines(self) -> list[str]:
        return "".join(self._pieces).split("\n")
