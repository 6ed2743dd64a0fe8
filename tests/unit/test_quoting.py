from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.delivery.quoting import trim_reply

REPLY = "Det har fortfarande inte kommit.\n\nHälsningar\nKim"


@pytest.mark.parametrize(
    "history",
    [
        "On Sun, 22 Nov 2026 at 10:00, Ruterdam <support@r.example> wrote:\n> Hello",
        "On Sun, 22 Nov 2026 at 10:00, Ruterdam\n<support@r.example> wrote:\n\n> Hello",
        "Den sön 22 nov. 2026 kl 10:00 skrev Ruterdam <support@r.example>:\n\n> Hej",
        "Le dim. 22 nov. 2026 à 10:00, Ruterdam <s@r.example> a écrit :\n\n> Bonjour",
        "Am So., 22. Nov. 2026 um 10:00 Uhr schrieb Ruterdam <s@r.example>:\n\n> Hallo",
        "El dom, 22 nov 2026 a las 10:00, Ruterdam (<s@r.example>) escribió:\n\n> Hola",
        "su 22. marrask. 2026 klo 10.00 Ruterdam (s@r.example) kirjoitti:\n\n> Hei",
        "Den søn. 22. nov. 2026 kl. 10.00 skrev Ruterdam <s@r.example>:\n\n> Hej",
        "Il giorno dom 22 nov 2026 alle 10:00 R <s@r.example> ha scritto:\n> Ciao",
        "Op zo 22 nov 2026 om 10:00 schreef Ruterdam <s@r.example>:\n\n> Hallo",
        "Ruterdam <s@r.example> escreveu (domingo, 22/11/2026 à(s) 10:00):\n\n> Olá",
        "niedz., 22 lis 2026 o 10:00 Ruterdam <s@r.example> napisał(a):\n\n> Cześć",
        "-----Original Message-----\nFrom: Ruterdam\nSent: Sunday\n\nHello",
        "-----Ursprungligt meddelande-----\nFrån: Ruterdam\n\nHej",
        "Från: Ruterdam\nSkickat: den 22 november 2026\nTill: Kim\nÄmne: G-1",
        "________________\nDe : Ruterdam\nEnvoyé : dimanche\nÀ : Kim\nObjet : G",
        "> Hej Kim!\n> Du får svar.",
        "-- \nKim Berg\n070-123 45 67",
        "Skickat från min iPhone",
        "Sent from my iPhone",
    ],
)
def test_what_the_mail_program_added_is_left_out(history: str) -> None:
    assert trim_reply(f"{REPLY}\n\n{history}\n") == REPLY


@pytest.mark.parametrize(
    "text",
    [
        "Jag skrev till er 3 november. Ni svarade inte:\nvarför?",
        "From: the bank I got a letter.\nIt said that you had not paid.",
        "He wrote: come back tomorrow\nI did.",
        "5 > 3 is what your bonus page says",
        "Mina frågor:\n- när?\n- varför?",
    ],
)
def test_the_customers_own_words_are_left_alone(text: str) -> None:
    assert trim_reply(text) == text


def test_answers_between_the_quoted_lines_keep_what_they_answer() -> None:
    text = "On 22 Nov 2026 R wrote:\n> When was it?\nOn Monday.\n> How much?\n200 kr."

    assert trim_reply(text) == text


def test_a_letter_that_only_quotes_is_kept_whole() -> None:
    assert trim_reply("> Hej Kim!\n> Du får svar.") == "> Hej Kim!\n> Du får svar."


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
def test_what_is_left_is_what_the_customer_wrote(text: str) -> None:
    trimmed = trim_reply(text)

    assert text.replace("\r\n", "\n").strip().startswith(trimmed)
    assert bool(trimmed) == bool(text.strip())
