from __future__ import annotations

from datetime import timedelta

import pytest

from knowledge.errors import BadInput, PublishRefused
from knowledge.scheduling import Schedule, publish_due
from knowledge.store import PageStore
from knowledge.translations import stale_translations
from knowledge.withdrawals import Withdrawals, withdraw
from tests.contract.test_scheduling import FakePublisher
from tests.factories import NOW, FakeClock
from tests.unit.test_links import make_page


@pytest.fixture
async def store(engine) -> PageStore:
    """Two pages in English, both published."""
    store = PageStore(engine, FakeClock())
    for id in ("fees", "limits"):
        await store.save_version(make_page(id, "First.\n"), author="Ada")
    await store.record_publication(await store.pages(), author="Ada")
    return store


@pytest.fixture
def withdrawals(engine) -> Withdrawals:
    return Withdrawals(engine, FakeClock())


async def take_down(store, withdrawals, *, refuses: bool = False, **more) -> None:
    publisher = FakePublisher(store, refuses)
    await withdraw(store, publisher, withdrawals, [("fees", "en")], author="Bo", **more)


async def states(store: PageStore) -> dict[str, tuple[bool, bool, bool]]:
    """By page: published, withdrawn, waiting."""
    return {
        each.newest.page.id: (each.is_published, each.is_withdrawn, each.is_waiting)
        for each in await store.states()
    }


async def test_a_withdrawn_page_is_live_no_longer_and_does_not_wait(store, withdrawals):
    await take_down(store, withdrawals, moved_to="limits", reason="Nobody reads it")

    assert [page.id for page in await store.published_pages()] == ["limits"]
    assert (await states(store))["fees"] == (False, True, False)
    found = await withdrawals.of("fees", "en")
    assert found is not None
    assert (found.version, found.moved_to, found.author) == (1, "limits", "Bo")


async def test_publishing_everything_leaves_it_withdrawn(store, withdrawals):
    await take_down(store, withdrawals)

    await store.record_publication(await store.pages(), author="Ada")

    assert [page.id for page in await store.published_pages()] == ["limits"]


async def test_a_newer_version_begins_it_anew(store, withdrawals):
    await take_down(store, withdrawals)

    await store.save_version(make_page("fees", "Second.\n"), author="Ada")

    assert (await states(store))["fees"] == (False, False, True)


async def test_what_is_put_back_is_withdrawn_no_longer(store, withdrawals):
    await take_down(store, withdrawals)

    pages = [*await store.published_pages(), await store.page("fees", "en")]
    await store.record_publication(pages, author="Ada")

    assert (await states(store))["fees"] == (True, False, False)


async def test_a_refused_withdrawal_leaves_no_trace(store, withdrawals):
    with pytest.raises(PublishRefused):
        await take_down(store, withdrawals, refuses=True)

    assert await withdrawals.all() == []
    assert (await states(store))["fees"] == (True, False, False)


async def test_an_address_leads_to_no_page_that_is_not_there(store, withdrawals):
    with pytest.raises(BadInput, match="nowhere is not published in en"):
        await take_down(store, withdrawals, moved_to="nowhere")


async def test_a_page_that_is_not_live_cannot_be_withdrawn(store, withdrawals):
    await take_down(store, withdrawals)

    with pytest.raises(BadInput, match="fees \\(en\\) is not published"):
        await take_down(store, withdrawals)


async def test_a_publication_approved_before_does_not_bring_it_back(
    engine, store, withdrawals
):
    schedule = Schedule(engine, FakeClock(NOW - timedelta(hours=1)))
    tomorrow = NOW + timedelta(days=1)
    await schedule.add([("fees", "en", 1)], publish_at=tomorrow, author="Ada")
    await take_down(store, withdrawals)

    n = await publish_due(schedule, store, FakePublisher(store), tomorrow)

    assert n == 0
    [refused] = await schedule.refused()
    assert refused.reason == "every page of it was withdrawn in the meantime"


async def test_a_translation_that_was_withdrawn_is_not_missed(store, withdrawals):
    french = make_page("fees", "Premier.\n", language="fr", translates=1)
    await store.save_version(french, author="Ada")
    await store.record_publication(await store.pages(), author="Ada")
    publisher = FakePublisher(store)

    await withdraw(store, publisher, withdrawals, [("fees", "fr")], author="Bo")

    missing = stale_translations(await store.states(), ["en", "fr"])
    assert ("fees", "fr") not in {(each.id, each.language) for each in missing}
