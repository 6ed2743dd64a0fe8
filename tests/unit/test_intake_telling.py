"""What is told beside the value that was asked for ends in the description."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.talking import STORY, filled, tell

BESIDE_A_DAY = {
    "sv": ("i fredags vid nio, felkoden på skärmen var G77", "G77"),
    "fr": ("hier vers 18 h, message « carte refusée » à la fin", "carte refusée"),
    "en": ("yesterday around 9 pm, the table was called Siljan", "Siljan"),
    "de": ("gestern um neun Uhr, mein Tischnachbar flog auch raus", "Tischnachbar"),
    "es": ("ayer a las nueve y media, la mesa se llamaba Teide", "Teide"),
    "fi": ("eilen kello 20.40, pöydän nimi oli Saimaa", "Saimaa"),
    "da": ("i går kl. 20, kvitteringen har nummer 99120", "99120"),
    "nb": ("i går kl. 20, kvitteringen har nummer 99120", "99120"),
    "it": ("ieri alle nove e mezza, il tavolo si chiamava Etna", "Etna"),
    "nl": ("gisteren om half tien, de foutcode was E404", "E404"),
    "pt": ("ontem às nove e meia, apareceu o erro 504", "504"),
    "pl": ("wczoraj o dziewiątej, stół nazywał się Śniardwy", "Śniardwy"),
}
NOTHING_TOLD = {
    "sv": "det hände igår kväll vid nio",
    "fr": "c'était hier soir vers 18 h",
    "en": "it was yesterday at about nine in the evening",
    "de": "das war gestern Abend um neun Uhr",
    "es": "fue ayer a las nueve y media de la noche",
    "fi": "se oli eilen illalla kello yhdeksän",
    "da": "det var i går aftes kl. 20",
    "nb": "det var i går kveld kl. 20",
    "it": "è stato ieri sera alle nove e mezza",
    "nl": "dat was gisteravond om half tien",
    "pt": "foi ontem à noite às nove e meia",
    "pl": "to było wczoraj wieczorem o dziewiątej",
}


def asking(field: str, **overrides: Any) -> dict[str, Any]:
    return filled(**{field: None, "requested_slot": field, **overrides})


@pytest.mark.parametrize(("language", "said"), BESIDE_A_DAY.items())
@pytest.mark.parametrize("asked_for", ["event_date", "details"])
async def test_what_is_told_beside_a_day_is_kept(
    asked_for: str, language: str, said: tuple[str, str]
) -> None:
    text, detail = said

    heard = await tell(text, language=language, **asking(asked_for))

    assert detail in heard.slots["description"]
    assert heard.slots["description"].startswith(STORY)
    assert heard.slots["requested_slot"] == "confirmed"


@pytest.mark.parametrize(("language", "text"), NOTHING_TOLD.items())
async def test_a_day_with_its_time_tells_nothing_else(language: str, text: str) -> None:
    heard = await tell(text, language=language, **asking("event_date"))

    assert "description" not in heard.slots
    assert heard.slots["event_time"]


@pytest.mark.parametrize(
    ("asked_for", "text", "kept"),
    [
        (
            "email",
            "sofia@example.se, and the error code was G77",
            "the error code was G77",
        ),
        (
            "username",
            "username: new_rat, by the way the screen said timeout 504",
            "by the way the screen said timeout 504",
        ),
        ("name", "My name is Edward Marsh, that's what's on my ID", None),
        ("name", "Sofia Lind, sofia@example.se", None),
        ("username", "new_rat, thank you very much for helping me", None),
    ],
)
async def test_what_is_told_beside_who_is_writing_is_kept_without_the_person(
    asked_for: str, text: str, kept: str | None
) -> None:
    intent = "thank" if "thank" in text else "inform"

    heard = await tell(text, intent=intent, **asking(asked_for))

    expected = f"{STORY}\n{kept}" if kept else STORY
    assert heard.slots.get("description", STORY) == expected


async def test_what_is_told_beside_a_question_is_kept() -> None:
    heard = await tell(
        "The screen showed error code G77. Who reads this?",
        intent="ask_question",
        **asking("email"),
    )

    assert heard.slots["description"].endswith("The screen showed error code G77")
    assert heard.slots["requested_slot"] == "email"


@pytest.mark.parametrize("intent", ["inform", "correct"])
async def test_what_is_told_is_kept_whatever_the_answer_is_taken_for(
    intent: str,
) -> None:
    text = "sofia@example.se, och felkoden på skärmen var G77"

    heard = await tell(text, language="sv", intent=intent, **asking("email"))

    assert heard.slots["description"].endswith("\nfelkoden på skärmen var G77")


async def test_a_number_put_right_in_the_story_is_added_to_the_summary() -> None:
    text = "anzi no, la mano era la 778-210"

    heard = await tell(text, language="it", intent="correct", **filled())

    assert heard.slots["description"].endswith(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "i fredags vid midnatt"),
        ("de", "gestern gegen Mittag"),
        ("pt", "anteontem à hora de almoço"),
        ("en", "yesterday, in the afternoon"),
    ],
)
async def test_a_part_of_the_day_is_kept_in_the_customers_words(
    language: str, text: str
) -> None:
    heard = await tell(text, language=language, **asking("event_date"))

    assert heard.slots["description"].endswith(text)


async def test_a_field_not_known_is_left_out_and_what_stands_beside_it_kept() -> None:
    text = "loginu nie pamiętam, ale numer stołu to 8812 i kasa 4411"

    heard = await tell(text, language="pl", intent="complaint", **asking("username"))

    assert heard.slots["missing"] == ["username"]
    assert "8812" in heard.slots["description"]


async def test_a_time_taken_for_small_talk_is_taken_alone() -> None:
    heard = await tell(
        "varttia yli kahdeksan illalla",
        language="fi",
        intent="out_of_scope",
        **asking("details"),
    )

    assert heard.slots["event_time"] == "20:15"
    assert "en valitettavasti voi" not in heard.text


@pytest.mark.parametrize(
    ("asked_for", "text", "kept"),
    [
        ("name", "Mette, efternavn Kjær Lauridsen", None),
        ("email", "mette@example.dk, og fejlkoden var G77", "fejlkoden var G77"),
    ],
)
async def test_neither_a_name_nor_an_and_is_part_of_what_is_told(
    asked_for: str, text: str, kept: str | None
) -> None:
    heard = await tell(text, language="da", **asking(asked_for))

    expected = f"{STORY}\n{kept}" if kept else STORY
    assert heard.slots.get("description", STORY) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "un pseudo ? je n'en ai pas, puisque vous refusez de m'inscrire"),
        ("en", "a username? I don't have one, since you would not let me in"),
        ("sv", "användarnamn? har inget, ni släppte ju aldrig in mig"),
    ],
)
async def test_a_refusal_after_the_question_repeated_is_one(
    language: str, text: str
) -> None:
    heard = await tell(
        text, language=language, intent="complaint", **asking("username")
    )

    assert heard.slots["missing"] == ["username"]


async def test_a_day_said_again_with_its_time_and_more_loses_neither() -> None:
    text = "on 3 November around 6 pm, with the message “account exists” at the end"

    heard = await tell(text, **asking("username"))

    assert heard.slots["event_time"] == "18:00"
    assert "account exists" in heard.slots["description"]
    assert heard.slots["requested_slot"] == "username"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "sim, o erro era o 504"),
        ("nl", "en ik wil excuses"),
        ("en", "yes, the screen said “try later”"),
    ],
)
async def test_more_than_a_yes_or_a_no_is_told(language: str, text: str) -> None:
    heard = await tell(text, language=language, **asking("details"))

    assert heard.slots["description"].endswith(text)


async def test_what_is_told_beside_a_day_not_known_is_kept() -> None:
    text = "minns inte, men det var på kvällen och bordet hette Siljan"

    heard = await tell(text, language="sv", **asking("event_date"))

    assert "Siljan" in heard.slots["description"]
    assert heard.slots["requested_slot"] == "event_date"
