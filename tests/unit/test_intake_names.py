"""A name put right where something else was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from actions.facts import FactReader
from tests.unit.talking import OPERATOR, PHRASES, STORY, filled, tell

READER = FactReader(PHRASES, OPERATOR.username_pattern)


def asking(field: str, **overrides: Any) -> dict[str, Any]:
    return filled(**{field: None, "requested_slot": field, **overrides})


@pytest.mark.parametrize(
    ("language", "first", "then", "name"),
    [
        ("es", "Lola", "bueno, María Dolores de los Ríos", "María Dolores de los Ríos"),
        ("en", "O'Shaughnessy", "first name Niamh", "Niamh O'Shaughnessy"),
        ("de", "Jörg", "Nachname ist von der Heide", "Jörg von der Heide"),
        ("sv", "Moa", "efternamnet är Öberg", "Moa Öberg"),
        ("fi", "Väinö", "sukunimi on Äijälä", "Väinö Äijälä"),
        ("fr", "Lefèvre", "prénom : Zoé", "Zoé Lefèvre"),
        ("nl", "Joost van den Berg-de Wit", "Joost van den Berg", "Joost van den Berg"),
        ("pl", "Bożena Wójcik", "to znaczy Bożena Krawczyk", "Bożena Krawczyk"),
        ("it", "D'Angelo", "Salvatore D'Angelo", "Salvatore D'Angelo"),
        ("sv", "af Rosen Carl-Ivar", "skriv Carl-Ivar af Rosen", "Carl-Ivar af Rosen"),
        ("nb", "Ingeborg", "fullt navn er Ingeborg Østby Li", "Ingeborg Østby Li"),
        ("da", "Søren Holm", "undskyld, Søren Bjerre-Holm", "Søren Bjerre-Holm"),
        ("pt", "João", "João d'Ávila e Melo", "João d'Ávila e Melo"),
    ],
)
async def test_a_name_is_put_right_by_saying_it_anew(
    language: str, first: str, then: str, name: str
) -> None:
    heard = await tell(then, language=language, **asking("email", name=first))

    assert heard.slots["name"] == name
    assert heard.slots["requested_slot"] == "email"


async def test_a_fuller_name_beside_an_address_takes_its_place() -> None:
    heard = await tell(
        "Salvatore D'Angelo, salvo@example.it",
        language="it",
        **asking("email", name="D'Angelo"),
    )

    assert heard.slots["name"] == "Salvatore D'Angelo"
    assert heard.slots["email"] == "salvo@example.it"


@pytest.mark.parametrize(
    "text",
    [
        "I was moved to the table of Kalle Berg without being asked",
        "Ruterdam Support told me so",
        "sofia@example.se",
    ],
)
async def test_another_name_in_what_is_told_is_not_the_customers(text: str) -> None:
    heard = await tell(text, **asking("details"))

    assert heard.slots.get("name", "Sofia Lind") == "Sofia Lind"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Priya Rao. And before you ask: I won't give a username", "Priya Rao"),
        ("Le bouton est mort. Notez-le comme réclamation", None),
    ],
)
def test_one_sentence_of_several_may_be_the_name(text: str, name: str | None) -> None:
    assert READER.read(text, asked_for="name").name == name


@pytest.mark.parametrize(
    "text",
    [
        "lolailo_88. Por cierto, el código del bono era ASES40 y no funcionó",
        "lolailo_88, my neighbour at the table was Kalle_K and he saw it too",
    ],
)
def test_the_first_of_several_possible_usernames_stands_alone(text: str) -> None:
    assert READER.read(text, asked_for="username").username == "lolailo_88"


@pytest.mark.parametrize(
    ("text", "is_sent"),
    [
        ("I can send you a picture of the certificate if that helps", False),
        ("it is all right now. send it", True),
    ],
)
async def test_what_could_be_sent_is_no_order_to_send(text: str, is_sent: bool) -> None:
    heard = await tell(text, **filled())

    assert bool(heard.slots.get("confirmed")) is is_sent
    assert is_sent or "certificate" in heard.slots.get("description", STORY)


@pytest.mark.parametrize(
    ("text", "name", "mended"),
    [
        ("unnskyld, Aud-Lisbet uten h", "Aud-Lisbeth Moe", "Aud-Lisbet Moe"),
        ("Hedwall med w", "Gunnel Hedvall", "Gunnel Hedwall"),
        ("Sofia Lindh with h", "Sofia Lind", "Sofia Lindh"),
    ],
)
def test_one_word_of_a_name_is_mended(text: str, name: str, mended: str) -> None:
    assert READER.looks_like_same_name(text, name) == mended


def test_the_names_of_the_parts_of_a_name_are_no_part_of_it() -> None:
    text = "Mette, efternavn Kjær Lauridsen"

    assert READER.read(text, asked_for="name").name == "Mette Kjær Lauridsen"


def test_a_question_about_the_username_gives_none() -> None:
    assert READER.read("onko tunnus pakollinen?", asked_for="username").username is None
    assert READER.read("is my username river_rat9?").username == "river_rat9"


async def test_a_username_written_as_a_name_takes_no_names_place() -> None:
    heard = await tell("Big Slick", **asking("username"))

    assert "name" not in heard.slots


async def test_words_after_a_cue_for_names_are_none_where_another_thing_is_asked() -> (
    None
):
    text = "heter samma som jag: Anna_B"

    heard = await tell(text, language="sv", **asking("username"))

    assert "name" not in heard.slots
    assert heard.slots["username"] == "Anna_B"


async def test_a_name_said_to_be_misspelt_is_the_one_that_follows() -> None:
    text = "aspetta, il nome è scritto male: Chiara De Sanctis"

    heard = await tell(text, language="it", **asking("email"))

    assert heard.slots["name"] == "Chiara De Sanctis"
