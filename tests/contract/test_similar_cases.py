"""Agents see how similar cases ended, whatever language they were in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from actions.cases.matters import Matters
from actions.cases.retention import Retention
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput, NotFound
from tests.factories import NOW, STOCKHOLM, FakeClock, make_draft

# The fake embedder compares words.
WITHDRAWAL = "my withdrawal from last monday is still missing"
ALIKE = "my withdrawal from tuesday is still missing today"
OTHER = "the tournament ended before anybody could play"


@pytest.fixture
def archive(engine: AsyncEngine, policy: Policy, clock: FakeClock) -> Iterator[Archive]:
    with ThreadPoolExecutor(1) as executor:
        matters = Matters(FakeEmbedder(), executor)
        yield Archive(engine, policy, STOCKHOLM, clock, matters=matters)


async def close(archive: Archive, description: str) -> str:
    case = await archive.file(make_draft(description=description))
    await archive.close(case.reference, "eva", "solution", "Betalt.")
    return case.reference


async def references(archive: Archive, *case: str, **options: object) -> list[str]:
    found = await archive.similar_cases(*case, **options)  # type: ignore[arg-type]
    return [each.case.reference for each in found]


async def test_closed_cases_come_nearest_first_with_their_outcome(archive: Archive):
    other, alike = await close(archive, OTHER), await close(archive, ALIKE)
    case = await archive.file(make_draft(description=WITHDRAWAL))

    found = await archive.similar_cases(case.reference)

    assert [each.case.reference for each in found] == [alike, other]
    assert found[0].similarity > found[1].similarity
    assert found[0].case.outcome is not None
    assert found[0].case.outcome["kind"] == "solution"


async def test_a_case_is_not_similar_to_itself_and_open_ones_only_on_request(
    archive: Archive,
):
    case = await archive.file(make_draft(description=WITHDRAWAL))
    still_open = await archive.file(make_draft(description=ALIKE))

    assert await references(archive, case.reference) == []
    assert await references(archive, case.reference, closed_only=False) == [
        still_open.reference
    ]


async def test_what_was_filed_reopened_or_erased_later_is_known_within_a_minute(
    archive: Archive, engine: AsyncEngine, clock: FakeClock
):
    reopened = await close(archive, WITHDRAWAL)
    erased = await close(archive, ALIKE)
    assert len(await references(archive, text=WITHDRAWAL)) == 2

    await archive.append_to_case(reopened, "Non.")
    await Retention(engine, archive.policy, STOCKHOLM).erase(NOW, reference=erased)
    at_once = await references(archive, text=WITHDRAWAL)
    later = await close(archive, OTHER)
    clock.advance(minutes=1)

    assert at_once == []
    assert await references(archive, text=WITHDRAWAL) == [later]


async def test_no_more_than_wanted_come(archive: Archive):
    for _ in range(3):
        await close(archive, ALIKE)

    assert len(await references(archive, text=WITHDRAWAL, limit=2)) == 2


async def test_a_case_that_is_not_there_or_nothing_at_all_is_refused(
    archive: Archive,
):
    with pytest.raises(NotFound):
        await archive.similar_cases("G-2026-999999")
    with pytest.raises(BadInput):
        await archive.similar_cases()
