from __future__ import annotations

import asyncio
import re
from datetime import time
from threading import Barrier
from typing import Any

import pytest
from aiohttp import FormData
from yarl import URL

from actions.cases.case import Verdict
from bot.dialogue.rasa import Turn
from bot.web.contact import LINK_LASTS, url
from knowledge.errors import ArchiveUnavailable, AssistantUnavailable
from tests.web.conftest import Counter
from tests.web.test_channel import PNG

GOOD = {
    "language": "fr",
    "filing_key": "0" * 32,
    "name": "Élise Morel",
    "email": "elise.morel@example.fr",
    "description": "Mon retrait de 300 € demandé le 3 novembre n'est pas arrivé.",
    "event_date": "2026-11-03",
}


async def send(counter: Counter, **changes: str) -> Any:
    return await counter.client.post("/contact", data={**GOOD, **changes})


def reference_in(page: str) -> str:
    found = re.search(r"G-2026-\d+", page)
    assert found is not None
    return found[0]


async def test_the_form_files_a_case_and_gives_a_dated_receipt(
    counter: Counter,
) -> None:
    response = await send(counter)

    page = await response.text()
    case = await counter.parts.archive.case(reference_in(page))
    assert response.status == 200
    assert "22 novembre 2026" in page
    assert "22 décembre 2026" in page
    assert case.customer.name == "Élise Morel"
    assert case.event_date is not None and case.event_date.isoformat() == "2026-11-03"
    assert (case.category, case.ground) == ("withdrawal", "service_not_delivered")
    assert case.suggested_pages


@pytest.mark.parametrize("written", ["20:40", "20.40", "20h40"])
async def test_the_time_of_the_event_is_kept_with_its_day(
    counter: Counter, written: str
) -> None:
    page = await (await send(counter, event_time=written)).text()

    case = await counter.parts.archive.case(reference_in(page))
    assert case.event_time == time(20, 40)


async def test_a_time_by_itself_asks_for_its_day(counter: Counter) -> None:
    response = await send(counter, event_date="", event_time="20:40")

    assert response.status == 400
    assert "Indiquez aussi le jour" in await response.text()


async def test_a_time_still_to_come_today_is_refused(counter: Counter) -> None:
    response = await send(counter, event_date="2026-11-22", event_time="23:59")

    assert response.status == 400
    assert "pas encore passée" in await response.text()


async def test_sending_the_form_twice_files_one_case(counter: Counter) -> None:
    first = await (await send(counter)).text()
    second = await (await send(counter)).text()

    assert reference_in(first) == reference_in(second)


async def test_a_customer_who_says_complaint_is_recorded_as_saying_so(
    counter: Counter,
) -> None:
    page = await (await send(counter, says_complaint="yes")).text()

    case = await counter.parts.archive.case(reference_in(page))
    assert case.customer_says_complaint


async def test_numbers_are_masked_in_the_form_too(counter: Counter) -> None:
    page = await (
        await send(counter, description="Kort 4111 1111 1111 1111 nekas")
    ).text()

    case = await counter.parts.archive.case(reference_in(page))
    assert case.description == "Kort [card] nekas"


@pytest.mark.parametrize(
    ("field", "value", "trouble"),
    [
        ("name", " ", "Remplissez ce champ"),
        ("email", "elise@", "ne ressemble pas à une adresse e-mail"),
        ("description", "", "Remplissez ce champ"),
        ("description", "x" * 20_000, "trop long"),
        ("event_date", "2026-12-24", "dans le futur"),
        ("event_date", "hier", "ne ressemble pas à une date"),
        ("event_time", "le soir", "ne ressemble pas à une heure"),
        ("event_time", "24:10", "ne ressemble pas à une heure"),
    ],
)
async def test_a_mistake_is_explained_and_nothing_is_lost_or_filed(
    counter: Counter, field: str, value: str, trouble: str
) -> None:
    response = await send(counter, **{field: value})

    page = await response.text()
    assert response.status == 400
    assert trouble in page
    assert field == "name" or "Élise Morel" in page
    assert not (await counter.parts.archive.cases()).cases


async def test_html_in_the_form_is_shown_as_text(counter: Counter) -> None:
    page = await (
        await send(counter, email="x", name="<script>alert(1)</script>")
    ).text()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


async def test_an_archive_that_is_down_loses_no_words(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(draft: object) -> None:
        raise ArchiveUnavailable

    monkeypatch.setattr(counter.parts.archive, "file", refuse)

    response = await send(counter)

    page = await response.text()
    assert response.status == 503
    assert "Mon retrait de 300" in page
    assert "corriger" not in page


async def test_a_cry_for_help_is_filed_as_urgent_and_told_who_listens(
    counter: Counter,
) -> None:
    counter.assistant.script = lambda text, metadata: Turn(replies=[], intent="crisis")

    page = await (await send(counter)).text()

    case = await counter.parts.archive.case(reference_in(page))
    assert case.is_urgent
    assert "Joueurs Info Service" in page
    assert "3114" in page


async def test_verdict_and_cry_for_help_are_read_at_the_same_time(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_begun = Barrier(2, timeout=10)
    classifier = counter.parts.classifier
    judge = classifier.classify

    def classify(text: str, language: str | None = None) -> Verdict:
        both_begun.wait()
        return judge(text, language)

    async def intent(text: str) -> tuple[str, float]:
        await asyncio.to_thread(both_begun.wait)
        return "crisis", 1.0

    monkeypatch.setattr(classifier, "classify", classify)
    monkeypatch.setattr(counter.assistant, "intent", intent)

    response = await send(counter)

    assert response.status == 200


async def test_an_assistant_that_is_away_keeps_nothing_from_being_filed(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(text: str) -> None:
        raise AssistantUnavailable

    monkeypatch.setattr(counter.assistant, "intent", refuse)

    page = await (await send(counter)).text()

    assert not (await counter.parts.archive.case(reference_in(page))).is_urgent


async def test_the_form_speaks_the_language_asked_for(counter: Counter) -> None:
    response = await counter.client.get("/contact?language=sv")

    assert "Kontakta kundtjänst" in await response.text()


async def test_reference_and_email_give_the_status(counter: Counter) -> None:
    reference = reference_in(await (await send(counter)).text())

    response = await counter.client.post(
        "/api/v1/cases/status",
        json={"reference": reference.lower(), "email": "Elise.Morel@example.fr"},
    )

    status = await response.json()
    assert response.status == 200
    assert status["status"] == "open"
    assert status["queue_position"] == 1


async def test_a_wrong_pair_tells_nothing_about_either_half(counter: Counter) -> None:
    reference = reference_in(await (await send(counter)).text())

    answers = []
    for wrong in (
        {"reference": reference, "email": "somebody@example.fr"},
        {"reference": "G-2026-999999", "email": "elise.morel@example.fr"},
    ):
        response = await counter.client.post("/api/v1/cases/status", json=wrong)
        answers.append((response.status, await response.text()))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_the_status_page_shows_a_case(counter: Counter) -> None:
    reference = reference_in(await (await send(counter)).text())

    response = await counter.client.post(
        "/status",
        data={"reference": reference, "email": GOOD["email"], "language": "sv"},
    )

    page = await response.text()
    assert "Mottaget" in page
    assert "22 december 2026" in page


async def test_the_form_opened_from_a_conversation_has_its_words_and_transcript(
    counter: Counter,
) -> None:
    counter.assistant.script = lambda text, metadata: Turn(replies=[])
    visit = await counter.open(language="fr")
    apology = (await visit.say("Mon retrait n'est pas arrivé"))["messages"][0]["text"]
    link = URL(apology.rsplit(" ", 1)[-1].split("\u00a0")[-1])

    form = await (await counter.client.get(link.path_qs)).text()
    page = await (await send(counter, **{"from": link.query["from"]})).text()

    case = await counter.parts.archive.case(reference_in(page))
    assert "Mon retrait n&#39;est pas arrivé</textarea>" in form
    assert case.conversation == visit.id
    assert "Mon retrait n'est pas arrivé" in [each.text for each in case.transcript]


async def test_a_link_that_was_tampered_with_shows_nobodys_words(
    counter: Counter,
) -> None:
    visit = await counter.open(language="fr")
    await visit.say("Mon secret est ici")

    response = await counter.client.get(f"/contact?from={visit.id}.{'0' * 64}")

    assert "Mon secret" not in await response.text()


async def test_a_link_from_a_conversation_shows_its_words_for_a_while_only(
    counter: Counter,
) -> None:
    visit = await counter.open(language="fr")
    await visit.say("Mon secret est ici")
    link = url(counter.parts.settings, visit.id, "fr", counter.clock.now)
    path = URL(link).path_qs

    early = await (await counter.client.get(path)).text()
    counter.clock.now += LINK_LASTS
    late = await (await counter.client.get(path)).text()

    assert "Mon secret" in early
    assert "Mon secret" not in late


async def test_files_of_the_form_are_kept_with_the_case_once(counter: Counter) -> None:
    for _ in range(2):
        form = FormData(GOOD)
        form.add_field("attachments", PNG, filename="kvitto.png")
        response = await counter.client.post("/contact", data=form)

    reference = reference_in(await response.text())
    (kept,) = await counter.parts.attachments.of_case(reference)
    assert (kept.name, kept.media_type) == ("kvitto.png", "image/png")
    assert kept.message is not None


async def test_a_wrong_file_files_nothing_and_loses_nothing(counter: Counter) -> None:
    form = FormData(GOOD)
    form.add_field("attachments", b"#!/bin/sh", filename="kvitto.png")

    response = await counter.client.post("/contact", data=form)

    page = await response.text()
    assert response.status == 400
    assert GOOD["name"] in page
    assert "type de fichier" in page
