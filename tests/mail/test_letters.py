from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.cases.archive import Archive
from actions.cases.case import OUTCOME_KINDS, Customer
from actions.delivery.letters import KINDS, Letters, load_letters
from actions.helplines import HelpLines
from bot.settings import ROOT
from knowledge.errors import NotReady
from knowledge.operator import Operator, load_operator
from tests.factories import make_draft

OPERATOR = load_operator(ROOT / "data")
LETTERS = load_letters(ROOT / "data", OPERATOR, "https://ruterdam.example")
LANGUAGES = OPERATOR.languages
NO_HELP_LINES = HelpLines({}, {})
VALUES = {
    "text": "Première ligne.\n\nDeuxième <b>paragraphe</b>.",
    "outcome": "solution",
    "reasons": "Le retrait est parti.",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_can_be_written_in_every_language(
    kind: Any, language: str
) -> None:
    letter = LETTERS.render_letter(kind, language, _case(), VALUES)

    assert "G-2026-000001" in letter.subject
    assert "https://ruterdam.example/status" in letter.text
    assert "{" not in letter.subject + letter.text
    assert f'<html lang="{language}" dir="ltr">' in letter.html


async def test_what_an_agent_wrote_is_text_and_never_markup(
    archive: Archive, letters: Letters
) -> None:
    case = await archive.file(make_draft())

    letter = letters.render_letter("reply", "fr", case, VALUES)

    assert "Deuxième <b>paragraphe</b>." in letter.text
    assert "Deuxième &lt;b&gt;paragraphe&lt;/b&gt;." in letter.html


async def test_a_letter_loads_nothing_from_anywhere(
    archive: Archive, letters: Letters
) -> None:
    case = await archive.file(make_draft())

    html = letters.render_letter("outcome", "fr", case, VALUES).html

    assert "<img" not in html and "url(" not in html and "<link" not in html
    assert html.count("https://") == html.count("https://ruterdam.example/status")


async def test_a_paragraph_without_its_value_is_left_out(
    archive: Archive, letters: Letters
) -> None:
    case = await archive.file(make_draft(customer=Customer(email="a@example.fr")))

    letter = letters.render_letter("outcome", "en", case, {"outcome": "solution"})

    assert letter.text.startswith("Hello,\n\nWe have examined your case")
    assert "None" not in letter.text and "\n\n\n" not in letter.text


async def test_dates_are_those_of_the_operators_day(
    archive: Archive, letters: Letters
) -> None:
    case = await archive.file(make_draft())

    letter = letters.render_letter("receipt", "fr", case, {})

    assert "22 novembre 2026" in letter.text
    assert "22 décembre 2026" in letter.text


async def test_an_unknown_language_is_answered_in_the_operators_first(
    archive: Archive, letters: Letters
) -> None:
    case = await archive.file(make_draft())

    letter = letters.render_letter("receipt", "ja", case, {})

    assert letter.language == "sv"


async def test_the_receipt_of_an_urgent_case_begins_with_who_listens(
    archive: Archive, letters: Letters
) -> None:
    case = await archive.file(make_draft(is_urgent=True))

    text = letters.render_letter("receipt", "fr", case, {}).text

    assert -1 < text.find("3114") < text.find("Merci de nous avoir écrit")


@pytest.mark.parametrize("kind", OUTCOME_KINDS)
def test_every_outcome_has_its_sentence(kind: str) -> None:
    told = {
        LETTERS.render_letter("outcome", language, _case(), {"outcome": kind}).text
        for language in LANGUAGES
    }

    assert len(told) == len(LANGUAGES)


@given(text=st.text(min_size=1))
def test_no_text_breaks_a_letter(text: str) -> None:
    letter = LETTERS.render_letter("reply", "sv", _case(), {"text": text})

    assert "<script" not in letter.html
    assert "\n" not in letter.subject


def _case() -> Any:
    from datetime import UTC, datetime
    from types import SimpleNamespace

    now = datetime(2026, 11, 22, tzinfo=UTC)
    return SimpleNamespace(
        reference="G-2026-000001",
        customer=Customer(name="Élise"),
        opened_at=now,
        answer_due_at=now,
        is_urgent=False,
    )


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("letters.reply.text", "{txt}", "unknown txt"),
        ("letters.reply.text", "Hej", "must have the placeholders text"),
        ("closing", "Hej {name}", "must have the placeholders operator"),
    ],
)
def test_a_wrong_template_stops_the_start_with_a_sentence(
    letters: Letters, operator: Operator, key: str, text: str, sentence: str
) -> None:
    templates = {
        language: {**texts, **({key: text} if language == "fr" else {})}
        for language, texts in letters._templates.items()
    }

    with pytest.raises(NotReady, match=rf"letters/fr\.yml: {key}.*{sentence}"):
        Letters(templates, "", operator, NO_HELP_LINES, "")


def test_a_missing_letter_stops_the_start(letters: Letters, operator: Operator) -> None:
    templates = {**letters._templates}
    templates["fi"] = {
        key: text for key, text in templates["fi"].items() if "reopened" not in key
    }

    with pytest.raises(NotReady, match=r"letters/fi\.yml.*letters\.reopened\.subject"):
        Letters(templates, "", replace(operator), NO_HELP_LINES, "")


async def test_letters_take_the_form_of_address(archive: Archive) -> None:
    style = replace(OPERATOR.style, forms_of_address={"de": "informal"})
    letters = load_letters(ROOT / "data", replace(OPERATOR, style=style), "")
    case = await archive.file(make_draft(language="de"))

    formal = LETTERS.render_letter("receipt", "de", case, {})
    informal = letters.render_letter("receipt", "de", case, {})

    assert "Danke, dass Sie uns geschrieben haben." in formal.text
    assert "Danke, dass du uns geschrieben hast." in informal.text
