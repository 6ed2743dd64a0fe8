from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from bot.privacy import load_masker
from bot.settings import ROOT
from knowledge.errors import NotReady

mask = load_masker(ROOT / "data").mask


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "3782 822463 10005",
        "5500 0055 5555 5559",
        "30569309025904",
    ],
)
def test_a_card_number_is_masked_however_it_is_written(written: str) -> None:
    masked = mask(f"Mitt kort {written}, tack")

    assert masked.text == "Mitt kort [card], tack"
    assert masked.kinds == ("card",)


@pytest.mark.parametrize(
    "written",
    [
        "SE4550000000058398257466",
        "SE45 5000 0000 0583 9825 7466",
        "se45 5000 0000 0583 9825 7466",
        "FR76 3000 6000 0112 3456 7890 189",
        "DE89-3704-0044-0532-0130-00",
        "GB82 WEST 1234 5698 7654 32",
        "PT50 0002 0123 1234 5678 9015 4",
        "NO93 8601 1117 947",
    ],
)
def test_an_iban_is_masked_however_it_is_written(written: str) -> None:
    masked = mask(f"Mon compte {written} merci")

    assert masked.text == "Mon compte [IBAN] merci"
    assert masked.kinds == ("iban",)


@pytest.mark.parametrize(
    "written",
    [
        "811228-9874",
        "19811228-9874",
        "131052-308T",
        "RSSMRA85T10A562S",
        "12345678Z",
        "X-1234567-L",
        "44051401359",
        "JG 10 37 59 A",
    ],
)
def test_an_identity_number_with_right_check_digits_is_masked(written: str) -> None:
    assert mask(f"id: {written}.").text == "id: [ID]."


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("BSN: 111222333", "BSN: [ID]"),
        ("mijn burgerservicenummer is 111222333", "mijn burgerservicenummer is [ID]"),
        ("CPR-nummer 2110625629", "CPR-nummer [ID]"),
        ("Meine Steuer-ID ist 36574261809", "Meine Steuer-ID ist [ID]"),
        ("o meu NIF é 123456789", "o meu NIF é [ID]"),
        ("order 111222333", "order 111222333"),
    ],
)
def test_a_number_right_by_chance_is_masked_only_with_its_name(
    written: str, masked: str
) -> None:
    assert mask(written).text == masked


@pytest.mark.parametrize(
    "written",
    [
        "4111 1111 1111 1112",
        "SE45 5000 0000 0583 9825 7467",
        "811228-9875",
        "1 500 kr den 3 november 2026 kl 21:45",
        "#48213377, ORD-2026-118842, TXN 7730-AB-19",
        "+46 70 123 45 67",
        "2026-11-03 2026-11-14",
        "G-2026-000042",
        "<b>hej</b> 😡 {{7*7}}",
    ],
)
def test_everything_else_stays_as_written(written: str) -> None:
    assert mask(written).text == written


def test_a_card_is_found_next_to_other_numbers() -> None:
    masked = mask("ord 12345 4111 1111 1111 1111 12/27")

    assert masked.text == "ord 12345 [card] 12/27"


def test_every_kind_is_named_once() -> None:
    masked = mask("4111111111111111 4111111111111111 SE4550000000058398257466")

    assert masked.text == "[card] [card] [IBAN]"
    assert set(masked.kinds) == {"card", "iban"}
    assert len(masked.kinds) == 2


def test_masking_twice_changes_nothing_more() -> None:
    once = mask("kort 4111 1111 1111 1111, pnr 811228-9874")

    assert mask(once.text).text == once.text
    assert mask(once.text).kinds == ()


@given(st.integers(2, 6), st.text("0123456789", min_size=14, max_size=14))
def test_no_valid_card_number_of_sixteen_digits_survives(first: int, rest: str) -> None:
    body = f"{first}{rest}"
    number = body + luhn.calc_check_digit(body)

    assert number not in mask(f"kort {number} tack").text


@given(st.text(max_size=300))
def test_any_text_can_be_masked(text: str) -> None:
    masked = mask(text)

    assert masked.kinds or masked.text == text


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("my password is sunshine", "my password is [password]"),
        ("My password is Hunter2! Help", "My password is [password] Help"),
        ("password: hunter and name: Jo", "password: [password] and name: Jo"),
        (
            "password for my site is pa55word",
            "password for my site is [password]",
        ),
        ("PIN: 4711", "PIN: [password]"),
        ("PIN 4711", "PIN [password]"),
        ("passordet mitt er hemmelig", "passordet mitt er [password]"),
        ("I typed password Tr0ub4dor&3 twice", "I typed password [password] twice"),
        ('password is "correct horse battery"', 'password is "[password]"'),
        ("mitt lösenord är sommar2024", "mitt lösenord är [password]"),
        ("Lösenordet är solsken.", "Lösenordet är [password]."),
        ("mon mot de passe est Soleil75", "mon mot de passe est [password]"),
        ("mdp : azerty", "mdp : [password]"),
        ("mot de passe, c'est azerty99", "mot de passe, c'est [password]"),
        ("mein Passwort lautet Sommer und", "mein Passwort lautet [password] und"),
        ("mi contraseña es gatito123", "mi contraseña es [password]"),
        ("la mia password è juventus.", "la mia password è [password]."),
        ("mijn wachtwoord is feyenoord", "mijn wachtwoord is [password]"),
        ("a minha palavra-passe é benfica10", "a minha palavra-passe é [password]"),
        ("min adgangskode er fodbold7", "min adgangskode er [password]"),
        ("passordet er fotball", "passordet er [password]"),
        ("salasanani on kissa123", "salasanani on [password]"),
        ("moje hasło to kotek1", "moje hasło to [password]"),
    ],
)
def test_a_password_that_is_named_as_one_is_masked(written: str, masked: str) -> None:
    assert mask(written).text == masked
    assert mask(written).kinds == ("password",)
    assert mask(masked).text == masked


@pytest.mark.parametrize(
    "written",
    [
        "my password is wrong",
        "My password is not accepted any more",
        "password reset link never arrived",
        "The password is case sensitive?",
        "How do I change my password?",
        "Password: I forgot it",
        "mitt lösenord är fel",
        "Lösenordet till konto ruter99 fungerar inte",
        "mon mot de passe est refusé depuis hier",
        "mot de passe oublié",
        "Mein Passwort ist abgelaufen.",
        "mi contraseña es correcta",
        "la password è scaduta",
        "mijn wachtwoord is verlopen",
        "a minha palavra-passe é inválida",
        "min adgangskode er forkert",
        "passordet er feil",
        "salasanani on unohtunut",
        "moje hasło jest nieprawidłowe",
        "spinning my pins",
    ],
)
def test_talk_about_passwords_stays_as_written(written: str) -> None:
    assert mask(written).text == written


def test_every_language_has_cues_for_passwords(tmp_path: Path) -> None:
    (tmp_path / "privacy.yml").write_text("en: {nouns: [password]}", encoding="utf-8")

    with pytest.raises(NotReady, match="en lacks about, is, ordinary, ends"):
        load_masker(tmp_path)
