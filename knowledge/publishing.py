"""Publishing: what customers are answered from becomes the stored pages.

The index of a publication is built in a folder of its own, named by what is in it;
a link `current` then moves over to it in one step. Whoever has the earlier index open
goes on undisturbed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knowledge.chunking import chunk
from knowledge.embedding import Embedder, Progress
from knowledge.errors import BadInput, NotFound
from knowledge.index import build_index
from knowledge.pages import Page
from knowledge.store import PageStore
from knowledge.versions import content_hash

KEPT_INDEXES = 3


def index_folder(state_dir: Path) -> Path:
    """Where the index that customers are answered from is found."""
    return state_dir / "index" / "current"


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


async def publish(
    store: PageStore,
    embedder: Embedder,
    state_dir: Path,
    *,
    progress: Progress = no_progress,
    author: str = "guichet",
) -> dict[str, Any]:
    """Make the newest version of every page what customers are answered from.

    Nothing is rebuilt when pages and model are those of the current index.

    Returns:
        The manifest of the index.

    Raises:
        BadInput: There are no pages.
    """
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
) -> dict[str, Any]:
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
) -> dict[str, Any] | None:
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
) -> dict[str, Any]:
    if not pages:
        raise BadInput("there are no pages to publish: import some first")
    manifest = await asyncio.to_thread(_switch, pages, embedder, state_dir, progress)
    await store.record_publication(pages, author=author, restores=restores)
    return manifest


def _switch(
    pages: Sequence[Page], embedder: Embedder, state_dir: Path, progress: Progress
) -> dict[str, Any]:
    current = index_folder(state_dir)
    folder = current.parent / _name(pages, embedder)
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        passages = [passage for page in pages for passage in chunk(page)]
        folder.parent.mkdir(parents=True, exist_ok=True)
        build_index(passages, embedder, folder, progress=progress)
    if not current.is_symlink() or current.resolve() != folder.resolve():
        new = current.with_name(f"current-{os.getpid()}")
        new.unlink(missing_ok=True)
        new.symlink_to(folder.name)
        new.replace(current)
    os.utime(folder)
    _forget_old(current)
    loaded: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
    return loaded


def _name(pages: Sequence[Page], embedder: Embedder) -> str:
    parts = sorted(
        f"{page.language}/{page.id}@{page.version}:{content_hash(page)}"
        for page in pages
    )
    return hashlib.sha256(
        "\n".join([embedder.fingerprint, *parts]).encode("utf-8")
    ).hexdigest()[:16]


def _forget_old(current: Path) -> None:
    """Keep the last few indexes, so that rolling back is instant."""
    live = current.resolve()
    others = [
        folder
        for folder in current.parent.iterdir()
        if not folder.is_symlink()
        and folder != live
        and (folder / "manifest.json").is_file()
    ]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT_INDEXES - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
