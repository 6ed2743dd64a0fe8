"""Templates of answers: edited in the console, offered at the desk at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Counter
from tests.web.editors import get_page, send

HERE = "/knowledge/templates/en/solved"


@pytest.fixture
async def console(counter: Counter) -> Counter:
    await counter.sign_in("editor")
    return counter


async def save(console: Counter, text: str, *, status: int = 303, **fields: Any) -> str:
    values = {"id": "solved", "language": "en", "purpose": "solution"}
    values |= {"title": "The problem is solved", "base_version": 0}
    return await send(
        console, "/knowledge/templates", status=status, **values, text=text, **fields
    )


async def offered(counter: Counter, file_case: Any) -> str:
    """What the composer of an English case offers."""
    await counter.sign_in("agent")
    case = await file_case(language="en")
    return await get_page(counter, f"/desk/cases/{case.reference}")


async def test_an_edited_template_is_offered_at_once(console, file_case):
    await save(console, "All is well again, {name}.")

    page = await offered(console, file_case)

    assert "All is well again, Élise Morel." in page
    assert "The problem is solved: {what was done}" not in page


async def test_who_changed_what_and_how_is_shown(console):
    await save(console, "All is well again.")

    page = await get_page(console, HERE)

    assert "Kim, 22 Nov 2026" in page
    assert "All is well again." in page
    assert "The problem is solved: {what was done}" in page


async def test_the_shipped_text_can_be_brought_back(console, file_case):
    await save(console, "All is well again.")

    await send(console, f"{HERE}/restore", base_version=1)

    page = await offered(console, file_case)
    assert "The problem is solved: {what was done}" in page


async def test_a_template_that_is_withdrawn_is_offered_no_longer(console, file_case):
    await send(console, f"{HERE}/withdraw", base_version=0)

    listed = await get_page(console, "/knowledge/templates?language=en")
    page = await offered(console, file_case)

    assert "Not offered" in listed
    assert 'value="solved"' not in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dear {Name}, it works.", "Write {name}"),
        ("Opened on {opened on}.", "Write {opened_on}"),
        ("Done {at last.", "A brace opens or closes nothing"),
        ("  ", "Write a text."),
    ],
)
async def test_a_text_that_would_go_out_wrong_is_not_saved(console, text, said):
    page = await save(console, text, status=400)

    assert said in page
    assert await get_page(console, HERE) != page


async def test_an_unknown_placeholder_is_a_blank_for_the_agent(console):
    await save(console, "It works since {the day}.")

    assert "It works since {the day}." in await get_page(console, HERE)


async def test_two_who_edit_the_same_template_see_both_texts(console):
    await save(console, "Theirs.")

    page = await save(console, "Mine.", status=409)

    assert "Theirs." in page
    assert "Mine." in page


async def test_a_new_template_has_an_id_of_its_own_and_waits_for_translation(console):
    fields = {"id": "", "title": "Thank you", "purpose": "reply"}
    fields |= {"language": "en", "base_version": 0, "text": "Thank you, {name}."}

    await send(console, "/knowledge/templates", **fields)

    assert "Thank you" in await get_page(console, "/knowledge/templates/en/thank_you")
    swedish = await get_page(console, "/knowledge/templates?language=sv")
    assert "Missing in this language" in swedish
    assert "Thank you, {name}." in await get_page(
        console, "/knowledge/templates/sv/thank_you"
    )


@pytest.mark.parametrize("language", ["sv", "fr", "en"])
async def test_the_letter_is_previewed_in_every_language(console, language):
    page = await get_page(console, f"/knowledge/templates/{language}/solved")

    assert "<iframe" in page
    assert 'sandbox=""' in page
    assert "G-2026-000123" in page


async def test_a_page_with_a_letter_allows_its_styles_and_no_others(console):
    response = await console.client.get(HERE)

    policy = response.headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-hashes' 'sha256-" in policy
    assert "'unsafe-inline'" not in policy


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/knowledge/templates/en/nothing", 404),
        ("/knowledge/templates/xx/solved", 404),
        (f"{HERE}?version=7", 404),
        (f"{HERE}?version=x", 400),
    ],
)
async def test_a_template_that_is_not_there_is_a_clear_answer(console, path, status):
    response = await console.client.get(path)

    assert response.status == status


async def test_what_was_done_to_templates_is_among_all_changes(console):
    await save(console, "All is well again.")
    await send(console, f"{HERE}/restore", base_version=1)
    await send(console, f"{HERE}/withdraw", base_version=2)

    page = await get_page(console, "/knowledge/changes?author=editor@ruterdam.example")

    deeds = ("No longer offers", "Went back to the shipped text", "Saved the answer")
    assert [page.index(each) for each in deeds] == sorted(map(page.index, deeds))
    assert f"{HERE}?version=1" in page


async def test_changes_to_one_page_are_without_templates(console):
    await save(console, "All is well again.")

    page = await get_page(console, "/knowledge/changes?page=faq")

    assert HERE not in page
