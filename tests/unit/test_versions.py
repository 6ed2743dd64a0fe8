"""Which version of a page was in force on a day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from knowledge.chunking import Page
from knowledge.versions import Standing, in_force

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def standing(version: int, published: str, effective: str) -> Standing:
    page = Page(
        id="terms",
        title="Terms",
        kind="terms",
        language="sv",
        url="/help/sv/terms",
        effective_from=dt.date.fromisoformat(effective),
        version=version,
        body="…",
    )
    at = dt.datetime.fromisoformat(published).replace(tzinfo=dt.UTC)
    return Standing(page=page, published_at=at)


IMPORT = standing(1, "2026-09-20T12:00", "2026-09-01")
AHEAD = standing(2, "2026-10-20T12:00", "2026-11-01")
REWORDED = standing(3, "2026-11-10T12:00", "2026-11-01")
BACK = standing(1, "2026-11-20T12:00", "2026-09-01")
HISTORY = [IMPORT, AHEAD, REWORDED, BACK]


@pytest.mark.parametrize(
    ("day", "version"),
    [
        ("2026-08-31", None),  # before the terms took effect
        ("2026-09-01", 1),  # in effect before they were imported
        ("2026-09-20", 1),
        ("2026-10-25", 1),  # the next version is published, but not in effect
        ("2026-10-31", 1),
        ("2026-11-01", 2),
        ("2026-11-09", 2),
        ("2026-11-10", 3),  # other words, the same date of effect
        ("2026-11-19", 3),
        ("2026-11-20", 1),  # rolled back
        ("2027-06-01", 1),
    ],
)
def test_the_version_in_force_on_a_day(day: str, version: int | None) -> None:
    found = in_force(HISTORY, dt.date.fromisoformat(day), STOCKHOLM)

    assert (found and found.version) == version


def test_a_day_ends_at_midnight_in_the_operators_zone() -> None:
    late = standing(2, "2026-11-10T23:30", "2026-11-01")
    history = [standing(1, "2026-09-01T12:00", "2026-09-01"), late]

    found = in_force(history, dt.date(2026, 11, 10), STOCKHOLM)

    assert found is not None
    assert found.version == 1


def test_a_page_never_published_was_never_in_force() -> None:
    assert in_force([], dt.date(2026, 11, 10), STOCKHOLM) is None
