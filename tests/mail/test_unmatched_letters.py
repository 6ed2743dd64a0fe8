"""Letters without a case: put into one, put away, erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.complaint import Policy
from actions.cases.retention import Retention
from actions.delivery.letterbook import Letterbook
from actions.delivery.mailroom import Mailroom
from knowledge.errors import Conflict, NotFound
from tests.factories import NOW, PNG, STOCKHOLM, make_draft

Reply = Callable[..., bytes]


@pytest.fixture
def retention(engine: AsyncEngine, policy: Policy) -> Retention:
    return Retention(engine, policy, STOCKHOLM)


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
