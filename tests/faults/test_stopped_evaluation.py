from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT

SECONDS = 30


class Evaluation:
    """A process that runs an instance, and a connection that ends with the latter."""

    def __init__(self, state_dir: Path) -> None:
        module = "tests.faults.instance_until_killed"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, str(state_dir)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        port = int(self.process.stdout.readline())
        self.folder = Path(self.process.stdout.readline().strip())
        self._connection = socket.create_connection(("127.0.0.1", port), SECONDS)

    def stop(self, number: signal.Signals) -> int:
        with self.process:
            try:
                self.process.send_signal(number)
                return self.process.wait(SECONDS)
            finally:
                self.process.kill()

    def wait_for_the_instance_to_end(self) -> None:
        with self._connection:
            try:
                assert self._connection.recv(1) == b""
            except ConnectionResetError:
                pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_evaluation_stops_its_instance_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
):
    evaluation = Evaluation(tmp_path)

    code = evaluation.stop(number)

    evaluation.wait_for_the_instance_to_end()
    assert code != 0
    assert not evaluation.folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere children live on")
def test_the_instance_of_a_killed_evaluation_ends_with_it(tmp_path: Path):
    evaluation = Evaluation(tmp_path)

    evaluation.stop(signal.SIGKILL)

    evaluation.wait_for_the_instance_to_end()
