from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.settings import ROOT
from knowledge.errors import NotReady
from knowledge.operator import load_operator

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def write(folder: Path, text: str) -> Path:
    (folder / "operator.yml").write_text(text, "utf-8")
    return folder


MINIMAL = """
name: Acme
languages: [de, en]
time_zone: Europe/Berlin
country: DE
email: help@acme.example
"""


def test_the_sample_operator_loads() -> None:
    operator = load_operator(ROOT / "data")

    assert operator.languages[0] == operator.default_language
    assert operator.username_pattern.fullmatch(operator.username_example)


def test_the_optional_fields_have_defaults(tmp_path: Path) -> None:
    operator = load_operator(write(tmp_path, MINIMAL))

    assert operator.legal_name == "Acme"
    assert operator.policy == "default"
    assert operator.office_hours == {}


def test_office_hours_are_in_the_operators_zone(tmp_path: Path) -> None:
    hours = "office_hours:\n  weekdays: [09:00, '17:30']\n"
    operator = load_operator(write(tmp_path, MINIMAL + hours))

    assert operator.is_open(datetime(2026, 11, 23, 9, 0, tzinfo=STOCKHOLM))
    assert not operator.is_open(datetime(2026, 11, 23, 17, 30, tzinfo=STOCKHOLM))
    assert not operator.is_open(datetime(2026, 11, 22, 10, 0, tzinfo=STOCKHOLM))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"operator\.yml"):
        load_operator(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "cannot be read"),
        ("- name", "mapping"),
        ("name: Acme", "lacks languages, time_zone, country, email"),
        (MINIMAL.replace("Europe/Berlin", "Mars/Base"), "Mars/Base"),
        (MINIMAL + "username_pattern: '['\n", "character set"),
        (MINIMAL + "office_hours: {sundays: ['1', '2']}\n", "sundays"),
        (MINIMAL + "office_hours: {weekdays: ['25:00', '26:00']}\n", "hour"),
    ],
)
def test_a_malformed_file_says_what_is_wrong(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(NotReady, match=message):
        load_operator(write(tmp_path, text))
