"""A counter of one's own: a second Guichet on free ports with an empty archive.

Evaluations, dialogue tests and the bench use it. It shares what was trained with the
state folder that it starts from, and leaves no trace there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp

from bot.running.supervisor import die_with_parent
from bot.settings import Settings
from knowledge.errors import NotReady

START_SECONDS = 300
STOP_SECONDS = 20
# Large and never written to while serving: linked. The rest of what was built: copied.
LINKED = ("models",)
COPIED = ("indexes", "classifier", "rasa")
LOG_LINES_SHOWN = 15
COMMAND = (sys.executable, "-c", "from bot.cli import main; main()", "up")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A running counter.

    Attributes:
        settings: Its settings; `settings.address` is where it answers.
        pid: Of the process that runs the app; Rasa is its child.
        log: What it printed.
        start_seconds: From the start of the process until it was ready.
    """

    settings: Settings
    pid: int
    log: Path
    start_seconds: float


@asynccontextmanager
async def run_instance(
    settings: Settings, *, now: datetime | None = None
) -> AsyncIterator[Instance]:
    """Start a counter beside this one, and stop it at the end.

    SIGTERM to this process is such an end, too; killed outright, its counter goes
    with it on Linux.

    Args:
        settings: Where the trained parts, the operator's data and the model are.
        now: Where its clock stands at the start; the real time by default.

    Raises:
        NotReady: It does not start; says why.
    """
    with _sigterm_ends(), tempfile.TemporaryDirectory(prefix="guichet-") as folder:
        own = _own_settings(settings, Path(folder), now)
        _share_trained(settings.state_dir, own.state_dir)
        log = own.state_dir / "instance.log"
        started = asyncio.get_running_loop().time()
        process = await _start(own, log)
        try:
            await _wait_until_ready(own, process, log)
            yield Instance(
                settings=own,
                pid=process.pid,
                log=log,
                start_seconds=asyncio.get_running_loop().time() - started,
            )
        finally:
            await _stop(process)


@contextmanager
def _sigterm_ends() -> Iterator[None]:
    """On SIGTERM, unwind the task that this runs in, then exit as if killed by it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    terminated = asyncio.Event()

    def end() -> None:
        terminated.set()
        task.cancel()

    # Only the main thread hears signals; whoever runs us elsewhere handles its own.
    is_heard = threading.current_thread() is threading.main_thread()
    if is_heard:
        loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        if terminated.is_set():
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        if is_heard:
            loop.remove_signal_handler(signal.SIGTERM)


def free_port() -> int:
    """A TCP port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _own_settings(settings: Settings, folder: Path, now: datetime | None) -> Settings:
    return Settings(
        data_dir=settings.data_dir,
        state_dir=folder,
        port=free_port(),
        rasa_port=free_port(),
        embedding_model=settings.embedding_model,
        embedding_backend=settings.embedding_backend,
        now=now,
        rasa_timeout_seconds=settings.rasa_timeout_seconds,
        max_utterance_characters=settings.max_utterance_characters,
        burst_milliseconds=settings.burst_milliseconds,
    )


def _share_trained(source: Path, target: Path) -> None:
    for name in LINKED:
        if (source / name).is_dir():
            (target / name).symlink_to((source / name).resolve())
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, symlinks=True)


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with every setting of `settings` in it."""
    inherited = {
        name: value for name, value in os.environ.items() if "GUICHET_" not in name
    }
    changed = {
        "DATA_DIR": str(settings.data_dir),
        "STATE_DIR": str(settings.state_dir),
        "HOST": settings.host,
        "PORT": str(settings.port),
        "RASA_PORT": str(settings.rasa_port),
        "EMBEDDING_MODEL": settings.embedding_model,
        "EMBEDDING_BACKEND": settings.embedding_backend,
        "NOW": settings.now.isoformat() if settings.now else "",
        "RASA_TIMEOUT_SECONDS": str(settings.rasa_timeout_seconds),
        "MAX_UTTERANCE_CHARACTERS": str(settings.max_utterance_characters),
        "BURST_MILLISECONDS": str(settings.burst_milliseconds),
    }
    return {
        **inherited,
        **{f"GUICHET_{name}": value for name, value in changed.items()},
    }


async def _start(settings: Settings, log: Path) -> asyncio.subprocess.Process:
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            *COMMAND,
            env=environment(settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )


async def _wait_until_ready(
    settings: Settings, process: asyncio.subprocess.Process, log: Path
) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(START_SECONDS * 4):
            if process.returncode is not None:
                break
            try:
                async with session.get(f"{settings.address}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.25)
    last = log.read_text("utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    raise NotReady("the instance did not start:\n" + "\n".join(last))


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
