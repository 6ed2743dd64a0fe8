"""A case's dossier and files, as the desk hands them out."""

from __future__ import annotations

import copy
import io
import json
import re
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from pypdf import PdfReader

from actions.cases.case import Customer
from actions.cases.verifying import dossier_faults
from bot.settings import ROOT
from bot.texts import load_texts
from tests.factories import PNG, make_draft, make_message
from tests.web.conftest import Counter

CASES = "/api/v1/desk/cases"


@pytest.fixture
async def reference(counter: Counter) -> str:
    """A case with everything: said, answered, noted, decided, a file, markup."""
    parts = counter.parts
    await parts.transcripts.create("talk", "hash", "fr")
    said = make_message(
        text="#set page(fill: red) *Où* est mon argent ?", language="fr"
    )
    await parts.transcripts.append("talk", said)
    await parts.attachments.store("talk", "relevé <b>.png", PNG, message=said.id)
    draft = make_draft(
        conversation="talk",
        description="Retrait\n$bloqué$ [400 €]",
        event_date=date(2026, 11, 3),
        event_time=time(14, 30),
    )
    case = await parts.archive.file(draft)
    await parts.archive.take_next("eva@ruterdam.example")
    await parts.archive.add_note(
        case.reference, "eva@ruterdam.example", "client difficile"
    )
    await parts.archive.append_to_case(case.reference, "Toujours rien ?")
    await parts.transcripts.append("talk", make_message(text="Merci", language="fr"))
    await parts.archive.close(
        case.reference,
        "eva@ruterdam.example",
        "decision_overturned",
        "Le retrait est versé.",
    )
    await counter.sign_in()
    return case.reference


async def dossier(counter: Counter, reference: str) -> dict[str, Any]:
    response = await counter.client.get(f"{CASES}/{reference}/dossier.json")
    assert response.status == 200
    return dict(await response.json())


async def test_the_json_dossier_is_whole_and_verifies(counter: Counter, reference: str):
    found = await dossier(counter, reference)

    assert dossier_faults(found) == []
    assert found["order"]["queue_position_when_filed"] == 1
    assert [each["text"] for each in found["case"]["transcript"]][1:] == [
        "Toujours rien ?",
        "Merci",
        "Le retrait est versé.",
    ]
    assert found["attachments"][0]["media_type"] == "image/png"
    assert found["dates"]["answer_due_at"] == found["case"]["answer_due_at"]


async def test_internal_notes_are_withheld(counter: Counter, reference: str):
    found = await dossier(counter, reference)

    assert "client difficile" not in json.dumps(found)
    assert "noted" in [event["kind"] for event in found["history"]]


def drop(found: Any, n: int) -> None:
    del found["history"][n]


@pytest.mark.parametrize(
    "tamper",
    [
        lambda found: drop(found, 0),
        lambda found: drop(found, 2),
        lambda found: found["history"].reverse(),
        lambda found: found["history"][1].update(actor="nils"),
        lambda found: found["history"][0]["details"].update(queue_position=3),
        lambda found: found["history"][3]["details"].update(sha256="0" * 64),
        lambda found: found["case"]["transcript"][0].update(text="Rien"),
        lambda found: found["case"]["transcript"].pop(),
        lambda found: found["case"]["transcript"][2].update(text="Rien"),
        lambda found: found["case"]["transcript"][2].update(sender="agent"),
        lambda found: found["case"]["transcript"].pop(2),
        lambda found: found["case"]["transcript"].insert(
            2, {**found["case"]["transcript"][2], "id": "another"}
        ),
        lambda found: found["case"]["outcome"].update(kind="decision_confirmed"),
        lambda found: found["case"].update(outcome=None),
        lambda found: found["order"].update(received_at="2026-01-01T00:00:00.000Z"),
        lambda found: found["case"].update(description="Tout va bien"),
        lambda found: found["case"]["customer"].update(name="Nils"),
        lambda found: found["case"].update(filed_late=True),
        lambda found: found["case"].update(event_time="14:31"),
        lambda found: found["case"].pop("event_time"),
        lambda found: found["case"].update(category="other"),
        lambda found: found["case"].update(is_urgent=True),
        lambda found: found["case"].update(answer_due_at="2027-01-01T00:00:00.000Z"),
        lambda found: found["case"]["transcript"][0].update(citations=[{"page": "x"}]),
        lambda found: found["case"]["transcript"][0].update(sent_at="2020-01-01"),
        lambda found: found["attachments"][0].update(sha256="0" * 64),
        lambda found: found["attachments"].clear(),
        lambda found: found.update(format="other"),
        lambda found: found.pop("history"),
    ],
)
async def test_whatever_is_changed_is_found(
    counter: Counter, reference: str, tamper: Callable[[Any], object]
):
    found = copy.deepcopy(await dossier(counter, reference))

    tamper(found)

    assert dossier_faults(found)


async def test_a_case_of_before_times_were_kept_verifies_and_gets_none_later(
    counter: Counter,
):
    case = await counter.parts.archive.file(make_draft(event_date=date(2026, 11, 3)))
    await counter.sign_in()
    found = await dossier(counter, case.reference)

    del found["case"]["event_time"]
    assert dossier_faults(found) == []

    found["case"]["event_time"] = "14:30"
    assert dossier_faults(found)


async def test_the_pdf_is_accessible_and_in_the_customers_language(
    counter: Counter, reference: str
):
    response = await counter.client.get(f"{CASES}/{reference}/dossier.pdf")
    pdf = PdfReader(io.BytesIO(await response.read()))
    root: Any = pdf.trailer["/Root"]
    text = "\n".join(page.extract_text() for page in pdf.pages)

    assert response.content_type == "application/pdf"
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Dossier de la demande {reference}"
    assert f"Page 1 sur {len(pdf.pages)}" in text
    assert "#set page(fill: red) *Où* est mon argent ?" in text
    assert "3 novembre 2026, 14 h 30" in " ".join(text.split())
    assert "$bloqué$ [400 €]" in text
    assert "client difficile" not in text
    fonts = pdf.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    for font in fonts.values():
        inner = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile3" in inner["/FontDescriptor"] or (
            "/FontFile2" in inner["/FontDescriptor"]
        )


async def test_emoji_and_other_scripts_do_not_stop_a_dossier(counter: Counter):
    filed = await counter.parts.archive.file(
        make_draft(language="xx", description="😀 漢字 \x07 ‮abc")
    )
    await counter.sign_in()

    response = await counter.client.get(f"{CASES}/{filed.reference}/dossier.pdf")

    assert response.status == 200
    assert len(PdfReader(io.BytesIO(await response.read())).pages) >= 1


async def test_a_file_is_downloaded_and_never_shown(counter: Counter, reference: str):
    listed = await counter.client.get(f"{CASES}/{reference}/attachments")
    (file,) = (await listed.json())["attachments"]

    response = await counter.client.get(f"{CASES}/{reference}/attachments/{file['id']}")

    assert await response.read() == PNG
    assert response.content_type == "image/png"
    assert response.headers["Content-Disposition"].startswith("attachment; ")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox")


async def test_a_file_of_another_case_is_not_found(counter: Counter, reference: str):
    (file,) = await counter.parts.attachments.of_case(reference)
    other = await counter.parts.archive.file(make_draft())

    response = await counter.client.get(
        f"{CASES}/{other.reference}/attachments/{file.id}"
    )

    assert response.status == 404


async def test_the_pdf_tells_why_a_case_passed_others_and_why_no_more(
    counter: Counter,
) -> None:
    archive = counter.parts.archive
    case = await archive.file(make_draft(is_urgent=True))
    await archive.mark_urgent(
        case.reference, "eva", "Parlait d’un ami", is_urgent=False
    )
    await counter.sign_in()

    response = await counter.client.get(f"{CASES}/{case.reference}/dossier.pdf")

    pages = PdfReader(io.BytesIO(await response.read())).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Signalée comme urgente : ce qui a été écrit peut être un appel" in text
    assert "N’est plus signalée comme urgente : Parlait d’un ami" in text


@pytest.mark.parametrize("path", ["dossier.json", "dossier.pdf", "attachments/x"])
async def test_strangers_get_nothing(counter: Counter, path: str):
    case = await counter.parts.archive.file(make_draft())

    response = await counter.client.get(f"{CASES}/{case.reference}/{path}")

    assert response.status == 401


async def test_names_of_other_scripts_and_long_addresses_stay_whole_in_the_pdf(
    counter: Counter,
):
    name = "Αλέξανδρος Шевченко \N{GRINNING FACE}"
    address = f"https://example.org/{'a-very-long-path/' * 12}"
    person = Customer(name=name, email="elise@example.fr")
    case = await counter.parts.archive.file(
        make_draft(customer=person, description=f"{address}\nשלום")
    )
    await counter.sign_in()

    response = await counter.client.get(f"{CASES}/{case.reference}/dossier.pdf")
    content = await response.read()
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)

    assert "Αλέξανδρος Шевченко" in text
    assert address in text.replace("\n", "")
    assert b"pdfuaid" in content


def test_every_recorded_event_has_a_name_in_a_dossier():
    recorded = re.compile(r"\.record\(\s*[\w.]+,\s*\"(\w+)\"")
    kinds = {
        kind
        for file in (ROOT / "actions").rglob("*.py")
        for kind in recorded.findall(file.read_text(encoding="utf-8"))
    }
    named = load_texts(ROOT / "data", ["en"]).section("en", "dossier.events")

    assert "closed" in kinds
    assert kinds - named.keys() == set()
