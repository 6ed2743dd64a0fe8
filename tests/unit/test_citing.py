from __future__ import annotations

import datetime as dt
from typing import Any

from knowledge.answers import Citation
from knowledge.chunking import Page
from knowledge.citing import cite_in_force

DAY = dt.date(2026, 10, 15)
CITATION = Citation(
    page="fees",
    version=2,
    section="cost",
    title="Fees: Cost",
    url="/help/en/fees#cost",
    language="en",
    quote="It costs a crown.",
)


class Shelf:
    """A history that holds one page, or none."""

    def __init__(self, page: Page | None) -> None:
        self.page = page

    async def in_force(
        self, id: str, language: str, on: dt.date, *, zone: dt.tzinfo
    ) -> Page | None:
        return self.page


def make_page(body: str, **changes: Any) -> Page:
    fields = {
        "id": "fees",
        "title": "Fees",
        "kind": "guide",
        "language": "en",
        "url": "/help/en/fees",
        "effective_from": dt.date(2026, 9, 1),
        "body": body,
    }
    return Page(**(fields | changes))


async def cited(page: Page | None) -> list[Citation]:
    return await cite_in_force(Shelf(page), [CITATION], DAY, dt.UTC)


async def test_the_section_is_cited_as_it_was() -> None:
    (found,) = await cited(make_page("## Cost {#cost}\n\nIt is free.\n"))

    assert (found.version, found.quote) == (1, "It is free.")


async def test_the_same_version_is_cited_as_it_is() -> None:
    assert await cited(make_page("Else.", version=2)) == [CITATION]


async def test_a_section_that_was_not_there_is_cited_as_the_page() -> None:
    (found,) = await cited(make_page("## Hours {#hours}\n\nFrom nine.\n"))

    assert (found.section, found.title, found.url) == ("", "Fees", "/help/en/fees")


async def test_a_page_that_was_not_in_force_is_cited_as_it_is() -> None:
    assert await cited(None) == [CITATION]
