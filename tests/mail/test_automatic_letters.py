"""Letters that no person wrote: auto-replies, loops and bounces."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actions.cases.archive import Archive
from actions.delivery.courier import Courier
from actions.delivery.letterbook import Letterbook
from actions.delivery.mailroom import Mailroom
from actions.delivery.reply_addresses import ReplyAddresses
from tests.factories import make_draft
from tests.mail.servers import Postbox

Reply = Callable[..., bytes]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"List_Id": "<news.example>"},
    ],
)
async def test_an_automatic_reply_moves_nothing(
    archive: Archive,
    mailroom: Mailroom,
    make_reply: Reply,
    headers: dict[str, str],
) -> None:
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "solution", "Versé.")

    result = await mailroom.receive(make_reply(case, **headers))

    after = await archive.case(case.reference)
    assert (result, after.status) == ("automatic", "closed")
    assert after.history[-1].kind == "auto_reply_received"


async def test_a_letter_of_our_own_that_comes_back_goes_nowhere(
    archive: Archive,
    mailroom: Mailroom,
    addresses: ReplyAddresses,
    book: Letterbook,
    make_reply: Reply,
) -> None:
    case = await archive.file(make_draft())
    ours = addresses.make("reply", case.reference)

    await mailroom.receive(make_reply(case, From=ours))

    assert [letter.reason for letter in await book.unmatched()] == ["loop"]


def bounce(to: str, message_id: str, action: str = "failed") -> bytes:
    """A report as RFC 3464 has it."""
    return (
        f"From: MAILER-DAEMON@mx.example.fr\r\nTo: {to}\r\n"
        "Subject: Undelivered\r\nMessage-ID: <dsn@mx.example.fr>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
        "\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.fr\r\n\r\n"
        f"Final-Recipient: rfc822; x@example.fr\r\nAction: {action}\r\n"
        "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n"
        "\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {message_id}\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("action", "kind", "state"),
    [("failed", "letter_bounced", "bounced"), ("delayed", "letter_delayed", "sent")],
)
async def test_a_bounce_shows_on_the_case_and_moves_nothing(
    archive: Archive,
    mailroom: Mailroom,
    courier: Courier,
    postbox: Postbox,
    book: Letterbook,
    action: str,
    kind: str,
    state: str,
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()
    (sent,) = postbox.letters

    raw = bounce(sent.sender, sent.message["Message-ID"], action)
    result = await mailroom.receive(raw)

    after = await archive.case(case.reference)
    letter, _report = await book.of_case(case.reference)
    assert (result, after.status) == ("bounce", "open")
    assert (after.history[-1].kind, letter.state) == (kind, state)
    assert after.history[-1].details["status"] == "5.1.1"


async def test_a_forged_bounce_reaches_no_case(
    archive: Archive, mailroom: Mailroom
) -> None:
    case = await archive.file(make_draft())
    to = f"reply+bounce.{case.reference.lower()}.aaaaaaaaaaaaaaaa@ruterdam.example"

    await mailroom.receive(bounce(to, "<guessed@ruterdam.example>"))

    assert [each.kind for each in (await archive.case(case.reference)).history] == [
        "filed"
    ]
