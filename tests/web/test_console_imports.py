"""Importing pages with a review."""

from __future__ import annotations

from aiohttp import FormData

from knowledge.console.parts import CONSOLE
from tests.web.editors import (
    begin,
    origin,
    send,
    wait_for,
)


async def test_files_are_read_reviewed_and_stored_as_drafts(console) -> None:
    form = FormData()
    form.add_field("language", "sv")
    for name, text in (("a/priser.txt", b"Priser\n\nAllt kostar."), ("b.txt", b"")):
        form.add_field("files", text, filename=name)
    response = await console.client.post(
        "/knowledge/import", data=form, headers=origin(console), allow_redirects=False
    )
    path = response.headers["Location"]

    page = await wait_for(console, path, "The file is empty.")
    await send(console, path, page="0")

    assert "priser.txt" in page
    stored = await console.parts.pages.page("priser", "sv")
    assert (stored.title, stored.body) == ("Priser", "Allt kostar.\n")


async def test_an_address_inside_our_network_is_not_imported(console) -> None:
    address = str(console.client.make_url("/help/sv"))

    path = await begin(console, "/knowledge/import", address=address)
    await console.client.app[CONSOLE].workshop.ended()
    response = await console.client.get(path)

    assert response.status == 400
    assert "not an address on the public internet" in await response.text()
