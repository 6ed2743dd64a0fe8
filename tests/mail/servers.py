"""Real mail servers on loopback: aiosmtpd takes letters, Dovecot holds a mailbox."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

USER, PASSWORD = "reply", "secret"
DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"
_CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/maildir
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass
class Sent:
    """One letter as the server got it."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    def part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


@dataclass
class Postbox:
    """Keeps every letter; `refusals` are given first, one a letter."""

    letters: list[Sent] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        self.letters.append(
            Sent(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        )
        return "250 taken"


@contextmanager
def running_smtp() -> Iterator[tuple[Postbox, int]]:
    """A mail server that takes letters, and its port."""
    postbox = Postbox()
    port = _free_port()
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield postbox, port
    finally:
        controller.stop()


@contextmanager
def running_imap(folder: Path) -> Iterator[int]:
    """Dovecot with one empty mailbox in `folder`; its port."""
    # As root it serves as nobody: it gives nobody's mail to root.
    is_root = os.geteuid() == 0
    user = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
    port = _free_port()
    for name in ("maildir", "maildir/new", "maildir/cur", "maildir/tmp", "run"):
        (folder / name).mkdir()
        if is_root:
            os.chown(folder / name, user.pw_uid, user.pw_gid)
    (folder / "state").mkdir()
    folder.chmod(0o755)
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            uid=user.pw_uid,
            gid=user.pw_gid,
            password=PASSWORD,
            port=port,
        )
    )
    server = subprocess.Popen([DOVECOT, "-F", "-c", configuration])
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def deliver(port: int, *letters: bytes) -> None:
    """Put letters into the mailbox, as a mail server would."""
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(USER, PASSWORD)
    for letter in letters:
        client.append("INBOX", "", "", letter)
    client.logout()


def count_unread(port: int) -> int:
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(USER, PASSWORD)
    client.select(readonly=True)
    _result, (numbers,) = client.search(None, "UNSEEN")
    client.logout()
    return len(numbers.split())


def empty(port: int) -> None:
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(USER, PASSWORD)
    _result, (n_letters,) = client.select()
    if n_letters != b"0":
        client.store("1:*", "+FLAGS", r"\Deleted")
        client.expunge()
    client.logout()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens at {port}")
