from __future__ import annotations

import pytest

from bot.settings import ROOT
from bot.texts import Texts, load_texts
from knowledge.errors import NotReady
from knowledge.operator import load_operator


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
