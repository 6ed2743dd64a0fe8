"""Letters from people who need help at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from actions.cases.archive import Archive
from actions.delivery.courier import Courier
from actions.delivery.letterbook import Letterbook
from actions.delivery.mailroom import Mailroom
from tests.factories import make_draft
from tests.mail.servers import Postbox

Reply = Callable[..., bytes]

CRY = "Je n'en peux plus, je veux en finir."


@pytest.fixture
def is_cry_for_help() -> Callable[[str], Awaitable[bool]]:
    async def is_cry(text: str) -> bool:
        return text == CRY

    return is_cry


async def test_a_cry_for_help_makes_its_case_urgent_and_the_history_says_why(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())

    await mailroom.receive(make_reply(case, f"{CRY}\n\n> Votre dossier est ouvert."))

    after = await archive.case(case.reference)
    marked = [each for each in after.history if each.kind == "marked_urgent"]
    assert after.is_urgent
    assert [(each.actor, each.details) for each in marked] == [
        ("system", {"because": "cry_for_help"})
    ]
    assert await archive.find_faults() == []


async def test_who_cries_for_help_is_told_once_who_listens_now(
    archive: Archive,
    mailroom: Mailroom,
    courier: Courier,
    postbox: Postbox,
    make_reply: Reply,
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()
    postbox.letters.clear()

    await mailroom.receive(make_reply(case, CRY))
    await mailroom.receive(make_reply(case, CRY, Message_ID="<two@mail.example.fr>"))
    await courier.deliver_due()

    (sent,) = postbox.letters
    text = sent.message.get_body(("plain",)).get_content()
    assert "Joueurs Info Service" in text and "3114" in text
    # No mail program answers it.
    assert sent.message["Auto-Submitted"] == "auto-generated"


async def test_any_other_letter_leaves_the_case_in_its_turn(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())

    await mailroom.receive(make_reply(case))

    assert not (await archive.case(case.reference)).is_urgent


async def test_a_closed_case_is_open_again_and_urgent(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "solution", "Versé.")

    await mailroom.receive(make_reply(case, CRY))

    after = await archive.case(case.reference)
    assert (after.status, after.is_urgent) == ("open", True)


async def test_a_cry_without_a_case_waits_first_and_makes_the_case_urgent(
    archive: Archive, mailroom: Mailroom, book: Letterbook, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())
    await mailroom.receive(make_reply(case, From="eve@example.net", Message_ID="<a@b>"))
    await mailroom.receive(make_reply(case, CRY, From="elise@private.example"))

    first, _ = await book.unmatched()
    await mailroom.attach(first.id, case.reference, "eva")

    assert first.is_cry_for_help
    assert (await archive.case(case.reference)).is_urgent


async def test_a_machines_letter_is_no_cry_for_help(
    archive: Archive, mailroom: Mailroom, make_reply: Reply
) -> None:
    case = await archive.file(make_draft())

    await mailroom.receive(make_reply(case, CRY, Auto_Submitted="auto-replied"))

    assert not (await archive.case(case.reference)).is_urgent
