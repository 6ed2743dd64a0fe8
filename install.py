"""Create the two environments that Guichet needs; standard library only.

    .venv                 the app, on Python 3.11 or newer
    bot/assistant/.venv   Rasa Open Source, on Python 3.10

An environment is left alone while the content of its lock files is unchanged. Run by
`make`; by hand: `python3 install.py [--dev]`.
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, Sequence

ROOT = Path(__file__).resolve().parent
APP = ROOT / ".venv"
RASA = ROOT / "bot" / "assistant" / ".venv"

NO_APP_PYTHON = """\
Guichet needs Python 3.11 or newer with pip and venv; none was found on PATH.
  Debian/Ubuntu:  sudo apt install python3 python3-venv
  macOS:          brew install python@3.12
  with uv:        uv python install 3.12
Or name one:      make run PYTHON=/path/to/python3"""

NO_RASA_PYTHON = """\
Rasa needs Python 3.10; none was found on PATH, under pyenv, or through uv.
  Debian/Ubuntu:  sudo apt install python3.10 python3.10-venv
                  (where the release has none: curl https://pyenv.run | bash,
                   then pyenv install 3.10)
  macOS:          brew install python@3.10
  with uv:        uv python install 3.10
Or name one:      make run PYTHON310=/path/to/python3.10"""


def version_of(python: str) -> tuple[int, int] | None:
    """Run `python` and return its version; None if it does not run.

    A pyenv shim for a version that is not selected is on PATH and fails: only
    running it tells. Without `venv` and `ensurepip` it is of no use either.
    """
    code = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    try:
        run = subprocess.run(
            [python, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=True,
            text=True,
        )
        major, minor = run.stdout.split()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return int(major), int(minor)


def app_candidates(environment: dict[str, str]) -> Iterator[str]:
    """Places where a Python for the app may be, best first."""
    if environment.get("PYTHON"):
        yield environment["PYTHON"]
        return
    yield from ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


def rasa_candidates(environment: dict[str, str]) -> Iterator[str]:
    """Places where a Python 3.10 may be, best first."""
    if environment.get("PYTHON310"):
        yield environment["PYTHON310"]
        return
    yield "python3.10"
    home = environment.get("PYENV_ROOT") or os.path.join(
        environment.get("HOME", ""), ".pyenv"
    )
    yield from sorted(glob.glob(os.path.join(home, "versions", "3.10*", "bin/python")))
    if shutil.which("uv", path=environment.get("PATH")):
        for command in (["find"], ["install", "--quiet"], ["find"]):
            found = subprocess.run(
                ["uv", "python", *command, "3.10"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
            if found.returncode == 0 and found.stdout.strip():
                yield found.stdout.strip()
                return


def find(candidates: Iterator[str], accepted: Sequence[tuple[int, int]]) -> str | None:
    """Return the first candidate that runs and lies within `accepted`."""
    low, high = accepted
    for python in candidates:
        version = version_of(python)
        if version is not None and low <= version <= high:
            return python
    return None


def fingerprint(paths: Sequence[Path], python: str) -> str:
    """Hash the content of `paths` and the version of `python`."""
    digest = hashlib.sha256(repr(version_of(python)).encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install(
    name: str, python: str, folder: Path, steps: Sequence[list[str]], locks: list[Path]
) -> None:
    """Build the environment in `folder`, unless its locks are as they were."""
    stamp = folder / "installed.sha256"
    wanted = fingerprint(locks, python)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if folder.exists():
        shutil.rmtree(str(folder))
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    n_packages = sum(len(re.findall(r"^\S+==", p.read_text(), re.M)) for p in locks)
    progress = Progress(name, n_packages)
    for step in steps:
        pip(folder, step, progress)
    progress.close()
    stamp.write_text(wanted)


def pip(folder: Path, arguments: list[str], progress: Progress) -> None:
    """Run pip in `folder`; show what it does, and all it said if it fails."""
    command = [str(folder / "bin" / "python"), "-m", "pip", "install"]
    process = subprocess.Popen(
        [*command, "--disable-pip-version-check", "--progress-bar", "off", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=str(ROOT),
    )
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        progress.see(line)
    if process.wait() != 0:
        sys.exit(f"\n{''.join(said[-30:])}\npip failed: {' '.join(arguments)}")


class Progress:
    """One line that says how far pip has come."""

    def __init__(self, name: str, n_packages: int) -> None:
        self.name, self.n_packages, self.n_seen = name, n_packages, 0
        self.started = self.shown = time.monotonic()
        self.show("starting")

    def see(self, line: str) -> None:
        if line.startswith("Collecting "):
            self.n_seen += 1
            self.show(line.split()[1].split("==")[0])
        elif line.startswith("Installing collected packages"):
            self.show("unpacking")

    def show(self, what: str) -> None:
        elapsed = time.monotonic() - self.started
        text = f"{self.name}: {self.n_seen}/{self.n_packages} packages"
        text += f", {elapsed:.0f} s, {what}"
        if sys.stdout.isatty():
            print(f"\r\033[K{text}", end="", flush=True)
        elif what in ("starting", "unpacking") or time.monotonic() - self.shown > 10:
            self.shown = time.monotonic()
            print(text, flush=True)

    def close(self) -> None:
        self.show("done")
        if sys.stdout.isatty():
            print()


def main() -> None:
    """Find both Pythons first, so that nothing is half installed, then install."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--dev", action="store_true", help="with the tests' needs")
    arguments = parser.parse_args()
    environment = dict(os.environ)
    app_python = find(app_candidates(environment), ((3, 11), (3, 14)))
    if app_python is None:
        sys.exit(NO_APP_PYTHON)
    rasa_python = find(rasa_candidates(environment), ((3, 10), (3, 10)))
    if rasa_python is None:
        sys.exit(NO_RASA_PYTHON)

    requirements = ROOT / "requirements"
    torch = requirements / "torch.txt"
    # What the tests need is a superset: an environment that has it is kept.
    has_dev = (APP / "dev").exists()
    is_dev = arguments.dev or has_dev
    lock = requirements / ("dev.lock" if is_dev else "app.lock")
    install(
        "app",
        app_python,
        APP,
        # torch comes first and by version only: its build differs by machine.
        [
            ["-r", str(torch)],
            ["--require-hashes", "-r", str(lock)],
            ["--no-deps", "--no-build-isolation", "-e", str(ROOT)],
        ],
        [torch, lock, ROOT / "pyproject.toml"],
    )
    if is_dev:
        (APP / "dev").touch()
    rasa_lock = ROOT / "bot" / "assistant" / "requirements.lock"
    install(
        "rasa",
        rasa_python,
        RASA,
        [["--require-hashes", "-r", str(rasa_lock)]],
        [rasa_lock],
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nstopped; the next run installs what is missing")
