from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from knowledge.answers import open_knowledge
from knowledge.database import metadata, open_engine
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput, DeadLinks, NotFound
from knowledge.indexes import KEPT_INDEXES
from knowledge.pages import Page
from knowledge.publishing import (
    index_folder,
    publish,
    rebuild,
    roll_back,
)
from knowledge.store import PageStore


@pytest.fixture
async def store(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'pages.sqlite3'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield PageStore(engine)
    await engine.dispose()


async def save(store: PageStore, words: str) -> None:
    page = Page(
        id="fees",
        title="Fees",
        kind="guide",
        language="en",
        url="/help/en/fees",
        effective_from=dt.date(2026, 9, 1),
        body=f"## Cost {{#cost}}\n\n{words}\n",
    )
    await store.save_version(page, author="Ada")


def answered_from(state_dir: Path) -> str:
    knowledge = open_knowledge(index_folder(state_dir), FakeEmbedder())
    return knowledge.search("What does it cost?", language="en")[0].passage.text


async def test_publishing_makes_the_newest_words_the_answer(store, tmp_path) -> None:
    await save(store, "It is free.")
    await publish(store, FakeEmbedder(), tmp_path)
    await save(store, "It costs a crown.")

    assert answered_from(tmp_path) == "It is free."
    await publish(store, FakeEmbedder(), tmp_path)

    assert answered_from(tmp_path) == "It costs a crown."


async def test_new_links_that_lead_nowhere_are_refused_unless_they_may_stay(
    store, tmp_path
) -> None:
    await save(store, "See [the terms](/help/en/terms).")

    with pytest.raises(DeadLinks, match="/help/en/terms on en/fees") as refused:
        await publish(store, FakeEmbedder(), tmp_path)
    assert await store.published_pages() == []
    await publish(store, FakeEmbedder(), tmp_path, with_dead_links=True)

    assert [each["trouble"] for each in refused.value.links] == ["no_page"]
    # What is there already stands in nobody's way.
    await publish(store, FakeEmbedder(), tmp_path)


async def test_publishing_the_same_again_embeds_nothing(store, tmp_path) -> None:
    await save(store, "It is free.")
    await publish(store, FakeEmbedder(), tmp_path)
    embedded: list[int] = []

    def progress(done: int, total: int) -> None:
        embedded.append(done)

    await publish(store, FakeEmbedder(), tmp_path, progress=progress)

    assert embedded == []
    assert len(await store.publications()) == 1


async def test_another_model_gets_an_index_of_its_own(store, tmp_path) -> None:
    await save(store, "It is free.")
    await publish(store, FakeEmbedder(), tmp_path)
    other: Any = FakeEmbedder()
    other.fingerprint = "another model"

    manifest = await rebuild(store, other, tmp_path)

    assert manifest is not None
    assert manifest.fingerprint == "another model"


async def test_a_damaged_index_is_built_again(store, tmp_path) -> None:
    await save(store, "It is free.")
    await publish(store, FakeEmbedder(), tmp_path)
    for path in index_folder(tmp_path).resolve().iterdir():
        if path.is_file() and path.name != "manifest.json":
            path.unlink()

    await publish(store, FakeEmbedder(), tmp_path)

    assert answered_from(tmp_path) == "It is free."


async def test_rebuilding_leaves_drafts_unpublished(store, tmp_path) -> None:
    await save(store, "It is free.")
    await publish(store, FakeEmbedder(), tmp_path)
    await save(store, "A draft.")
    index_folder(tmp_path).unlink()

    await rebuild(store, FakeEmbedder(), tmp_path)

    assert answered_from(tmp_path) == "It is free."


async def test_nothing_is_rebuilt_before_the_first_publication(store, tmp_path) -> None:
    await save(store, "A draft.")

    assert await rebuild(store, FakeEmbedder(), tmp_path) is None


async def test_rolling_back_twice_returns_to_where_it_began(store, tmp_path) -> None:
    for words in ("It is free.", "It costs a crown."):
        await save(store, words)
        await publish(store, FakeEmbedder(), tmp_path)

    await roll_back(store, FakeEmbedder(), tmp_path)
    first = answered_from(tmp_path)
    await roll_back(store, FakeEmbedder(), tmp_path)

    assert first == "It is free."
    assert answered_from(tmp_path) == "It costs a crown."


async def test_there_is_nothing_to_roll_back_to_at_first(store, tmp_path) -> None:
    await save(store, "It is free.")
    await publish(store, FakeEmbedder(), tmp_path)

    with pytest.raises(NotFound, match="no earlier publication"):
        await roll_back(store, FakeEmbedder(), tmp_path)


async def test_publishing_without_pages_says_what_to_do(store, tmp_path) -> None:
    with pytest.raises(BadInput, match="import some first"):
        await publish(store, FakeEmbedder(), tmp_path)


async def test_whoever_has_the_old_index_open_goes_on_with_it(store, tmp_path) -> None:
    await save(store, "It is free.")
    await publish(store, FakeEmbedder(), tmp_path)
    knowledge = open_knowledge(index_folder(tmp_path), FakeEmbedder())
    await save(store, "It costs a crown.")
    await publish(store, FakeEmbedder(), tmp_path)

    before = knowledge.search("cost", language="en")[0].passage.text
    knowledge.reopen(index_folder(tmp_path))
    after = knowledge.search("cost", language="en")[0].passage.text

    assert (before, after) == ("It is free.", "It costs a crown.")


async def test_only_the_last_few_indexes_are_kept(store, tmp_path) -> None:
    for n in range(KEPT_INDEXES + 2):
        await save(store, f"It costs {n} crowns.")
        await publish(store, FakeEmbedder(), tmp_path)

    assert len(list((tmp_path / "indexes").iterdir())) == KEPT_INDEXES
