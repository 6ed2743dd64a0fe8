"""Stocking: what lies in the operator's folder goes live, editors' work stays."""

from __future__ import annotations

from pathlib import Path

from knowledge.embedding import Embedder, Progress
from knowledge.importing import ImportReport, import_folder
from knowledge.publishing import publish, rebuild
from knowledge.quality import Checks
from knowledge.store import PageStore


async def stock(
    store: PageStore,
    folder: Path,
    embedder: Embedder,
    state_dir: Path,
    *,
    checks: Checks | None = None,
    progress: Progress,
) -> ImportReport:
    """Store and publish the files of `folder` that were never stored before.

    Drafts of editors stay drafts, and a page that an editor has changed since its
    file was read stays as the editor left it. Links that lead nowhere do not keep a
    counter from opening: editors are shown them.

    Raises:
        NotFound: There is no such folder.
        BadInput: There is nothing to publish at all.
        PublishRefused: The new pages are stored, but would answer worse than the
            operator allows; what was live stays live.
    """
    report = await import_folder(store, folder, author="import", only_unseen=True)
    live = {(page.id, page.language): page for page in await store.published_pages()}
    if not live:
        await publish(
            store,
            embedder,
            state_dir,
            checks=checks,
            with_dead_links=True,
            progress=progress,
        )
    elif report.n_new_versions:
        for new in report.pages:
            live[new.id, new.language] = await store.page(new.id, new.language)
        await publish(
            store,
            embedder,
            state_dir,
            checks=checks,
            pages=[*live.values()],
            with_dead_links=True,
            progress=progress,
        )
    else:
        await rebuild(store, embedder, state_dir, checks=checks, progress=progress)
    return report
