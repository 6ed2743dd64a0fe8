"""Sets a dossier as a PDF: tagged, with its language, fonts and page numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import typst
from babel.dates import format_datetime
from babel.numbers import format_decimal

from actions.cases.dossier import Dossier, Texts
from actions.cases.sealing import SAID, SealedEvent

TEMPLATE = Path(__file__).with_name("dossier.typ")
# DejaVu Sans comes with it: Arabic, Hebrew, Armenian, Georgian and more.
_FONTS_OF = "matplotlib"
SENDERS = {"bot": "bot", "customer": "customer_sender", "agent": "agent"}


def dossier_pdf(dossier: Dossier, texts: Texts, language: str) -> bytes:
    """The dossier as PDF/UA-1; keeps a processor busy for a moment.

    Characters that no font of this machine has cannot be in an accessible PDF: with
    them it is tagged all the same, and only does not claim the standard.
    """
    data = json.dumps(_Sheet(dossier, texts, language).content())
    made_at = int(dossier.made_at.timestamp())
    try:
        return _compile(data, made_at, "ua-1")
    except typst.TypstError:
        return _compile(data, made_at, None)


def _compile(data: str, made_at: int, standard: Literal["ua-1"] | None) -> bytes:
    pdf = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs={"data": data},
        font_paths=_fonts(),
        pdf_standards=standard,
        timestamp=made_at,
    )
    return bytes(pdf or b"")


@cache
def _fonts() -> typst.Fonts:
    """Fonts that are always there; what they lack, such as emoji, the system may have.

    The package's are found without importing it, which takes longer than the PDF.
    """
    package = find_spec(_FONTS_OF)
    assert package is not None and package.origin is not None
    folder = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    return typst.Fonts(font_paths=[folder])


class _Sheet:
    """A dossier's content in words."""

    def __init__(self, dossier: Dossier, texts: Texts, language: str) -> None:
        self._dossier, self._case = dossier, dossier.case
        self._texts, self._language = texts, language
        self._locale = texts.locale(language)
        self._words = texts.section(language, "dossier")

    def content(self) -> dict[str, Any]:
        case, say = self._case, self._say
        return {
            "language": self._locale.language,
            "reference": case.reference,
            "operator": self._dossier.operator.legal_name,
            "title": say("title", reference=case.reference),
            "made": say(
                "made",
                # With the zone: every other time is of the same.
                moment=self._moment(self._dossier.made_at, "long"),
                operator=self._dossier.operator.legal_name,
            ),
            "words": {
                **{key: text for key, text in self._words.items() if "." not in key},
                "verification_text": say(
                    "verification_text",
                    reference=case.reference,
                    hash=self._dossier.events[-1].hash,
                ),
            },
            "facts": [list(fact) for fact in self._facts() if fact[1]],
            "remarks": [
                say(name)
                for name, is_so in (
                    ("late", case.filed_late),
                    ("urgent", case.is_urgent),
                )
                if is_so
            ],
            "description": case.description,
            "remedy": case.remedy_sought,
            "decision": self._decision(),
            "order": list(self._order()),
            "dates": [list(row) for row in self._dates()],
            "transcript": [self._message(each) for each in case.transcript],
            "letters": [self._letter(each) for each in self._dossier.letters],
            "attachments": [self._file(each) for each in self._dossier.attachments],
            "history": [
                self._event(each)
                for each in self._dossier.events
                # The transcript shows it.
                if each.kind != SAID
            ],
        }

    def _facts(self) -> Iterator[tuple[str, str]]:
        case, word = self._case, self._words
        yield word["customer"], case.customer.name or ""
        yield word["email"], case.customer.email or ""
        yield word["username"], case.customer.username or ""
        yield word["language"], str(self._locale.languages.get(case.language, ""))
        yield word["status"], self._code("status", case.status)
        yield word["received"], self._moment(case.received_at)
        yield word["opened"], self._moment(case.opened_at)
        yield word["complaint"], word["yes" if case.is_complaint else "no"]
        yield word["ground"], self._code("ground", case.ground)
        yield word["category"], self._code("category", case.category)
        yield word["event_date"], self._day(case.event_date, case.event_time)

    def _decision(self) -> list[list[str]] | None:
        outcome = self._case.outcome
        if outcome is None:
            return None
        rows = [
            [self._words["decision"], self._code("outcome", outcome["kind"])],
            [self._words["when"], self._moment(_time(outcome["decided_at"]))],
        ]
        if outcome.get("reasons"):
            rows.append([self._words["reasons"], outcome["reasons"]])
        return rows

    def _order(self) -> Iterator[str]:
        position = self._dossier.filed.get("queue_position")
        if position is not None:
            yield self._say("position", position=self._number(position))
        for event in self._dossier.events:
            if event.kind == "taken" and event.details:
                place = self._number(event.details["queue_position"])
                taken = self._say("order_urgent", position=place)
                yield f"{self._moment(event.at)}: {taken}"

    def _dates(self) -> Iterator[tuple[str, str]]:
        yield self._words["received"], self._moment(self._case.received_at)
        names = self._texts.section(self._language, "dossier.clocks")
        for name, label in names.items():
            value = self._dossier.dates.get(name)
            if value and len(value) == len("2026-11-22"):
                yield label, self._day(date.fromisoformat(value))
            elif value:
                yield label, self._moment(_time(value))

    def _message(self, message: Any) -> dict[str, Any]:
        return {
            "sender": self._words[SENDERS[message.sender]],
            "at": self._moment(message.sent_at),
            "text": message.text,
            "sources": [
                {
                    "title": str(source.get("title", "")),
                    "version": self._say("version", version=source.get("version", "")),
                    "url": str(source.get("url", "")),
                    "quote": str(source.get("quote", "")),
                }
                for source in message.citations
            ],
        }

    def _letter(self, letter: dict[str, Any]) -> dict[str, str]:
        way = "letter_sent" if letter["direction"] == "out" else "letter_received"
        return {
            "subject": letter["subject"],
            "line": f"{self._words[way]} {self._moment(_time(letter['at']))}",
            "text": letter["text"],
        }

    def _file(self, file: dict[str, Any]) -> dict[str, str]:
        kilobytes = max(1, round(file["size"] / 1000))
        return {
            "name": file["name"],
            "size": f"{self._number(kilobytes)}\N{NO-BREAK SPACE}kB",
            "sha256": file["sha256"],
        }

    def _event(self, event: SealedEvent) -> dict[str, str]:
        who = {"customer": "customer_sender", "system": "system"}.get(event.actor)
        # Agents speak for the operator: who it was, the JSON tells.
        return {
            "at": self._moment(event.at),
            "actor": self._words[who or "agent"],
            "what": self._words.get(f"events.{event.kind}", event.kind),
        }

    def _say(self, key: str, **values: object) -> str:
        return self._texts.text(self._language, f"dossier.{key}", **values)

    def _code(self, kind: str, code: str | None) -> str:
        return self._texts.text(self._language, f"codes.{kind}.{code}") if code else ""

    def _moment(
        self, moment: datetime, length: Literal["medium", "long"] = "medium"
    ) -> str:
        zone = self._dossier.operator.zone
        return format_datetime(moment, length, tzinfo=zone, locale=self._locale)

    def _day(self, day: date | None, at: time | None = None) -> str:
        return self._texts.day(self._language, day, at) if day else ""

    def _number(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
