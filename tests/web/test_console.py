from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from knowledge.answers import Knowledge
from knowledge.chunking import chunk
from knowledge.console.editing import as_markdown
from knowledge.embedding import FakeEmbedder
from knowledge.index import make_index
from knowledge.pages import Page
from tests.web.conftest import Counter

API = "/api/v1/knowledge"


def make_page(**changes: Any) -> Page:
    values: dict[str, Any] = {
        "id": "fees",
        "title": "Avgifter",
        "kind": "guide",
        "language": "sv",
        "url": "/help/sv/fees",
        "effective_from": dt.date(2026, 9, 1),
        "body": "## Vad kostar ett uttag? {#cost}\n\nEtt uttag är gratis.\n",
    }
    return Page(**(values | changes))


@pytest.fixture
async def console(make_counter) -> Counter:
    """The application with an editor signed in, and a small index of its own."""
    embedder = FakeEmbedder()
    knowledge = Knowledge(make_index(chunk(make_page()), embedder), embedder)
    counter: Counter = await make_counter(knowledge=knowledge)
    await counter.sign_in("editor")
    return counter


async def get_page(counter: Counter, path: str, **headers: str) -> str:
    response = await counter.client.get(path, headers=headers)
    assert response.status == 200, await response.text()
    return await response.text()


def origin(counter: Counter) -> dict[str, str]:
    return {"Origin": str(counter.client.make_url("/").origin())}


async def send(counter: Counter, path: str, *, status: int = 303, **fields: Any) -> str:
    response = await counter.client.post(
        path, data=fields, headers=origin(counter), allow_redirects=False
    )
    text = await response.text()
    assert response.status == status, text
    return text


async def call(counter: Counter, path: str, **body: Any) -> Any:
    return await counter.client.post(path, json=body, headers=origin(counter))


async def get(counter: Counter, path: str) -> Any:
    response = await counter.client.get(path)
    assert response.status == 200
    return await response.json()


async def test_an_agent_has_no_business_in_the_console(counter: Counter) -> None:
    await counter.sign_in("agent")

    response = await counter.client.get("/knowledge")

    assert response.status == 403


async def test_the_pages_of_one_language_are_listed(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(language="de", title="Gebühren"), author="Ada")

    page = await get_page(console, "/knowledge?language=de")

    assert "Gebühren" in page
    assert "Avgifter" not in page
    assert "Not published" in page


async def test_a_page_is_shown_as_customers_see_it(console) -> None:
    await console.parts.pages.save_version(make_page(), author="Ada")

    page = await get_page(console, "/knowledge/pages/sv/fees")

    assert '<h2 id="cost">Vad kostar ett uttag?</h2>' in page


async def test_an_earlier_version_can_be_read_and_is_marked_as_such(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(body="Ett uttag kostar 10 kr.\n"), author="Ada")

    page = await get_page(console, "/knowledge/pages/sv/fees?version=1")

    assert "Ett uttag är gratis." in page
    assert "You are reading version 1. The newest is version 2." in page


async def test_what_an_editor_wrote_is_never_taken_for_markup(console) -> None:
    attack = "<script>alert(1)</script>"
    page = make_page(title=attack, body=f"## {attack} {{#cost}}\n\n{attack}\n")
    await console.parts.pages.save_version(page, author=attack)
    await console.parts.pages.record_gap(attack, language="sv", reason="unanswered")

    shown = [
        await get_page(console, path)
        for path in (
            "/knowledge",
            "/knowledge/pages/sv/fees",
            "/knowledge/pages/sv/fees/edit",
            "/knowledge/gaps",
        )
    ]

    assert not any(attack in each for each in shown)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/knowledge/pages/sv/nowhere", 404),
        ("/knowledge/pages/sv/nowhere/edit", 404),
        ("/knowledge/pages/sv/faq?version=99", 404),
        ("/knowledge/pages/sv/faq?version=x", 400),
    ],
)
async def test_a_page_that_is_not_there_is_a_clear_answer(
    console, path, status
) -> None:
    response = await console.client.get(path)

    assert response.status == status


async def test_what_the_editor_offers_reads_back_as_the_same_page(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(translates=2, title="Är: det?"), author="Ada")
    shown = await get(console, f"{API}/pages/sv/fees")

    markdown = as_markdown(await store.page("fees", "sv"))
    await send(console, "/knowledge/pages", markdown=markdown, base_version=1)

    assert shown["version"] == 1
    assert len(await store.history("fees", "sv")) == 1


async def test_a_saved_page_is_a_new_version_under_the_editors_name(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")

    markdown = as_markdown(make_page(title="Priser"))
    await send(console, "/knowledge/pages", markdown=markdown, base_version=1)

    [newest, _] = await store.history("fees", "sv")
    assert (newest.page.title, newest.author) == ("Priser", "editor@ruterdam.example")


async def test_a_broken_page_comes_back_as_it_was_with_the_reason(console) -> None:
    page = await send(
        console,
        "/knowledge/pages",
        status=400,
        markdown="no front matter, my words",
        base_version=0,
    )

    assert "expected YAML front matter" in page
    assert "no front matter, my words" in page


async def test_a_stale_page_is_refused_with_both_shown(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(title="Deras ord"), author="Bo")

    page = await send(
        console,
        "/knowledge/pages",
        status=409,
        markdown=as_markdown(make_page(title="Mina ord")),
        base_version=1,
    )

    assert "Deras ord" in page
    assert "Mina ord" in page
    assert (await store.page("fees", "sv")).title == "Deras ord"


async def test_publishing_answers_customers_from_the_new_words(console) -> None:
    await console.parts.pages.save_version(
        make_page(body="## Cost {#cost}\n\nEtt uttag kostar nu trettio kronor.\n"),
        author="Ada",
    )

    await send(console, "/knowledge/publish")

    hits = console.parts.knowledge.search(
        "Ett uttag kostar nu trettio kronor.", language="sv", top_k=1
    )
    assert hits[0].passage.text == "Ett uttag kostar nu trettio kronor."


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


async def test_rolling_back_to_what_never_was_is_not_found(console) -> None:
    response = await call(console, f"{API}/rollback", publication=99)

    assert response.status == 404


async def test_unanswered_questions_are_listed_until_settled(console) -> None:
    store = console.parts.pages
    for question in ("Varför?", "varför"):
        await store.record_gap(question, language="sv", reason="unanswered")

    before = await get(console, f"{API}/gaps")
    await send(console, "/knowledge/gaps/settle", question="Varför?", language="sv")

    assert [gap["n_asked"] for gap in before["gaps"]] == [2]
    assert "Nothing is unanswered." in await get_page(console, "/knowledge/gaps")


async def test_stale_and_missing_translations_are_listed(console) -> None:
    store = console.parts.pages
    source = make_page()
    await store.save_version(source, author="Ada")
    await store.save_version(replace(source, title="Priser"), author="Ada")
    await store.save_version(make_page(language="fr", translates=1), author="Ada")

    listed = await get(console, f"{API}/stale")

    found = {
        each["language"]: each["is_missing"]
        for each in listed["stale"]
        if each["id"] == "fees"
    }
    assert found == {"fr": False, "en": True}
    assert "Translated from version 1" in await get_page(
        console, "/knowledge/translations"
    )


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
