from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from knowledge.errors import BadInput, NotFound, PublishRefused
from knowledge.pages import Page
from knowledge.scheduling import Schedule, publish_due
from knowledge.store import PageStore
from tests.factories import NOW, FakeClock
from tests.unit.test_links import make_page

TOMORROW = NOW + timedelta(days=1)


class FakePublisher:
    """Publishes in the record alone, or refuses."""

    def __init__(self, store: PageStore, refuses: bool = False) -> None:
        self._store, self._refuses = store, refuses

    async def publish(
        self,
        author: str,
        *,
        pages: Sequence[Page] | None = None,
        force: bool = False,
        with_dead_links: bool = False,
    ) -> None:
        if self._refuses:
            raise PublishRefused({}, [])
        await self._store.record_publication(pages or [], author=author)


@pytest.fixture
async def store(engine) -> PageStore:
    store = PageStore(engine, FakeClock())
    for body in ("First.\n", "Second.\n"):
        await store.save_version(make_page("fees", body), author="Ada")
    return store


@pytest.fixture
def schedule(engine) -> Schedule:
    return Schedule(engine, FakeClock())


async def test_what_is_due_is_published_under_its_authors_name(store, schedule) -> None:
    await schedule.add([("fees", "en", 1)], publish_at=TOMORROW, author="Ada")

    before = await publish_due(schedule, store, FakePublisher(store), NOW)
    after = await publish_due(schedule, store, FakePublisher(store), TOMORROW)

    assert (before, after) == (0, 1)
    assert await store.published_version("fees", "en") == 1
    [publication] = await store.publications()
    assert publication.author == "Ada"
    assert await schedule.waiting() == []


async def test_a_draft_never_takes_the_place_of_a_later_version(
    store, schedule
) -> None:
    await schedule.add([("fees", "en", 1)], publish_at=TOMORROW, author="Ada")
    newest = await store.page("fees", "en")
    await store.record_publication([newest], author="Bo")

    await publish_due(schedule, store, FakePublisher(store), TOMORROW)

    assert await store.published_version("fees", "en") == 2


async def test_what_the_gate_refuses_is_kept_as_refused(store, schedule) -> None:
    await schedule.add([("fees", "en", 2)], publish_at=TOMORROW, author="Ada")

    n = await publish_due(schedule, store, FakePublisher(store, True), TOMORROW)

    [refused] = await schedule.refused()
    assert (n, refused.outcome) == (0, "refused")
    assert refused.drafts == [("fees", "en", 2)]


async def test_a_cancelled_publication_does_not_happen(store, schedule) -> None:
    id = await schedule.add([("fees", "en", 1)], publish_at=TOMORROW, author="Ada")

    await schedule.settle(id, "cancelled")

    assert await publish_due(schedule, store, FakePublisher(store), TOMORROW) == 0
    with pytest.raises(NotFound):
        await schedule.settle(id, "cancelled")


async def test_the_past_and_nothing_cannot_be_scheduled(schedule) -> None:
    with pytest.raises(BadInput, match="future"):
        await schedule.add([("fees", "en", 1)], publish_at=NOW, author="Ada")
    with pytest.raises(BadInput, match="nothing"):
        await schedule.add([], publish_at=TOMORROW, author="Ada")
