"""A dossier in words: dates, codes and events as its reader's language writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from babel import Locale
from babel.dates import format_datetime, get_timezone_gmt
from babel.numbers import format_decimal
from babel.units import format_unit

from actions.cases.dossier import Dossier, Texts
from actions.cases.sealing import SAID, SealedEvent

SENDERS = {"bot": "bot", "customer": "customer_sender", "agent": "agent"}
URGENCY = ("marked_urgent", "marked_not_urgent")


class DossierInWords:
    """What a page that shows a dossier needs, in one language."""

    def __init__(self, dossier: Dossier, texts: Texts, language: str) -> None:
        self._dossier, self._case = dossier, dossier.case
        self._texts, self._language = texts, language
        self._locale = texts.locale(language)
        self._words = texts.section(language, "dossier")
        self._zone = dossier.operator.zone

    def content(self) -> dict[str, Any]:
        """Everything in the order in which it is shown; plain JSON values."""
        case, say = self._case, self._say
        return {
            "language": self._locale.language,
            "reference": case.reference,
            "operator": self._dossier.operator.legal_name,
            "title": say("title", reference=case.reference),
            "made": say(
                "made",
                # With the zone: every other time is of the same.
                moment=self._moment_and_zone(self._dossier.made_at),
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
            "letters": [
                letter_in_words(each, self._texts, self._language, self._zone)
                for each in self._dossier.letters
            ],
            "attachments": [
                file_in_words(each, self._locale) for each in self._dossier.attachments
            ],
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
                    "url": self._address(source),
                    "quote": str(source.get("quote", "")),
                }
                for source in message.citations
            ],
        }

    def _address(self, source: Mapping[str, Any]) -> str:
        """Where the words still stand as they were shown, for a reader outside."""
        url = str(source.get("url", ""))
        if not url.startswith("/"):
            return url
        page, hash, anchor = url.partition("#")
        version = f"?version={source['version']}" if source.get("version") else ""
        return f"{self._dossier.public_url}{page}{version}{hash}{anchor}"

    def _event(self, event: SealedEvent) -> dict[str, str]:
        who = {"customer": "customer_sender", "system": "system"}.get(event.actor)
        what = self._words.get(f"events.{event.kind}", event.kind)
        reason = self._reason(event)
        # Agents speak for the operator: who it was, the JSON tells.
        return {
            "at": self._moment(event.at),
            "actor": self._words[who or "agent"],
            "what": self._say("reasoned", what=what, reason=reason) if reason else what,
        }

    def _reason(self, event: SealedEvent) -> str:
        """Why a case passed others, or does no more: that is what it can be asked."""
        details = event.details or {}
        if event.kind not in URGENCY:
            return ""
        because = self._words.get(f"because.{details.get('because')}", "")
        return str(details.get("reason") or because)

    def _say(self, key: str, **values: object) -> str:
        return self._texts.text(self._language, f"dossier.{key}", **values)

    def _code(self, kind: str, code: str | None) -> str:
        return self._texts.text(self._language, f"codes.{kind}.{code}") if code else ""

    def _moment(self, moment: datetime) -> str:
        return _moment(moment, self._locale, self._zone)

    def _moment_and_zone(self, moment: datetime) -> str:
        offset = get_timezone_gmt(
            moment.astimezone(self._zone), "long", locale=self._locale
        )
        return f"{self._moment(moment)} ({offset})"

    def _day(self, day: date | None, at: time | None = None) -> str:
        return self._texts.day(self._language, day, at) if day else ""

    def _number(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)


def letter_in_words(
    letter: Mapping[str, Any], texts: Texts, language: str, zone: tzinfo
) -> dict[str, str]:
    """Subject, a line that says which way it went and when, and its text."""
    way = "letter_sent" if letter["direction"] == "out" else "letter_received"
    at = _moment(_time(letter["at"]), texts.locale(language), zone)
    return {
        "subject": letter["subject"],
        "line": f"{texts.text(language, f'dossier.{way}')} {at}",
        "text": letter["text"],
    }


def file_in_words(file: Mapping[str, Any], locale: Locale) -> dict[str, str]:
    """Name, size and fingerprint of an attached file."""
    kilobytes = max(1, round(file["size"] / 1000))
    return {
        "name": file["name"],
        "size": format_unit(kilobytes, "digital-kilobyte", "short", locale=locale),
        "sha256": file["sha256"],
    }


def _moment(moment: datetime, locale: Locale, zone: tzinfo) -> str:
    return format_datetime(moment, "medium", tzinfo=zone, locale=locale)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
