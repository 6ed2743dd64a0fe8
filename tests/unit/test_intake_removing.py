"""What was given is taken out again, in words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.talking import filled, make_services, tell

DATES = {
    "sv": ["ta bort datumet", "jag vet inte datumet när allt kommer omkring"],
    "fr": ["supprimez la date", "je ne sais plus la date finalement"],
    "en": ["forget the date", "I don't know the date after all"],
    "de": ["vergessen Sie das Datum", "ich weiß das Datum doch nicht mehr"],
    "es": ["quita la fecha", "no recuerdo la fecha"],
    "fi": ["poista päivämäärä", "en muista päivämäärää sittenkään"],
    "da": ["fjern datoen", "jeg husker ikke datoen alligevel"],
    "nb": ["glem datoen", "jeg husker ikke datoen likevel"],
    "it": ["togli la data", "non ricordo la data"],
    "nl": ["haal de datum maar weg", "ik weet de datum toch niet meer"],
    "pt": ["tira a data", "afinal não me lembro da data"],
    "pl": ["usuń datę", "jednak nie pamiętam daty"],
}
USERNAMES = {
    "sv": "ta bort användarnamnet förresten, det är gammalt",
    "fr": "retirez le pseudo s'il vous plaît",
    "en": "remove the username please",
    "de": "streichen Sie den Benutzernamen",
    "es": "borra el usuario",
    "fi": "poista käyttäjätunnus",
    "da": "slet brugernavnet",
    "nb": "ta bort brukernavnet",
    "it": "cancella il nome utente",
    "nl": "schrap de gebruikersnaam",
    "pt": "apaga o nome de utilizador",
    "pl": "usuń nazwę użytkownika",
}
EMAILS = {
    "sv": "ta bort mejladressen",
    "fr": "effacez mon e-mail",
    "en": "delete my e-mail address",
    "de": "löschen Sie meine E-Mail",
    "es": "elimina mi correo",
    "fi": "poista sähköpostini",
    "da": "slet min mail",
    "nb": "slett e-posten min",
    "it": "rimuovi la mia email",
    "nl": "verwijder mijn e-mailadres",
    "pt": "remove o meu e-mail",
    "pl": "usuń mój e-mail",
}
ORDERS = [(tag, text) for tag, texts in DATES.items() for text in texts]


@pytest.mark.parametrize("step", ["confirmed", "details", "username"])
@pytest.mark.parametrize(("language", "text"), ORDERS)
async def test_a_date_is_taken_out_in_words_at_any_step(
    language: str, text: str, step: str
) -> None:
    slots = filled(event_time="20:40", requested_slot=step)
    slots |= {} if step == "confirmed" else {step: None}

    heard = await tell(text, language=language, intent="correct", **slots)

    assert heard.slots["event_date"] is None
    assert heard.slots["event_time"] is None
    assert heard.slots["missing"] == ["event_date"]
    assert heard.slots["requested_slot"] == step


@pytest.mark.parametrize("intent", ["correct", "cancel", "deny"])
@pytest.mark.parametrize(("language", "text"), USERNAMES.items())
async def test_a_username_is_taken_out_whatever_it_is_taken_for(
    language: str, text: str, intent: str
) -> None:
    heard = await tell(text, language=language, intent=intent, **filled())

    assert not heard.is_rejected
    assert heard.slots["username"] is None
    assert heard.slots["missing"] == ["username"]


@pytest.mark.parametrize(("language", "text"), EMAILS.items())
async def test_an_address_taken_out_is_explained_and_asked_for_once_more(
    language: str, text: str
) -> None:
    heard = await tell(text, language=language, intent="correct", **filled())

    assert heard.slots["email"] is None
    assert heard.slots["requested_slot"] == "email"
    assert heard.slots["explained"] == ["email"]


async def test_an_address_explained_before_is_left_out_at_once() -> None:
    heard = await tell("delete my e-mail", **filled(explained=["email"]))

    assert heard.slots["missing"] == ["email"]
    assert heard.slots["requested_slot"] == "confirmed"


async def test_a_time_is_taken_out_and_its_day_stays() -> None:
    heard = await tell("forget the time", intent="correct", **filled(event_time="9:30"))

    assert heard.slots["event_time"] is None
    assert "event_date" not in heard.slots


async def test_it_is_taken_out_where_its_correction_was_asked_for() -> None:
    slots = filled(correcting="event_date", requested_slot="event_date")

    forgotten = await tell("I don't remember", intent="skip", **slots)
    ordered = await tell("just take it out: remove it", intent="correct", **slots)

    assert forgotten.slots["event_date"] is None
    assert ordered.slots["event_date"] is None


@pytest.mark.parametrize(
    "text",
    [
        "forget the date, it was on 10 November",
        "remove the e-mail, use anna@example.com",
        "I don't have a username, my e-mail is enough",
        "they told me to delete the e-mail that I got from the support team last week",
    ],
)
async def test_what_is_given_anew_or_only_told_of_is_not_taken_out(text: str) -> None:
    slots: dict[str, Any] = filled(username=None, requested_slot="username")

    heard = await tell(text, services=make_services(), intent="correct", **slots)

    assert heard.slots.get("event_date", "kept")
    assert heard.slots.get("email", "kept")


async def test_a_date_is_given_again_after_it_was_taken_out() -> None:
    slots = filled(event_date=None, missing=["event_date"])

    heard = await tell("the date was 10 November after all", intent="correct", **slots)

    assert heard.slots["event_date"] == "2026-11-10"
    assert heard.slots["missing"] == []


async def test_what_was_never_given_is_left_out_and_nothing_cancelled() -> None:
    slots = filled(event_date=None, username=None, requested_slot="username")

    heard = await tell(
        "esquece o dia, não tenho a certeza", language="pt", intent="cancel", **slots
    )

    assert not heard.is_rejected
    assert heard.slots["missing"] == ["event_date"]
    assert heard.slots["requested_slot"] == "username"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the date is quite right"),
        ("en", "yes, the e-mail is clear"),
        ("de", "lassen Sie das Datum so"),
        ("nl", "laat de datum maar staan"),
        ("de", "Ihre E-Mail ist bei mir weg"),
    ],
)
async def test_what_only_sounds_like_it_takes_nothing_out(
    language: str, text: str
) -> None:
    heard = await tell(text, language=language, intent="affirm", **filled())

    assert heard.slots.get("event_date", "kept")
    assert heard.slots.get("email", "kept")


async def test_a_day_is_taken_out_together_with_its_time() -> None:
    slots = filled(event_time="20:40")

    heard = await tell("togli la data e l'ora", language="it", **slots)

    assert heard.slots["event_date"] is None
    assert heard.slots["event_time"] is None


@pytest.mark.parametrize("text", ["forget it", "drop it", "scrap it"])
async def test_words_that_end_the_form_take_nothing_out(text: str) -> None:
    heard = await tell(text, intent="cancel", **filled(correcting="name"))

    assert "name" not in heard.slots
    assert heard.followup == "action_cancel_case"
