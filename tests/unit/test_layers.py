import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "knowledge": {"knowledge"},
    "actions": {"knowledge", "actions"},
    "bot": {"knowledge", "actions", "bot"},
}
PURE = (
    "actions/cases/calendar.py",
    "actions/cases/complaint.py",
    "actions/cases/case.py",
    "knowledge/chunking.py",
)
IMPURE_MODULES = {"os", "pathlib", "sqlalchemy", "aiohttp", "time", "socket", "logging"}


def modules(package: str) -> list[Path]:
    found = [
        path
        for path in sorted((ROOT / package).rglob("*.py"))
        if ".venv" not in path.parts and "components" not in path.parts
    ]
    assert found
    return found


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    for path in modules(package):
        ours = imported(path) & set(MAY_IMPORT)
        assert ours <= MAY_IMPORT[package], path


@pytest.mark.parametrize("path", PURE)
def test_the_domain_does_no_input_or_output(path: str) -> None:
    assert not imported(ROOT / path) & IMPURE_MODULES


def test_only_the_components_import_rasa() -> None:
    for package in MAY_IMPORT:
        for path in modules(package):
            assert "rasa" not in imported(path), path


def test_conversations_know_nothing_of_http_handlers() -> None:
    services = [ROOT / "bot" / "conversations.py", *modules("bot/dialogue")]

    for path in services:
        assert "bot.web" not in path.read_text(encoding="utf-8"), path
