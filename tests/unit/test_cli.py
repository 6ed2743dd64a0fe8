import re

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import ROOT

runner = CliRunner()
DOCUMENTED = """
up | serve | train | tune | prepare | chat | doctor | bench | backup | restore
knowledge import | knowledge publish | knowledge rollback | knowledge search
knowledge status | eval retrieval | eval refusal | eval complaints | eval routing
eval languages | eval duplicates | eval transfer | eval intents | eval dialogues
eval all | cases list | cases show | knowledge gaps
cases export | cases verify | cases dossier | cases dates | cases hold | cases release
cases erase | cases purge | dossier verify | knowledge parity
outbox list | outbox dead | outbox replay | user add | token add
"""
COMMANDS = [part.strip() for part in re.split(r"[|\n]", DOCUMENTED) if part.strip()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = runner.invoke(app, [*command.split(), "--help"])

    assert result.exit_code == 0
    assert "Usage" in result.output


def test_the_readme_names_only_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    named = set(
        re.findall(
            r"`guichet ((?:knowledge|eval|cases|dossier|outbox|user|token)? ?[a-z]+)",
            readme,
        )
    )

    assert named
    assert named <= set(COMMANDS)


def test_the_readme_names_only_make_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    for target in set(re.findall(r"(?:`|^ {4})make ([a-z]+)", readme, re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), target
