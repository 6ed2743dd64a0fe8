"""Seals events and checks the seals: pure, nothing but the standard library.

An event's hash covers its number, case, time, actor and kind, a digest of its details
and the hash of the event before it, whichever case that belonged to. The digest also
covers the hash of the case's own event before it, so that the history of one case can
be checked without those of all others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST_HASH = "0" * 64
FILE_ADDED = "attachment_added"
# A message of the conversation, after the filing and outside any change of the case.
SAID = "said"
# What a case says from its filing on, by the names of its JSON.
FACTS = (
    "reference",
    "opened_at",
    "language",
    "customer",
    "description",
    "event_date",
    "remedy_sought",
    "customer_says_complaint",
    "filed_late",
    "duplicate_of",
)
# Those that came later: without one, a case is sealed as before there was such a fact.
LATER_FACTS = ("event_time",)
# In the details of a filing: the files that were there already.
FILED_WITH = "attachments"
# In the details of a filing: every message that follows is sealed by an event. Cases of
# before this was so lack it.
WORDS_FOLLOW = "seals_what_follows"
# What a message shows beside its words; files are sealed on their own.
_SHOWN = ("sender", "language", "sent_at", "choices", "citations", "case")


@dataclass(frozen=True, kw_only=True)
class SealedEvent:
    """One event with everything that its seal covers.

    Attributes:
        salt: None when the details were erased or are withheld.
        previous: Hash of the case's own event before it, `FIRST_HASH` for its first.
            None in events of before this was recorded.
    """

    number: int
    reference: str
    at: datetime
    actor: str
    kind: str
    details: dict[str, Any] | None
    salt: str | None
    previous: str | None
    details_digest: str
    prev_hash: str
    hash: str

    def __str__(self) -> str:
        """How a fault names it."""
        return f"event {self.number} of {self.reference}"


def details_digest(
    salt: str, details: Mapping[str, Any], previous: str | None = None
) -> str:
    """Ties an event to its details; tells nothing about them once they are erased."""
    sealed = details if previous is None else {"details": details, "after": previous}
    return hashlib.sha256(salt.encode() + canonical(sealed)).hexdigest()


def event_hash(
    *,
    number: int,
    reference: str,
    at: datetime,
    actor: str,
    kind: str,
    digest: str,
    prev_hash: str,
) -> str:
    """The seal of one event and, through `prev_hash`, of all before it."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [number, reference, moment, actor, kind, digest, prev_hash]
    return hashlib.sha256(canonical(content)).hexdigest()


def transcript_digest(messages: Iterable[Mapping[str, Any]]) -> str:
    """Ties an event to what had been said; each message as JSON of the API."""
    said = [[each["id"], each["sender"], each["text"]] for each in messages]
    return hashlib.sha256(canonical(said)).hexdigest()


def citations_digest(messages: Iterable[Mapping[str, Any]]) -> str:
    """Ties an event to when things were said, and to the sources shown with them."""
    shown = [[each["id"], each["sent_at"], each["citations"]] for each in messages]
    return hashlib.sha256(canonical(shown)).hexdigest()


def message_seal(message: Mapping[str, Any]) -> dict[str, str]:
    """What the details of an event say of a message, as JSON of the API."""
    shown = [message.get(name) for name in _SHOWN]
    return {
        "message": message["id"],
        "sha256": hashlib.sha256(message["text"].encode()).hexdigest(),
        "shown": hashlib.sha256(canonical(shown)).hexdigest(),
    }


def facts_digest(case: Mapping[str, Any]) -> str:
    """Ties an event to what was taken down of a case, as JSON; it never changes."""
    facts = {name: case[name] for name in FACTS}
    facts |= {name: case[name] for name in LATER_FACTS if case.get(name) is not None}
    return hashlib.sha256(canonical(facts)).hexdigest()


def seal_faults(event: SealedEvent) -> list[str]:
    """Whether one event is as it was sealed, one sentence for each fault."""
    faults = []
    if event.hash != event_hash(
        number=event.number,
        reference=event.reference,
        at=event.at,
        actor=event.actor,
        kind=event.kind,
        digest=event.details_digest,
        prev_hash=event.prev_hash,
    ):
        faults.append(f"{event} was altered")
    if event.salt is not None and event.details_digest != details_digest(
        event.salt, event.details or {}, event.previous
    ):
        faults.append(f"{event} has altered details")
    return faults


def history_faults(events: Sequence[SealedEvent]) -> list[str]:
    """Check the history of one case, one sentence for each break in it.

    Finds events that were altered, left out, added or put in another order. Details
    may be missing: they are erased, or withheld from who asks.
    """
    faults: list[str] = []
    before: SealedEvent | None = None
    for event in events:
        faults += seal_faults(event)
        if before is not None and event.reference != before.reference:
            faults.append(f"{event} belongs to another case than {before}")
        if before is not None and event.number <= before.number:
            faults.append(f"{event} stands after event {before.number}")
        expected = FIRST_HASH if before is None else before.hash
        if event.previous is not None and event.previous != expected:
            missing = "the first events" if before is None else f"what follows {before}"
            faults.append(f"{event} does not follow: {missing} is missing or altered")
        elif before is not None and event.number == before.number + 1:
            if event.prev_hash != before.hash:
                faults.append(f"{event} does not follow the event before it")
        before = event
    return faults


class SealedFiles:
    """Which files the history of a case has sealed."""

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}
        # Filings of before files were sealed say nothing of them.
        self._are_all = False

    def read(self, kind: str, details: Mapping[str, Any]) -> None:
        """Learn what an event says of files, if it says anything."""
        if kind == FILE_ADDED:
            self._hashes[details["id"]] = details["sha256"]
        elif kind == "filed" and FILED_WITH in details:
            self._are_all = True
            for file in details[FILED_WITH]:
                self._hashes[file["id"]] = file["sha256"]

    def faults(self, present: Mapping[str, str]) -> list[str]:
        """Compare with the files that there are, hashes by id; a phrase each."""
        faults = []
        for file, sha256 in self._hashes.items():
            if file not in present:
                faults.append(f"missing: attachment {file}")
            elif present[file] != sha256:
                faults.append(f"exchanged: attachment {file}")
        unknown = sorted(present.keys() - self._hashes.keys()) if self._are_all else []
        return [*faults, *(f"never sealed: attachment {file}" for file in unknown)]


def canonical(value: Any) -> bytes:
    """The one way to write a JSON value for sealing."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
