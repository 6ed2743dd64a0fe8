"""The store of attached files, on both databases."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments, Limits
from actions.cases.transcripts import Transcripts
from knowledge.errors import (
    ArchiveUnavailable,
    BadInput,
    FileTooLarge,
    NotFound,
    TooManyFiles,
    WrongFileType,
)
from tests.factories import PDF, PNG, FakeClock, make_draft, make_message


@pytest.fixture
def store(engine: AsyncEngine, tmp_path: Path, clock: FakeClock) -> Attachments:
    limits = Limits(largest_bytes=1000, files_in_a_conversation=3)
    return Attachments(engine, tmp_path / "attachments", clock, limits)


@pytest.fixture
async def talk(transcripts: Transcripts) -> str:
    await transcripts.create("talk", "hash", "sv")
    return "talk"


def files_in(store: Attachments) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


async def test_a_stored_file_is_read_back_by_its_id(store: Attachments, talk: str):
    stored = await store.store(talk, "kvitto.png", PNG)

    assert await store.open(stored.id) == (stored, PNG)
    assert stored.sha256 == hashlib.sha256(PNG).hexdigest()
    assert (stored.name, stored.media_type) == ("kvitto.png", "image/png")


async def test_the_files_of_a_case_are_those_of_its_conversation(
    store: Attachments, talk: str, archive: Archive
):
    first = await store.store(talk, "a.png", PNG)
    case = await archive.file(make_draft(conversation=talk))
    second = await store.store(talk, "b.pdf", PDF)

    assert await store.of_case(case.reference) == [first, second]
    assert await store.of_case("G-2026-999999") == []


async def test_the_same_bytes_are_kept_once(store: Attachments, talk: str):
    first = await store.store(talk, "a.png", PNG)
    second = await store.store(talk, "b.png", PNG)

    assert first.id != second.id
    assert len(files_in(store)) == 1


async def test_a_file_is_linked_to_its_message(
    store: Attachments, talk: str, transcripts: Transcripts
):
    stored = await store.store(talk, "a.png", PNG)
    message = make_message()
    await transcripts.append(talk, message)

    await store.link([stored.id], talk, message.id)

    assert (await store.of_conversation(talk))[0].message == message.id


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", BadInput),
        (b"MZ\x90\x00" + bytes(100), WrongFileType),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", WrongFileType),
        (b"<!doctype html><script>alert(1)</script>", WrongFileType),
        (PNG + bytes(1000), FileTooLarge),
    ],
)
async def test_what_is_not_taken_leaves_nothing_behind(
    store: Attachments, talk: str, content: bytes, error: type[BadInput]
):
    with pytest.raises(error):
        await store.store(talk, "picture.png", content)

    assert files_in(store) == []
    assert await store.of_conversation(talk) == []


async def test_a_conversation_has_only_so_many_files(store: Attachments, talk: str):
    for _ in range(3):
        await store.store(talk, "a.png", PNG)

    with pytest.raises(TooManyFiles):
        await store.store(talk, "a.png", PNG)


async def test_an_unknown_conversation_message_or_file_is_not_found(
    store: Attachments, talk: str
):
    stored = await store.store(talk, "a.png", PNG)

    for attempt in (
        store.store("nobody", "a.png", PNG),
        store.store(talk, "a.png", PNG, message="none"),
        store.link([stored.id], talk, "none"),
        store.open("none"),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_altered_or_missing_bytes_are_never_served(store: Attachments, talk: str):
    stored = await store.store(talk, "a.png", PNG)
    (file,) = files_in(store)

    file.write_bytes(PNG + b"!")
    with pytest.raises(ArchiveUnavailable, match="altered"):
        await store.open(stored.id)
    file.unlink()
    with pytest.raises(ArchiveUnavailable, match="missing"):
        await store.open(stored.id)


async def test_a_sweep_removes_only_what_no_row_names(store: Attachments, talk: str):
    await store.store(talk, "a.png", PNG)
    orphan = hashlib.sha256(PDF).hexdigest()
    (store.folder / orphan[:2]).mkdir(exist_ok=True)
    (store.folder / orphan[:2] / orphan[2:]).write_bytes(PDF)

    assert await store.sweep() == 1
    assert len(files_in(store)) == 1


async def test_the_same_file_stored_by_many_at_once_is_there_for_all(
    store: Attachments, transcripts: Transcripts
):
    talks = [f"talk-{n}" for n in range(5)]
    for name in talks:
        await transcripts.create(name, "hash", "sv")

    stored = await asyncio.gather(*[store.store(name, "a.png", PNG) for name in talks])

    assert [(await store.open(each.id))[1] for each in stored] == [PNG] * 5
    assert len(files_in(store)) == 1


async def test_a_file_that_comes_after_the_filing_is_an_event_of_the_case(
    store: Attachments, talk: str, archive: Archive
):
    case = await archive.file(make_draft(conversation=talk))

    added = await store.store(talk, "b.pdf", PDF)

    event = (await archive.case(case.reference)).history[-1]
    assert (event.actor, event.kind) == ("customer", "attachment_added")
    assert event.details["sha256"] == added.sha256


async def test_files_that_are_as_they_were_sealed_have_no_faults(
    store: Attachments, talk: str, archive: Archive
):
    await store.store(talk, "a.png", PNG)
    case = await archive.file(make_draft(conversation=talk))
    await store.store(talk, "b.pdf", PDF)

    assert await archive.find_faults() == []
    assert await store.find_faults() == []
    assert await store.find_faults(case.reference) == []


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        ("DELETE FROM attachments", "missing"),
        (f"UPDATE attachments SET sha256 = '{'0' * 64}'", "exchanged"),
        ("UPDATE attachments SET id = 'another'", "never sealed"),
    ],
)
async def test_a_changed_row_of_a_sealed_file_is_noticed(
    store: Attachments,
    talk: str,
    archive: Archive,
    engine: AsyncEngine,
    act: str,
    fault: str,
):
    await store.store(talk, "a.png", PNG)
    case = await archive.file(make_draft(conversation=talk))

    async with engine.begin() as connection:
        await connection.execute(text(act))

    faults = await store.find_faults()
    assert any(each.startswith(fault) for each in faults)
    assert all(case.reference in each for each in faults)


async def test_changed_bytes_of_a_sealed_file_are_noticed(
    store: Attachments, talk: str, archive: Archive
):
    stored = await store.store(talk, "a.png", PNG)
    case = await archive.file(make_draft(conversation=talk))

    files_in(store)[0].write_bytes(PNG + b"!")

    (fault,) = await store.find_faults()
    assert f"attachment {stored.id} of {case.reference}" in fault
