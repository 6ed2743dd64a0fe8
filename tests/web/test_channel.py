"""Files, links to another device, and the conversation as a file."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import FormData
from yarl import URL

from bot.web import contact
from bot.web.resuming import LASTS
from tests.web.conftest import Counter, Visit

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f000501017fd0ca5d2f0000000049454e44ae426082"
)


async def attach(visit: Visit, content: bytes = PNG, **fields: str) -> Any:
    form = FormData(fields, quote_fields=False)
    form.add_field("file", BytesIO(content), filename="kvitto 4111 1111 1111 1111.png")
    return await visit.client.post(
        f"{visit.address}/attachments", data=form, headers=visit.headers
    )


async def link(visit: Visit) -> Any:
    response = await visit.client.post(f"{visit.address}/link", headers=visit.headers)
    return urlsplit((await response.json())["url"])


def ticket_of(address: Any) -> str:
    purpose, _, ticket = str(address.fragment).partition(":")
    # By which the widget knows it from the anchor of a section.
    assert purpose == "resume"
    return ticket


async def exchange(counter: Counter, ticket: str) -> Any:
    return await counter.client.post(
        "/api/v1/conversations/resume", json={"ticket": ticket}
    )


async def test_a_file_becomes_a_message_and_comes_back_as_it_was(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")

    response = await attach(visit)

    answered = await response.json()
    (file,) = answered["message"]["attachments"]
    assert (response.status, file["media_type"]) == (201, "image/png")
    assert "4111" not in file["name"]
    assert "tagit emot" in answered["messages"][0]["text"]
    assert (await visit.transcript())[1] == answered["message"]
    saved = await visit.client.get(
        f"{visit.address}/attachments/{file['id']}", headers=visit.headers
    )
    assert await saved.read() == PNG
    assert saved.headers["Content-Disposition"].startswith("attachment")


async def test_a_file_sent_twice_is_one_message(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    first = await (await attach(visit, client_message_id="a1")).json()
    second = await (await attach(visit, client_message_id="a1")).json()

    assert first == second
    assert len(await visit.transcript()) == 3


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"#!/bin/sh\n", 415), (b"", 400), (bytes(10 * 2**20 + 1), 413)],
    ids=["script", "empty", "large"],
)
async def test_a_file_that_is_not_taken_leaves_no_message(
    counter: Counter, content: bytes, status: int
) -> None:
    visit = await counter.open(language="sv")

    response = await attach(visit, content)

    assert response.status == status
    assert len(await visit.transcript()) == 1


async def test_a_file_of_another_conversation_is_not_found(counter: Counter) -> None:
    visit, other = await counter.open(), await counter.open()
    (file,) = (await (await attach(visit)).json())["message"]["attachments"]

    response = await counter.client.get(
        f"{other.address}/attachments/{file['id']}", headers=other.headers
    )

    assert response.status == 404


async def test_a_link_opens_the_conversation_on_another_device(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")
    address = await link(visit)

    response = await exchange(counter, ticket_of(address))

    opened = await response.json()
    assert response.headers["Cache-Control"] == "no-store"
    assert visit.id not in address.path + address.query
    second = Visit(counter.client, opened)
    assert await second.transcript() == await visit.transcript()


async def test_a_link_expires_and_so_does_what_it_opened(counter: Counter) -> None:
    visit = await counter.open(language="sv")
    ticket = ticket_of(await link(visit))
    second = Visit(counter.client, await (await exchange(counter, ticket)).json())
    counter.clock.now += LASTS + timedelta(seconds=1)

    assert (await exchange(counter, ticket)).status == 401
    assert (await second.post(text="Hej!")).status == 401
    assert (await visit.post(text="Hej!")).status == 200


async def test_a_ticket_of_another_purpose_or_altered_opens_nothing(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")
    ticket = ticket_of(await link(visit))
    other = await counter.open(language="sv")
    form = URL(contact.url(counter.parts.settings, visit.id, "sv", counter.clock.now))

    for wrong in (
        ticket.replace(visit.id, other.id),
        ticket[:-1],
        form.query["from"],
        visit.id,
        "",
    ):
        assert (await exchange(counter, wrong)).status == 401


async def test_the_page_of_a_link_is_not_cached(counter: Counter) -> None:
    response = await counter.client.get("/resume?language=fr")

    assert "Votre conversation" in await response.text()
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("form", ["text", "html"])
async def test_the_conversation_is_saved_in_the_language_asked_for(
    counter: Counter, form: str
) -> None:
    visit = await counter.open(language="sv")
    await visit.say("<b>Hur länge?</b>")

    response = await counter.client.get(
        f"{visit.address}/transcript",
        params={"format": form, "language": "fr"},
        headers=visit.headers,
    )

    saved = await response.text()
    assert "Conversation avec Ruterdam" in saved
    assert "22 novembre 2026" in saved
    assert ("<b>Hur länge?</b>" in saved) == (form == "text")


async def test_an_unknown_form_of_transcript_is_refused(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    response = await counter.client.get(
        f"{visit.address}/transcript?format=docx", headers=visit.headers
    )

    assert response.status == 400


async def test_a_link_says_until_when_it_works_in_the_customers_language(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")

    response = await visit.client.post(f"{visit.address}/link", headers=visit.headers)

    assert (await response.json())["expires"] == "22 december 2026"
