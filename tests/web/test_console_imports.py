"""Importing pages with a review."""

from __future__ import annotations

from typing import get_args

import pytest
from aiohttp import FormData

from bot.settings import ROOT
from knowledge.console.parts import CONSOLE
from knowledge.importing.reading import ReasonCode
from knowledge.workplace import load_staff_texts
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


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("en", "127.0.0.1 is not on the public internet."),
        ("sv", "127.0.0.1 finns inte på det öppna internet."),
        ("fr", "127.0.0.1 n’est pas sur l’internet public."),
    ],
)
async def test_an_address_inside_our_network_is_not_imported(
    console, language: str, reason: str
) -> None:
    address = str(console.client.make_url("/help/sv"))

    path = await begin(console, "/knowledge/import", address=address)
    await console.client.app[CONSOLE].workshop.ended()
    response = await console.client.get(path, headers={"Accept-Language": language})

    page = await response.text()
    assert response.status == 400
    assert reason in page
    # To be put right.
    assert f'value="{address}"' in page


async def test_an_archive_that_is_none_is_named_beside_what_was_read(console) -> None:
    form = FormData()
    for name, content in (("a.zip", b"no archive"), ("b.md", b"# Priser\n\nDyrt.")):
        form.add_field("files", content, filename=name)
    form.add_field("language", "sv")
    response = await console.client.post(
        "/knowledge/import", data=form, headers=origin(console), allow_redirects=False
    )

    page = await wait_for(console, response.headers["Location"], "Not a ZIP archive.")

    assert "Priser" in page


@pytest.mark.parametrize("language", ["sv", "fr", "en"])
def test_every_reason_is_told_in_the_staffs_language(language: str) -> None:
    texts = load_staff_texts(ROOT / "data")

    missing = [
        code
        for code in get_args(ReasonCode)
        if not texts.has(language, f"console.import.reason.{code}")
    ]

    assert missing == []
