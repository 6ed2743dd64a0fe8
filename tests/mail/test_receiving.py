from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Customer
from actions.cases.complaint import Policy
from actions.cases.retention import Retention
from actions.delivery.courier import Courier
from actions.delivery.imap import Mailbox
from actions.delivery.letterbook import Letterbook
from actions.delivery.mailroom import Mailroom
from actions.delivery.reply_addresses import ReplyAddresses
from knowledge.errors import Conflict, NotFound, Unavailable
from tests.factories import NOW, STOCKHOLM, make_draft
from tests.mail.servers import Postbox, count_unread, deliver

Reply = Callable[..., bytes]
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00"
    b"\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00"
    b"\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def retention(engine: AsyncEngine, policy: Policy) -> Retention:
    return Retention(engine, policy, STOCKHOLM)


async def test_a_reply_joins_its_case_at_its_place(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    await archive.file(make_draft())

    result = await mailroom.receive(make_reply(case))

    changed = await archive.case(case.reference)
    assert result == "appended"
    assert changed.transcript[-1].text == "Toujours rien reçu."
    assert changed.transcript[-1].sender == "customer"
    assert changed.queue_position == case.queue_position == 1


async def test_a_reply_opens_a_closed_case_again(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "solution", "Versé.")

    await mailroom.receive(make_reply(case))

    assert (await archive.case(case.reference)).status == "open"


async def test_the_same_letter_twice_is_there_once(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())

    results = [await mailroom.receive(make_reply(case)) for _ in range(2)]

    assert results == ["appended", "duplicate"]
    assert len((await archive.case(case.reference)).transcript) == 2


async def test_a_strangers_letter_never_joins_a_case(
    archive: Archive, mailroom: Mailroom, book: Letterbook, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())

    result = await mailroom.receive(make_reply(case, From="eve@example.net"))

    (waiting,) = await book.unmatched()
    assert (result, waiting.reason) == ("unmatched", "stranger")
    assert len((await archive.case(case.reference)).transcript) == 1


@pytest.mark.parametrize(
    "address", ["support@ruterdam.example", "reply+{ref}.aaaaaaaaaaaaaaaa@{domain}"]
)
async def test_the_right_subject_and_sender_are_not_enough(
    archive: Archive,
    mailroom: Mailroom,
    book: Letterbook,
    make_reply: Reply,
    address: str,
) -> None:
    case = await archive.file(make_draft())
    to = address.format(ref=case.reference.lower(), domain="ruterdam.example")

    result = await mailroom.receive(make_reply(case, To=to, Subject=case.reference))

    (waiting,) = await book.unmatched()
    assert (result, waiting.reason) == ("unmatched", "no_case_named")


async def test_another_cases_address_does_not_open_this_one(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    theirs = Customer(name="Eve", email="eve@example.net")
    case = await archive.file(make_draft())
    other = await archive.file(make_draft(customer=theirs))

    result = await mailroom.receive(make_reply(other))

    assert result == "unmatched"
    assert len((await archive.case(case.reference)).transcript) == 1
    assert len((await archive.case(other.reference)).transcript) == 1


async def test_an_answer_to_our_letter_is_known_by_its_id(
    archive: Archive,
    mailroom: Mailroom,
    courier: Courier,
    postbox: Postbox,
    make_reply: Reply,
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()
    (sent,) = postbox.letters

    result = await mailroom.receive(
        make_reply(
            case,
            To="support@ruterdam.example",
            In_Reply_To=sent.message["Message-ID"],
        )
    )

    assert result == "appended"


async def test_only_what_is_new_is_appended_and_all_of_it_is_kept(
    archive: Archive, mailroom: Mailroom, book: Letterbook, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    text = "Toujours rien.\n\nLe 22 nov. 2026, Ruterdam a écrit :\n> Bonjour\n> Élise"

    await mailroom.receive(make_reply(case, text))

    (kept,) = await book.of_case(case.reference)
    assert (await archive.case(case.reference)).transcript[-1].text == "Toujours rien."
    assert "> Bonjour" in kept.text


async def test_card_numbers_are_hidden_before_anything_is_stored(
    archive: Archive, mailroom: Mailroom, book: Letterbook, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    card = "4111 1111 1111 1111"

    await mailroom.receive(make_reply(case, f"Carte {card}", Subject=card))

    (kept,) = await book.of_case(case.reference)
    stored = str(kept) + (await archive.case(case.reference)).transcript[-1].text
    assert "Carte [card]" in stored
    assert card not in stored


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


async def test_files_come_along_and_what_is_no_file_of_ours_is_told(
    archive: Archive,
    mailroom: Mailroom,
    attachments: Attachments,
    addresses: ReplyAddresses,
) -> None:
    case = await archive.file(make_draft())
    message = EmailMessage()
    message["From"] = "elise.morel@example.fr"
    message["To"] = addresses.make("reply", case.reference)
    message["Message-ID"] = "<files@example.fr>"
    message.set_content("Voir les pièces.")
    message.add_attachment(PNG, "image", "png", filename="capture.png")
    message.add_attachment(b"MZ\x90\x00", "image", "png", filename="virus.png")

    await mailroom.receive(message.as_bytes())

    after = await archive.case(case.reference)
    (kept,) = await attachments.of_case(case.reference)
    assert (kept.name, kept.message) == ("capture.png", after.transcript[-1].id)
    assert after.history[-1].details == {"reason": "WrongFileType"}


async def test_an_agent_may_put_a_letter_where_it_belongs(
    archive: Archive, mailroom: Mailroom, book: Letterbook, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(make_reply(case, From="elise@private.example"))
    (waiting,) = await book.unmatched()

    await mailroom.attach(waiting.id, case.reference, "eva")

    after = await archive.case(case.reference)
    assert after.transcript[-1].text == "Toujours rien reçu."
    assert (after.history[-1].actor, after.history[-1].kind) == (
        "eva",
        "letter_attached",
    )
    assert await book.unmatched() == []
    with pytest.raises(Conflict, match="not unmatched"):
        await mailroom.attach(waiting.id, case.reference, "eva")


@pytest.fixture
def stranger_with_a_file() -> bytes:
    message = EmailMessage()
    message["From"] = "elise@private.example"
    message["Message-ID"] = "<stranger@private.example>"
    message.set_content("Voir la pièce.")
    message.add_attachment(PNG, "image", "png", filename="capture.png")
    return message.as_bytes()


async def test_files_of_a_letter_without_a_case_come_along_when_it_is_put_into_one(
    archive: Archive,
    mailroom: Mailroom,
    attachments: Attachments,
    book: Letterbook,
    stranger_with_a_file: bytes,
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(stranger_with_a_file)
    (waiting,) = await book.unmatched()

    await mailroom.attach(waiting.id, case.reference, "eva")

    after = await archive.case(case.reference)
    (kept,) = await attachments.of_case(case.reference)
    assert (kept.name, kept.message) == ("capture.png", after.transcript[-1].id)
    assert after.history[-1].kind == "attachment_added"
    assert await attachments.find_faults() == []


async def test_files_of_a_letter_go_with_it_when_its_sender_is_erased(
    engine: AsyncEngine,
    policy: Policy,
    mailroom: Mailroom,
    attachments: Attachments,
    stranger_with_a_file: bytes,
) -> None:
    await mailroom.receive(stranger_with_a_file)
    retention = Retention(engine, policy, STOCKHOLM, attachments=attachments)

    receipt = await retention.erase(NOW, email="elise@private.example")

    assert receipt.counts["letters"] == receipt.counts["attachments"] == 1
    assert [path for path in attachments.folder.rglob("*") if path.is_file()] == []


async def test_a_letter_that_belongs_nowhere_is_put_away(
    archive: Archive, mailroom: Mailroom, book: Letterbook, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(make_reply(case, From="spam@example.net"))
    (waiting,) = await book.unmatched()

    await mailroom.dismiss(waiting.id, "eva")

    assert await book.unmatched() == []
    assert [each.dismissed_by for each in await book.dismissed()] == ["eva"]
    with pytest.raises(NotFound):
        await mailroom.dismiss(4711, "eva")


async def test_a_letter_that_was_put_away_can_be_taken_up_again(
    archive: Archive, mailroom: Mailroom, book: Letterbook, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(make_reply(case, From="spam@example.net"))
    (waiting,) = await book.unmatched()
    await mailroom.dismiss(waiting.id, "eva")

    await mailroom.take_up_again(waiting.id)

    assert [each.id for each in await book.unmatched()] == [waiting.id]
    assert await book.dismissed() == []
    with pytest.raises(Conflict):
        await mailroom.take_up_again(waiting.id)


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


async def test_an_unmatched_letter_is_erased_with_its_sender(
    archive: Archive,
    mailroom: Mailroom,
    book: Letterbook,
    make_reply: Reply,
    retention: Retention,
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(make_reply(case, From="Elise@Private.example"))

    receipt = await retention.erase(NOW, email="elise@private.example")

    assert receipt.counts == {"letters": 1}
    assert await book.unmatched() == []


async def test_an_unmatched_letter_is_not_kept_longer_than_a_case(
    archive: Archive,
    mailroom: Mailroom,
    book: Letterbook,
    make_reply: Reply,
    retention: Retention,
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(make_reply(case, From="eve@example.net"))

    await retention.purge(NOW + timedelta(days=365 * 20))

    assert await book.unmatched() == []
