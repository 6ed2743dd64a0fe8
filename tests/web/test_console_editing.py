"""Writing, previewing and asking a draft."""

from __future__ import annotations

import pytest

from knowledge.console.editing import as_markdown
from knowledge.console.editor import as_fields
from knowledge.console.parts import CONSOLE
from tests.web.editors import (
    API,
    get,
    get_page,
    make_page,
    origin,
    send,
)


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


async def test_a_translator_sees_what_changed_for_customers_alone(console) -> None:
    store = console.parts.pages
    await store.save_version(make_page(), author="Ada")
    french = make_page(language="fr", url="/help/fr/fees", translates=1)
    await store.save_version(french, author="Ada")
    asked = "\n<!-- asked:\npris\n-->\n"
    words = make_page().body.replace("gratis", "dyrt")
    await store.save_version(make_page(body=words + asked), author="Ada")

    page = await get_page(console, "/knowledge/translations/fr/fees?from=sv")

    assert "<mark>dyrt</mark>" in page
    assert "pris\n" not in page.partition('name="body"')[0]


async def test_a_question_asked_becomes_a_draft_with_one_click(console) -> None:
    store = console.parts.pages
    await store.record_gap("kan jag swisha?", language="sv", reason="unanswered")
    [group] = await console.client.app[CONSOLE].gaps.find()

    page = await get_page(console, f"/knowledge/new?gap={group.key}")

    assert "## Kan jag swisha? {#answer}" in page


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title": ""}, "Donnez un titre à la page."),
        ({"body": " "}, "Écrivez un texte."),
        ({"id": "Mes Frais"}, "Un identifiant se compose de minuscules"),
        ({"effective_from": "demain"}, "Indiquez la date"),
    ],
)
async def test_what_is_wrong_is_said_in_the_editors_language(
    console, changes, told
) -> None:
    fields = as_fields(make_page()) | changes

    page = await send(
        console, "/knowledge/pages?lang=fr", status=400, base_version=0, **fields
    )

    assert told in page


async def test_a_page_that_is_only_begun_has_no_fault_yet(console) -> None:
    fields = as_fields(make_page()) | {"title": "", "body": ""}

    shown = await send(
        console, "/knowledge/preview", status=200, base_version=0, **fields
    )

    assert 'role="alert"' not in shown


async def test_a_new_page_is_in_one_of_the_operators_languages(console) -> None:
    page = await get_page(console, "/knowledge/new?language=fr")

    assert '<option value="fr" selected>French</option>' in page
    assert '<option value="sv">Swedish</option>' in page
