"""What a person gets who asks for everything that is stored of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from actions.cases.case import Customer
from actions.cases.dossier import Dossiers
from actions.cases.verifying import dossier_faults
from actions.delivery.letterbook import insert_letter
from actions.desk.parts import DESK
from bot.personal_data import PersonalData, as_page, personal_data, write_files
from knowledge.database import writing
from tests.factories import PNG, make_draft, make_message
from tests.web.conftest import Counter

ADDRESS = "elise@example.fr"


@pytest.fixture
def dossiers(counter: Counter) -> Dossiers:
    assert counter.client.app is not None
    return counter.client.app[DESK].dossiers


@pytest.fixture
async def found(counter: Counter, dossiers: Dossiers) -> PersonalData:
    """A closed case with a file, an open one, and a letter that belongs to none."""
    parts = counter.parts
    person = Customer(name="Élise <Morel>", email="Elise@example.fr")
    await parts.transcripts.create("talk", "hash", "fr")
    shown = {
        "title": "Retraits",
        "version": 2,
        "url": "/help/fr/retraits#delai",
        "quote": "Trois jours ouvrables.",
    }
    said = make_message(sender="bot", language="fr", citations=[shown])
    await parts.transcripts.append("talk", said)
    await parts.attachments.store("talk", "relevé.png", PNG)
    case = await parts.archive.file(make_draft(conversation="talk", customer=person))
    await parts.transcripts.append("talk", make_message(text="Merci", language="fr"))
    await parts.archive.close(case.reference, "eva", "decision_overturned", "Versé.")
    await parts.archive.file(make_draft(customer=person))
    await parts.archive.file(make_draft())
    async with writing(parts.engine) as connection:
        await insert_letter(
            connection,
            reference=None,
            direction="in",
            kind="reply",
            state="unmatched",
            reason=None,
            message_id="<1@example.fr>",
            in_reply_to=None,
            sender=ADDRESS,
            recipient="kundtjanst@ruterdam.example",
            subject="Question",
            text="Où en est-on ?",
            source="",
            language="fr",
            message=None,
            at=counter.clock(),
        )
    return await personal_data(parts.archive, dossiers, f" {ADDRESS} ")


async def test_every_case_and_every_other_letter_is_there(found: PersonalData):
    exported = json.loads(json.dumps(found.as_json()))

    assert [dossier_faults(each) for each in exported["cases"]] == [[], []]
    assert [each["text"] for each in exported["letters"]] == ["Où en est-on ?"]


async def test_the_page_is_for_reading(found: PersonalData, dossiers: Dossiers):
    page = as_page(found, dossiers)

    assert '<html lang="fr">' in page
    assert "Élise &lt;Morel&gt;" in page
    assert "22 nov. 2026, 10:30:00" in page
    assert "/help/fr/retraits?version=2#delai" in page
    assert "Où en est-on ?" in page
    # No time as machines write it, and no code of ours.
    assert not re.search(r"\dT\d\d:", page)
    assert not re.search(r"\b(said|decision_overturned|attachment_added)\b", page)


async def test_attached_files_are_handed_out(
    found: PersonalData, dossiers: Dossiers, tmp_path: Path
):
    n_files = await write_files(found, dossiers.attachments, tmp_path / "files")

    (file,) = (tmp_path / "files").iterdir()
    assert n_files == 1
    assert file.read_bytes() == PNG


async def test_of_a_stranger_there_is_nothing(counter: Counter, dossiers: Dossiers):
    found = await personal_data(counter.parts.archive, dossiers, "nobody@example.org")

    assert found.as_json()["cases"] == found.as_json()["letters"] == []
    assert "nobody@example.org" in as_page(found, dossiers)
