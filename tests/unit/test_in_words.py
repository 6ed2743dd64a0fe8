"""What customers say to the form in every language, where the classifier is no help."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from actions.talk import HandOver
from tests.unit.talking import WORDING, Heard, filled, tell

UNSURE = {"intent": "inform", "confidence": 0.35}


async def say(text: str, language: str, **slots: Any) -> Heard:
    return await tell(text, language=language, **{**UNSURE, **filled(**slots)})


EMAIL_CORRECTIONS = {
    "sv": "nej, mejlen är ny@example.org",
    "fr": "non, l'e-mail est ny@example.org",
    "en": "no, the e-mail is ny@example.org",
    "de": "nein, die E-Mail ist ny@example.org",
    "es": "no, el correo es ny@example.org",
    "fi": "ei, sähköposti on ny@example.org",
    "da": "nej, mailen er ny@example.org",
    "nb": "nei, e-posten er ny@example.org",
    "it": "no, l'email è ny@example.org",
    "nl": "nee, de e-mail is ny@example.org",
    "pt": "não, o e-mail é ny@example.org",
    "pl": "nie, e-mail to ny@example.org",
}
DATE_CORRECTIONS = {
    "sv": "ändra datumet till i förrgår",
    "fr": "changez la date : c'était avant-hier",
    "en": "change the date to the day before yesterday",
    "de": "bitte das Datum ändern: vorgestern",
    "es": "cambie la fecha: fue anteayer",
    "fi": "vaihda päivämäärä: toissapäivänä",
    "da": "ret datoen til i forgårs",
    "nb": "endre datoen til i forgårs",
    "it": "cambi la data: l'altro ieri",
    "nl": "wijzig de datum naar eergisteren",
    "pt": "altere a data para anteontem",
    "pl": "zmień datę na przedwczoraj",
}
CHANGES = {
    "sv": "jag vill ändra mejlen",
    "fr": "je veux changer mon e-mail",
    "en": "I want to change the e-mail",
    "de": "ich möchte die E-Mail ändern",
    "es": "quiero cambiar el correo",
    "fi": "haluan vaihtaa sähköpostin",
    "da": "jeg vil ændre mailen",
    "nb": "jeg vil endre e-posten",
    "it": "vorrei cambiare l'email",
    "nl": "ik wil mijn e-mail wijzigen",
    "pt": "quero alterar o e-mail",
    "pl": "chcę zmienić e-mail",
}
WHY = {
    "sv": "varför behöver ni det?",
    "fr": "pourquoi vous en avez besoin ?",
    "en": "why do you need this?",
    "de": "wozu brauchen Sie das?",
    "es": "¿para qué lo necesitan?",
    "fi": "miksi tarvitsette sitä?",
    "da": "hvorfor har I brug for det?",
    "nb": "hvorfor trenger dere det?",
    "it": "perché vi serve?",
    "nl": "waarom hebben jullie dat nodig?",
    "pt": "porque precisam disso?",
    "pl": "po co wam to?",
}
CANCELS = {
    "sv": "avbryt",
    "fr": "laissez tomber",
    "en": "forget it",
    "de": "abbrechen",
    "es": "déjelo",
    "fi": "unohda koko juttu",
    "da": "glem det",
    "nb": "glem det",
    "it": "lasci perdere",
    "nl": "laat maar",
    "pt": "esqueça",
    "pl": "anuluj",
}
RESTARTS = {
    "sv": "vi börjar om från början",
    "fr": "on recommence depuis le début",
    "en": "let's start over",
    "de": "noch einmal von vorne bitte",
    "es": "empecemos de nuevo",
    "fi": "aloitetaan alusta",
    "da": "lad os starte forfra",
    "nb": "la oss begynne på nytt",
    "it": "ricominciamo da capo",
    "nl": "laten we opnieuw beginnen",
    "pt": "vamos começar de novo",
    "pl": "zacznijmy od nowa",
}
SKIPS = {
    "sv": "hoppa över",
    "fr": "passez",
    "en": "skip",
    "de": "überspringen",
    "es": "saltar",
    "fi": "ohita",
    "da": "spring over",
    "nb": "hopp over",
    "it": "salta",
    "nl": "overslaan",
    "pt": "saltar",
    "pl": "pomiń",
}
REFUSALS = {
    "sv": "det vill jag inte säga",
    "fr": "je préfère ne pas le dire",
    "en": "I'd rather not say",
    "de": "das möchte ich nicht sagen",
    "es": "prefiero no decirlo",
    "fi": "en halua kertoa",
    "da": "det vil jeg helst ikke sige",
    "nb": "det vil jeg helst ikke si",
    "it": "preferisco non dirlo",
    "nl": "dat zeg ik liever niet",
    "pt": "prefiro não dizer",
    "pl": "wolę nie mówić",
}
ASKED_FOR = ("name", "email", "username", "event_date", "details")


def empty(field: str) -> dict[str, Any]:
    return {field: None, "requested_slot": field}


@pytest.mark.parametrize(("language", "text"), EMAIL_CORRECTIONS.items())
@pytest.mark.parametrize("field", ["name", "username", "event_date", "details"])
async def test_an_address_is_put_right_while_something_else_is_asked(
    language: str, text: str, field: str
) -> None:
    heard = await say(text, language, **empty(field))

    assert heard.slots["email"] == "ny@example.org"
    assert heard.slots["requested_slot"] == field
    assert field not in heard.slots


@pytest.mark.parametrize(("language", "text"), DATE_CORRECTIONS.items())
async def test_the_date_is_put_right_in_the_summary(language: str, text: str) -> None:
    heard = await say(text, language)

    assert heard.slots["event_date"] == "2026-11-20"
    assert heard.slots["requested_slot"] == "confirmed"


@pytest.mark.parametrize(("language", "text"), CHANGES.items())
async def test_a_field_that_is_to_change_is_asked_for(language: str, text: str) -> None:
    heard = await say(text, language)

    assert heard.slots["requested_slot"] == "email"
    assert "email" not in heard.slots


@pytest.mark.parametrize(("language", "text"), WHY.items())
@pytest.mark.parametrize("field", ASKED_FOR)
async def test_why_is_answered_at_every_step(
    language: str, text: str, field: str
) -> None:
    heard = await say(text, language, **empty(field))

    assert heard.slots["requested_slot"] == field
    assert field not in heard.slots["attempts"]
    assert len(heard.said) == 2


@pytest.mark.parametrize(("language", "text"), CANCELS.items())
@pytest.mark.parametrize("field", (*ASKED_FOR, "confirmed"))
async def test_cancelling_works_at_every_step(
    language: str, text: str, field: str
) -> None:
    heard = await say(text, language, **empty(field))

    assert heard.followup == "action_cancel_case"


@pytest.mark.parametrize(("language", "text"), RESTARTS.items())
@pytest.mark.parametrize("field", (*ASKED_FOR, "confirmed"))
async def test_starting_over_works_at_every_step(
    language: str, text: str, field: str
) -> None:
    heard = await say(text, language, **empty(field))

    assert heard.slots["requested_slot"] == "name"
    assert heard.slots.get("email") is None
    assert heard.slots["description"] is None


@pytest.mark.parametrize(("language", "text"), SKIPS.items())
@pytest.mark.parametrize("field", ["username", "event_date", "details"])
async def test_what_is_optional_is_skipped_at_once(
    language: str, text: str, field: str
) -> None:
    heard = await say(text, language, **empty(field))

    assert heard.slots["requested_slot"] == "confirmed"


@pytest.mark.parametrize(("language", "text"), REFUSALS.items())
@pytest.mark.parametrize("field", ["name", "email"])
async def test_what_is_needed_is_explained_and_then_left_out(
    language: str, text: str, field: str
) -> None:
    first = await say(text, language, **empty(field))
    told = first.slots["explained"]
    second = await say(text, language, **empty(field), explained=told)

    assert first.slots["requested_slot"] == field
    assert second.slots["missing"] == [field]


@pytest.mark.parametrize("language", sorted(SKIPS))
async def test_out_of_hours_it_says_when_people_answer(language: str) -> None:
    at_night = datetime(2026, 11, 22, 22, tzinfo=UTC)

    heard = await tell(
        "human",
        action=HandOver,
        intent="ask_human",
        language=language,
        form=False,
        now=at_night,
    )

    monday = WORDING.day(language, date(2026, 11, 23), time(9))
    assert monday in heard.text
