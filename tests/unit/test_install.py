import os
import stat
import sys
from pathlib import Path

import install


def make_python(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), **more}


def test_a_shim_that_fails_to_run_does_not_count(tmp_path: Path) -> None:
    shim = make_python(tmp_path, "python3.10", "echo 'command not found' >&2; exit 127")

    assert install.version_of(str(shim)) is None


def test_a_python_that_runs_tells_its_version() -> None:
    assert install.version_of(sys.executable) == sys.version_info[:2]


def test_python_3_10_is_found_under_pyenv(tmp_path: Path) -> None:
    folder = tmp_path / ".pyenv" / "versions" / "3.10.13" / "bin"
    python = make_python(folder, "python", "echo 3 10")

    found = install.find(
        (c for c in install.rasa_candidates(environment(tmp_path)) if "/" in c),
        ((3, 10), (3, 10)),
    )

    assert found == str(python)


def test_python_3_10_is_asked_of_uv(tmp_path: Path) -> None:
    python = make_python(tmp_path / "managed", "python", "echo 3 10")
    make_python(tmp_path / "bin", "uv", f"echo {python}")
    path = f"{tmp_path / 'bin'}{os.pathsep}/bin{os.pathsep}/usr/bin"

    candidates = list(install.rasa_candidates(environment(tmp_path, PATH=path)))

    assert candidates[-1] == str(python)


def test_a_named_python_is_the_only_candidate(tmp_path: Path) -> None:
    named = environment(tmp_path, PYTHON310="/opt/python3.10")

    assert list(install.rasa_candidates(named)) == ["/opt/python3.10"]


def test_nothing_is_found_where_nothing_fits(tmp_path: Path) -> None:
    old = make_python(tmp_path, "python", "echo 3 9")

    assert install.find(iter([str(old)]), ((3, 11), (3, 14))) is None


def test_the_messages_say_how_to_get_a_python_on_each_system() -> None:
    for message in (install.NO_APP_PYTHON, install.NO_RASA_PYTHON):
        assert "Debian/Ubuntu" in message
        assert "macOS" in message
        assert "uv python install" in message


def test_an_environment_depends_on_content_not_on_time(tmp_path: Path) -> None:
    lock = tmp_path / "app.lock"
    lock.write_text("aiohttp==3.14.5")
    before = install.fingerprint([lock], sys.executable)

    os.utime(lock, (0, 0))
    same = install.fingerprint([lock], sys.executable)
    lock.write_text("aiohttp==3.14.6")
    changed = install.fingerprint([lock], sys.executable)

    assert same == before
    assert changed != before
