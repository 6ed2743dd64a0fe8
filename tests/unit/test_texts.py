from __future__ import annotations

import re

import pytest

from bot.settings import ROOT
from bot.texts import Texts, load_texts
from knowledge.errors import NotReady
from knowledge.operator import load_operator

DATA = ROOT / "data"
KINDS = ("texts", "responses", "letters", "templates")


def test_every_language_of_the_operator_has_every_string() -> None:
    operator = load_operator(ROOT / "data")

    texts = load_texts(ROOT / "data", operator.languages)

    assert texts.languages == tuple(operator.languages)


def test_a_string_is_found_by_its_path_and_filled_in() -> None:
    texts = Texts({"en": {"a": {"b": "Hello {name}"}}})

    assert texts.text("en", "a.b", name="Kim") == "Hello Kim"
    assert texts.section("en", "a") == {"b": "Hello {name}"}


def test_a_missing_key_is_found_at_start() -> None:
    with pytest.raises(NotReady, match=r"texts/fr.yml lacks the key 'b'"):
        Texts({"en": {"a": "x", "b": "y"}, "fr": {"a": "x"}})


def test_a_key_too_many_is_found_at_start() -> None:
    with pytest.raises(NotReady, match=r"texts/en.yml lacks the key 'b'"):
        Texts({"en": {"a": "x"}, "fr": {"a": "x", "b": "y"}})


def test_differing_placeholders_are_found_at_start() -> None:
    with pytest.raises(NotReady, match="placeholders"):
        Texts({"en": {"a": "{x}"}, "fr": {"a": "{y}"}})


def customers_texts(language: str) -> str:
    """Everything a customer reads in a language, as its files have it."""
    paths = [DATA / kind / f"{language}.yml" for kind in KINDS]
    lines = [line for path in paths for line in path.read_text("utf-8").split("\n")]
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def test_french_keeps_tall_punctuation_with_its_word() -> None:
    text = customers_texts("fr")

    assert re.findall(r"\w+[^\S\u202f]?[;!?](?!\w)|\w+[^\S\u00a0]:\s", text) == []
    assert re.findall(r"«[^\u00a0]|[^\u00a0]»", text) == []


@pytest.mark.parametrize("language", ["fr", "it", "nl"])
def test_apostrophes_are_typographic(language: str) -> None:
    assert re.findall(r"\w'[\w{]", customers_texts(language)) == []


def test_no_italian_article_stands_before_a_date() -> None:
    # It would be l' before 1, 8 and 11: "in data 8 novembre" is always right.
    dates = r"\b(il|al|dal|del|nel) \{(\w+_on|date|since|until|moment)\}"

    assert re.findall(dates, customers_texts("it")) == []
