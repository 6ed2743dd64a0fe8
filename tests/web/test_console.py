from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import FormData

from knowledge.answers import Knowledge
from knowledge.chunking import chunk
from knowledge.console.editing import as_markdown
from knowledge.console.editor import as_fields
from knowledge.console.parts import CONSOLE
from knowledge.embedding import FakeEmbedder
from knowledge.index import make_index
from knowledge.pages import Page
from tests.factories import make_message
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

    assert "must name the fields of the page" in page
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


async def wait_for(console: Counter, path: str, words: str) -> str:
    """The page of a piece of work once it has ended."""
    await console.client.app[CONSOLE].workshop.ended()
    page = await get_page(console, path)
    assert words in page
    return page


async def begin(console: Counter, path: str, **fields: Any) -> str:
    """Begin a piece of work by a form; gives the address of its page."""
    response = await console.client.post(
        path, data=fields, headers=origin(console), allow_redirects=False
    )
    assert response.status == 303, await response.text()
    return str(response.headers["Location"])


async def test_a_page_is_saved_from_the_fields_of_the_form(console) -> None:
    fields = as_fields(make_page(translates=2))

    await send(console, "/knowledge/pages", base_version=0, **fields)

    assert await console.parts.pages.page("fees", "sv") == make_page(translates=2)


async def test_the_preview_is_safe_and_names_dead_links(console) -> None:
    fields = as_fields(make_page(body="<b>x</b> [prices](/help/sv/prices) [a](#b)\n"))

    response = await console.client.post(
        "/knowledge/preview",
        data=fields,
        headers={**origin(console), "Guichet-Fragment": "1"},
    )

    shown = await response.text()
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "there is no such page" in shown
    assert "there is no such section" in shown
    assert "<html" not in shown


async def test_a_draft_is_asked_before_it_is_published(console) -> None:
    fields = as_fields(make_page(body="## Swish\n\nSwish tar vi gärna emot här.\n"))

    shown = await send(
        console,
        "/knowledge/try",
        status=200,
        base_version=0,
        question="Swish tar vi gärna emot här.",
        **fields,
    )

    assert "fees#swish" in shown
    assert await console.parts.pages.newest_version("fees", "sv") == 0


async def test_what_if_replays_stored_questions_over_the_drafts(console) -> None:
    store = console.parts.pages
    question = "Ett uttag kostar trettio kronor."
    await store.save_version(make_page(body=f"{question}\n"), author="Ada")
    await store.record_gap(question, language="sv", reason="unanswered")

    path = await begin(console, "/knowledge/what-if", draft="fees/sv/1")
    page = await wait_for(console, path, "1 stored question was asked again.")

    assert question in page


async def test_only_the_drafts_chosen_are_published(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(id="other"), author="Ada")

    await send(console, "/knowledge/publish", choosing="1", draft="fees/sv/1")

    assert await store.published_version("fees", "sv") == 1
    assert await store.published_version("other", "sv") is None


async def test_no_draft_chosen_publishes_nothing(console) -> None:
    await console.parts.pages.save_version(make_page(), author="Ada")

    page = await send(console, "/knowledge/publish", status=400, choosing="1")

    assert "Choose at least one page." in page


async def test_a_publication_is_scheduled_and_cancelled(console) -> None:
    await console.parts.pages.save_version(make_page(), author="Ada")
    schedule = console.client.app[CONSOLE].schedule

    await send(
        console,
        "/knowledge/publish",
        choosing="1",
        draft="fees/sv/1",
        when="later",
        publish_at="2026-12-01T08:00",
    )
    [waiting] = await schedule.waiting()
    await send(console, f"/knowledge/scheduled/{waiting.id}/cancel")

    assert waiting.publish_at.isoformat() == "2026-12-01T07:00:00+00:00"
    assert await schedule.waiting() == []


async def test_differences_are_shown_by_word_with_names(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="editor@ruterdam.example")
    newer = make_page(body="## Vad kostar ett uttag? {#cost}\n\nEtt uttag är dyrt.\n")
    await store.save_version(newer, author="Ada")

    page = await get_page(console, "/knowledge/pages/sv/fees/diff?from=1&to=2")

    assert "<mark>gratis</mark>" in page
    assert "<mark>dyrt</mark>" in page
    assert "version 1, Kim" in page


async def test_an_earlier_version_is_made_the_newest_again(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(title="Priser"), author="Ada")

    await send(console, "/knowledge/pages/sv/fees/restore", version=1)

    assert (await store.page("fees", "sv")).title == "Avgifter"
    assert len(await store.history("fees", "sv")) == 3


async def test_a_translation_is_begun_beside_its_source(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(title="Priser"), author="Ada")

    page = await get_page(console, "/knowledge/translations/fr/fees?from=sv")

    assert 'name="translates" value="2"' in page
    assert 'name="url" value="/help/fr/fees"' in page
    assert "Ett uttag är gratis." in page


async def test_a_question_asked_becomes_a_draft_with_one_click(console) -> None:
    store = console.parts.pages
    await store.record_gap("kan jag swisha?", language="sv", reason="unanswered")
    [group] = await console.client.app[CONSOLE].gaps.find()

    page = await get_page(console, f"/knowledge/new?gap={group.key}")

    assert "## Kan jag swisha? {#answer}" in page


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


async def test_nobody_sees_anothers_work(console) -> None:
    await console.parts.pages.save_version(make_page(), author="Ada")
    path = await begin(console, "/knowledge/what-if", draft="fees/sv/1")

    await console.sign_in("administrator")
    response = await console.client.get(path)

    assert response.status == 404


async def test_an_answer_that_did_not_help_is_kept_for_the_editors(console) -> None:
    visit = await console.open(language="sv")
    await console.parts.transcripts.append(
        visit.id,
        make_message(text="Vad kostar ett uttag?"),
        make_message(id="answer", sender="bot", citations=[{"page": "fees"}]),
    )

    response = await console.client.post(
        f"{visit.address}/feedback",
        json={"message_id": "answer", "helpful": False},
        headers=visit.headers,
    )

    assert response.status == 204
    [group] = (await get(console, f"{API}/gaps"))["groups"]
    assert (group["question"], group["n_unhelpful"]) == ("Vad kostar ett uttag?", 1)
