"""Works on cases in processes that are killed: run by `test_crash.py`.

Usage: work_until_killed.py DATABASE_URL

First one process for each statement that working on a case executes, killed just
before that statement; then some that are killed at a random moment, as many as
GUICHET_TEST_CRASHES says. What a process
is told has happened goes to standard output, one line each:
`filed KEY REFERENCE` or `closed KEY REFERENCE`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.policies import load_policy
from bot.settings import ROOT
from knowledge.database import open_engine
from tests.factories import make_draft

N_RANDOM = int(os.environ.get("GUICHET_TEST_CRASHES", "10"))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_before(engine: AsyncEngine, statement: int) -> None:
    """Kill this process before the n-th statement or commit from now on."""
    left = itertools.count(statement, -1)

    def count(*_: Any) -> None:
        if next(left) == 0:
            die()

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    event.listen(engine.sync_engine, "commit", count)


def acknowledge(what: str, key: str, reference: str) -> None:
    # In one write: `print` makes several where PYTHONUNBUFFERED is set, and a process
    # that is killed between them leaves half a line.
    os.write(sys.stdout.fileno(), f"{what} {key} {reference}\n".encode())


async def work(url: str, key: str, *, statement: int | None = None) -> None:
    """File a case, append to it and close it, saying what is acknowledged."""
    engine = open_engine(url)
    archive = Archive(
        engine,
        load_policy(ROOT / "data"),
        ZoneInfo("Europe/Stockholm"),
        lambda: datetime.now(UTC),
    )
    if statement is not None:
        die_before(engine, statement)
    case = await archive.file(make_draft(filing_key=key))
    acknowledge("filed", key, case.reference)
    await archive.append_to_case(case.reference, "Alors ?")
    await archive.close(case.reference, "eva", "solution")
    acknowledge("closed", key, case.reference)
    await engine.dispose()


def in_process(coroutine: Any, *, seconds: float | None = None) -> bool:
    """Run in a process of its own; whether it was killed."""
    child = os.fork()
    if child == 0:
        asyncio.run(coroutine)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    coroutine.close()
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


async def work_on(url: str, name: str) -> None:
    for n in itertools.count():
        await work(url, f"{name}-{n}")


def main(url: str) -> None:
    for statement in itertools.count():
        key = f"statement-{statement}"
        if not in_process(work(url, key, statement=statement)):
            break
    dice = random.Random(2026)
    for n in range(N_RANDOM):
        in_process(work_on(url, f"moment-{n}"), seconds=dice.uniform(0.05, 0.5))


if __name__ == "__main__":
    main(sys.argv[1])
