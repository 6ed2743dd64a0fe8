"""A case in the few words that an agent needs. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from actions.cases.case import Case, Event, Verdict

LONGEST_LINE = 110
SHORTEST_LINE = 30

Urgency = Literal["over", "soon", "fine", "closed"]

# Not after a number: many languages write `3. November`.
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<!\d\.)\s+")


@dataclass(frozen=True, kw_only=True)
class Conflicting:
    """One field of a refused save: what the agent wrote, and what is saved."""

    field: str
    yours: str
    theirs: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a text; `grounds` that it speaks for, empty for plain text."""

    text: str
    grounds: tuple[str, ...] = ()


def marked(text: str, verdict: Verdict | None, known: Sequence[str]) -> list[Piece]:
    """The text in pieces, with the sentences that the verdict rests on apart.

    The pieces joined are the text. Evidence that does not stand in it is left out, as
    is what speaks for no ground that is `known`.
    """
    speaks_for: dict[tuple[int, int], list[str]] = {}
    for each in verdict.grounds if verdict else ():
        sentence = each["evidence"] or ""
        start = text.find(sentence) if sentence else -1
        if start >= 0 and each["ground"] in known:
            span = (start, start + len(sentence))
            speaks_for.setdefault(span, []).append(each["ground"])
    pieces, done = [], 0
    for (start, end), grounds in sorted(speaks_for.items()):
        if start < done:
            continue
        pieces.append(Piece(text=text[done:start]))
        pieces.append(Piece(text=text[start:end], grounds=tuple(grounds)))
        done = end
    pieces.append(Piece(text=text[done:]))
    return [piece for piece in pieces if piece.text]


def ranked_grounds(verdict: Verdict | None, known: Sequence[str]) -> list[str]:
    """The grounds that are known, likeliest first."""
    likely = [each["ground"] for each in verdict.grounds] if verdict else []
    return [ground for ground in likely if ground in known] + [
        ground for ground in known if ground not in likely
    ]


def shares_of(verdict: Verdict | None) -> dict[str, float]:
    """Probabilities of the verdict's grounds and categories, by code."""
    if verdict is None:
        return {}
    grounds = {each["ground"]: each["probability"] for each in verdict.grounds}
    return grounds | {
        each["category"]: each["probability"] for each in verdict.categories
    }


def one_line(text: str, limit: int = LONGEST_LINE) -> str:
    """What the customer wants, in their own words, on one line.

    A greeting of one or two words is left out, and a short first sentence takes the
    next one along. A longer text is cut at a word and ends in an ellipsis.
    """
    sentences = _SENTENCE_END.split(" ".join(text.split()))
    if len(sentences) > 1 and len(sentences[0].split()) <= 2:
        del sentences[0]
    line = sentences[0]
    for sentence in sentences[1:]:
        if len(line) >= SHORTEST_LINE:
            break
        line = f"{line} {sentence}"
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut else cut}…"


def missing_fields(case: Case) -> tuple[str, ...]:
    """Names of what identifies the customer and the event, and is not there."""
    given = {
        "name": case.customer.name,
        "email": case.customer.email,
        "username": case.customer.username,
        "event_date": case.event_date,
    }
    return tuple(name for name, value in given.items() if not value)


def cited_address(citation: dict[str, Any]) -> str:
    """Where the cited words still stand, although the page may have changed since.

    Pages on the operator's own website are linked as they are.
    """
    url = str(citation["url"])
    if not url.startswith("/help/"):
        return url
    page, hash, anchor = url.partition("#")
    return f"{page}?version={citation['version']}{hash}{anchor}"


def notes(case: Case) -> list[Event]:
    """Internal notes, oldest first."""
    return [event for event in case.history if event.kind == "noted"]


def urgency(case: Case, now: datetime, soon: datetime) -> Urgency:
    """How pressing the answer is; `soon` is the end of the time that counts as such."""
    if case.status == "closed":
        return "closed"
    if case.answer_due_at < now:
        return "over"
    return "soon" if case.answer_due_at < soon else "fine"


def urgency_at(now: datetime, soon: timedelta) -> Callable[[Case], Urgency]:
    """`urgency` at this moment, for a template."""
    return lambda case: urgency(case, now, now + soon)
