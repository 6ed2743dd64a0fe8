"""Importing in the console: read first, review, then store what was chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from aiohttp import BodyPartReader, web

from knowledge.bodies import DAMAGED, form_fields, whole_number
from knowledge.console.differences import differences
from knowledge.console.parts import CONSOLE, Console, author_of
from knowledge.console.publications import under_way
from knowledge.console.work import Progress
from knowledge.errors import BadInput, TooLong
from knowledge.importing import (
    Batch,
    BrokenFile,
    Proposal,
    Reader,
    compare,
    open_fetcher,
    read_packed,
    read_url,
    save_batch,
)
from knowledge.importing.folders import PACKED, READABLE, take
from knowledge.importing.reading import Unreadable
from knowledge.pages import render_html
from knowledge.workplace import WORKPLACE, render, see_other

routes = web.RouteTableDef()

LARGEST_UPLOAD_BYTES = 50_000_000
MOST_FILES = 2_000
_PIECE = 65_536


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What was read, beside what is stored.

    Attributes:
        refused: The address itself, where it could not be read.
    """

    batch: Batch
    proposals: list[Proposal]
    refused: BrokenFile | None = None


@dataclass(kw_only=True)
class _Upload:
    """What a browser sent."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)


@routes.get("/knowledge/import")
async def ask_for_source(request: web.Request) -> web.Response:
    return _source_page(request)


@routes.post("/knowledge/import")
async def read_source_sent(request: web.Request) -> web.Response:
    """Begin to read what was sent: an address, files, or a packed folder."""
    parts = request.app[CONSOLE]
    try:
        upload = await _receive(request)
        address = upload.fields.get("address", "").strip()
        if not address and not upload.files:
            raise BadInput(
                "nothing to read: give an address or choose files",
                refusal="nothing_to_read",
            )
    except BadInput as exc:
        return _source_page(request, error=exc, status=400)
    reader = parts.reader(upload.fields.get("language") or None)
    if address:
        run = partial(_read_address, parts, address, reader)
    else:
        run = partial(_read_files, parts, upload.files, reader)
    named = address or ", ".join(name for name, _ in upload.files[:3])
    key = await parts.workshop.start("import", author_of(request), run, about=named)
    return see_other(f"/knowledge/import/{key}")


@routes.get("/knowledge/import/{key}")
async def review(request: web.Request) -> web.Response:
    """What was read, page by page, to choose from."""
    parts = request.app[CONSOLE]
    key = request.match_info["key"]
    work = await parts.workshop.find(key, "import", author_of(request))
    if not work.is_over:
        return under_way(request, work)
    if work.state != "done":
        return _source_page(request, failed=work.state, status=400)
    if work.result.refused:
        refused = work.result.refused
        return _source_page(request, refused=refused, named=work.about, status=400)
    return render(
        request,
        "console/review.html",
        {
            "work": work,
            "batch": work.result.batch,
            "proposals": list(enumerate(work.result.proposals)),
            "changes": [
                differences(each.stored.body, each.page.body)
                if each.stored and each.state == "changed"
                else None
                for each in work.result.proposals
            ],
            "render_html": render_html,
        },
    )


@routes.post("/knowledge/import/{key}")
async def store_chosen(request: web.Request) -> web.Response:
    """Store the pages chosen, as drafts."""
    parts = request.app[CONSOLE]
    key = request.match_info["key"]
    work = await parts.workshop.find(key, "import", author_of(request))
    fields = await form_fields(request)
    chosen = {whole_number(value) for value in fields.getall("page", [])}
    read = [
        proposal.read
        for place, proposal in enumerate(work.result.proposals if work.result else [])
        if place in chosen
    ]
    if not read:
        return see_other(f"/knowledge/import/{work.key}", notice="nothing_chosen")
    report = await save_batch(parts.store, Batch(pages=read), author=author_of(request))
    language = report.pages[0].language
    return see_other(
        "/knowledge",
        notice="imported",
        n=str(report.n_new_versions),
        language=language,
    )


def _source_page(
    request: web.Request, *, status: int = 200, **shown: Any
) -> web.Response:
    context = {
        "error": shown.get("error"),
        "failed": shown.get("failed"),
        "refused": shown.get("refused"),
        "named": shown.get("named", ""),
        "page_languages": request.app[WORKPLACE].languages,
        "suffixes": ",".join(sorted([*READABLE, PACKED])),
    }
    return render(request, "console/import.html", context, status=status)


async def _read_address(
    parts: Console, address: str, reader: Reader, progress: Progress
) -> Reviewed:
    if "://" not in address:
        address = f"https://{address}"
    async with open_fetcher(is_private_allowed=parts.is_private_allowed) as fetcher:
        try:
            batch = await read_url(address, reader, fetcher, progress)
        except Unreadable as exc:
            refused = BrokenFile.of(address, exc)
            return Reviewed(batch=Batch(), proposals=[], refused=refused)
    return await _reviewed(parts, batch)


async def _read_files(
    parts: Console,
    files: Sequence[tuple[str, bytes]],
    reader: Reader,
    progress: Progress,
) -> Reviewed:
    batch = await asyncio.to_thread(_read_all, files, reader, progress)
    return await _reviewed(parts, batch)


def _read_all(
    files: Sequence[tuple[str, bytes]], reader: Reader, progress: Progress
) -> Batch:
    batch = Batch()
    for done, (name, content) in enumerate(sorted(files), start=1):
        suffix = PurePosixPath(name).suffix.lower()
        if suffix == PACKED:
            _take_packed(batch, name, content, reader, progress)
        elif suffix in READABLE:
            take(batch, name, partial(bytes, content), reader)
        else:
            batch.skipped.append(name)
        progress(done, len(files))
    return batch


def _take_packed(
    batch: Batch, name: str, content: bytes, reader: Reader, progress: Progress
) -> None:
    try:
        packed = read_packed(content, reader, progress)
    except Unreadable as exc:
        batch.broken.append(BrokenFile.of(name, exc))
        return
    for page in packed.pages:
        batch.add(page)
    batch.broken.extend(packed.broken)
    batch.skipped.extend(packed.skipped)


async def _reviewed(parts: Console, batch: Batch) -> Reviewed:
    return Reviewed(batch=batch, proposals=await compare(parts.store, batch.pages))


async def _receive(request: web.Request) -> _Upload:
    """The form, its files never larger together than their bound.

    Raises:
        TooLong: More or larger files than are read.
        BadInput: The form is damaged.
    """
    upload = _Upload()
    n_bytes = 0
    if not request.content_type.startswith("multipart/"):
        return replace(upload, fields=dict(await form_fields(request)))
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise BadInput("the form is nested")
            largest = LARGEST_UPLOAD_BYTES - n_bytes
            content = await _content(part, largest)
            n_bytes += len(content)
            if part.filename is None:
                upload.fields[part.name or ""] = content.decode("utf-8", "replace")
            elif part.filename:
                upload.files.append((_relative(part.filename), content))
            if len(upload.files) > MOST_FILES:
                raise TooLong(f"at most {MOST_FILES} files are read at once")
    except DAMAGED as exc:
        raise BadInput("the form is damaged") from exc
    return upload


async def _content(part: BodyPartReader, largest: int) -> bytes:
    content = bytearray()
    while piece := await part.read_chunk(_PIECE):
        content += piece
        if len(content) > largest:
            raise TooLong(
                f"the files have more than {LARGEST_UPLOAD_BYTES} bytes together"
            )
    return bytes(content)


def _relative(name: str) -> str:
    """The name of a file within its folder, whatever the browser's system."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    kept = [part for part in parts if part not in ("/", "..", ".")]
    return "/".join(kept[1:] if len(kept) > 1 else kept) or "file"
