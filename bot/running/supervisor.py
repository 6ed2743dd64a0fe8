"""Rasa as a child process: started, watched, restarted with a reason, stopped.

Rasa is operated like a database: its own environment, loopback only, never told
anything but where the app is. It must not outlive the app, however the app ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

PR_SET_PDEATHSIG = 1
RESTART_DELAYS_SECONDS = (1, 2, 5, 10, 30)
STOP_SECONDS = 10


class RasaServer:
    """The Rasa process of this app.

    Args:
        command: What to run, with its arguments.
        environment: Added to our own; telemetry is always off.
        url: Where it answers once it is up.
        log: File that takes what it prints.
        say: Called with a sentence for the operator.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: dict[str, str],
        url: str,
        log: Path,
        say: Callable[[str], None],
    ) -> None:
        self._command = list(command)
        self._environment = {
            **os.environ,
            **environment,
            "RASA_TELEMETRY_ENABLED": "false",
        }
        self._url = url
        self._log = log
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start Rasa and keep it running until `stop`."""
        await self._spawn()
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Ask Rasa to stop; after ten seconds end it."""
        if self._watcher is not None:
            self._watcher.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ready(self, timeout_seconds: float = 180) -> bool:
        """Wait until Rasa has loaded its model; False if it does not in time."""
        async with aiohttp.ClientSession() as session:
            for _ in range(int(timeout_seconds / 0.25)):
                try:
                    async with session.get(f"{self._url}/") as response:
                        if response.status == 200:
                            return True
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.25)
        return False

    async def _spawn(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                # Its own session: Ctrl-C reaches the app alone, which stops Rasa.
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    async def _watch(self) -> None:
        n_restarts = 0
        while True:
            assert self._process is not None
            code = await self._process.wait()
            delay = RESTART_DELAYS_SECONDS[
                min(n_restarts, len(RESTART_DELAYS_SECONDS) - 1)
            ]
            self._say(
                f"Rasa stopped ({_reason(code)}); restarting in {delay} s. "
                f"Its log: {self._log}"
            )
            n_restarts += 1
            await asyncio.sleep(delay)
            await self._spawn()


def die_with_parent() -> None:
    """Have Linux end this process when its parent ends; to be run in the child."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _reason(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
