from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.migrations import upgrade
from knowledge.database import open_engine
from knowledge.embedding import FakeEmbedder
from knowledge.publishing import no_progress
from knowledge.stocking import stock
from knowledge.store import PageStore

PAGE = """---
id: fees
title: Fees
kind: guide
language: en
url: /help/en/fees
effective_from: 2026-09-01
---

## What does it cost? {{#cost}}

{text}
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PageStore]:
    engine = open_engine(f"sqlite:///{tmp_path / 'pages.sqlite3'}")
    await upgrade(engine)
    yield PageStore(engine)
    await engine.dispose()


async def stock_with(store: PageStore, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "help" / "en"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fees.md").write_text(PAGE.format(text=text), encoding="utf-8")
    await stock(
        store, tmp_path / "help", FakeEmbedder(), tmp_path, progress=no_progress
    )


async def live_text(store: PageStore) -> str:
    (page,) = await store.published_pages()
    return page.body.splitlines()[-1]


async def test_a_first_stocking_publishes_the_folder(
    store: PageStore, tmp_path: Path
) -> None:
    await stock_with(store, tmp_path, "Nothing.")

    assert await live_text(store) == "Nothing."


async def test_a_changed_file_goes_live(store: PageStore, tmp_path: Path) -> None:
    await stock_with(store, tmp_path, "Nothing.")

    await stock_with(store, tmp_path, "One euro.")

    assert await live_text(store) == "One euro."


async def test_an_editors_draft_is_neither_published_nor_undone(
    store: PageStore, tmp_path: Path
) -> None:
    await stock_with(store, tmp_path, "Nothing.")
    (live,) = await store.published_pages()
    draft = replace(live, body=live.body.replace("Nothing.", "Two euros."))
    await store.save_version(draft, author="editor")

    await stock_with(store, tmp_path, "Nothing.")

    assert await live_text(store) == "Nothing."
    assert "Two euros." in (await store.page("fees", "en")).body
