"""Fills a scratch database with as many cases as a large operator has in some years.

Rows go in as fast as each database takes them: COPY on PostgreSQL, one prepared
statement on SQLite. The history of every case is chained like a real one.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from actions.cases.case import CATEGORIES, GROUNDS
from actions.cases.clock_tables import case_clocks
from actions.cases.queries import hour_of
from actions.cases.sealing import FIRST_HASH, details_digest, event_hash
from actions.cases.tables import (
    case_events,
    case_texts,
    cases,
    conversations,
    customers,
    event_details,
    messages,
)
from actions.cases.words import words_of

BATCH = 5_000
YEARS = timedelta(days=5 * 365)
# A counter with a month's backlog; the rest is closed.
UNCLOSED_SHARE = 0.03
LANGUAGES = ("sv", "fr", "en", "de", "es", "fi", "da", "nb", "it", "nl", "pt", "pl")
TABLES = (
    customers,
    conversations,
    messages,
    cases,
    case_texts,
    case_clocks,
    case_events,
    event_details,
)

Rows = dict[str, list[dict[str, Any]]]


def fill(
    url: str, n_cases: int, now: datetime, report: Callable[[int, int], None]
) -> None:
    """Put `n_cases` cases of the last five years into an empty, migrated database."""
    parsed = make_url(url)
    batches = _batches(n_cases, now)
    done = 0
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(parsed.database))) as connection:
            for rows in batches:
                for table in TABLES:
                    _insert(connection, table, rows[table.name])
                connection.commit()
                report(done := done + len(rows["cases"]), n_cases)
            connection.execute("ANALYZE")
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as pg:
        for rows in batches:
            with pg.transaction():
                for table in TABLES:
                    _copy(pg, table, rows[table.name])
            report(done := done + len(rows["cases"]), n_cases)
        for table in TABLES:
            if (column := table.autoincrement_column) is not None:
                pg.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, %s), %s)",
                    (table.name, column.name, n_cases),
                )
        pg.execute("VACUUM ANALYZE")


def _batches(n_cases: int, now: datetime) -> Iterator[Rows]:
    dice = random.Random(2026)
    moments = sorted(dice.random() for _ in range(n_cases))
    head = (0, FIRST_HASH)
    for first in range(0, n_cases, BATCH):
        rows: Rows = {table.name: [] for table in TABLES}
        for index in range(first, min(first + BATCH, n_cases)):
            at = now - YEARS + YEARS * moments[index]
            is_recent = index > n_cases * (1 - UNCLOSED_SHARE)
            head = _add_case(rows, dice, index + 1, at, is_recent, head)
        yield rows


def _add_case(
    rows: Rows,
    dice: random.Random,
    number: int,
    at: datetime,
    is_recent: bool,
    head: tuple[int, str],
) -> tuple[int, str]:
    reference, conversation = f"B-{at.year}-{number:07d}", f"bench-{number}"
    email = f"person{number % 400_000}@example.com"
    # Few words are common and most are rare, as in any language.
    description = " ".join(
        f"w{int(dice.paretovariate(0.35)) % 200_000}" for _ in range(40)
    )
    is_closed = not is_recent
    status = "closed" if is_closed else dice.choice(("open", "open", "in_progress"))
    closed_at = at + timedelta(days=9) if is_closed else None
    outcome = {"kind": "solution", "reasons": None} if is_closed else None
    is_complaint = dice.random() < 0.6
    rows["customers"].append(
        {"id": number, "name": "Person", "email": email, "email_key": email}
    )
    _add_talk(rows, number, conversation, description, at)
    rows["cases"].append(
        {
            "id": number,
            "reference": reference,
            "filing_key": conversation,
            "version": 1 + is_closed,
            "status": status,
            "received_at": at,
            "received_hour": hour_of(at),
            "opened_at": at,
            "answer_due_at": at + timedelta(days=30),
            "closed_at": closed_at,
            "language": dice.choice(LANGUAGES),
            "customer_id": number,
            "conversation_id": conversation,
            "description": description,
            "is_complaint": is_complaint,
            "customer_says_complaint": False,
            "ground": dice.choice(GROUNDS) if is_complaint else None,
            "category": dice.choice(CATEGORIES),
            "filed_late": False,
            "is_urgent": False,
            "wants_human": False,
            "fields_missing": [],
            "suggested_pages": [],
            "assigned_to": "eva@example.com" if status == "in_progress" else None,
            "outcome": outcome,
        }
    )
    words = " ".join(words_of(reference, "Person", email, description))
    rows["case_texts"].append({"case_id": number, "words": words})
    rows["case_clocks"].append(
        {"case_id": number, "policy": "default", "pauses": [], "look_at": None}
    )
    head = _add_event(rows, reference, at, "customer", "filed", {}, head)
    if closed_at is not None:
        told = {"outcome": outcome}
        head = _add_event(rows, reference, closed_at, "eva", "closed", told, head)
    return head


def _add_talk(
    rows: Rows, number: int, conversation: str, said: str, at: datetime
) -> None:
    """A conversation in which the customer says one thing."""
    rows["conversations"].append(
        {
            "id": conversation,
            "token_hash": "",
            "channel": "chat",
            "language": "en",
            "accept_languages": [],
            "stage": "filed",
            "created_at": at,
        }
    )
    rows["messages"].append(
        {
            "number": number,
            "id": f"m-{number}",
            "conversation_id": conversation,
            "sender": "customer",
            "text": said,
            "language": "en",
            "sent_at": at,
            "choices": [],
            "citations": [],
        }
    )


def _add_event(
    rows: Rows,
    reference: str,
    at: datetime,
    actor: str,
    kind: str,
    details: dict[str, Any],
    head: tuple[int, str],
) -> tuple[int, str]:
    number, prev_hash = head[0] + 1, head[1]
    digest = details_digest("salt", details)
    sealed = event_hash(
        number=number,
        reference=reference,
        at=at,
        actor=actor,
        kind=kind,
        digest=digest,
        prev_hash=prev_hash,
    )
    rows["case_events"].append(
        {
            "id": number,
            "reference": reference,
            "at": at,
            "actor": actor,
            "kind": kind,
            "details_digest": digest,
            "prev_hash": prev_hash,
            "hash": sealed,
        }
    )
    rows["event_details"].append(
        {"event_id": number, "salt": "salt", "details": details}
    )
    return number, sealed


def _values(table: Table, names: list[str], dialect: Any) -> Callable[[Any], list[Any]]:
    processors: list[Callable[[Any], Any] | None] = [
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        for name in names
    ]
    return lambda row: [
        process(row[name]) if process is not None else row[name]
        for name, process in zip(names, processors, strict=True)
    ]


def _insert(
    connection: sqlite3.Connection, table: Table, rows: list[dict[str, Any]]
) -> None:
    names = list(rows[0])
    values = _values(table, names, sqlite.dialect())
    marks = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})",
        map(values, rows),
    )


def _copy(
    connection: psycopg.Connection[tuple[Any, ...]],
    table: Table,
    rows: list[dict[str, Any]],
) -> None:
    names = list(rows[0])
    values = _values(table, names, postgresql.dialect())  # type: ignore[no-untyped-call]
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(values(row))
