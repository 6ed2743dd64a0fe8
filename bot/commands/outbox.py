"""`guichet outbox`: list, dead, replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import Settings

if TYPE_CHECKING:
    from actions.delivery.outbox import Outbox, State

outbox = typer.Typer(help="What must leave the house.", no_args_is_help=True)
console = Console(highlight=False)


@outbox.command("list")
def list_waiting(
    destination: Annotated[str, typer.Option(help="Only for this one.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Show what waits to be delivered, newest first, and what is held."""
    asyncio.run(_show("waiting", destination, as_json=json))


@outbox.command()
def dead(
    destination: Annotated[str, typer.Option(help="Only for this one.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Show what was given up, newest first, with the last error."""
    asyncio.run(_show("dead", destination, as_json=json))


@outbox.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="All unless given.")] = None,
    destination: Annotated[str, typer.Option(help="Only for this one.")] = "",
) -> None:
    """Try again what was given up; deliver again where nothing was delivered."""

    async def run() -> None:
        async with _open() as found:
            number = await found.replay(ids or None, destination=destination or None)
        console.print(f"{number} will be tried again")

    asyncio.run(run())


async def _show(state: State, destination: str, *, as_json: bool) -> None:
    async with _open() as found:
        rows = await found.list(state, destination=destination or None)
        holds = await found.holds()
    if as_json:
        console.print_json(
            data=[
                {
                    "id": row.id,
                    "reference": row.reference,
                    "destination": row.destination,
                    "kind": row.kind,
                    "attempts": row.attempts,
                    "created_at": row.created_at.isoformat(),
                    "last_error": row.last_error,
                }
                for row in rows
            ]
        )
        return
    table = Table("id")
    table.add_column("case", no_wrap=True)
    for name in ("destination", "kind", "since", "tries", "last error"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            str(row.id),
            row.reference,
            row.destination,
            row.kind,
            f"{row.created_at:%Y-%m-%d %H:%M}",
            str(row.attempts),
            row.last_error or "-",
        )
    console.print(table)
    for name in sorted({row.destination for row in rows} - _configured()):
        console.print(f"{name} is not configured: what is for it waits")
    for hold in holds:
        until = f"until {hold.until:%Y-%m-%d %H:%M}" if hold.until else "until replayed"
        console.print(f"{hold.destination} is held {until}: {hold.reason}")


def _configured() -> set[str]:
    from actions.cases.outbox import EMAIL
    from actions.delivery.destinations import load_destinations

    settings = Settings.from_environment()
    found = load_destinations(settings.data_dir, settings.delivery_secrets)
    return {each.name for each in found} | ({EMAIL} if settings.smtp_host else set())


@asynccontextmanager
async def _open() -> AsyncIterator[Outbox]:
    from actions.delivery.outbox import Outbox
    from knowledge.database import open_engine

    settings = Settings.from_environment()
    engine = open_engine(settings.archive_url)
    try:
        yield Outbox(engine, settings.clock())
    finally:
        await engine.dispose()
