"""An archive on SQLite, and a courier that delivers when told to."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.delivery.calling import open_session
from actions.delivery.courier import Carrier, Courier
from actions.delivery.news import NewsReader
from actions.delivery.outbox import Outbox
from tests.factories import FakeClock


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The outbox itself is tested on every database: see tests/contract."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'archive.sqlite3')}"


@pytest.fixture
def outbox(engine: AsyncEngine, clock: FakeClock) -> Outbox:
    return Outbox(engine, clock, jitter=lambda: 0.5)


@pytest.fixture
def reader(engine: AsyncEngine) -> NewsReader:
    return NewsReader(engine)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session("loopback") as opened:
        yield opened


@pytest.fixture
def make_courier(
    outbox: Outbox, clock: FakeClock
) -> Callable[[Mapping[str, Carrier]], Courier]:
    return lambda carriers: Courier(outbox, carriers, clock)
