"""`guichet dossier`: checks a dossier, without any database or connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

dossier = typer.Typer(help="Dossiers of cases.", no_args_is_help=True)
console = Console(highlight=False)


@dossier.callback()
def _together() -> None:
    """Dossiers of cases."""


@dossier.command()
def verify(
    file: Annotated[Path, typer.Argument(help="From the desk: REFERENCE.json.")],
) -> None:
    """Check that nothing in a dossier was altered, left out or put in another order."""
    from actions.cases.verifying import dossier_faults
    from knowledge.errors import BadInput

    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise BadInput(f"{file} is no JSON file that can be read") from exc
    faults = dossier_faults(content)
    for fault in faults:
        console.print(f"[red]broken[/red]  {fault}")
    if faults:
        raise typer.Exit(1)
    console.print(f"{len(content['history'])} events, all as they were sealed")
