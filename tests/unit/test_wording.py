from __future__ import annotations

import re
import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.helplines import load_help_lines
from actions.phrases import load_phrases
from actions.wording import Wording, load_wording
from bot.settings import ROOT
from knowledge.errors import NotReady

DATA = ROOT / "data"
TREES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((DATA / "responses").glob("*.yml"))
}


def flat(tree: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= flat(value, f"{path}{key}.")
        elif isinstance(value, list):
            found[f"{path}{key}"] = " ".join(item["text"] for item in value)
        else:
            found[f"{path}{key}"] = str(value)
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(TREES))
def test_every_language_says_the_same_things(language: str) -> None:
    english, other = flat(TREES["en"]), flat(TREES[language])
    english.pop("language"), other.pop("language")

    assert other.keys() == english.keys()
    for key, text in english.items():
        assert placeholders(other[key]) == placeholders(text), key
        assert other[key].strip(), key


def test_every_response_that_the_actions_say_exists() -> None:
    code = "".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "actions").glob("*.py")
    )
    said = set(re.findall(r'"(utter_[a-z_]+)"', code))

    assert said <= TREES["en"]["responses"].keys()


def test_every_language_that_speaks_can_also_be_read() -> None:
    assert set(TREES) <= set(load_phrases(DATA).languages)


@pytest.mark.parametrize("language", sorted(TREES))
def test_every_phrase_list_is_there_in_every_language(language: str) -> None:
    book = load_phrases(DATA)
    lists = book.languages["en"].lists.keys() - {"ordinals", "half_past", "half_to"}

    assert book.languages[language].lists.keys() >= lists
    assert len(book.languages[language].words("weekdays")) == 7
    assert len(book.languages[language].words("numbers")) == 12


@pytest.mark.parametrize("language", sorted(TREES))
def test_every_language_names_its_own_help_line(language: str) -> None:
    line = load_help_lines(DATA).for_customer(language, "SE")

    assert any(character.isdigit() for character in line.gambling)
    assert any(character.isdigit() for character in line.crisis)


def test_an_unknown_language_is_answered_in_the_default_one() -> None:
    wording = load_wording(DATA, "sv")

    assert wording.known("hu") == "sv"
    assert wording.known("fr-CA") == "fr"


def test_a_date_is_said_in_words() -> None:
    wording = load_wording(DATA, "sv")

    assert wording.day("fr", date(2026, 11, 3)) == "mardi 3 novembre 2026"


def test_variations_take_turns() -> None:
    trees = {"en": {"responses": {"utter_hi": [{"text": "a"}, {"text": "b"}]}}}
    wording = Wording(trees)

    assert [wording.response("en", "utter_hi", {}, turn=n)[0] for n in (0, 1, 2)] == [
        "a",
        "b",
        "a",
    ]


def test_a_missing_default_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"sv\.yml is missing"):
        load_wording(tmp_path, "sv")
