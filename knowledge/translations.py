"""Which translations are missing or older than the page they were made from. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from knowledge.chunking import without_asked
from knowledge.pages import Page
from knowledge.versions import PageState


@dataclass(frozen=True, kw_only=True)
class StaleTranslation:
    """A translation to write or to bring up to date.

    Attributes:
        title: Of the source page.
        translates: Version of the source that it was made from; None when unsaid.
        is_missing: There is no page in this language at all.
    """

    id: str
    language: str
    title: str
    source_language: str
    source_version: int
    translates: int | None
    is_missing: bool


def stale_translations(
    states: Sequence[PageState], languages: Sequence[str]
) -> list[StaleTranslation]:
    """Compare every translation with what customers read in its source now.

    Args:
        states: Every page in every language.
        languages: The operator's; the first is the source, unless a page lacks it
            and has another that translates nothing.
    """
    by_page: dict[str, dict[str, PageState]] = {}
    withdrawn = set()
    for state in states:
        if state.is_withdrawn:
            withdrawn.add((state.newest.page.id, state.newest.page.language))
            continue
        by_page.setdefault(state.newest.page.id, {})[state.newest.page.language] = state
    # A language without any page is answered from the others on purpose.
    translated = {state.newest.page.language for state in states}
    begun = [language for language in languages if language in translated]
    found = []
    for id, versions in sorted(by_page.items()):
        source = _source(versions, languages[0])
        if source is None:
            continue
        for language in dict.fromkeys([*begun, *versions]):
            if (id, language) in withdrawn:
                continue
            page = versions[language].newest.page if language in versions else None
            original = source.newest.page
            if page == original or (page is not None and source.is_said_by(page)):
                continue
            found.append(
                StaleTranslation(
                    id=id,
                    language=language,
                    title=original.title,
                    source_language=original.language,
                    source_version=original.version,
                    translates=page.translates if page else None,
                    is_missing=page is None,
                )
            )
    return found


def _source(versions: dict[str, PageState], first: str) -> PageState | None:
    if first in versions:
        return versions[first]
    originals = (e for e in versions.values() if e.newest.page.translates is None)
    return next(originals, None)


def translated_versions(states: Sequence[PageState]) -> list[tuple[str, str, int]]:
    """The older versions that translations were made from: id, language, version."""
    named: defaultdict[str, set[int]] = defaultdict(set)
    for page in (state.newest.page for state in states):
        if page.translates is not None:
            named[page.id].add(page.translates)
    return [
        (page.id, page.language, version)
        for page in (state.newest.page for state in states)
        if page.translates is None
        for version in sorted(named[page.id])
        if version < page.version
    ]


def with_alike(states: Sequence[PageState], earlier: Sequence[Page]) -> list[PageState]:
    """The states, knowing which earlier versions customers read the same in."""
    alike: defaultdict[tuple[str, str], list[Page]] = defaultdict(list)
    for page in earlier:
        alike[page.id, page.language].append(page)
    found = []
    for state in states:
        newest = state.newest.page
        same = {
            page.version
            for page in alike[newest.id, newest.language]
            if _read(page) == _read(newest)
        }
        found.append(replace(state, alike=frozenset(same)) if same else state)
    return found


def words_read(page: Page) -> str:
    """The Markdown that customers read: how they ask for it is for search alone."""
    return re.sub(r"\n\s*\n", "\n\n", without_asked(page.body)).strip()


def _read(page: Page) -> tuple[str, date, str]:
    return page.title, page.effective_from, words_read(page)
