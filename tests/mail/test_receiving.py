"""Which letters join a case, and what of them."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Customer
from actions.delivery.courier import Courier
from actions.delivery.letterbook import Letterbook
from actions.delivery.mailroom import Mailroom
from actions.delivery.reply_addresses import ReplyAddresses
from tests.factories import PNG, make_draft
from tests.mail.servers import Postbox

Reply = Callable[..., bytes]


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
