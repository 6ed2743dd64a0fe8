"""Help pages from Markdown files into the page store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.errors import BadInput, NotFound
from knowledge.pages import Page, parse_page
from knowledge.store import PageStore

LARGEST_FILE_BYTES = 2_000_000


@dataclass(frozen=True, kw_only=True)
class ImportedPage:
    """A page that was read; `is_new` when it made a new version."""

    name: str
    id: str
    language: str
    version: int
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class BrokenFile:
    """A file that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of every file of an import."""

    pages: list[ImportedPage] = field(default_factory=list)
    broken: list[BrokenFile] = field(default_factory=list)

    @property
    def n_new_versions(self) -> int:
        return sum(page.is_new for page in self.pages)

    @property
    def n_unchanged(self) -> int:
        return len(self.pages) - self.n_new_versions


async def import_folder(
    store: PageStore, folder: Path, *, author: str, only_unseen: bool = False
) -> ImportReport:
    """Save every Markdown file under `folder`, or the one file that it names.

    A broken file is reported by name and reason, and the rest goes on. Pages that are
    already stored with the same content get no new version. Nothing is published.

    Args:
        store: Where the pages go.
        folder: What is read.
        author: Noted with each version.
        only_unseen: Leave out content that was a version before, so that an editor's
            later version is not undone by the file that it began from.

    Raises:
        NotFound: There is no such folder or file.
    """
    if not await asyncio.to_thread(folder.exists):
        raise NotFound(f"there is no folder or file {folder}")
    report = ImportReport()
    sources: dict[tuple[str, str], str] = {}
    for path in await asyncio.to_thread(markdown_files, folder):
        name = str(path.relative_to(folder)) if path != folder else path.name
        try:
            page = await asyncio.to_thread(_read_page, path, name)
            if (earlier := sources.get((page.id, page.language))) is not None:
                raise BadInput(
                    f"page {page.id} ({page.language}) was already read from {earlier}"
                )
        except BadInput as exc:
            report.broken.append(BrokenFile(name=name, reason=str(exc)))
            continue
        sources[page.id, page.language] = name
        if only_unseen and await store.has_content(page):
            continue
        report.pages.append(await _save(store, page, name, author))
    return report


def markdown_files(folder: Path) -> list[Path]:
    """Markdown files under `folder` in a fixed order; hidden ones are left out."""
    if folder.is_file():
        return [folder]
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in {".md", ".markdown"}
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


async def _save(store: PageStore, page: Page, name: str, author: str) -> ImportedPage:
    before = await store.newest_version(page.id, page.language)
    version = await store.save_version(page, author=author)
    return ImportedPage(
        name=name,
        id=page.id,
        language=page.language,
        version=version,
        is_new=version != before,
    )


def _read_page(path: Path, name: str) -> Page:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise BadInput(f"cannot be read: {exc.strerror}") from exc
    if len(content) > LARGEST_FILE_BYTES:
        raise BadInput(
            f"is {len(content)} bytes long, at most {LARGEST_FILE_BYTES} are read"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise BadInput(f"is not UTF-8 at byte {exc.start}") from exc
    return parse_page(text, source=name)
