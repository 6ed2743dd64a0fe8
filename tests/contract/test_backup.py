import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from bot.backup import back_up, restore
from bot.migrations import upgrade
from knowledge.database import open_engine
from knowledge.errors import BadInput, Conflict
from tests.factories import STOCKHOLM, FakeClock, make_draft


async def test_a_restored_archive_is_the_same_on_either_database(
    archive: Archive,
    engine: AsyncEngine,
    make_postgres: Callable[[], str],
    policy: Policy,
    clock: FakeClock,
    tmp_path: Path,
) -> None:
    filed = await archive.file(make_draft())
    await back_up(engine, tmp_path / "backup.zip")

    for url in (f"sqlite:///{tmp_path / 'other.sqlite3'}", make_postgres()):
        other = open_engine(url)
        await upgrade(other)
        await restore(other, tmp_path / "backup.zip")
        other_archive = Archive(other, policy, STOCKHOLM, clock)
        restored = await other_archive.case(filed.reference)
        next_one = await other_archive.file(make_draft())
        await other.dispose()

        assert restored == await archive.case(filed.reference)
        assert next_one.reference == "G-2026-000002"


async def test_a_backup_never_overwrites_a_file(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await back_up(engine, tmp_path / "backup.zip")

    with pytest.raises(Conflict, match="exists already"):
        await back_up(engine, tmp_path / "backup.zip")


async def test_a_filled_archive_is_not_restored_over(
    archive: Archive, engine: AsyncEngine, tmp_path: Path
) -> None:
    await archive.file(make_draft())
    await back_up(engine, tmp_path / "backup.zip")

    with pytest.raises(Conflict, match="is not empty"):
        await restore(engine, tmp_path / "backup.zip")


async def test_a_file_that_is_no_backup_is_refused(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    (tmp_path / "photo.zip").write_bytes(b"not a zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("holiday.txt", "sun")

    for name in ("photo.zip", "other.zip"):
        with pytest.raises(BadInput, match="not a Guichet backup"):
            await restore(engine, tmp_path / name)
