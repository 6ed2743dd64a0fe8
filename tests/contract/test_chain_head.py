"""What is cut off at the end of the chain, where its head was noted before."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.history import ChainHead
from knowledge.database import writing
from knowledge.errors import BadInput
from tests.factories import make_draft


async def cut_off(engine: AsyncEngine, number: int) -> None:
    """Do what an intruder with all rights would."""
    async with writing(engine) as connection:
        on_table = " ON case_events" if connection.dialect.name == "postgresql" else ""
        for act in (
            f"DROP TRIGGER case_events_no_delete{on_table}",
            f"DELETE FROM event_details WHERE event_id = {number}",
            f"DELETE FROM case_events WHERE id = {number}",
        ):
            await connection.execute(text(act))


async def test_the_head_of_an_empty_chain_says_so(archive: Archive) -> None:
    checked = await archive.check()

    assert (checked.faults, checked.head.number) == ([], 0)
    assert (await archive.check(noted=checked.head)).faults == []


async def test_a_chain_that_grew_still_holds_what_was_noted(archive: Archive) -> None:
    case = await archive.file(make_draft())
    noted = (await archive.check()).head

    await archive.add_note(case.reference, "eva", "Ringde")

    checked = await archive.check(noted=noted)
    assert checked.faults == []
    assert checked.head.number == noted.number + 1


async def test_events_cut_off_at_the_end_are_missed(
    archive: Archive, engine: AsyncEngine
) -> None:
    case = await archive.file(make_draft())
    await archive.add_note(case.reference, "eva", "Ringde")
    noted = (await archive.check()).head

    await cut_off(engine, noted.number)

    # Nothing in the database tells of it.
    assert (await archive.check()).faults == []
    assert (await archive.check(noted=noted)).faults == [
        "the chain ends with event 1: 1 that were there up to event 2 are cut off"
    ]


async def test_an_end_that_was_replaced_is_not_the_one_that_was_noted(
    archive: Archive, engine: AsyncEngine
) -> None:
    case = await archive.file(make_draft())
    await archive.add_note(case.reference, "eva", "Ringde")
    noted = (await archive.check()).head
    await cut_off(engine, noted.number)

    await archive.add_note(case.reference, "eva", "Ringde inte")

    assert (await archive.check(case.reference, noted)).faults == [
        "event 2 is another than the one that was noted"
    ]


def test_a_head_reads_back_as_it_was_written() -> None:
    head = ChainHead(number=7, hash="ab" * 32)

    assert ChainHead.parse(str(head)) == head


@pytest.mark.parametrize("noted", ["", "7", "7:xyz", "-1:" + "a" * 64])
def test_what_is_no_head_is_refused(noted: str) -> None:
    with pytest.raises(BadInput, match="a head looks like"):
        ChainHead.parse(noted)
