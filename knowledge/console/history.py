"""All changes across pages: who did what and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from aiohttp import web

from knowledge.changes import AT_ONCE, Change, Wanted
from knowledge.console.parts import CONSOLE
from knowledge.errors import BadInput
from knowledge.workplace import render

routes = web.RouteTableDef()
# A publication names so many pages; the rest is a number.
MOST_NAMED = 8


@routes.get("/knowledge/changes")
async def list_changes(request: web.Request) -> web.Response:
    """What was saved, published and withdrawn; `?author=`, `?page=`, `?before=`."""
    parts, query = request.app[CONSOLE], request.query
    wanted = Wanted(
        author=query.get("author", ""),
        page=query.get("page", ""),
        before=_moment(query.get("before", "")),
    )
    found = await parts.changes.newest(wanted, AT_ONCE + 1)
    pages = {each.newest.page.id: each for each in await parts.store.states()}
    return render(
        request,
        "console/changes.html",
        {
            "groups": together(found[:AT_ONCE]),
            "older_than": found[AT_ONCE - 1].at if len(found) > AT_ONCE else None,
            "wanted": wanted,
            "authors": await parts.changes.authors(),
            "pages": sorted(pages),
            "names": await parts.names(),
            "most_named": MOST_NAMED,
        },
    )


def together(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes in their order; pages that one person saved in one minute as one."""

    def what(change: Change) -> object:
        is_saved = change.kind == "saved"
        minute = change.at.replace(second=0, microsecond=0)
        return (change.author, minute) if is_saved else id(change)

    return [list(group) for _key, group in groupby(changes, what)]


def _moment(text: str) -> dt.datetime | None:
    """Raises BadInput when it is no time with a zone."""
    try:
        moment = dt.datetime.fromisoformat(text) if text else None
    except ValueError as exc:
        raise BadInput(f"before must be a time, got {text[:40]!r}") from exc
    if moment is not None and moment.tzinfo is None:
        raise BadInput(f"before must be a time with a zone, got {text[:40]!r}")
    return moment
