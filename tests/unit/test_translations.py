from __future__ import annotations

import datetime as dt

from knowledge.pages import Page
from knowledge.translations import stale_translations
from knowledge.versions import PageState, PageVersion, content_hash
from tests.factories import NOW

LANGUAGES = ("sv", "fr")


def make_state(
    language: str, version: int = 1, translates: int | None = None, id: str = "fees"
) -> PageState:
    page = Page(
        id=id,
        title=f"Fees {language}",
        kind="guide",
        language=language,
        url=f"/help/{language}/fees",
        effective_from=dt.date(2026, 9, 1),
        version=version,
        translates=translates,
        body="## Cost {#cost}\n\nNothing.\n",
    )
    newest = PageVersion(
        page=page, content_hash=content_hash(page), author="Ada", saved_at=NOW
    )
    return PageState(newest=newest, published_version=None)


def test_a_translation_of_the_newest_version_is_not_stale() -> None:
    states = [make_state("sv", version=2), make_state("fr", translates=2)]

    assert stale_translations(states, LANGUAGES) == []


def test_a_translation_of_an_earlier_version_is_stale() -> None:
    states = [make_state("sv", version=2), make_state("fr", translates=1)]

    [stale] = stale_translations(states, LANGUAGES)

    assert (stale.language, stale.translates, stale.source_version) == ("fr", 1, 2)
    assert not stale.is_missing


def parallel(id: str) -> list[PageState]:
    """A page that stands in both languages."""
    return [make_state("sv", id=id), make_state("fr", translates=1, id=id)]


def test_a_language_without_the_page_is_missing_it() -> None:
    [stale] = stale_translations([make_state("sv"), *parallel("terms")], LANGUAGES)

    assert (stale.language, stale.is_missing) == ("fr", True)


def test_a_language_without_any_page_misses_none() -> None:
    assert stale_translations([make_state("sv")], LANGUAGES) == []


def test_a_page_written_in_another_language_first_is_its_own_source() -> None:
    [stale] = stale_translations([make_state("fr"), *parallel("terms")], LANGUAGES)

    assert (stale.language, stale.source_language) == ("sv", "fr")


def test_a_language_that_the_operator_does_not_list_can_be_stale_too() -> None:
    states = [make_state("sv", 2), make_state("fr", translates=2), make_state("de")]

    assert [each.language for each in stale_translations(states, LANGUAGES)] == ["de"]
