from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest

from actions.desk.answer_templates import load_templates
from actions.wording import load_wording
from bot.settings import ROOT
from bot.texts import load_texts
from knowledge.errors import NotReady
from knowledge.language_style import LanguageStyle, lay_over
from knowledge.operator import load_operator

DATA = ROOT / "data"
OPERATOR = load_operator(DATA)
INFORMAL = LanguageStyle(forms_of_address={"de": "informal"})


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("sv", "tisdagen den 1 december 2026"),
        ("fr", "mardi 1er décembre 2026"),
        ("en", "Tuesday 1 December 2026"),
        ("de", "Dienstag, 1. Dezember 2026"),
        ("es", "martes, 1 de diciembre de 2026"),
        ("fi", "tiistaina 1. joulukuuta 2026"),
        ("da", "tirsdag den 1. december 2026"),
        ("nb", "tirsdag 1. desember 2026"),
        ("it", "martedì 1º dicembre 2026"),
        ("nl", "dinsdag 1 december 2026"),
        ("pt", "terça-feira, 1 de dezembro de 2026"),
        ("pl", "wtorek, 1 grudnia 2026"),
    ],
)
def test_a_weekday_reads_as_it_stands_in_a_sentence(
    language: str, sentence: str
) -> None:
    assert OPERATOR.style.weekday(language, date(2026, 12, 1)) == sentence


def test_only_the_first_of_a_month_is_written_otherwise() -> None:
    days = [OPERATOR.style.day("fr", date(2026, 5, n)) for n in (1, 11, 21, 31)]

    assert days == ["1er mai 2026", "11 mai 2026", "21 mai 2026", "31 mai 2026"]


def test_the_operator_chooses_whose_english_dates_are_written() -> None:
    american = LanguageStyle(locales={"en": "en-US"})

    assert OPERATOR.style.day("en", date(2026, 11, 3)) == "3 November 2026"
    assert american.day("en", date(2026, 11, 3)) == "November 3, 2026"


def test_times_are_written_as_the_language_writes_them() -> None:
    style = OPERATOR.style

    assert style.time("fr", time(9, 5)) == "9 h 05"
    assert style.time("da", time(9, 5)) == "09.05"
    assert style.time("en", time(21)) == "21:00"


@pytest.mark.parametrize(
    "field",
    ["locales: {xx: en-GB}", "locales: {en: tlh-Q}", "forms_of_address: {x: y}"],
)
def test_a_choice_for_an_unknown_language_or_locale_is_refused(
    tmp_path: Path, field: str
) -> None:
    fields = "name: A\nlanguages: [en]\ntime_zone: UTC\ncountry: GB\nemail: a@b.example"
    (tmp_path / "operator.yml").write_text(f"{fields}\n{field}\n", "utf-8")

    with pytest.raises(NotReady, match=r"locale|language"):
        load_operator(tmp_path)


def test_what_is_laid_over_takes_the_place_of_its_like_alone() -> None:
    base = {"a": {"b": "Sie, {name}", "c": "x"}, "l": [{"id": "1", "t": "Sie"}]}
    over = {"a": {"b": "du, {name}"}, "l": [{"id": "1", "t": "du"}]}

    assert lay_over(base, over, "file") == {
        "a": {"b": "du, {name}", "c": "x"},
        "l": [{"id": "1", "t": "du"}],
    }


@pytest.mark.parametrize(
    ("over", "fault"),
    [
        ({"b": "x"}, "no such key: b"),
        ({"a": "{other}"}, "placeholders name"),
        ({"r": [{"text": "without"}]}, "placeholders name"),
    ],
)
def test_what_would_not_fit_what_it_is_laid_over_is_refused(
    over: dict[str, object], fault: str
) -> None:
    base = {"a": "{name}", "r": [{"text": "{name}"}]}

    with pytest.raises(NotReady, match=fault):
        lay_over(base, over, "informal/de.yml")


def test_the_shipped_operator_says_sie() -> None:
    texts = load_texts(DATA, ("de",), OPERATOR.style)

    assert texts.text("de", "widget.message_label") == "Ihre Nachricht"


def test_german_can_say_du_throughout() -> None:
    kinds = ("texts", "responses", "letters", "templates")

    told = "\n".join(str(INFORMAL.read(DATA / kind, "de")) for kind in kinds)

    assert re.findall(r".{20}\b(?:Sie|Ihnen|Ihr(?:e[nmrs]?)?)\b.{20}", told) == []


def test_everything_that_writes_takes_the_form_of_address() -> None:
    wording = load_wording(DATA, "de", INFORMAL)
    texts = load_texts(DATA, ("de",), INFORMAL)
    templates = load_templates(DATA, INFORMAL)

    assert wording.response("de", "utter_ask_name", {})[0] == "Wie heißt du?"
    assert texts.text("de", "widget.message_label") == "Deine Nachricht"
    assert "deine Nachricht" in templates["de"][0].text
