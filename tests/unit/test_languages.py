from __future__ import annotations

import pytest

from bot.foreign_languages import OTHER
from bot.languages import LanguageIdentifier, load_identifier
from bot.settings import ROOT
from knowledge.errors import NotReady


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    return load_identifier(ROOT / "data")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Var är mina pengar någonstans?", "sv"),
        ("Où est passé mon argent ?", "fr"),
        ("Where has my money gone?", "en"),
        ("Wo ist mein Geld geblieben?", "de"),
        ("¿Dónde está mi dinero?", "es"),
        ("Missä rahani ovat?", "fi"),
        ("Hvorfor er mine penge ikke kommet?", "da"),
        ("Hvorfor har ikke pengene mine kommet?", "nb"),
        ("Dove sono finiti i miei soldi?", "it"),
        ("Waar is mijn geld gebleven?", "nl"),
        ("Onde está o meu dinheiro?", "pt"),
        ("Gdzie są moje pieniądze?", "pl"),
    ],
)
def test_a_sentence_is_in_its_language(
    identifier: LanguageIdentifier, text: str, language: str
) -> None:
    assert identifier.identify(text).tag == language
    assert identifier.identify(text, prior="sv").tag == language


@pytest.mark.parametrize("prior", ["sv", "fr", "en", "pl"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "Agnieszka Wójcik",
        "anna kowalska",
        "Luis García",
        "jose luis",
        "Thomas Müller",
        "Åsa-Lis",
        "kim@example.pl",
        "450,00 €",
        "2 300 kr",
        "ok",
        "gg",
        "#11820",
        "ORD-2026-1",
        "👍🏼",
        "2026-10-14",
        "21:15",
        "river_rat_10",
        "all in",
        "full house",
        "https://example.com/a",
        "???",
        "Real Madrid",
        "giovanni rossi",
        "<marquee>Fia</marquee> <script>fetch('/admin')</script>",
        "[card]",
    ],
)
def test_what_is_no_language_changes_no_conversation(
    identifier: LanguageIdentifier, text: str, prior: str
) -> None:
    assert identifier.identify(text, prior=prior).tag == prior


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("på svenska tack", "sv"),
        ("Kan vi ta det på engelska?", "en"),
        ("English please", "en"),
        ("can we switch to French?", "fr"),
        ("I'd prefer German if possible", "de"),
        ("Parlez-vous anglais ?", "en"),
        ("en français s'il vous plaît", "fr"),
        ("Auf Deutsch bitte", "de"),
        ("Sprechen Sie Deutsch?", "de"),
        ("¿Hablas español?", "es"),
        ("suomeksi kiitos", "fi"),
        ("voidaanko jatkaa ruotsiksi", "sv"),
        ("på dansk tak", "da"),
        ("på norsk takk", "nb"),
        ("in italiano per favore", "it"),
        ("in het Nederlands graag", "nl"),
        ("em português por favor", "pt"),
        ("po polsku proszę", "pl"),
        ("svenska", "sv"),
    ],
)
def test_a_request_for_a_language_always_changes_it(
    identifier: LanguageIdentifier, text: str, language: str
) -> None:
    for prior in identifier.languages:
        asked = identifier.identify(text, prior=prior)
        assert (asked.tag, asked.is_requested) == (language, True)


def test_a_language_that_is_only_mentioned_is_not_requested(
    identifier: LanguageIdentifier,
) -> None:
    mentioned = identifier.identify(
        "I wrote to your support in Swedish and nobody answered", prior="en"
    )

    assert mentioned.tag == "en"
    assert not mentioned.is_requested


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('la page affiche "Something went wrong, please try again"', "fr"),
        ("felet lyder ”Votre session a expiré, reconnectez-vous”", "sv"),
        ("„Bitte melden Sie sich erneut an” – taki komunikat widzę", "pl"),
    ],
)
def test_a_message_quoted_in_another_language_changes_nothing(
    identifier: LanguageIdentifier, text: str, language: str
) -> None:
    assert identifier.identify(text, prior=language).tag == language


def test_a_greeting_alone_changes_the_language(identifier: LanguageIdentifier) -> None:
    assert identifier.identify("bonjour", prior="sv").tag == "fr"


def test_the_browser_decides_where_the_words_do_not(
    identifier: LanguageIdentifier,
) -> None:
    assert identifier.identify("ok", accepted=["nb", "en"]).tag == "nb"
    assert identifier.identify("ok", accepted=["en"]).tag == "en"


def test_confidence_is_a_probability(identifier: LanguageIdentifier) -> None:
    sure = identifier.identify("Mon retrait n'est toujours pas arrivé")
    unsure = identifier.identify("bonus")

    assert 0.99 < sure.confidence <= 1
    assert 0 < unsure.confidence < 0.5


def test_a_folder_without_languages_is_not_ready(tmp_path: object) -> None:
    with pytest.raises(NotReady, match="no language"):
        load_identifier.__wrapped__(tmp_path)  # type: ignore[attr-defined]


OTHERS = [
    "Jak dlouho trvá výběr peněz?",
    "Kui kaua väljamakse aega võtab?",
    "Πόση ώρα παίρνει η ανάληψη;",
    "Para çekme işlemi ne kadar sürer?",
    "Скільки часу триває виведення коштів?",
    "كم يستغرق السحب؟",
    "出金にはどのくらいかかりますか",
    "Mennyi ideig tart a kifizetés?",
    "Cât durează o retragere de bani?",
]


@pytest.mark.parametrize("prior", [None, "sv", "fi", "pl"])
@pytest.mark.parametrize("text", OTHERS)
def test_a_language_that_is_not_offered_is_none_of_those_that_are(
    identifier: LanguageIdentifier, text: str, prior: str | None
) -> None:
    assert identifier.identify(text, prior=prior).tag == OTHER


@pytest.mark.parametrize("text", ["é è", "å ä"])
def test_letters_by_themselves_change_no_language(
    identifier: LanguageIdentifier, text: str
) -> None:
    assert identifier.identify(text, prior="sv").tag == "sv"


@pytest.mark.parametrize(
    "text", ["Γιώργος", "Олена Шевченко", "山田太郎", "Đorđe Petrović", "Jan Novák"]
)
def test_a_name_in_another_script_changes_no_language(
    identifier: LanguageIdentifier, text: str
) -> None:
    assert identifier.identify(text, prior="de").tag == "de"


@pytest.mark.parametrize(
    "text",
    [
        "gaar det att aendra loesenordet",
        "mite mä saan salasanan vaihettuu",
        "nie moge sie zalogowac pomocy",
        "cadê meu dinheiro mano",
        "nn riesco a entrare nel conto",
    ],
)
def test_careless_spelling_is_no_other_language(
    identifier: LanguageIdentifier, text: str
) -> None:
    assert identifier.identify(text).tag in identifier.languages
