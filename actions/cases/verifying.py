"""Checks a dossier without the database: pure, nothing but the standard library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from actions.cases.sealing import (
    FIRST_HASH,
    SealedEvent,
    SealedFiles,
    citations_digest,
    facts_digest,
    history_faults,
    transcript_digest,
)

FORMAT = "guichet-dossier-1"


def dossier_faults(dossier: Any) -> list[str]:
    """Check a dossier's JSON, one sentence for each thing that is not as it was sealed.

    Finds events that were altered, left out, added or reordered, words of the
    transcript or of our letters that were changed or removed, other sources or files
    than those that were shown or attached, and facts, dates, a verdict or a decision
    that are not the sealed ones. That later events were cut off at the end cannot be
    seen in the file alone: compare its last seal with that of the PDF, or of another
    copy.
    """
    try:
        if dossier["format"] != FORMAT:
            return [f"expected format {FORMAT}, got {dossier['format']!r}"]
        events = [_sealed(event) for event in dossier["history"]]
        return [
            *_faults(dossier["case"], dossier["order"], dossier["attachments"], events),
            *_letter_faults(dossier["letters"], events),
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        return [f"this is no dossier, or parts are missing: {exc!r}"]


def _faults(
    case: Mapping[str, Any],
    order: Mapping[str, Any],
    attachments: Sequence[Mapping[str, Any]],
    events: Sequence[SealedEvent],
) -> list[str]:
    faults = history_faults(events)
    if not events or events[0].kind != "filed":
        return [*faults, "the history does not begin with the filing"]
    if events[0].previous not in (None, FIRST_HASH):
        faults.append("the history does not begin with the first event")
    if events[0].reference != case["reference"]:
        faults.append(f"the history is of case {events[0].reference}")
    filed = events[0].details or {}
    for name in ("received_at", "queue_position"):
        shown = {
            "received_at": order["received_at"],
            "queue_position": order["queue_position_when_filed"],
        }[name]
        if name in filed and filed[name] != shown:
            faults.append(f"{name} is not the one sealed at filing")
    faults += _transcript_faults(case["transcript"], events)
    faults += _fact_faults(case, events)
    files = SealedFiles()
    for event in events:
        files.read(event.kind, event.details or {})
    faults += files.faults({each["id"]: each["sha256"] for each in attachments})
    return [*faults, *_outcome_faults(case["outcome"], events)]


def _fact_faults(case: Mapping[str, Any], events: Sequence[SealedEvent]) -> list[str]:
    """What was taken down, and what was changed since by an event."""
    filed = events[0].details or {}
    faults = []
    if "facts" in filed and facts_digest(case) != filed["facts"]:
        faults.append("what was taken down at the filing was altered")
    for name in ("is_complaint", "ground", "category", "answer_due_at"):
        sealed = [
            details[name] for event in events if name in (details := _changed_by(event))
        ]
        if sealed and case[name] != sealed[-1]:
            faults.append(f"{name} is not the one sealed in the history")
    return faults


def _changed_by(event: SealedEvent) -> Mapping[str, Any]:
    details = event.details or {}
    after: Mapping[str, Any] = details["after"] if event.kind == "classified" else {}
    return after or details


def _letter_faults(
    letters: Sequence[Mapping[str, Any]], events: Sequence[SealedEvent]
) -> list[str]:
    texts = {
        each["message_id"]: each["text"]
        for each in letters
        if each["direction"] == "out"
    }
    faults = []
    for event in events:
        details = event.details or {}
        if "text_sha256" not in details:
            continue
        text = texts.get(details["message_id"])
        if text is None:
            faults.append(f"the letter of {event} is missing")
        elif hashlib.sha256(text.encode()).hexdigest() != details["text_sha256"]:
            faults.append(f"the letter of {event} was altered")
    return faults


def _outcome_faults(outcome: Any, events: Sequence[SealedEvent]) -> list[str]:
    decisions = [event for event in events if event.kind in ("closed", "reopened")]
    if not decisions:
        return ["the history knows of no outcome"] if outcome is not None else []
    last = decisions[-1]
    sealed = (last.details or {}).get("outcome") if last.kind == "closed" else None
    if last.salt is not None and sealed != outcome:
        return ["the outcome is not the one sealed in the history"]
    return []


def _transcript_faults(
    transcript: Sequence[Mapping[str, Any]], events: Sequence[SealedEvent]
) -> list[str]:
    faults = []
    filed = events[0].details or {}
    if "transcript" in filed:
        until_filed = transcript[: filed["messages"]]
        if transcript_digest(until_filed) != filed["transcript"]:
            faults.append("what was said before the filing was altered")
        if "citations" in filed and citations_digest(until_filed) != filed["citations"]:
            faults.append("a source shown before the filing, or a time, was altered")
    said = {message["id"]: message["text"] for message in transcript}
    for event in events:
        details = event.details or {}
        if "sha256" not in details or "message" not in details:
            continue
        words = said.get(details["message"])
        if words is None:
            faults.append(f"the message of {event} is missing")
        elif hashlib.sha256(words.encode()).hexdigest() != details["sha256"]:
            faults.append(f"the message of {event} was altered")
    return faults


def _sealed(event: Mapping[str, Any]) -> SealedEvent:
    return SealedEvent(**{**event, "at": datetime.fromisoformat(event["at"])})
