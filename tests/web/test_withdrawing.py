"""Pages taken down in the console, and what customers and colleagues see of it."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.answers import Knowledge
from knowledge.chunking import chunk
from knowledge.console.parts import CONSOLE
from knowledge.embedding import FakeEmbedder
from knowledge.index import make_index
from tests.web.conftest import Counter
from tests.web.editors import begin, get_page, make_page, send, wait_for

HERE = "/knowledge/pages/sv/fees"


@pytest.fixture
async def console(make_counter) -> Counter:
    """Two pages are published, an editor is signed in."""
    embedder = FakeEmbedder()
    pages = [make_page(), make_page(id="prices", title="Priser", url="/help/sv/prices")]
    index = make_index([each for page in pages for each in chunk(page)], embedder)
    counter: Counter = await make_counter(knowledge=Knowledge(index, embedder))
    store = counter.parts.pages
    for page in pages:
        await store.save_version(page, author="Ada")
    await store.record_publication(pages, author="Ada")
    await counter.sign_in("editor")
    return counter


async def withdraw(console: Counter, **fields: Any) -> str:
    fields = {"withdraw": "fees/sv", "force": "1", **fields}
    return await send(console, f"{HERE}/withdraw", **fields)


async def visit(console: Counter, path: str) -> Any:
    return await console.client.get(
        path, allow_redirects=False, headers={"Accept": "text/html"}
    )


async def test_a_withdrawn_page_is_gone_for_customers(console):
    await withdraw(console)

    response = await visit(console, "/help/sv/fees?language=sv")

    assert response.status == 410
    assert "Den här sidan har tagits bort." in await response.text()
    assert "Avgifter" not in await (await visit(console, "/help/sv")).text()


async def test_its_address_leads_to_the_page_that_took_its_place(console):
    await withdraw(console, moved_to="prices")

    response = await visit(console, "/help/sv/fees")

    assert response.status == 301
    assert response.headers["Location"] == "/help/sv/prices"


async def test_what_it_said_is_still_read_where_it_was_cited(console):
    await withdraw(console, moved_to="prices")

    response = await visit(console, "/help/sv/fees?version=1")

    page = await response.text()
    assert response.status == 200
    assert "Ett uttag är gratis." in page
    assert "till den 22 november 2026" in page


async def test_who_withdrew_it_and_why_is_shown_and_it_can_come_back(console):
    await withdraw(console, reason="Everything is free now")

    page = await get_page(console, HERE)
    await send(console, "/knowledge/publish", choosing="1", draft="fees/sv/1")

    assert "Withdrawn by Kim, 22 Nov 2026" in page
    assert "Everything is free now" in page
    assert (await visit(console, "/help/sv/fees")).status == 200
    assert "Withdrawn by" not in await get_page(console, HERE)


async def test_a_withdrawn_page_does_not_wait_to_be_published(console):
    await withdraw(console)

    assert "fees/sv/1" not in await get_page(console, "/knowledge/publish")
    assert "Withdrawn" in await get_page(console, "/knowledge?language=sv")


async def test_what_would_change_is_seen_before(console):
    question = "Ett uttag är gratis."
    await console.parts.pages.record_gap(question, language="sv", reason="unhelpful")

    path = await begin(console, "/knowledge/what-if", withdraw="fees/sv", reason="Old")
    page = await wait_for(console, path, "1 stored question was asked again.")

    assert 'action="/knowledge/pages/sv/fees/withdraw"' in page
    assert 'name="reason" value="Old"' in page


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"withdraw": "nowhere/sv"}, "is not published"),
        ({"withdraw": "fees/sv", "moved_to": "fees"}, "is not published"),
        ({}, "Choose at least one language"),
    ],
)
async def test_what_cannot_be_withdrawn_is_said(console, fields, reason):
    page = await send(console, f"{HERE}/withdraw", status=400, **fields)

    assert reason in page


async def test_a_page_that_is_not_live_offers_no_withdrawal(console):
    await withdraw(console)

    response = await console.client.get(f"{HERE}/withdraw")

    assert response.status == 404


async def test_all_changes_are_listed_with_who_made_them(console):
    store = console.parts.pages
    await store.save_version(make_page(title="Kostnader"), author="Bo")
    console.clock.advance(minutes=1)
    await withdraw(console, reason="Everything is free now")

    every = await get_page(console, "/knowledge/changes")
    by_bo = await get_page(console, "/knowledge/changes?author=Bo")
    of_page = await get_page(console, "/knowledge/changes?page=fees")

    assert "Everything is free now" in every
    assert "/knowledge/pages/sv/fees/diff?from=1&amp;to=2" in by_bo
    assert "Everything is free now" not in by_bo
    assert ">Kostnader</a>" in of_page
    assert ">Priser</a>" not in of_page


async def test_older_changes_are_a_page_further(console):
    store = console.parts.pages
    for n in range(55):
        console.clock.advance(minutes=1)
        await store.save_version(make_page(title=f"Title {n} end"), author="Bo")

    first = await get_page(console, "/knowledge/changes?author=Bo")
    older = first.split('class="pager"><a href="')[1].split('"')[0]
    second = await get_page(console, older.replace("&amp;", "&"))

    assert "Title 54 end" in first
    assert "Title 5 end" in first
    assert "Title 4 end" not in first
    assert "Title 4 end" in second
    assert "Title 5 end" not in second


async def test_a_result_outlives_the_process_that_found_it(console, make_counter):
    await console.parts.pages.record_gap("Okänt?", language="sv", reason="unanswered")
    path = await begin(console, "/knowledge/what-if", withdraw="fees/sv")
    workshop = console.client.app[CONSOLE].workshop
    await workshop.ended()

    assert workshop._running == {}
    assert "1 stored question was asked again." in await get_page(console, path)
