"""Help pages that were taken down: where their address leads, and what they said."""

from __future__ import annotations

from aiohttp import web

from bot import keys
from knowledge.console.parts import CONSOLE
from knowledge.errors import Gone, NotFound
from knowledge.pages import Page
from knowledge.withdrawals import Withdrawal

# A page may come back: browsers ask again after an hour.
_MOVED = {"Cache-Control": "max-age=3600"}


async def find_withdrawn(
    request: web.Request, language: str, wanted: str
) -> tuple[Page, Withdrawal]:
    """The page that stood at this address, where its words as they stood are wanted.

    Raises:
        NotFound: None ever stood there.
        Gone: It was taken down.
        web.HTTPMovedPermanently: It was, and another page took its place.
    """
    store = request.app[keys.PARTS].pages
    for each in await request.app[CONSOLE].withdrawals.all():
        if each.language != language:
            continue
        page = await store.page(each.page_id, language, each.version)
        if wanted != page.id and page.url != f"/help/{language}/{wanted}":
            continue
        if "version" in request.query or "on" in request.query:
            return page, each
        if each.moved_to is None:
            raise Gone(f"help page {wanted} in {language} was removed")
        # That one may have moved on too: its own address knows.
        raise web.HTTPMovedPermanently(
            f"/help/{language}/{each.moved_to}", headers=_MOVED
        )
    raise NotFound(f"no help page {wanted} in {language}")
