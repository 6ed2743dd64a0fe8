"""Publishing: what customers are answered from becomes the stored pages.

The index of a publication is built in a folder of its own and asked the editors'
questions. Only when it answers well enough is the publication recorded, and the link
`index` moved over to the folder. The record counts: wherever the link stays behind,
the next start or the watch of a running server moves it. Whoever has the earlier index
open goes on undisturbed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from knowledge.answers import Knowledge
from knowledge.chunking import chunk
from knowledge.embedding import Embedder, Progress
from knowledge.errors import BadInput, DeadLinks, GuichetError, NotFound
from knowledge.index import Manifest, PassageIndex, open_index
from knowledge.indexes import (
    ensure_index,
    go_live,
    index_folder,
    live_index,
    live_stamp,
    read_manifest,
    read_quality,
    write_quality,
)
from knowledge.links import dead_links
from knowledge.measuring import measure_index
from knowledge.pages import Page
from knowledge.quality import Checks, Quality
from knowledge.regressions import refuse_worse
from knowledge.store import PageStore

__all__ = [
    "Publisher",
    "index_folder",
    "publish",
    "rebuild",
    "refuse_dead_links",
    "roll_back",
]


log = logging.getLogger(__name__)

WATCH_SECONDS = 2.0


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """What a publication is made with.

    Attributes:
        embedder: Embeds what is new.
        state_dir: Where the indexes are kept.
        checks: The questions to measure with, and the operator's rules.
        progress: Called as passages are embedded and questions asked.
    """

    embedder: Embedder
    state_dir: Path
    checks: Checks
    progress: Progress = no_progress


async def publish(
    store: PageStore,
    embedder: Embedder,
    state_dir: Path,
    *,
    checks: Checks | None = None,
    pages: Sequence[Page] | None = None,
    force: bool = False,
    with_dead_links: bool = False,
    progress: Progress = no_progress,
    author: str = "guichet",
) -> Manifest:
    """Make pages what customers are answered from.

    Nothing is rebuilt when pages and model are those of the current index, and
    nothing measured again when the questions are the same as well.

    Args:
        store: Holds the pages, and the record of the publication.
        embedder: Embeds what is new.
        state_dir: Where the index is kept.
        checks: The editors' questions and the operator's rules; none by default.
        pages: By default every page in its newest version.
        force: Publish even what answers worse than the operator's floor.
        with_dead_links: Publish even what links to what is not there.
        progress: Called as passages are embedded and questions asked.
        author: Noted with the publication.

    Returns:
        The manifest of the index, with what was measured.

    Raises:
        BadInput: There are no pages.
        PublishRefused: It would answer worse than the operator's floor allows; what
            customers are answered from stays as it is.
        DeadLinks: What would be new has links that lead nowhere.
        Conflict: Somebody else has published in the meantime.
    """
    base = await store.latest_publication()
    if pages is None:
        pages = await store.pages()
    if not with_dead_links:
        await refuse_dead_links(store, pages)
    press = _press(embedder, state_dir, checks, progress)
    built = await _build(press, pages, force=force)
    await store.record_publication(pages, author=author, base=base)
    await asyncio.to_thread(built.go_live, state_dir)
    return built.manifest


async def refuse_dead_links(store: PageStore, pages: Sequence[Page]) -> None:
    """Look where the links of what would be new lead, were `pages` published.

    Raises:
        DeadLinks: Some lead nowhere.
    """
    published = await store.published_pages()
    new = [page for page in pages if page not in published]
    if dead := dead_links(pages, among=new):
        raise DeadLinks([asdict(each) for each in dead])


async def roll_back(
    store: PageStore,
    embedder: Embedder,
    state_dir: Path,
    *,
    checks: Checks | None = None,
    number: int | None = None,
    progress: Progress = no_progress,
    author: str = "guichet",
) -> Manifest:
    """Publish the pages of an earlier publication again; no version is lost.

    It is measured like any other, but never refused: it is the way out of a bad one.

    `number` names the publication to bring back; by default the one before the latest.

    Raises:
        NotFound: There is no such publication.
        Conflict: Somebody else has published in the meantime.
    """
    base = await store.latest_publication()
    if number is None:
        if base <= 1:
            raise NotFound("there is no earlier publication")
        number = base - 1
    pages = await store.published_pages(number)
    press = _press(embedder, state_dir, checks, progress)
    built = await _build(press, pages, force=True)
    await store.record_publication(pages, author=author, restores=number, base=base)
    await asyncio.to_thread(built.go_live, state_dir)
    return built.manifest


async def rebuild(
    store: PageStore,
    embedder: Embedder,
    state_dir: Path,
    *,
    checks: Checks | None = None,
    progress: Progress = no_progress,
) -> Manifest | None:
    """Build the index of what is published: for a fresh machine or another model.

    Also where the questions or the rules have changed, it is measured again.

    Returns:
        The manifest; None when nothing was ever published.
    """
    pages = await store.published_pages()
    if not pages:
        return None
    built = await _build(_press(embedder, state_dir, checks, progress), pages, True)
    await asyncio.to_thread(built.go_live, state_dir)
    return built.manifest


def _press(
    embedder: Embedder, state_dir: Path, checks: Checks | None, progress: Progress
) -> Press:
    return Press(
        embedder=embedder,
        state_dir=state_dir,
        checks=checks or Checks(),
        progress=progress,
    )


@dataclass(frozen=True, kw_only=True)
class _Built:
    """An index that waits to go live, with what was measured of it."""

    folder: Path
    manifest: Manifest
    quality: Quality

    def go_live(self, state_dir: Path) -> None:
        write_quality(self.folder, self.quality)
        go_live(self.folder, state_dir)


async def _build(press: Press, pages: Sequence[Page], force: bool) -> _Built:
    if not pages:
        raise BadInput("there are no pages to publish: import some first")
    return await asyncio.to_thread(_build_now, press, pages, force)


def _build_now(press: Press, pages: Sequence[Page], force: bool) -> _Built:
    passages = [passage for page in pages for passage in chunk(page)]
    folder = ensure_index(passages, press.embedder, press.state_dir, press.progress)
    index = open_index(folder, press.embedder)
    quality = _quality(press, folder, index)
    if not force:
        live = live_index(press.state_dir, press.embedder)
        if live is not None:
            before = _quality(press, index_folder(press.state_dir), live)
            refuse_worse(before, quality, press.checks.rules)
    manifest = replace(index.manifest, quality=quality.as_json())
    return _Built(folder=folder, manifest=manifest, quality=quality)


def _quality(press: Press, folder: Path, index: PassageIndex) -> Quality:
    """What these checks measure of an index, asked only where that is not known."""
    known = read_quality(folder)
    if known is not None and known.key == press.checks.key:
        return known
    return measure_index(
        index, press.embedder, press.state_dir, press.checks, press.progress
    )


class Publisher:
    """Publishes from within the running service, one at a time.

    Args:
        store: Holds the pages.
        knowledge: What the service answers from; it goes on with the new index.
        state_dir: Where the index is kept.
        load_checks: Reads the editors' questions and the operator's rules afresh.
    """

    def __init__(
        self,
        store: PageStore,
        knowledge: Knowledge,
        state_dir: Path,
        load_checks: Callable[[], Checks] = Checks,
    ) -> None:
        self._store, self._knowledge, self._state_dir = store, knowledge, state_dir
        self._load_checks = load_checks
        self._turn = asyncio.Lock()
        self._stamp = live_stamp(state_dir)
        self._number: int | None = None

    async def publish(
        self,
        author: str,
        *,
        pages: Sequence[Page] | None = None,
        force: bool = False,
        with_dead_links: bool = False,
    ) -> Manifest:
        """Make the newest versions live, or exactly `pages`; see `publish`."""
        async with self._turn:
            manifest = await publish(
                self._store,
                self._knowledge.embedder,
                self._state_dir,
                checks=self._load_checks(),
                pages=pages,
                force=force,
                with_dead_links=with_dead_links,
                author=author,
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
                checks=self._load_checks(),
                number=number,
                author=author,
            )
            await self._reopen()
        return manifest

    def measured(self) -> Quality | None:
        """What the editors' questions measured of what is live."""
        return read_quality(index_folder(self._state_dir))

    async def catch_up(self) -> bool:
        """Go on with what others have published since; true when something changed.

        Another process on this state folder has moved the link; a replica with a state
        folder of its own has only recorded the publication, which is then built here.
        """
        async with self._turn:
            number = await self._store.latest_publication()
            if number != self._number:
                if await self._is_behind():
                    await rebuild(
                        self._store,
                        self._knowledge.embedder,
                        self._state_dir,
                        checks=self._load_checks(),
                    )
                self._number = number
            if live_stamp(self._state_dir) == self._stamp:
                return False
            await self._reopen()
        return True

    async def _is_behind(self) -> bool:
        """Whether other versions are published than the live index was made of."""
        manifest = read_manifest(self._state_dir)
        if manifest is None:
            return False
        live = {name: page["version"] for name, page in manifest["pages"].items()}
        published = {
            f"{page.id}/{page.language}": page.version
            for page in await self._store.published_pages()
        }
        return bool(published) and live != published

    @asynccontextmanager
    async def watching(
        self, every_seconds: float = WATCH_SECONDS
    ) -> AsyncIterator[None]:
        """Catch up with what others publish, for as long as this is open."""
        watch = asyncio.create_task(self._watch(every_seconds))
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _watch(self, every_seconds: float) -> None:
        while True:
            try:
                await self.catch_up()
            except (GuichetError, OSError) as exc:
                # What is open goes on; the next look may succeed.
                log.warning("cannot follow publications: %s", type(exc).__name__)
            await asyncio.sleep(every_seconds)

    async def _reopen(self) -> None:
        stamp = live_stamp(self._state_dir)
        await asyncio.to_thread(self._knowledge.reopen, index_folder(self._state_dir))
        self._stamp = stamp
