"""Citations of what was in force on the day that a case is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, tzinfo
from typing import Protocol

from knowledge.answers import Citation, cite
from knowledge.chunking import Page, chunk, sentences


class PageHistory(Protocol):
    async def in_force(
        self, id: str, language: str, on: date, *, zone: tzinfo
    ) -> Page | None:
        """The version of a page in force on a day, if any was."""


async def cite_in_force(
    history: PageHistory, citations: Sequence[Citation], on: date, zone: tzinfo
) -> list[Citation]:
    """The same sections as they were in force on a day.

    A page that was not in force yet is cited as it is: it may help all the same.
    """
    found = []
    for citation in citations:
        page = await history.in_force(citation.page, citation.language, on, zone=zone)
        found.append(cite_version(citation, page) if page else citation)
    return found


def cite_version(citation: Citation, page: Page) -> Citation:
    """The same section in another version of its page.

    A section that the version lacks is cited as the page.
    """
    if page.version == citation.version:
        return citation
    for passage in chunk(page):
        if passage.section == citation.section:
            is_said = citation.quote in passage.text
            quote = citation.quote if is_said else sentences(passage.text)[0]
            return cite(passage, quote)
    return replace(
        citation,
        version=page.version,
        section="",
        title=page.title,
        url=page.url,
        quote="",
    )
