"""Links of pages that lead nowhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from knowledge.chunking import chunk
from knowledge.pages import Page, anchors, links

Trouble = Literal["no_page", "no_section"]


@dataclass(frozen=True, kw_only=True)
class DeadLink:
    """A link to a page or a section that is not there.

    Attributes:
        id, language: Of the page that it stands on.
        text: What is clicked on.
        target: As it is written.
    """

    id: str
    language: str
    text: str
    target: str
    trouble: Trouble


def dead_links(
    pages: Sequence[Page], among: Iterable[Page] | None = None
) -> list[DeadLink]:
    """Links that would lead nowhere if exactly `pages` were published.

    Links to other sites, addresses and telephones are taken at their word.

    Args:
        pages: All that would be published.
        among: Only the links on these; on all of them by default.
    """
    sections = {_path(page.url): _sections(page) for page in pages}
    rooms = {_room(path) for path in sections}
    found = []
    for page in pages if among is None else among:
        for text, target in links(page):
            trouble = _trouble(page, target, sections, rooms)
            if trouble is not None:
                found.append(
                    DeadLink(
                        id=page.id,
                        language=page.language,
                        text=text,
                        target=target,
                        trouble=trouble,
                    )
                )
    return found


def _trouble(
    page: Page, target: str, sections: dict[str, frozenset[str]], rooms: set[str]
) -> Trouble | None:
    path, _, anchor = target.partition("#")
    known = sections.get(_path(path)) if path else _sections(page)
    if known is None:
        is_elsewhere = urlsplit(path).scheme or _room(path) not in rooms
        return None if is_elsewhere else "no_page"
    return "no_section" if anchor and unquote(anchor) not in known else None


def _sections(page: Page) -> frozenset[str]:
    return frozenset(_all_anchors(page))


def _all_anchors(page: Page) -> Iterator[str]:
    yield from anchors(page)
    for passage in chunk(page):
        yield passage.section


def _path(address: str) -> str:
    return address.rstrip("/")


def _room(path: str) -> str:
    """The first folder of a path: pages stand in `/help`."""
    parts = path.split("/")
    return parts[1] if len(parts) > 1 and not parts[0] else ""
