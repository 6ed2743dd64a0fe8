"""What `guichet doctor` says of an operator's files."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.commands.doctor import Finding, examine
from bot.settings import ROOT, Settings


async def policies(data_dir: Path, state_dir: Path) -> Finding:
    settings = Settings(data_dir=data_dir, state_dir=state_dir, port=1, rasa_port=1)
    found = {each.what: each for each in await examine(settings)}
    return found["complaint policies"]


async def test_the_policy_in_use_and_the_others_are_named(tmp_path: Path):
    found = await policies(ROOT / "data", tmp_path)

    assert found.is_ok
    assert found.detail.startswith("default in use; default-pausing, ")


async def test_a_policy_that_is_not_in_use_is_looked_at_too(tmp_path: Path):
    data = tmp_path / "data"
    (data / "policies").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "operator.yml", data)
    for name in ("default", "se"):
        shutil.copy(ROOT / "data" / "policies" / f"{name}.yml", data / "policies")
    file = data / "policies" / "se.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("value: 60", "value: six"), encoding="utf-8")

    found = await policies(data, tmp_path)

    assert not found.is_ok
    assert found.detail == (
        f"{file}: rules.retention_months.value: expected a whole number, got 'six'"
    )
