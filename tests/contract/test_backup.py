"""A backup holds everything, and either database can be filled from it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from pathlib import Path

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.complaint import Policy
from actions.cases.matters import Matters
from actions.cases.tables import case_embeddings, corrections
from actions.classification.observing import StoredObservation
from bot.backup import back_up, restore
from bot.migrations import upgrade
from knowledge.database import open_engine, reading
from knowledge.embedding import FakeEmbedder
from knowledge.errors import ArchiveUnavailable, BadInput, Conflict
from tests.factories import PDF, STOCKHOLM, FakeClock, make_draft


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "attachments"


@pytest.fixture
def attachments(engine: AsyncEngine, folder: Path, clock: FakeClock) -> Attachments:
    return Attachments(engine, folder, clock)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.zip"


async def bytes_in(engine: AsyncEngine) -> list[bytes]:
    """Everything binary that the database holds."""
    async with reading(engine) as connection:
        vectors = await connection.scalars(select(case_embeddings.c.vector))
        return [*vectors, *await connection.scalars(select(corrections.c.observed))]


async def test_a_restored_archive_is_the_same_on_either_database(
    engine: AsyncEngine,
    attachments: Attachments,
    make_postgres: Callable[[], str],
    policy: Policy,
    clock: FakeClock,
    file: Path,
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor(1) as executor:
        matters = Matters(FakeEmbedder(), executor)
        archive = Archive(engine, policy, STOCKHOLM, clock, matters=matters)
        draft = make_draft(event_date=date(2026, 11, 3), event_time=time(14, 30))
        filed = await archive.file(draft)
    await archive.correct_classification(
        filed.reference,
        "eva",
        is_complaint=False,
        ground=None,
        category="other",
        observed=StoredObservation(fingerprint="f", data=bytes(range(256))),
    )
    sent = await attachments.store(filed.conversation, "bet.pdf", PDF)
    await back_up(engine, attachments.folder, file)

    for n, url in enumerate((f"sqlite:///{tmp_path / 'other.db'}", make_postgres())):
        other, other_folder = open_engine(url), tmp_path / str(n)
        await upgrade(other)
        await restore(other, other_folder, file)
        other_archive = Archive(other, policy, STOCKHOLM, clock)
        restored = await other_archive.case(filed.reference)
        next_one = await other_archive.file(make_draft())
        stored = await Attachments(other, other_folder, clock).open(sent.id)
        faults, binary = await other_archive.find_faults(), await bytes_in(other)
        await other.dispose()

        assert restored == await archive.case(filed.reference)
        assert next_one.reference == "G-2026-000002"
        assert stored == (sent, PDF)
        assert faults == []
        assert binary == await bytes_in(engine)
        assert len(binary) == 2


async def test_an_attachment_that_is_missing_or_altered_is_not_passed_over(
    archive: Archive, engine: AsyncEngine, attachments: Attachments, file: Path
) -> None:
    case = await archive.file(make_draft())
    sent = await attachments.store(case.conversation, "bet.pdf", PDF)
    stored = attachments.folder / sent.sha256[:2] / sent.sha256[2:]

    stored.write_bytes(b"altered")
    with pytest.raises(ArchiveUnavailable, match="was altered"):
        await back_up(engine, attachments.folder, file)
    stored.unlink()
    with pytest.raises(ArchiveUnavailable, match="is missing"):
        await back_up(engine, attachments.folder, file)

    assert not list(file.parent.glob("backup.zip*"))


async def test_a_backup_with_an_altered_attachment_is_refused_whole(
    archive: Archive,
    engine: AsyncEngine,
    attachments: Attachments,
    file: Path,
    tmp_path: Path,
) -> None:
    case = await archive.file(make_draft())
    sent = await attachments.store(case.conversation, "bet.pdf", PDF)
    await back_up(engine, attachments.folder, file)
    with zipfile.ZipFile(file) as good, zipfile.ZipFile(f"{file}.bad", "w") as bad:
        for name in good.namelist():
            is_file = name.endswith(sent.sha256)
            bad.writestr(name, b"altered" if is_file else good.read(name))
    other = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    await upgrade(other)

    with pytest.raises(BadInput, match="was altered"):
        await restore(other, tmp_path / "other", Path(f"{file}.bad"))

    total = (await Archive(other, archive.policy, STOCKHOLM, FakeClock()).cases()).total
    await other.dispose()
    assert total == 0


async def test_every_table_is_backed_up_or_filled_from_others(
    engine: AsyncEngine,
) -> None:
    # In a process of its own: what the tests import is not what the command imports.
    script = (
        "import bot.backup; from knowledge.database import metadata; "
        "print(*metadata.tables)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    async with engine.connect() as connection:
        there = await connection.run_sync(lambda sync: inspect(sync).get_table_names())

    missing = set(there) - set(done.stdout.split()) - {"alembic_version"}
    # The tables of SQLite's full-text index.
    assert {name for name in missing if not name.startswith("case_words")} == set()


async def test_a_backup_never_overwrites_a_file(
    engine: AsyncEngine, folder: Path, file: Path
) -> None:
    await back_up(engine, folder, file)

    with pytest.raises(Conflict, match="exists already"):
        await back_up(engine, folder, file)


async def test_a_filled_archive_is_not_restored_over(
    archive: Archive, engine: AsyncEngine, folder: Path, file: Path
) -> None:
    await archive.file(make_draft())
    await back_up(engine, folder, file)

    with pytest.raises(Conflict, match="is not empty"):
        await restore(engine, folder, file)


async def test_a_file_that_is_no_backup_is_refused(
    engine: AsyncEngine, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "photo.zip").write_bytes(b"not a zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("holiday.txt", "sun")

    for name in ("photo.zip", "other.zip"):
        with pytest.raises(BadInput, match="not a Guichet backup"):
            await restore(engine, folder, tmp_path / name)


async def test_a_file_that_cannot_be_read_is_named(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    for file in (tmp_path / "nothing.zip", tmp_path):
        with pytest.raises(BadInput, match="cannot be read"):
            await restore(engine, tmp_path, file)
