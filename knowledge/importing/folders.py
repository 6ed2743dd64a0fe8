"""Pages from a file, a folder of them, or a folder packed up."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

from knowledge.errors import BadInput, NotFound
from knowledge.importing.reading import (
    LARGEST_FILE_BYTES,
    Batch,
    BrokenFile,
    Reader,
    Unreadable,
)
from knowledge.importing.sources import HTML, MARKDOWN, PLAIN, read_source
from knowledge.importing.storing import ImportReport, save_batch
from knowledge.store import PageStore

READABLE = MARKDOWN | HTML | PLAIN
PACKED = ".zip"
LARGEST_PACKED_BYTES = 100_000_000
MOST_FILES = 5_000

Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


async def import_folder(
    store: PageStore,
    folder: Path,
    *,
    author: str,
    only_unseen: bool = False,
    reader: Reader | None = None,
) -> ImportReport:
    """Store every page under `folder`, or the one file that it names.

    A broken file is reported by name and reason, and the rest goes on. Pages that are
    already stored with the same content get no new version. Nothing is published.

    Args:
        store: Where the pages go.
        folder: What is read.
        author: Noted with each version.
        only_unseen: Leave out content that was a version before; see `save_batch`.
        reader: What is taken for granted where files say nothing.

    Raises:
        NotFound: There is no such folder or file.
    """
    reader = reader or Reader(today=dt.date.today())
    batch = await asyncio.to_thread(read_folder, folder, reader)
    return await save_batch(store, batch, author=author, only_unseen=only_unseen)


def read_folder(
    folder: Path, reader: Reader, progress: Progress = no_progress
) -> Batch:
    """Read every page under `folder`, or the one file; hidden ones are left out.

    Raises:
        NotFound: There is no such folder or file.
    """
    if not folder.exists():
        raise NotFound(f"there is no folder or file {folder}")
    if folder.is_file() and folder.suffix.lower() == PACKED:
        return read_packed(folder.read_bytes(), reader, progress)
    batch = Batch()
    paths = [folder] if folder.is_file() else _files(folder)
    for done, path in enumerate(paths, start=1):
        name = path.name if path == folder else path.relative_to(folder).as_posix()
        if path != folder and path.suffix.lower() not in READABLE:
            batch.skipped.append(name)
        else:
            take(batch, name, partial(_content, path), reader)
        progress(done, len(paths))
    return batch


def read_packed(
    content: bytes, reader: Reader, progress: Progress = no_progress
) -> Batch:
    """Read a folder packed as a ZIP archive.

    Raises:
        Unreadable: It is no archive, or unpacks to more than is sensible.
    """
    batch = Batch()
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError) as exc:
        raise Unreadable("no_zip") from exc
    with archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
        too_large = sum(each.file_size for each in members) > LARGEST_PACKED_BYTES
        if too_large or len(members) > MOST_FILES:
            raise Unreadable("packed", limit=LARGEST_PACKED_BYTES, files=MOST_FILES)
        members.sort(key=lambda each: each.filename)
        for done, member in enumerate(members, start=1):
            name = member.filename
            path = PurePosixPath(name)
            if any(part.startswith((".", "__MACOSX")) for part in path.parts):
                continue
            if path.suffix.lower() not in READABLE:
                batch.skipped.append(name)
            else:
                take(batch, name, partial(_unpacked, archive, member), reader)
            progress(done, len(members))
    return batch


def take(batch: Batch, name: str, content: Callable[[], bytes], reader: Reader) -> None:
    """Read one source into the batch, as a page or as a broken file."""
    try:
        batch.add(read_source(content(), name=name, reader=reader))
    except BadInput as exc:
        batch.broken.append(BrokenFile.of(name, exc))


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise Unreadable("too_long", size=size, limit=LARGEST_FILE_BYTES)
        return path.read_bytes()
    except OSError as exc:
        raise Unreadable("unreadable", error=exc.strerror) from exc


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A file of an archive, never more of it than is read: its stated size may lie."""
    try:
        with archive.open(member) as packed:
            content = packed.read(LARGEST_FILE_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as exc:
        raise Unreadable("damaged") from exc
    if len(content) > LARGEST_FILE_BYTES:
        raise Unreadable("too_long", size=member.file_size, limit=LARGEST_FILE_BYTES)
    return content
