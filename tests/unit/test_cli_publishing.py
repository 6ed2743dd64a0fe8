"""What `guichet knowledge publish` says and does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import knowledge
from bot.migrations import upgrade
from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.embedding import FakeEmbedder
from knowledge.store import PageStore
from tests.web.editors import make_page


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one page, whose link leads nowhere."""

    async def fill() -> None:
        engine = open_engine(Settings.from_environment().archive_url)
        await upgrade(engine)
        page = make_page(body="Se [villkoren](/help/sv/terms).\n")
        await PageStore(engine).save_version(page, author="Ada")
        await engine.dispose()

    monkeypatch.setenv("GUICHET_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(knowledge, "_embedder", lambda settings: FakeEmbedder())
    asyncio.run(fill())
    return tmp_path


def test_links_that_lead_nowhere_are_named_and_may_stay(state_dir: Path) -> None:
    runner = CliRunner()

    refused = runner.invoke(app, ["knowledge", "publish"])
    published = runner.invoke(
        app, ["knowledge", "publish", "--with-dead-links", "--force"]
    )

    assert refused.exit_code == 1
    assert "/help/sv/terms" in refused.output
    assert "--with-dead-links" in refused.output
    assert published.exit_code == 0, published.output


def test_a_program_is_told_which_links_lead_nowhere(state_dir: Path) -> None:
    refused = CliRunner().invoke(app, ["knowledge", "publish", "--json"])

    told = json.loads(refused.stdout)
    assert (refused.exit_code, told["published"]) == (1, False)
    assert told["dead_links"][0]["target"] == "/help/sv/terms"
