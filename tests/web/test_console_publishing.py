"""Rehearsing, publishing and scheduling drafts."""

from __future__ import annotations

from knowledge.console.parts import CONSOLE
from tests.web.editors import (
    begin,
    make_page,
    send,
    wait_for,
)


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


async def test_nobody_sees_anothers_work(console) -> None:
    await console.parts.pages.save_version(make_page(), author="Ada")
    path = await begin(console, "/knowledge/what-if", draft="fees/sv/1")

    await console.sign_in("administrator")
    response = await console.client.get(path)

    assert response.status == 404


async def test_links_that_lead_nowhere_are_published_only_when_they_may_stay(
    console,
) -> None:
    store = console.parts.pages
    await store.save_version(
        make_page(body="[Priser](/help/sv/nowhere)\n"), author="Ada"
    )
    fields = {"choosing": "1", "draft": "fees/sv/1"}

    page = await send(console, "/knowledge/publish", status=409, **fields)
    refused = await store.published_version("fees", "sv")
    await send(console, "/knowledge/publish", with_dead_links="1", **fields)

    assert "Some links lead nowhere." in page
    assert refused is None
    assert await store.published_version("fees", "sv") == 1


async def test_links_that_led_nowhere_before_do_not_stop_another_page(console) -> None:
    store = console.parts.pages
    await store.save_version(
        make_page(body="[Priser](/help/sv/nowhere)\n"), author="Ada"
    )
    fields = {"choosing": "1", "with_dead_links": "1", "draft": "fees/sv/1"}
    await send(console, "/knowledge/publish", **fields)
    await store.save_version(make_page(id="other"), author="Ada")

    await send(console, "/knowledge/publish", choosing="1", draft="other/sv/1")

    assert await store.published_version("other", "sv") == 1
