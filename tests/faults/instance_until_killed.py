"""Runs an instance until it is killed: run by `test_stopped_evaluation.py`.

Usage: instance_until_killed.py STATE_DIR

The instance is a server that does nothing but say that it is ready. Its port and its
folder go to standard output, one line each.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from bot.running import instance
from bot.settings import Settings

READY = """
import http.server, os
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
port = int(os.environ["GUICHET_PORT"])
http.server.HTTPServer(("127.0.0.1", port), Ready).serve_forever()
"""


async def main(state_dir: Path) -> None:
    instance.COMMAND = (sys.executable, "-c", READY)
    async with instance.run_instance(Settings(state_dir=state_dir)) as running:
        print(running.settings.port, running.settings.state_dir, sep="\n", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    # A shell has its background jobs, and what they start, ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asyncio.run(main(Path(sys.argv[1])))
