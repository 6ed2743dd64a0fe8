"""Fetching letters from a real IMAP server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actions.cases.archive import Archive
from actions.delivery.imap import Mailbox
from actions.delivery.mailroom import Mailroom
from knowledge.errors import Unavailable
from tests.factories import make_draft
from tests.mail.servers import count_unread, deliver

Reply = Callable[..., bytes]


async def test_replies_are_fetched_from_the_mailbox_once(
    archive: Archive,
    mailroom: Mailroom,
    mailbox: Mailbox,
    imap_port: int,
    make_reply: Reply,
) -> None:
    case = await archive.file(make_draft())
    second = {"Message_ID": "<two@mail.example.fr>"}
    deliver(imap_port, make_reply(case), make_reply(case, "Merci.", **second))

    numbers = [await mailbox.fetch(mailroom.receive) for _ in range(2)]

    said = (await archive.case(case.reference)).transcript
    assert numbers == [2, 0]
    assert [message.text for message in said[1:]] == ["Toujours rien reçu.", "Merci."]


async def test_a_letter_that_could_not_be_stored_is_fetched_again(
    archive: Archive,
    mailroom: Mailroom,
    mailbox: Mailbox,
    imap_port: int,
    make_reply: Reply,
) -> None:
    case = await archive.file(make_draft())
    deliver(imap_port, make_reply(case))

    async def fail(raw: bytes) -> Any:
        raise Unavailable

    with pytest.raises(Unavailable):
        await mailbox.fetch(fail)
    n_unread = count_unread(imap_port)
    await mailbox.fetch(mailroom.receive)

    assert n_unread == 1
    assert len((await archive.case(case.reference)).transcript) == 2


async def test_a_letter_that_breaks_us_holds_up_no_other(
    archive: Archive,
    mailroom: Mailroom,
    mailbox: Mailbox,
    imap_port: int,
    make_reply: Reply,
) -> None:
    case = await archive.file(make_draft())
    deliver(imap_port, b"Subject: broken\r\n\r\n", make_reply(case))

    async def take(raw: bytes) -> Any:
        if b"broken" in raw:
            raise ZeroDivisionError
        return await mailroom.receive(raw)

    numbers = [await mailbox.fetch(take) for _ in range(2)]

    assert numbers == [1, 0]
    assert count_unread(imap_port) == 1


async def test_a_wrong_password_is_said(mailbox: Mailbox) -> None:
    from dataclasses import replace

    with pytest.raises(Unavailable, match="refused our user name or password"):
        await replace(mailbox, password="wrong").check()


async def test_doctor_is_told_that_the_mailbox_can_be_read(mailbox: Mailbox) -> None:
    assert (await mailbox.check()).startswith("INBOX on 127.0.0.1")
