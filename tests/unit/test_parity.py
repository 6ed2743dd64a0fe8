from __future__ import annotations

import datetime as dt
from typing import Any

from bot.settings import ROOT
from knowledge.chunking import Page
from knowledge.contradictions import load_readers
from knowledge.parity import ParityReport, compare_translations
from knowledge.quality import Asked
from knowledge.versions import PageState, PageVersion

LANGUAGES = ("sv", "en", "fr")
READERS = load_readers(ROOT / "data", LANGUAGES)


def make_state(language: str, body: str, **changes: Any) -> PageState:
    fields = {
        "id": "fees",
        "title": "Fees",
        "kind": "guide",
        "language": language,
        "url": f"/help/{language}/fees",
        "effective_from": dt.date(2026, 9, 1),
        "translates": None if language == "sv" else 1,
        "body": body,
    }
    page = Page(**(fields | changes))
    saved_at = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    version = PageVersion(page=page, content_hash="", author="Ada", saved_at=saved_at)
    return PageState(newest=version, published_version=1)


def make_asked(language: str, found: str, **changes: Any) -> Asked:
    fields = {
        "id": f"q-{language}",
        "language": language,
        "text": "?",
        "same_as": "p-1",
        "is_answerable": True,
        "found": found,
        "confidence": 0.5,
        "is_right": True,
        "is_offered": True,
    }
    return Asked(**(fields | changes))


def report(*states: PageState, asked: tuple[Asked, ...] = ()) -> ParityReport:
    return compare_translations(states, LANGUAGES, READERS, asked)


SWEDISH = make_state("sv", "## Pris {#price}\n\nDet kostar 10 kronor.\n")
ENGLISH = make_state("en", "## Price {#price}\n\nIt costs 10 kronor.\n")


def test_translations_that_say_the_same_are_not_listed() -> None:
    found = report(SWEDISH, ENGLISH)

    assert (found.stale, found.differences) == ([], [])


def test_a_contradiction_is_listed_with_its_section() -> None:
    other = make_state("en", "## Price {#price}\n\nIt costs 12 kronor.\n")

    (difference,) = report(SWEDISH, other).differences

    assert difference.section == "fees#price"
    assert difference.contradiction is not None
    assert difference.contradiction.translation == ("12",)


def test_a_missing_section_is_listed() -> None:
    other = make_state("en", "## Cost {#cost}\n\nIt costs 10 kronor.\n")

    found = report(SWEDISH, other).differences

    assert [(each.section, each.missing_in) for each in found] == [
        ("fees#cost", "sv"),
        ("fees#price", "en"),
    ]


def test_a_stale_translation_is_listed_once_and_not_compared() -> None:
    newer = make_state("sv", "## Pris {#price}\n\nDet kostar 15 kronor.\n", version=2)

    found = report(newer, ENGLISH)

    assert [each.translates for each in found.stale] == [1]
    assert found.differences == []


def test_parity_counts_each_pair_of_languages() -> None:
    asked = (
        make_asked("sv", "fees#price"),
        make_asked("en", "fees#price"),
        make_asked("fr", "terms#1"),
    )

    found = report(SWEDISH, ENGLISH, asked=asked)

    assert found.n_pairs == 3
    assert found.parity == 1 / 3
    assert [pair.languages for pair in found.parted] == [("sv", "fr"), ("en", "fr")]


def test_questions_that_nothing_answers_have_no_parity() -> None:
    asked = tuple(make_asked(each, each, is_answerable=False) for each in LANGUAGES)

    assert report(SWEDISH, asked=asked).parity is None
