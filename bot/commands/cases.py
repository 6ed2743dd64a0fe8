"""`guichet cases`: the archive from the command line."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from bot.settings import Settings

if TYPE_CHECKING:
    from actions.cases.archive import Archive
    from actions.cases.complaint import Policy
    from actions.cases.retention import ErasureReceipt, Retention

cases = typer.Typer(help="The archive of cases.", no_args_is_help=True)
console = Console(highlight=False)


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
        # A reference that is cut is of no use.
        reference = Column("reference", no_wrap=True)
        table = Table(reference, "received", "due", "status", "category", "ground")
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
def dates(
    reference: str,
    json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Show every date of a case, and which policy says so."""

    async def run() -> None:
        async with _open_archive() as archive:
            clocks = await archive.clocks.clocks(reference)
        content = clocks.dates.as_json()
        if json:
            console.print_json(data={"policy": clocks.policy.name, **content})
            return
        table = Table("date", "is", "source", title=f"policy {clocks.policy.name}")
        for name, value in content.items():
            if value is not None:
                table.add_row(name, value, _source_of(clocks.policy, name))
        console.print(table)

    asyncio.run(run())


@cases.command()
def pause(
    reference: str,
    reason: Annotated[str, typer.Option(help="waiting_for_customer or …third_party.")],
    note: Annotated[str, typer.Option(help="What is waited for.")],
    agent: Annotated[str, typer.Option(help="Who decides it: an agent's e-mail.")],
) -> None:
    """Set a case aside; its clocks stand still if its policy lets them."""

    async def run() -> None:
        async with _open_archive() as archive:
            await archive.clocks.pause(reference, agent, reason, note)  # type: ignore[arg-type]
            found = await archive.clocks.dates(reference)
        console.print(
            f"set aside; the answer is due {found.answer_due_at:%Y-%m-%d %H:%M} UTC"
        )

    asyncio.run(run())


@cases.command()
def resume(
    reference: str,
    agent: Annotated[str, typer.Option(help="Who decides it: an agent's e-mail.")],
) -> None:
    """Go on with a case that was set aside."""

    async def run() -> None:
        async with _open_archive() as archive:
            await archive.clocks.resume(reference, agent)
            found = await archive.clocks.dates(reference)
        console.print(f"the answer is due {found.answer_due_at:%Y-%m-%d %H:%M} UTC")

    asyncio.run(run())


@cases.command()
def export(
    email: Annotated[str, typer.Argument(help="The person whose data is wanted.")],
    html: Annotated[
        bool, typer.Option("--html", help="A page to read instead of JSON.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(help="Write both there, with every attached file."),
    ] = None,
) -> None:
    """Print everything that is stored of a person, as JSON or as one HTML page."""
    from bot.parts import open_dossiers
    from bot.personal_data import as_page, personal_data, write_files

    async def run() -> None:
        async with open_dossiers(Settings.from_environment()) as (archive, dossiers):
            found = await personal_data(archive, dossiers, email)
            page = as_page(found, dossiers)
            json = json_module.dumps(found.as_json(), ensure_ascii=False, indent=2)
            if folder is None:
                typer.echo(page if html else json)
                return
            n_files = await write_files(found, dossiers.attachments, folder / "files")
        (folder / "data.json").write_text(json, encoding="utf-8")
        (folder / "data.html").write_text(page, encoding="utf-8")
        console.print(f"written: {folder}, with {n_files} files")

    asyncio.run(run())


@cases.command()
def dossier(
    reference: str,
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path(),
) -> None:
    """Write the dossier of a case, as JSON and as PDF."""
    from actions.cases.dossier_pdf import dossier_pdf
    from bot.parts import open_dossiers

    async def run() -> None:
        async with open_dossiers(Settings.from_environment()) as (_, dossiers):
            made = await dossiers.of_case(reference)
        language = dossiers.language(made.case)
        pdf, json = folder / f"{reference}.pdf", folder / f"{reference}.json"
        pdf.write_bytes(dossier_pdf(made, dossiers.texts, language))
        json.write_text(
            json_module.dumps(made.as_json(), ensure_ascii=False, indent=2),
            encoding="utf-8",
        )
        console.print(f"written: {pdf} and {json}")

    asyncio.run(run())


@cases.command()
def verify(
    reference: Annotated[
        str, typer.Argument(help="One case; all of them when left out.")
    ] = "",
    head: Annotated[
        str,
        typer.Option(
            help="A head that was noted before: nothing may be cut off since."
        ),
    ] = "",
) -> None:
    """Find what is not as it was sealed: events, words, facts, decisions and files.

    The head of the chain is printed: how many events there are, and the last seal. Kept
    elsewhere and given back with --head, it shows whether the end was cut off.
    """
    from actions.cases.history import ChainHead
    from bot.parts import open_archive_and_files

    async def run() -> tuple[list[str], ChainHead]:
        settings = Settings.from_environment()
        noted = ChainHead.parse(head) if head else None
        async with open_archive_and_files(settings) as (archive, files):
            checked = await archive.check(reference or None, noted)
            more = await files.find_faults(reference or None)
            return checked.faults + more, checked.head

    with console.status("comparing with the seals"):
        faults, reached = asyncio.run(run())
    for fault in faults:
        console.print(f"[red]broken[/red]  {fault}")
    console.print(f"head  {reached}", soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    console.print("every event, word and file is as it was sealed")


@cases.command()
def hold(
    reference: str,
    reason: Annotated[str, typer.Option(help="Why the case must be kept.")],
) -> None:
    """Keep a case whatever its age, and whoever asks for its erasure."""

    async def run() -> None:
        async with _open_archive() as archive:
            await archive.hold(reference, getuser(), reason)
        console.print(f"{reference} is kept until it is released")

    asyncio.run(run())


@cases.command()
def release(
    reference: str,
    reason: Annotated[str, typer.Option(help="Why the hold ends.")],
) -> None:
    """End a legal hold."""

    async def run() -> None:
        async with _open_archive() as archive:
            await archive.release(reference, getuser(), reason)
        console.print(f"{reference} is kept no longer than others")

    asyncio.run(run())


@cases.command()
def holds(
    json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Show which cases are under a legal hold, why, since when and by whom."""

    async def run() -> None:
        async with _open_archive() as archive:
            found = await archive.legal_holds()
        if json:
            console.print_json(data={"holds": [each.as_json() for each in found]})
            return
        table = Table("reference", "status", "since", "by", "why")
        for each in found:
            table.add_row(
                each.case.reference,
                each.case.status,
                f"{each.placed_at:%Y-%m-%d}",
                each.placed_by,
                each.case.legal_hold,
            )
        console.print(table)

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
        _show_receipt(receipt)

    asyncio.run(run())


@cases.command()
def purge() -> None:
    """Remove closed cases whose retention period is over."""

    async def run() -> None:
        settings = Settings.from_environment()
        async with _open_retention(settings) as retention:
            receipt = await retention.purge(settings.clock()())
        _show_receipt(receipt)

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


# Which rule of the policy gives which date.
_RULES = {
    "filing_window_starts_on": "filing_window_months",
    "acknowledgement_due_at": "acknowledgement_within",
    "answer_due_at": "answer_within",
    "final_letter_due_at": "final_letter_within",
    "mediator_from": "mediator_after",
    "dispute_body_until": "dispute_body_within",
    "retention_ends_at": "retention_months",
    "pause_ends_at": "pause_at_most_days",
}


def _source_of(policy: Policy, date: str) -> str:
    source = policy.sources.get(_RULES.get(date, ""))
    if source is None:
        return ""
    if source.page:
        return f"{source.page} {source.section}"
    return ", ".join(each for each in (source.title, source.article) if each) or "own"


def _show_receipt(receipt: ErasureReceipt) -> None:
    from actions.cases.retention import HELD

    for store, count in sorted(receipt.counts.items()):
        if store == HELD:
            console.print(f"{count} kept: under a legal hold")
        else:
            console.print(f"{count} removed from {store}")
    if not receipt.counts:
        console.print("nothing to remove")
    console.print(f"receipt {receipt.id} of {receipt.at:%Y-%m-%d %H:%M} UTC is kept")
