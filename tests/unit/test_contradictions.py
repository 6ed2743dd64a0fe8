from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import ROOT
from knowledge.contradictions import compare, load_readers
from knowledge.errors import NotReady

READERS = load_readers(ROOT / "data", ("sv", "fr", "en", "de", "pl"))


def differences(source: str, translation: str, languages: str = "sv en") -> list[str]:
    first, second = languages.split()
    found = compare(READERS[first].read(source), READERS[second].read(translation))
    return [each.kind for each in found]


@pytest.mark.parametrize(
    ("source", "translation", "languages"),
    [
        ("10 000 kronor", "SEK 10,000", "sv en"),
        ("2,50 euro", "€2.50", "sv en"),
        ("5.000 Euro", "5 000 €", "de fr"),
        ("klockan 09.00–21.30", "from 9 am to 9:30 pm", "sv en"),
        ("kl. 23.59", "à 23 h 59", "sv fr"),
        ("tre dagar", "3 days", "sv en"),
        ("den 1 september 2026", "le 1er septembre 2026", "sv fr"),
        ("5, 10 och 15 %", "5%, 10% and 15%", "sv en"),
        ("100 procent", "100 %", "sv fr"),
        ("avsnitt 4.10", "section 4.10", "sv fr"),
        ("inom 1 timme", "dans l'heure", "sv fr"),
        ("skriv till a1@b.example", "write to us", "sv en"),
        ("du får inte", "you must not", "sv en"),
        ("du får inte", "vous n'avez pas le droit", "sv fr"),
    ],
)
def test_the_same_said_in_two_languages_is_no_contradiction(
    source: str, translation: str, languages: str
) -> None:
    assert differences(source, translation, languages) == []


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("inom 14 dagar", "within 15 days"),
        ("högst 5 000 euro", "at most €50,000"),
        ("3 dagar", "some days"),
        ("tre dagar", "four days"),
        ("den 1 september", "1 October"),
        ("15 % i rabatt", "€15 off"),
        ("klockan 09.30", "at 9:45"),
    ],
)
def test_other_figures_contradict(source: str, translation: str) -> None:
    assert differences(source, translation) == ["figures"]


def test_a_denial_on_one_side_is_told() -> None:
    assert differences("det går inte", "it works") == ["negation"]


def test_a_word_that_is_also_a_number_says_nothing_alone() -> None:
    assert differences("på sex sätt", "in several ways") == []


def test_a_language_without_cues_is_read_by_its_digits(tmp_path: Path) -> None:
    reader = load_readers(tmp_path, ("ja",))["ja"]

    assert reader.read("14日以内").figures == {"14"}


def test_a_malformed_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "sv.yml").write_text("- no mapping", "utf-8")

    with pytest.raises(NotReady, match=r"sv\.yml"):
        load_readers(tmp_path, ("sv",))
