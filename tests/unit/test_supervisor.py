import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.running.supervisor import RasaServer


def make_server(tmp_path: Path, code: str, said: list[str]) -> RasaServer:
    return RasaServer(
        [sys.executable, "-c", code],
        environment={},
        url="http://127.0.0.1:9",
        log=tmp_path / "rasa.log",
        say=said.append,
    )


async def wait_for(path: Path) -> str:
    for _ in range(500):
        if path.exists() and path.read_text():
            return path.read_text()
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path.name} was not written")


async def test_a_server_that_dies_is_named_with_its_reason(tmp_path: Path) -> None:
    said: list[str] = []
    server = make_server(tmp_path, "raise SystemExit(3)", said)

    await server.start()
    for _ in range(500):
        if said:
            break
        await asyncio.sleep(0.02)
    await server.stop()

    assert said[0].startswith("Rasa stopped (exit code 3); restarting in 1 s.")


async def test_stopping_ends_the_process(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    server = make_server(tmp_path, code, [])

    await server.start()
    pid = int(await wait_for(pid_file))
    await server.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_telemetry_is_always_off(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = (
        "import os, pathlib\n"
        f"pathlib.Path({str(seen)!r}).write_text(os.environ['RASA_TELEMETRY_ENABLED'])"
    )
    server = make_server(tmp_path, code, [])

    await server.start()
    value = await wait_for(seen)
    await server.stop()

    assert value == "false"
