"""Which translations are missing or older than the page they were made from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Compare every translation with the newest version of its source.

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
            if page == source or (
                page is not None and page.translates == source.version
            ):
                continue
            found.append(
                StaleTranslation(
                    id=id,
                    language=language,
                    title=source.title,
                    source_language=source.language,
                    source_version=source.version,
                    translates=page.translates if page else None,
                    is_missing=page is None,
                )
            )
    return found


def _source(versions: dict[str, PageState], first: str) -> Page | None:
    if first in versions:
        return versions[first].newest.page
    return next(
        (
            state.newest.page
            for state in versions.values()
            if state.newest.page.translates is None
        ),
        None,
    )
