"""Running the counter: the app in this process, Rasa as its child."""

from __future__ import annotations

import asyncio
import signal

from aiohttp import web
from rich.console import Console

from bot.app import build_app
from bot.keys import PARTS
from bot.running.prepare import prepare, shown
from bot.running.supervisor import RasaServer
from bot.running.training import rasa_command, serving_environment
from bot.settings import Settings
from knowledge.errors import BadInput
from knowledge.logs import set_up_logging


async def run(settings: Settings, console: Console, *, with_rasa: bool) -> None:
    """Prepare what is missing and serve until Ctrl-C or SIGTERM.

    Raises:
        BadInput: A port is taken.
    """
    set_up_logging()
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    if with_rasa:
        await prepare(settings, console)
    rasa = _rasa_server(settings, console) if with_rasa else None
    runner = web.AppRunner(build_app(settings), access_log=None)
    try:
        if rasa is not None:
            # First, since importing TensorFlow is what takes the time.
            await _refuse_taken_port(settings.rasa_port)
            await rasa.start()
        with shown(console, "Starting the app"):
            await runner.setup()
            await _listen(runner, settings)
        if rasa is not None:
            with shown(console, "Starting Rasa"):
                await _ready_or_stopped(rasa, stopped)
        if not stopped.is_set():
            await _welcome(runner.app, settings, console)
            await stopped.wait()
        console.print("Stopping.")
    finally:
        if rasa is not None:
            await rasa.stop()
        await runner.cleanup()


def _rasa_server(settings: Settings, console: Console) -> RasaServer:
    return RasaServer(
        rasa_command(settings),
        environment=serving_environment(settings),
        url=settings.rasa_url,
        log=settings.state_dir / "log" / "rasa.log",
        say=lambda sentence: console.print(sentence, highlight=False),
    )


async def _refuse_taken_port(port: int) -> None:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    writer.close()
    raise BadInput(
        f"port {port} for Rasa is taken; set GUICHET_RASA_PORT to a free one"
    )


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as exc:
        raise BadInput(
            f"cannot listen on {settings.host}:{settings.port} ({exc.strerror}); "
            "set GUICHET_PORT to a free port"
        ) from exc


async def _ready_or_stopped(rasa: RasaServer, stopped: asyncio.Event) -> None:
    ready = asyncio.create_task(rasa.ready())
    ended = asyncio.create_task(stopped.wait())
    await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
    for task in (ready, ended):
        task.cancel()


async def _welcome(app: web.Application, settings: Settings, console: Console) -> None:
    address = settings.address
    console.print()
    console.print(f"  Demo page  {address}/", highlight=False)
    console.print(f"  Desk       {address}/desk", highlight=False)
    console.print(f"  Console    {address}/knowledge", highlight=False)
    first = await app[PARTS].accounts.create_first()
    if first is not None:
        email, password = first
        console.print(
            f"  Sign in as {email} with {password} (shown this once)", highlight=False
        )
    console.print("\nCtrl-C stops both processes.\n")
