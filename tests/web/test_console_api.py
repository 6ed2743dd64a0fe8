"""The console's JSON API."""

from __future__ import annotations

import pytest

from knowledge.console.editing import as_markdown
from tests.web.editors import (
    API,
    call,
    get,
    make_page,
)


async def test_rolling_back_brings_the_old_answers_back(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    await call(console, f"{API}/publish")
    await store.save_version(make_page(body="Ett uttag kostar 30 kr.\n"), author="Ada")
    await call(console, f"{API}/publish")

    response = await call(console, f"{API}/rollback")

    publication = (await response.json())["publication"]
    assert (publication["number"], publication["restores"]) == (4, 2)
    assert await store.published_version("fees", "sv") == 1
    hits = console.parts.knowledge.search("Ett uttag är gratis.", language="sv")
    assert hits[0].passage.text == "Ett uttag är gratis."
    assert len(await store.history("fees", "sv")) == 2


async def test_the_api_refuses_links_that_lead_nowhere_unless_they_may_stay(
    console,
) -> None:
    store = console.parts.pages
    await store.save_version(
        make_page(body="[Priser](/help/sv/nowhere)\n"), author="Ada"
    )

    refused = await call(console, f"{API}/publish")
    published = await call(console, f"{API}/publish", with_dead_links=True)

    assert refused.status == 409
    [link] = (await refused.json())["dead_links"]
    assert (link["id"], link["target"]) == ("fees", "/help/sv/nowhere")
    assert published.status == 200


async def test_rolling_back_to_what_never_was_is_not_found(console) -> None:
    response = await call(console, f"{API}/rollback", publication=99)

    assert response.status == 404


async def test_the_api_saves_a_page_field_by_field(console) -> None:
    page = {
        "id": "fees",
        "title": "Avgifter",
        "kind": "guide",
        "language": "sv",
        "url": "/help/sv/fees",
        "effective_from": "2026-09-01",
        "translates": None,
        "body": make_page().body,
    }

    first = await call(console, f"{API}/pages", **page)
    second = await call(console, f"{API}/pages", **page)

    assert (first.status, second.status) == (201, 200)
    assert await console.parts.pages.page("fees", "sv") == make_page()
    listed = await get(console, f"{API}/pages?language=sv")
    assert "fees" in [each["id"] for each in listed["pages"]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"markdown": "nothing"},
        {"body": "text", "id": "fees"},
        {"body": "text", "id": {"a": 1}},
        {"markdown": 5},
    ],
)
async def test_a_malformed_page_is_refused_by_the_api(console, body) -> None:
    response = await call(console, f"{API}/pages", **body)

    assert response.status == 400


async def test_a_stale_save_by_the_api_is_a_conflict(console) -> None:
    await console.parts.pages.save_version(make_page(), author="Ada")

    response = await call(
        console,
        f"{API}/pages",
        markdown=as_markdown(make_page(title="Priser")),
        base_version=0,
    )

    assert response.status == 409


async def test_every_version_is_listed_by_the_api(console) -> None:
    for title in ("Avgifter", "Priser"):
        await console.parts.pages.save_version(make_page(title=title), author="Ada")

    listed = await get(console, f"{API}/pages/sv/fees/versions")

    assert [each["version"] for each in listed["versions"]] == [2, 1]
