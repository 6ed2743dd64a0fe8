"""What `guichet cases verify` prints."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from bot.cli import app
from bot.migrations import upgrade
from bot.parts import open_archive
from bot.settings import Settings
from knowledge.database import open_engine, writing
from tests.factories import make_draft


async def file_a_case() -> None:
    settings = Settings.from_environment()
    engine = open_engine(settings.archive_url)
    await upgrade(engine)
    await engine.dispose()
    async with open_archive(settings) as archive:
        case = await archive.file(make_draft())
        await archive.add_note(case.reference, "eva", "Ringde")


async def cut_off_the_note() -> None:
    engine = open_engine(Settings.from_environment().archive_url)
    async with writing(engine) as connection:
        await connection.execute(text("DROP TRIGGER case_events_no_delete"))
        await connection.execute(text("DELETE FROM event_details WHERE event_id = 2"))
        await connection.execute(text("DELETE FROM case_events WHERE id = 2"))
    await engine.dispose()


def test_a_head_kept_elsewhere_shows_that_the_end_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_STATE_DIR", str(tmp_path))
    asyncio.run(file_a_case())
    runner = CliRunner()

    before = runner.invoke(app, ["cases", "verify"])
    head = re.findall(r"^head  (2:[0-9a-f]{64})$", before.output, re.MULTILINE)
    asyncio.run(cut_off_the_note())
    after = runner.invoke(app, ["cases", "verify", "--head", head[0]])

    assert before.exit_code == 0
    assert after.exit_code == 1
    assert "1 that were there up to event 2 are cut off" in " ".join(
        after.output.split()
    )
