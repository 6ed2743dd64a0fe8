"""A person who writes again about an open matter is recognised, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Customer
from actions.cases.complaint import Policy
from actions.cases.matters import Matters
from knowledge.embedding import FakeEmbedder
from tests.factories import STOCKHOLM, FakeClock, make_draft, plain_cosines

ELISE = Customer(name="Élise", email="Elise.Morel@example.fr")
# The fake embedder compares words: in another order they mean the same.
FIRST = "my withdrawal from last monday is still missing please help me soon"
AGAIN = "please help me soon last monday my withdrawal from is missing still"
OTHER = "the tournament ended before I could play the last table"


LANGUAGE_FREE = plain_cosines(FakeEmbedder().dim)


class BrokenEmbedder(FakeEmbedder):
    def embed_queries(self, texts: object) -> np.ndarray:
        raise RuntimeError("no model")


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as opened:
        yield opened


@pytest.fixture
def matters(executor: ThreadPoolExecutor) -> Matters:
    return Matters(FakeEmbedder(), executor, LANGUAGE_FREE)


@pytest.fixture
def archive(
    engine: AsyncEngine, policy: Policy, clock: FakeClock, matters: Matters
) -> Archive:
    return Archive(engine, policy, STOCKHOLM, clock, matters=matters)


async def test_an_open_case_about_the_same_is_found_across_conversations(
    archive: Archive,
):
    filed = await archive.file(make_draft(customer=ELISE, description=FIRST))

    found = await archive.open_case_about(" elise.morel@EXAMPLE.fr", AGAIN)

    assert found is not None
    assert (found.reference, found.queue_position) == (filed.reference, 1)


@pytest.mark.parametrize(
    ("email", "text"),
    [
        ("elise.morel@example.fr", OTHER),
        ("somebody.else@example.fr", FIRST),
        (None, FIRST),
        ("elise.morel@example.fr", "  "),
    ],
)
async def test_another_matter_or_person_finds_nothing(
    archive: Archive, email: str | None, text: str
):
    await archive.file(make_draft(customer=ELISE, description=FIRST))

    assert await archive.open_case_about(email, text) is None


async def test_a_closed_case_is_not_found(archive: Archive):
    filed = await archive.file(make_draft(customer=ELISE, description=FIRST))
    await archive.close(filed.reference, "eva", "solution")

    assert await archive.open_case_about(ELISE.email, FIRST) is None


async def test_other_amounts_are_another_matter(archive: Archive):
    text = f"{FIRST} 400 €"
    await archive.file(make_draft(customer=ELISE, description=text))

    assert await archive.open_case_about(ELISE.email, f"{AGAIN} 250 €") is None
    assert await archive.open_case_about(ELISE.email, f"{AGAIN} 400 €") is not None


async def test_filing_about_the_same_marks_a_duplicate(archive: Archive):
    first = await archive.file(make_draft(customer=ELISE, description=FIRST))
    again = await archive.file(make_draft(customer=ELISE, description=AGAIN))

    assert again.duplicate_of == first.reference


async def test_a_case_is_filed_without_a_model_and_embedded_later(
    engine: AsyncEngine,
    policy: Policy,
    clock: FakeClock,
    executor: ThreadPoolExecutor,
    matters: Matters,
    archive: Archive,
):
    broken = Matters(BrokenEmbedder(), executor, LANGUAGE_FREE)
    without = Archive(engine, policy, STOCKHOLM, clock, matters=broken)
    filed = await without.file(make_draft(customer=ELISE, description=FIRST))
    assert await archive.open_case_about(ELISE.email, AGAIN) is None

    assert await matters.catch_up(engine) == 1
    assert await matters.catch_up(engine) == 0

    found = await archive.open_case_about(ELISE.email, AGAIN)
    assert found is not None
    assert found.reference == filed.reference
