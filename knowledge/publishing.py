"""Publishing: what customers are answered from becomes the stored pages.

The index of a publication is built in a folder of its own, named by what is in it;
the link `index` then moves over to it in one step. Whoever has the earlier index open
goes on undisturbed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from knowledge.answers import Knowledge
from knowledge.chunking import Passage, chunk
from knowledge.embedding import Embedder, Progress
from knowledge.errors import BadInput, NotFound, NotReady
from knowledge.index import FORMAT, Manifest, build_index, open_index
from knowledge.pages import Page
from knowledge.store import PageStore

KEPT_INDEXES = 3


def index_folder(state_dir: Path) -> Path:
    """Where the index that customers are answered from is found."""
    return state_dir / "index"


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


async def publish(
    store: PageStore,
    embedder: Embedder,
    state_dir: Path,
    *,
    pages: Sequence[Page] | None = None,
    progress: Progress = no_progress,
    author: str = "guichet",
) -> Manifest:
    """Make pages what customers are answered from.

    Nothing is rebuilt when pages and model are those of the current index.

    Args:
        store: Holds the pages, and the record of the publication.
        embedder: Embeds what is new.
        state_dir: Where the index is kept.
        pages: By default every page in its newest version.
        progress: Called as passages are embedded.
        author: Noted with the publication.

    Returns:
        The manifest of the index.

    Raises:
        BadInput: There are no pages.
    """
    if pages is None:
        pages = await store.pages()
    return await _go_live(store, pages, embedder, state_dir, progress, author, None)


async def roll_back(
    store: PageStore,
    embedder: Embedder,
    state_dir: Path,
    *,
    number: int | None = None,
    progress: Progress = no_progress,
    author: str = "guichet",
) -> Manifest:
    """Publish the pages of an earlier publication again; no version is lost.

    `number` names the publication to bring back; by default the one before the latest.

    Raises:
        NotFound: There is no such publication.
    """
    if number is None:
        latest = await store.publications(limit=1)
        if not latest or latest[0].number == 1:
            raise NotFound("there is no earlier publication")
        number = latest[0].number - 1
    pages = await store.published_pages(number)
    return await _go_live(store, pages, embedder, state_dir, progress, author, number)


async def rebuild(
    store: PageStore,
    embedder: Embedder,
    state_dir: Path,
    *,
    progress: Progress = no_progress,
) -> Manifest | None:
    """Build the index of what is published, for a fresh machine or another model.

    Returns:
        The manifest; None when nothing was ever published.
    """
    pages = await store.published_pages()
    if not pages:
        return None
    return await asyncio.to_thread(_switch, pages, embedder, state_dir, progress)


async def _go_live(
    store: PageStore,
    pages: Sequence[Page],
    embedder: Embedder,
    state_dir: Path,
    progress: Progress,
    author: str,
    restores: int | None,
) -> Manifest:
    if not pages:
        raise BadInput("there are no pages to publish: import some first")
    manifest = await asyncio.to_thread(_switch, pages, embedder, state_dir, progress)
    await store.record_publication(pages, author=author, restores=restores)
    return manifest


def _switch(
    pages: Sequence[Page], embedder: Embedder, state_dir: Path, progress: Progress
) -> Manifest:
    current = index_folder(state_dir)
    passages = [passage for page in pages for passage in chunk(page)]
    folder = state_dir / "indexes" / _name(passages, embedder)
    try:
        manifest = open_index(folder, embedder).manifest
    except NotReady:
        manifest = build_index(passages, embedder, folder, progress=progress)
    if not current.is_symlink() or current.resolve() != folder.resolve():
        new = current.with_name(f"index-{os.getpid()}")
        new.unlink(missing_ok=True)
        new.symlink_to(folder.relative_to(state_dir))
        new.replace(current)
    os.utime(folder)
    _forget_old(folder)
    return manifest


def _name(passages: Sequence[Passage], embedder: Embedder) -> str:
    content = [FORMAT, embedder.fingerprint, *(asdict(passage) for passage in passages)]
    return hashlib.sha256(json.dumps(content).encode("utf-8")).hexdigest()[:16]


def _forget_old(live: Path) -> None:
    """Keep the last few indexes, so that rolling back is instant."""
    others = [
        folder
        for folder in live.parent.iterdir()
        if folder != live and (folder / "manifest.json").is_file()
    ]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT_INDEXES - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)


class Publisher:
    """Publishes from within the running service, one at a time.

    Args:
        knowledge: What the service answers from; it goes on with the new index.
    """

    def __init__(self, store: PageStore, knowledge: Knowledge, state_dir: Path) -> None:
        self._store, self._knowledge, self._state_dir = store, knowledge, state_dir
        self._turn = asyncio.Lock()

    async def publish(self, author: str) -> Manifest:
        """Make the newest versions live; see `publish`."""
        async with self._turn:
            manifest = await publish(
                self._store, self._knowledge.embedder, self._state_dir, author=author
            )
            await self._reopen()
        return manifest

    async def roll_back(self, author: str, number: int | None = None) -> Manifest:
        """Bring an earlier publication back; see `roll_back`."""
        async with self._turn:
            manifest = await roll_back(
                self._store,
                self._knowledge.embedder,
                self._state_dir,
                number=number,
                author=author,
            )
            await self._reopen()
        return manifest

    async def _reopen(self) -> None:
        await asyncio.to_thread(self._knowledge.reopen, index_folder(self._state_dir))
