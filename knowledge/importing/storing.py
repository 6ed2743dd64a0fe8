"""Pages that were read, compared with those stored, and stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from knowledge.errors import NotFound
from knowledge.importing.reading import Batch, BrokenFile, Note, ReadPage
from knowledge.pages import Page
from knowledge.store import PageStore

State = Literal["new", "changed", "unchanged"]
# What a page keeps from its stored version where the source does not say it.
_KEPT = ("kind", "effective_from", "translates")


@dataclass(frozen=True, kw_only=True)
class ImportedPage:
    """A page that was read, and the version that now holds it."""

    name: str
    id: str
    language: str
    title: str
    kind: str
    version: int
    state: State
    notes: tuple[Note, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether it made a new version."""
        return self.state != "unchanged"


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of every file of an import.

    Attributes:
        skipped: Files of kinds that hold no pages.
        stopped: The bound that ended the reading early.
    """

    pages: list[ImportedPage] = field(default_factory=list)
    broken: list[BrokenFile] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    stopped: str | None = None

    @property
    def n_new_versions(self) -> int:
        return sum(page.is_new for page in self.pages)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A page that was read, beside what is stored.

    Attributes:
        page: As it would be stored.
        stored: The newest version there is; None for a new page.
    """

    read: ReadPage
    page: Page
    stored: Page | None

    @property
    def state(self) -> State:
        if self.stored is None:
            return "new"
        page = replace(self.page, version=self.stored.version)
        return "unchanged" if page == self.stored else "changed"


async def compare(store: PageStore, read: Sequence[ReadPage]) -> list[Proposal]:
    """What storing these pages would change, in their order."""
    return [await _propose(store, each) for each in read]


async def save_batch(
    store: PageStore, batch: Batch, *, author: str, only_unseen: bool = False
) -> ImportReport:
    """Store every page of a batch that differs from its newest version.

    Args:
        store: Where the pages go; nothing is published.
        batch: What was read.
        author: Noted with each version.
        only_unseen: Leave out content that was a version before, so that an editor's
            later version is not undone by the file that it began from.
    """
    report = ImportReport(
        broken=batch.broken, skipped=batch.skipped, stopped=batch.stopped
    )
    for read in batch.pages:
        if only_unseen and await store.has_content(read.page):
            continue
        proposal = await _propose(store, read)
        version = await store.save_version(proposal.page, author=author)
        report.pages.append(
            ImportedPage(
                name=read.name,
                id=read.page.id,
                language=read.page.language,
                title=read.page.title,
                kind=proposal.page.kind,
                version=version,
                state=proposal.state,
                notes=read.notes,
            )
        )
    return report


async def _propose(store: PageStore, read: ReadPage) -> Proposal:
    try:
        stored = await store.page(read.page.id, read.page.language)
    except NotFound:
        return Proposal(read=read, page=read.page, stored=None)
    kept = {name: getattr(stored, name) for name in _KEPT if name not in read.says}
    # Front matter that names the page says all of it: what it omits is gone.
    if "id" in read.says:
        kept = {}
    return Proposal(read=read, page=replace(read.page, **kept), stored=stored)
