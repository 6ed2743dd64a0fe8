from __future__ import annotations

import re

import pytest

from actions.correcting import respells_name
from actions.facts import FactReader, Facts
from actions.markup import has_words, without_markup
from actions.phrases import fold, load_phrases
from bot.settings import ROOT

READER = FactReader(load_phrases(ROOT / "data"), re.compile("[A-Za-z0-9_]{3,20}"))


def read(text: str, asked_for: str | None = None) -> Facts:
    return READER.read(text, asked_for=asked_for)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jag heter Sofia Lind", "Sofia Lind"),
        ("Stig Holm heter jag", "Stig Holm"),
        ("Je m'appelle Zoé Petit, voilà", "Zoé Petit"),
        ("moi c'est Hugo de la Tour", "Hugo de la Tour"),
        ("My name is Liam O'Brien, as on my passport", "Liam O'Brien"),
        ("my name is sofia lind", "sofia lind"),
        ("Ich heiße Jörg von der Heide", "Jörg von der Heide"),
        ("Me llamo Íñigo Ruiz, para servirle", "Íñigo Ruiz"),
        ("Nimeni on Åsa-Lis Mäki", "Åsa-Lis Mäki"),
        ("Jeg hedder Søren Østergaard", "Søren Østergaard"),
        ("Navnet mitt er Kari Nordmann", "Kari Nordmann"),
        ("Mi chiamo Lucia D'Angelo", "Lucia D'Angelo"),
        ("Ik heet Jan van den Berg", "Jan van den Berg"),
        ("Chamo-me João da Silva", "João da Silva"),
        ("Nazywam się Łucja Żak", "Łucja Żak"),
    ],
)
def test_a_name_with_its_cue_is_taken_without_the_rest(text: str, name: str) -> None:
    facts = read(text)

    assert facts.name == name
    assert "name" in facts.stated


@pytest.mark.parametrize("text", ["Sofia Lind", "sofia lind", "Madonna", "Åsa-Lis"])
def test_a_bare_name_counts_only_as_an_answer(text: str) -> None:
    assert read(text).name is None
    assert read(text, "name").name == text


@pytest.mark.parametrize(
    "text", ["ja", "nej tack", "vem läser det här?", "I'm in Wisconsin, why", "ok"]
)
def test_what_is_no_name_is_not_taken_for_one(text: str) -> None:
    assert read(text, "name").name is None


def test_several_facts_are_read_from_one_utterance() -> None:
    facts = read("Sofia Lind, sofia@example.se, användarnamn river_rat")

    assert (facts.name, facts.email, facts.username) == (
        "Sofia Lind",
        "sofia@example.se",
        "river_rat",
    )


def test_a_username_is_found_later_in_its_sentence() -> None:
    facts = read("användarnamnet är fel i texten, det ska vara river_rat2")

    assert facts.username == "river_rat2"


def test_somebody_elses_name_in_the_story_is_no_username() -> None:
    assert read("The player you named is tumbleweed_99.").username is None


def test_a_time_of_day_is_no_username() -> None:
    assert read("Monday, about 7pm", "username").username is None


def test_an_address_without_domain_is_bad() -> None:
    facts = read("sofia@", "email")

    assert facts.email is None


def test_an_address_with_a_broken_domain_is_bad() -> None:
    facts = read("sofia@example", "email")

    assert facts.email is None
    assert facts.bad_email


def test_a_misspelt_name_is_mended_by_the_like() -> None:
    text = "oops, Sofia Lindh with h at the end"

    assert READER.looks_like_same_name(text, "Sofia Lind") == "Sofia Lindh"


def test_markup_is_dropped_and_its_scripts_with_it() -> None:
    text = "<b>Kim</b> <script>alert(1)</script> <3 {{7*7}}"

    assert without_markup(text) == "Kim <3 {{7*7}}"


@pytest.mark.parametrize("text", ["", "  ", "🤷", "?!"])
def test_signs_alone_are_no_words(text: str) -> None:
    assert not has_words(text)


def test_folding_keeps_every_place() -> None:
    text = "Łódź, Ærø, Straße, İstanbul, ﬁn"

    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "is_respelt"),
    [
        ("oj, stavade fel. Gunilla Hedwall med w ska det vara", True),
        ("Gunilla Hedvall, gunilla@example.se", False),
        ("I meant Sofia Lindh", False),
        ("Gunilla Eriksson har skrivit till mig", False),
    ],
)
def test_a_name_in_nearly_the_same_letters_is_a_correction(
    text: str, is_respelt: bool
) -> None:
    assert respells_name(text, "Gunilla Hedvall") == is_respelt


def test_the_address_that_puts_another_right_is_taken() -> None:
    facts = read("dot@example.com, no hang on, dorothy@example.com")

    assert facts.email == "dorothy@example.com"


def test_of_two_addresses_the_first_is_the_writers() -> None:
    facts = read("anna@example.com, and the player wrote from kim@example.com")

    assert facts.email == "anna@example.com"


def test_a_username_may_follow_the_address_without_a_cue() -> None:
    assert read("renzo@example.it renzo_tr", "email").username == "renzo_tr"
    assert read("renzo@example.it 2 tables", "email").username is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sofia Brandel här, sofia@example.se", "Sofia Brandel"),
        ("Jan de Wit hier", "Jan de Wit"),
        ("I was in Malmö here, and it froze", None),
    ],
)
def test_who_is_here_says_their_name(text: str, name: str | None) -> None:
    assert read(text).name == name


def test_a_name_may_begin_with_an_abbreviation() -> None:
    assert read("Mª Carmen Ruiz", "name").name == "Mª Carmen Ruiz"


def test_the_last_sentence_may_be_the_name() -> None:
    assert read("no matter. dorothy okafor", "name").name == "dorothy okafor"


@pytest.mark.parametrize(
    "text", ["Karin Åberg, personnummer [ID]", "Karin Åberg personnummer [ID]"]
)
def test_what_names_a_masked_number_is_no_part_of_a_name(text: str) -> None:
    assert read(text, "name").name == "Karin Åberg"


def test_the_words_around_a_name_are_no_part_of_the_matter() -> None:
    text = "The payout never came. It's Liam O'Brien, liam@example.ie"

    assert READER.without_person(text, ["Liam O'Brien"]).startswith(
        "The payout never came. ,"
    )
