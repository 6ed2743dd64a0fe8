"""The offline check, as the command line gives it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands.dossier import dossier
from knowledge.errors import BadInput


def test_a_file_that_is_no_dossier_is_found_out(tmp_path: Path):
    file = tmp_path / "other.json"
    file.write_text('{"format": "holiday"}')

    result = CliRunner().invoke(dossier, ["verify", str(file)])

    assert result.exit_code == 1
    assert "guichet-dossier-1" in result.output


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not json"])
def test_a_file_that_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, content: bytes
):
    file = tmp_path / "broken.json"
    file.write_bytes(content)

    result = CliRunner().invoke(dossier, ["verify", str(file)])

    assert isinstance(result.exception, BadInput)
