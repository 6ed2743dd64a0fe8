"""`guichet knowledge import`: reading a source and telling what became of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.languages import load_identifier
from bot.page_languages import page_identifier
from bot.running.prepare import shown
from bot.settings import Settings
from knowledge.errors import BadInput
from knowledge.importing import (
    Batch,
    BrokenFile,
    ImportReport,
    Proposal,
    Reader,
    compare,
    open_fetcher,
    read_folder,
    read_url,
    save_batch,
)
from knowledge.operator import load_operator
from knowledge.store import PageStore


def reader(settings: Settings, language: str | None) -> Reader:
    """How pages are read for this operator; `language` is that of all of them."""
    operator = load_operator(settings.data_dir)
    return Reader(
        today=settings.clock()().astimezone(operator.zone).date(),
        language=language,
        identify=page_identifier(load_identifier(settings.data_dir)),
        prefer=tuple(operator.languages),
    )


async def read(
    source: str, reader: Reader, console: Console, *, is_private_allowed: bool = False
) -> Batch:
    """Read a path or an address of the web, with a progress bar.

    What cannot be read at all is a batch with one broken source.

    Raises:
        NotFound: There is no such file or folder.
    """
    with shown(console, "Reading") as report:
        try:
            if not source.startswith(("http://", "https://")):
                return await asyncio.to_thread(
                    read_folder, Path(source), reader, report
                )
            async with open_fetcher(is_private_allowed=is_private_allowed) as fetcher:
                return await read_url(source, reader, fetcher, report)
        except BadInput as exc:
            return Batch(broken=[BrokenFile.of(source, exc)])


async def store_batch(
    store: PageStore, batch: Batch, console: Console, *, is_dry: bool, is_json: bool
) -> bool:
    """Store what was read, or only show what that would do; False if a part broke."""
    if is_dry:
        proposals = await compare(store, batch.pages)
        found = _as_json(batch, [_proposed(each) for each in proposals])
    else:
        found = _as_json(
            batch, _stored(await save_batch(store, batch, author="import"))
        )
    if is_json:
        console.print_json(data=found)
    else:
        _print(console, found)
    return not batch.broken


def _print(console: Console, found: dict[str, Any]) -> None:
    for page in found["pages"]:
        name = f"{page['language']}/{page['id']}"
        console.print(f"{page['state']:<10} {name}  {page['name']}", markup=False)
        for note in page["notes"]:
            console.print(f"{'':<10} {note}", markup=False)
    for broken in found["broken"]:
        console.print("[red]broken[/red]    ", end=" ")
        console.print(f"{broken['name']}: {broken['reason']}", markup=False)
    if skipped := found["skipped"]:
        shown_names = ", ".join(skipped[:5]) + (", …" if len(skipped) > 5 else "")
        console.print(f"left out, no pages: {shown_names}", markup=False)
    if found["stopped"]:
        console.print(f"[yellow]stopped[/yellow] at the bound of {found['stopped']}")
    states = [page["state"] for page in found["pages"]]
    console.print(
        f"{states.count('new')} new, {states.count('changed')} changed, "
        f"{states.count('unchanged')} unchanged, {len(found['broken'])} broken"
    )


def _as_json(batch: Batch, pages: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "pages": pages,
        "broken": [
            {"name": each.name, "reason": each.reason, "code": each.code}
            for each in batch.broken
        ],
        "skipped": batch.skipped,
        "stopped": batch.stopped,
    }


def _proposed(proposal: Proposal) -> dict[str, Any]:
    return {
        "name": proposal.read.name,
        "id": proposal.page.id,
        "language": proposal.page.language,
        "title": proposal.page.title,
        "kind": proposal.page.kind,
        "state": proposal.state,
        "version": proposal.stored.version if proposal.stored else None,
        "notes": [str(note) for note in proposal.read.notes],
    }


def _stored(report: ImportReport) -> list[dict[str, Any]]:
    return [
        {
            "name": page.name,
            "id": page.id,
            "language": page.language,
            "title": page.title,
            "kind": page.kind,
            "state": page.state,
            "version": page.version,
            "notes": [str(note) for note in page.notes],
        }
        for page in report.pages
    ]
