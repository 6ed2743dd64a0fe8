from __future__ import annotations

from dataclasses import replace

import pytest

from actions.cases.archive import Archive
from actions.cases.case import Customer
from actions.delivery.courier import Courier
from actions.delivery.letterbook import Letterbook
from actions.delivery.mailing import SmtpServer
from actions.delivery.outbox import Outbox
from actions.delivery.reply_addresses import ReplyAddresses
from knowledge.errors import DeliveryFailed
from tests.factories import FakeClock, make_draft
from tests.mail.servers import Postbox


async def test_a_receipt_reaches_the_customer_in_both_forms(
    archive: Archive, courier: Courier, postbox: Postbox
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()

    (sent,) = postbox.letters
    message = sent.message
    assert sent.recipients == ["elise.morel@example.fr"]
    assert message["From"] == "Ruterdam <support@ruterdam.example>"
    assert message["Content-Language"] == "fr"
    for kind in ("plain", "html"):
        assert case.reference in sent.part(kind)
        assert "22 décembre 2026" in sent.part(kind)


async def test_the_next_letter_belongs_to_the_same_thread(
    archive: Archive, courier: Courier, postbox: Postbox
) -> None:
    case = await archive.file(make_draft())
    await archive.add_reply(case.reference, "eva", "Nous cherchons.")
    await archive.close(case.reference, "eva", "solution", "Versé.")
    await courier.deliver_due()

    receipt, reply, outcome = (sent.message for sent in postbox.letters)
    assert reply["In-Reply-To"] == receipt["Message-ID"]
    assert outcome["In-Reply-To"] == reply["Message-ID"]
    assert outcome["References"].split() == [
        receipt["Message-ID"],
        reply["Message-ID"],
    ]


async def test_replies_and_bounces_come_back_to_sealed_addresses(
    archive: Archive, courier: Courier, postbox: Postbox, addresses: ReplyAddresses
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()

    (sent,) = postbox.letters
    assert addresses.read(sent.message["Reply-To"]) == ("reply", case.reference)
    assert addresses.read(sent.sender) == ("bounce", case.reference)


async def test_only_what_no_person_wrote_says_that_it_is_automatic(
    archive: Archive, courier: Courier, postbox: Postbox
) -> None:
    case = await archive.file(make_draft())
    await archive.add_reply(case.reference, "eva", "Nous cherchons.")
    await courier.deliver_due()

    marks = [sent.message["Auto-Submitted"] for sent in postbox.letters]
    assert marks == ["auto-generated", None]


async def test_a_letter_is_kept_as_it_was_sent(
    archive: Archive, courier: Courier, postbox: Postbox, book: Letterbook
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()

    (sent,) = postbox.letters
    (kept,) = await book.of_case(case.reference)
    assert kept.source.encode() == sent.raw
    assert (kept.direction, kept.kind, kept.state) == ("out", "receipt", "sent")
    told = (await archive.case(case.reference)).history[-1]
    assert (told.kind, told.details["message_id"]) == ("letter_sent", kept.message_id)
    assert await archive.find_faults() == []


async def test_a_customer_without_an_address_gets_no_letter(
    archive: Archive, courier: Courier, postbox: Postbox
) -> None:
    await archive.file(make_draft(customer=Customer(name="Élise")))
    await courier.deliver_due()

    assert postbox.letters == []


async def test_a_busy_server_is_asked_again_with_the_same_message_id(
    archive: Archive, courier: Courier, postbox: Postbox, clock: FakeClock
) -> None:
    postbox.refusals = ["451 try again later"]
    await archive.file(make_draft())
    await courier.deliver_due()
    n_at_first = len(postbox.letters)
    clock.advance(minutes=2)
    await courier.deliver_due()

    assert (n_at_first, len(postbox.letters)) == (0, 1)


async def test_an_address_that_is_refused_for_good_shows_on_the_case(
    archive: Archive,
    courier: Courier,
    postbox: Postbox,
    outbox: Outbox,
    book: Letterbook,
) -> None:
    postbox.refusals = ["550 no such user"]
    case = await archive.file(make_draft())
    await courier.deliver_due()

    (dead,) = await outbox.list("dead")
    (kept,) = await book.of_case(case.reference)
    history = (await archive.case(case.reference)).history
    assert dead.last_error == "the mail server answered 550"
    assert (kept.state, kept.reason) == ("bounced", "refused")
    assert history[-1].kind == "letter_bounced"


async def test_a_server_that_is_down_loses_nothing(
    archive: Archive,
    courier: Courier,
    server: SmtpServer,
    outbox: Outbox,
    unused_tcp_port: int,
) -> None:
    carrier = courier._carriers["email"]
    down = replace(server, port=unused_tcp_port)
    carrier._server = down  # type: ignore[attr-defined]
    await archive.file(make_draft())
    await courier.deliver_due()

    (waiting,) = await outbox.list("waiting")
    assert waiting.last_error is not None
    assert waiting.last_error.endswith("cannot be reached: SMTPConnectError")
    with pytest.raises(DeliveryFailed, match="does not take letters"):
        await down.check()


async def test_without_a_server_letters_wait(
    archive: Archive, outbox: Outbox, clock: FakeClock
) -> None:
    await archive.file(make_draft())
    await Courier(outbox, {}, clock).deliver_due()

    (waiting,) = await outbox.list("waiting")
    assert (waiting.kind, waiting.attempts) == ("receipt", 0)


async def test_doctor_is_told_that_the_server_answers(server: SmtpServer) -> None:
    assert (await server.check()).endswith("answers")
