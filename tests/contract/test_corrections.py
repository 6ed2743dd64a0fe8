from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from actions.cases.retention import Retention
from actions.classification.corrections import read_corrections
from actions.classification.cues import Cues
from actions.classification.observing import Observer
from knowledge.embedding import FakeEmbedder
from tests.factories import NOW, STOCKHOLM, make_draft

OBSERVER = Observer(FakeEmbedder(), Cues({"money": {"en": ["money", "paid"]}}))
CHANGED = Observer(FakeEmbedder(), Cues({"time": {"en": ["late"]}}))


async def correct(archive: Archive, reference: str, category: str = "deposit") -> None:
    case = await archive.case(reference)
    await archive.correct_classification(
        reference,
        "eva",
        is_complaint=False,
        ground=None,
        category=category,
        observed=OBSERVER.stored(case.description, case.language),
    )


async def test_a_correction_is_learnt_with_the_text_as_it_was_read(
    archive: Archive, engine: AsyncEngine
) -> None:
    case = await archive.file(make_draft(description="The money was paid twice."))
    await correct(archive, case.reference)

    [correction] = await read_corrections(engine, OBSERVER)

    assert correction.example.id == case.reference
    assert correction.example.category == "deposit"
    assert not correction.example.is_complaint
    [observed] = OBSERVER.observe([(case.description, case.language)])
    assert correction.observed.tokens == pytest.approx(observed.tokens, abs=1e-3)
    assert correction.observed.cues == pytest.approx(observed.cues)


async def test_the_latest_correction_of_a_case_counts(
    archive: Archive, engine: AsyncEngine
) -> None:
    case = await archive.file(make_draft())
    await correct(archive, case.reference, "deposit")
    await correct(archive, case.reference, "tournament")

    [correction] = await read_corrections(engine, OBSERVER)

    assert correction.example.category == "tournament"


async def test_a_text_read_by_another_model_is_read_again(
    archive: Archive, engine: AsyncEngine
) -> None:
    case = await archive.file(make_draft(description="It came late."))
    await correct(archive, case.reference)

    [correction] = await read_corrections(engine, CHANGED)

    [expected] = CHANGED.observe([(case.description, case.language)])
    assert correction.observed.cues == pytest.approx(expected.cues)


async def test_a_case_that_nobody_corrected_teaches_nothing(
    archive: Archive, engine: AsyncEngine
) -> None:
    await archive.file(make_draft())

    assert await read_corrections(engine, OBSERVER) == []


async def test_an_erased_case_teaches_nothing(
    archive: Archive, engine: AsyncEngine, policy: Policy
) -> None:
    case = await archive.file(make_draft())
    await correct(archive, case.reference)

    receipt = await Retention(engine, policy, STOCKHOLM).erase(
        NOW, reference=case.reference
    )

    assert receipt.counts["corrections"] == 1
    assert await read_corrections(engine, OBSERVER) == []
