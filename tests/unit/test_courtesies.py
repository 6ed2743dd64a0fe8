from __future__ import annotations

import pytest

from bot.settings import ROOT
from knowledge.courtesies import load_courtesies
from knowledge.operator import load_operator

COURTESIES = load_courtesies(ROOT / "data")


@pytest.mark.parametrize(
    ("language", "said", "asked"),
    [
        ("sv", "Hej! Hur lång tid tar ett uttag?", "Hur lång tid tar ett uttag?"),
        ("sv", "hejsan, jag har en fråga. får man ta paus", "får man ta paus"),
        ("sv", "Hur ofta?\n\nMed vänlig hälsning", "Hur ofta?"),
        ("fr", "Bonjour Madame, c'est gratuit ? Merci d’avance !", "c'est gratuit ?"),
        ("fr", "bonsoir petite question : c'est gratuit svp", "c'est gratuit"),
        ("en", "Hi there - quick question, is it free? Thanks!!", "is it free?"),
        (
            "de",
            "Guten Tag, kostet das etwas? Vielen Dank im Voraus",
            "kostet das etwas?",
        ),
        ("es", "Hola, ¿cuánto tarda? Gracias", "¿cuánto tarda?"),
        ("nl", "Dag, hoeveel opnames mag ik per dag", "hoeveel opnames mag ik per dag"),
        ("fi", "Päivää! Kestääkö se viisi päivää", "Kestääkö se viisi päivää"),
        ("pl", "Dzień dobry, ile to trwa? Pozdrawiam", "ile to trwa?"),
    ],
)
def test_courtesies_at_both_ends_are_not_asked_about(
    language: str, said: str, asked: str
) -> None:
    assert COURTESIES.without(said, language) == asked


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Thanks!"),
        ("en", "hithero unknown rules"),
        ("en", "What does thanks cost?"),
        (None, "Hello, is it free?"),
        ("et", "Tere, kas see on tasuta?"),
    ],
)
def test_nothing_else_is_taken_off(language: str | None, said: str) -> None:
    assert COURTESIES.without(said, language) == said


def test_a_message_full_of_thanks_is_read_at_once() -> None:
    said = "merci d'avance, " * 400 + "fin"

    assert COURTESIES.without(said, "fr") == said


HELLO = {
    **{"da": "Hej", "de": "Guten Tag", "en": "Hello", "es": "Buenos días"},
    **{"fi": "Hyvää päivää", "fr": "Bonjour", "it": "Buongiorno", "nb": "Hei"},
    **{"nl": "Goedendag", "pl": "Dzień dobry", "pt": "Bom dia", "sv": "God dag"},
}


@pytest.mark.parametrize("language", load_operator(ROOT / "data").languages)
def test_every_language_of_the_sample_operator_has_courtesies(language: str) -> None:
    assert COURTESIES.without(f"{HELLO[language]}, bonus?", language) == "bonus?"
