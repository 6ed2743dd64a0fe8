"""The room of post: letters without a case, and the outbox."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp import web

from actions.cases.case import Case
from actions.cases.outbox import EMAIL
from actions.delivery.office import POST, PostOffice
from actions.delivery.outbox import Delivery
from bot.dialogue.rasa import Turn
from bot.post_office import reply_addresses
from tests.factories import PNG, make_draft
from tests.web.conftest import Counter

LETTER = "/desk/mail/1"


def office(counter: Counter) -> PostOffice:
    app = counter.client.app
    assert isinstance(app, web.Application)
    return app[POST]


async def post(counter: Counter, path: str, **fields: str) -> Any:
    origin = str(counter.client.make_url("/").origin())
    return await counter.client.post(
        path, data=fields, headers={"Origin": origin}, allow_redirects=False
    )


async def read(counter: Counter, path: str) -> str:
    response = await counter.client.get(path)
    assert response.status == 200
    return await response.text()


async def receive(counter: Counter, to: str = "support@ruterdam.example") -> None:
    raw = (
        f"From: elise@private.example\r\nTo: {to}\r\nMessage-ID: <x@y>\r\n"
        "Subject: <i>Bonjour\r\n\r\n<script>alert(1)</script>"
    )
    await office(counter).mailroom.receive(raw.encode())


async def give_up(counter: Counter) -> Delivery:
    outbox = office(counter).outbox
    (letter,) = await outbox.claim([EMAIL])
    await outbox.mark_failed(letter, "the server said <550>", is_final=True)
    return letter


@pytest.fixture
async def case(desk: Counter) -> Case:
    return await desk.parts.archive.file(make_draft())


async def test_a_letter_is_shown_as_text_with_why_it_waits(desk: Counter) -> None:
    await receive(desk)

    listed, shown = await read(desk, "/desk/mail"), await read(desk, LETTER)

    assert "&lt;i&gt;Bonjour" in listed and "elise@private.example" in listed
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown
    assert "Names no case" in shown


async def test_a_cry_for_help_without_a_case_is_marked(desk: Counter) -> None:
    desk.assistant.script = lambda text, metadata: Turn(replies=[], intent="crisis")
    await receive(desk)

    listed, shown = await read(desk, "/desk/mail"), await read(desk, LETTER)

    assert '<span class="tag over">Urgent</span>' in listed
    assert "May be a cry for help" in shown


async def test_a_strangers_letter_names_the_case_that_it_answers(
    desk: Counter, case: Case
) -> None:
    addresses = reply_addresses(desk.parts.settings, desk.parts.operator)
    await receive(desk, to=addresses.make("reply", case.reference))

    shown = await read(desk, LETTER)

    assert "does not come from that case" in shown
    assert f'href="/desk/cases/{case.reference}"' in shown


async def test_the_queue_says_that_post_waits(desk: Counter, case: Case) -> None:
    quiet = await read(desk, "/desk")
    await receive(desk)
    await give_up(desk)

    shown = await read(desk, "/desk")

    assert "Letters without a case" not in quiet
    assert "Letters without a case: 1" in shown and "Not delivered: 1" in shown


async def test_a_letter_is_put_into_a_case(desk: Counter, case: Case) -> None:
    await receive(desk)

    response = await post(
        desk, f"{LETTER}/attach", reference=f" {case.reference.lower()} "
    )

    assert response.headers["Location"] == f"/desk/cases/{case.reference}"
    told = (await desk.parts.archive.case(case.reference)).transcript[-1]
    assert "alert(1)" in told.text


@pytest.mark.parametrize(
    ("tried", "status", "said"),
    [("<b>", 404, "no case &lt;B&gt;"), ("", 400, "Write the reference")],
)
async def test_a_letter_for_no_case_keeps_waiting(
    desk: Counter, tried: str, status: int, said: str
) -> None:
    await receive(desk)

    response = await post(desk, f"{LETTER}/attach", reference=tried)

    assert response.status == status
    assert said in await response.text()
    assert len(await office(desk).letterbook.unmatched()) == 1


async def test_a_letter_that_somebody_took_waits_no_more(
    desk: Counter, case: Case
) -> None:
    await receive(desk)
    await post(desk, f"{LETTER}/dismiss")

    again = await post(desk, f"{LETTER}/attach", reference=case.reference)

    assert again.headers["Location"] == "/desk/mail?notice=taken_already"
    assert "somebody has seen to it" in await read(desk, again.headers["Location"])


async def test_who_put_a_letter_away_is_shown_and_it_can_come_back(desk: Counter):
    await receive(desk)
    await post(desk, f"{LETTER}/dismiss")

    shown = await read(desk, "/desk/mail")
    await post(desk, f"{LETTER}/take-up")

    assert "put away by agent@ruterdam.example, 22 Nov 2026" in shown
    assert 'href="/desk/mail/1"' in await read(desk, "/desk/mail")


async def test_the_files_of_a_letter_without_a_case_are_shown(desk: Counter):
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "elise@private.example", "<x@y>"
    mail["To"] = "support@ruterdam.example"
    mail.set_content("Voir la photo.")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="photo.png")
    await office(desk).mailroom.receive(mail.as_bytes())

    page = await read(desk, LETTER)
    found = re.search(rf'src="({LETTER}/files/[^"]+)"', page)

    assert found is not None
    assert "photo.png" in page
    response = await desk.client.get(found[1])
    assert (response.status, await response.read()) == (200, PNG)
    assert (await desk.client.get(f"{LETTER}/files/other")).status == 404


async def test_the_outbox_shows_what_was_given_up_and_why(
    desk: Counter, case: Case
) -> None:
    await give_up(desk)
    desk.clock.advance(hours=3)

    shown = await read(desk, "/desk/outbox")

    assert case.reference in shown
    assert "the server said &lt;550&gt;" in shown
    assert "3 hours ago" in shown
    assert "GUICHET_SMTP_HOST" in shown


async def test_what_was_given_up_is_named_with_its_apostrophe(
    desk: Counter, case: Case
) -> None:
    await give_up(desk)
    await desk.parts.archive.send_interim_update(case.reference, "eva", "On cherche.")
    await give_up(desk)

    response = await desk.client.get("/desk/outbox", headers={"Accept-Language": "fr"})

    page = await response.text()
    assert "Point d&#39;étape" in page
    assert "&amp;#39;" not in page


@pytest.mark.parametrize("which", ["id", "destination"])
async def test_what_was_given_up_is_tried_again(
    desk: Counter, case: Case, which: str
) -> None:
    dead = await give_up(desk)
    wanted = {"id": str(dead.id), "destination": EMAIL}[which]

    response = await post(desk, "/desk/outbox/replay", **{which: wanted})

    assert response.headers["Location"] == "/desk/outbox?replayed=1"
    (waiting,) = await office(desk).outbox.list("waiting")
    assert waiting.id == dead.id
    assert "1 delivery is tried again" in await read(desk, "/desk/outbox?replayed=1")


@pytest.mark.parametrize("number", ["", "x", "1e3", "²"])
async def test_a_replay_of_nothing_in_particular_is_refused(
    desk: Counter, case: Case, number: str
) -> None:
    await give_up(desk)

    response = await post(desk, "/desk/outbox/replay", id=number)

    assert response.status == 400
    assert await office(desk).outbox.list("waiting") == []


async def test_a_held_destination_is_shown_and_let_go(
    desk: Counter, case: Case
) -> None:
    await office(desk).outbox.hold(EMAIL, None, "535 refused our password")

    shown = await read(desk, "/desk/outbox")
    await post(desk, "/desk/outbox/replay", destination=EMAIL)

    assert "535 refused our password" in shown
    assert await office(desk).outbox.holds() == []


@pytest.mark.parametrize("path", ["attach", "dismiss"])
async def test_another_sites_form_moves_no_letter(desk: Counter, path: str) -> None:
    await receive(desk)

    response = await desk.client.post(
        f"{LETTER}/{path}", headers={"Origin": "https://elsewhere.example"}
    )

    assert response.status == 403
    assert len(await office(desk).letterbook.unmatched()) == 1
