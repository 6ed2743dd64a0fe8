"""Checks cases and dossiers against what was sealed: pure, only the standard library.

`guichet dossier verify` checks a file without the database, and `guichet cases verify`
what stands in it, by the same rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from actions.cases.sealing import (
    FIRST_HASH,
    WORDS_FOLLOW,
    SealedEvent,
    SealedFiles,
    citations_digest,
    facts_digest,
    history_faults,
    message_seal,
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
            *content_faults(dossier["case"], dossier["letters"], events),
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
    if events and events[0].previous not in (None, FIRST_HASH):
        faults.append("the history does not begin with the first event")
    if events and events[0].reference != case["reference"]:
        faults.append(f"the history is of case {events[0].reference}")
    filed = (events[0].details if events else None) or {}
    for name in ("received_at", "queue_position"):
        shown = {
            "received_at": order["received_at"],
            "queue_position": order["queue_position_when_filed"],
        }[name]
        if name in filed and filed[name] != shown:
            faults.append(f"{name} is not the one sealed at filing")
    files = SealedFiles()
    for event in events:
        files.read(event.kind, event.details or {})
    return faults + files.faults({each["id"]: each["sha256"] for each in attachments})


def content_faults(
    case: Mapping[str, Any],
    letters: Sequence[Mapping[str, Any]],
    events: Sequence[SealedEvent],
) -> list[str]:
    """Compare what a case says with what its history sealed, a phrase for each fault.

    Args:
        case: As JSON of the staff API, with its transcript.
        letters: Those of the case, as in a dossier.
        events: The history of the case.
    """
    if not events or events[0].kind != "filed":
        return ["the history does not begin with the filing"]
    return [
        *_transcript_faults(case["transcript"], events),
        *_fact_faults(case, events),
        *_outcome_faults(case["outcome"], events),
        *_letter_faults(letters, events),
    ]


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
    if case["is_urgent"] != (_last(events, "marked_urgent", "marked_not_urgent") == 0):
        faults.append("is_urgent is not what the history says")
    if (case["legal_hold"] is not None) != (
        _last(events, "legal_hold_placed", "legal_hold_released") == 0
    ):
        faults.append("legal_hold is not what the history says")
    return faults


def _last(events: Sequence[SealedEvent], *kinds: str) -> int | None:
    """Which of these kinds came last, by its place; None for none of them."""
    found = [event.kind for event in events if event.kind in kinds]
    return kinds.index(found[-1]) if found else None


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
    return [*faults, *_message_faults(transcript, events)]


def _message_faults(
    transcript: Sequence[Mapping[str, Any]], events: Sequence[SealedEvent]
) -> list[str]:
    """What was said after the filing: each message as it was sealed, and in order."""
    faults = []
    filed = events[0].details or {}
    places = {message["id"]: n for n, message in enumerate(transcript)}
    sealed: set[str] = set()
    before = -1
    for event in events:
        details = event.details or {}
        if "sha256" not in details or "message" not in details:
            continue
        sealed.add(details["message"])
        place = places.get(details["message"])
        if place is None:
            faults.append(f"the message of {event} is missing")
            continue
        seal = message_seal(transcript[place])
        # Events of before 2026-11-22 seal the words alone.
        if any(details[name] != seal[name] for name in seal.keys() & details.keys()):
            faults.append(f"the message of {event} was altered")
        if place < before:
            faults.append(f"the message of {event} stands in another place")
        before = max(before, place)
    if filed.get(WORDS_FOLLOW):
        faults += [
            f"message {message['id']} was never sealed"
            for message in transcript[filed["messages"] :]
            if message["id"] not in sealed
        ]
    return faults


def _sealed(event: Mapping[str, Any]) -> SealedEvent:
    return SealedEvent(**{**event, "at": datetime.fromisoformat(event["at"])})
