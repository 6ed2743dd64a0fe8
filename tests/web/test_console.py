"""The console's pages to look at: pages, versions, questions, translations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories import make_message
from tests.web.conftest import Counter
from tests.web.editors import (
    API,
    get,
    get_page,
    make_page,
    send,
)


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


async def test_differences_are_shown_by_word_with_names(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="editor@ruterdam.example")
    newer = make_page(body="## Vad kostar ett uttag? {#cost}\n\nEtt uttag är dyrt.\n")
    await store.save_version(newer, author="Ada")

    page = await get_page(console, "/knowledge/pages/sv/fees/diff?from=1&to=2")

    assert "<mark>gratis</mark>" in page
    assert "<mark>dyrt</mark>" in page
    assert "version 1, Kim" in page


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


async def test_pages_that_were_imported_together_are_one_change(console) -> None:
    for id in ("fees", "prices"):
        await console.parts.pages.save_version(make_page(id=id), author="import")

    page = await get_page(console, "/knowledge/changes?author=import")

    assert page.count("<tr data-row>") == 1
    assert "Saved 2 pages" in page
    assert "sv/prices" in page
