"""`guichet cases`: list, show, export, erase, purge."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import Settings

if TYPE_CHECKING:
    from actions.cases.archive import Archive
    from actions.cases.retention import Retention

cases = typer.Typer(help="The archive of cases.", no_args_is_help=True)
console = Console(highlight=False)
MOST_EXPORTED = 10_000


@cases.command("list")
def list_cases(
    status: Annotated[str, typer.Option(help="Only cases in this state.")] = "",
    q: Annotated[str, typer.Option(help="Words that must all occur.")] = "",
    page: Annotated[int, typer.Option(min=1)] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Show cases, oldest first."""
    from actions.cases.case import case_as_json

    async def run() -> None:
        async with _open_archive() as archive:
            found = await archive.cases(status or None, q or None, page)  # type: ignore[arg-type]
        if json:
            console.print_json(data=[case_as_json(case) for case in found.cases])
            return
        table = Table("reference", "received", "due", "status", "category", "ground")
        for case in found.cases:
            table.add_row(
                case.reference,
                f"{case.opened_at:%Y-%m-%d %H:%M}",
                f"{case.answer_due_at:%Y-%m-%d}",
                case.status,
                case.category,
                case.ground or "-",
            )
        console.print(table)
        console.print(f"{found.total} cases")

    asyncio.run(run())


@cases.command()
def show(reference: str) -> None:
    """Print one case with its transcript and history."""
    from actions.cases.case import case_as_json

    async def run() -> None:
        async with _open_archive() as archive:
            console.print_json(data=case_as_json(await archive.case(reference)))

    asyncio.run(run())


@cases.command()
def export(
    email: Annotated[str, typer.Argument(help="The person whose data is wanted.")],
) -> None:
    """Print everything that is stored of a person, as JSON."""
    from actions.cases.case import case_as_json

    async def run() -> None:
        async with _open_archive() as archive:
            found = await archive.cases(q=email, page_size=MOST_EXPORTED)
            theirs = [
                case_as_json(await archive.case(case.reference))
                for case in found.cases
                if (case.customer.email or "").casefold() == email.casefold()
            ]
        typer.echo(json_module.dumps(theirs, ensure_ascii=False, indent=2))

    asyncio.run(run())


@cases.command()
def erase(
    email: Annotated[str, typer.Argument(help="The person whose data goes.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove everything that is stored of a person; leaves a receipt with counts."""
    if not yes:
        typer.confirm(
            "Erase every case and message of this person for good?", abort=True
        )

    async def run() -> None:
        settings = Settings.from_environment()
        async with _open_retention(settings) as retention:
            receipt = await retention.erase(settings.clock()(), email=email)
        _show_counts(receipt.counts)

    asyncio.run(run())


@cases.command()
def purge() -> None:
    """Remove closed cases whose retention period is over."""

    async def run() -> None:
        settings = Settings.from_environment()
        async with _open_retention(settings) as retention:
            receipt = await retention.purge(settings.clock()())
        _show_counts(receipt.counts)

    asyncio.run(run())


@asynccontextmanager
async def _open_archive() -> AsyncIterator[Archive]:
    from bot.parts import open_archive

    async with open_archive(Settings.from_environment()) as archive:
        yield archive


@asynccontextmanager
async def _open_retention(settings: Settings) -> AsyncIterator[Retention]:
    from bot.parts import open_retention

    async with open_retention(settings) as retention:
        yield retention


def _show_counts(counts: Mapping[str, int]) -> None:
    for store, count in sorted(counts.items()):
        console.print(f"{count} removed from {store}")
    if not counts:
        console.print("nothing to remove")
