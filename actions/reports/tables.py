"""Reports as CSV files, for spreadsheets and regulators."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from actions.reports.figures import Row

# A cell that begins so is taken for a formula; a customer chose the username.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

CASE_COLUMNS = (
    "reference",
    "opened_at",
    "answered_at",
    "closed_at",
    "due_at",
    "language",
    "category",
    "is_complaint",
    "ground",
    "outcome",
    "filed_late",
    "received_at",
)
COMPLAINT_COLUMNS = (
    "reference",
    "player_id",
    "received_at",
    "subject",
    "ground",
    "conclusion",
    "closed_at",
    "days",
)


def cases_csv(rows: Iterable[Row]) -> str:
    """Every case of a period, without a word of anybody's."""
    return _csv(
        CASE_COLUMNS, ([getattr(row, name) for name in CASE_COLUMNS] for row in rows)
    )


def complaints_csv(rows: Iterable[Row]) -> str:
    """The complaints of a month, as a regulator asks for them.

    `days` is from receipt to the close, in whole days begun; empty while it is open.
    """
    return _csv(
        COMPLAINT_COLUMNS,
        (
            [
                row.reference,
                row.username,
                row.received_at,
                row.category,
                row.ground,
                row.outcome,
                row.closed_at,
                days_taken(row),
            ]
            for row in rows
            if row.is_complaint
        ),
    )


def days_taken(row: Row) -> int | None:
    """Days from receipt to the close; one that was begun counts."""
    if row.closed_at is None:
        return None
    return max(1, -(-int((row.closed_at - row.received_at).total_seconds()) // 86400))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
