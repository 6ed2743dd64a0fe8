"""Taking a page down: in which languages, and where its address leads."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from knowledge.bodies import form_fields
from knowledge.console.editor import PAGE
from knowledge.console.parts import CONSOLE, author_of
from knowledge.console.publications import chosen_keys
from knowledge.errors import BadInput, NotFound, PublishRefused
from knowledge.withdrawals import Key, withdraw
from knowledge.workplace import WORKPLACE, render, see_other

routes = web.RouteTableDef()


@routes.get(f"{PAGE}/withdraw")
async def ask_to_withdraw(request: web.Request) -> web.Response:
    """Which languages, and where the address shall lead."""
    return await _page(request)


@routes.post(f"{PAGE}/withdraw")
async def withdraw_page(request: web.Request) -> web.Response:
    """Publish what is live without the page."""
    fields, parts = await form_fields(request), request.app[CONSOLE]
    id, language = request.match_info["id"], request.match_info["language"]
    keys = chosen_keys(fields)
    given: dict[str, Any] = {
        "chosen": keys,
        "moved_to": fields.get("moved_to", ""),
        "reason": fields.get("reason", "").strip(),
    }
    try:
        await withdraw(
            parts.store,
            parts.publisher,
            parts.withdrawals,
            keys,
            author=author_of(request),
            moved_to=given["moved_to"] or None,
            reason=given["reason"],
            force="force" in fields,
        )
    except PublishRefused as refused:
        return await _page(request, refused=refused, status=409, **given)
    except BadInput as exc:
        return await _page(request, error=exc, status=400, **given)
    return see_other(f"/knowledge/pages/{language}/{id}", notice="withdrawn")


async def _page(
    request: web.Request,
    *,
    chosen: list[Key] | None = None,
    status: int = 200,
    **shown: Any,
) -> web.Response:
    store, place = request.app[CONSOLE].store, request.app[WORKPLACE]
    id, language = request.match_info["id"], request.match_info["language"]
    published = await store.published_pages()
    live = {page.language: page for page in published if page.id == id}
    if not live:
        raise NotFound(f"page {id} is not published")
    others = {page.id: page for page in reversed(published) if page.id != id}
    others |= {page.id: page for page in published if page.language == language}
    others.pop(id, None)
    return render(
        request,
        "console/withdraw.html",
        {
            "page": live.get(language) or next(iter(live.values())),
            "page_language": language,
            "live": [live[tag] for tag in sorted(live, key=_order(place.languages))],
            "others": sorted(others.values(), key=lambda page: page.title.casefold()),
            "chosen": set(chosen) if chosen is not None else None,
            "moved_to": shown.get("moved_to", ""),
            "reason": shown.get("reason", ""),
            "error": shown.get("error"),
            "refused": shown.get("refused"),
        },
        status=status,
    )


def _order(languages: tuple[str, ...]) -> Any:
    places = {tag: place for place, tag in enumerate(languages)}
    return lambda tag: (places.get(tag, len(places)), tag)
