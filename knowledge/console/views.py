"""The console's pages: list, page, editor, unanswered questions, translations."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from knowledge.console.api import version_asked
from knowledge.console.editing import as_markdown, from_markdown
from knowledge.console.parts import CONSOLE, author_of
from knowledge.errors import BadInput, Conflict
from knowledge.pages import Page, render_html
from knowledge.translations import stale_translations
from knowledge.workplace import WORKPLACE, render, see_other

routes = web.RouteTableDef()

PAGE = "/knowledge/pages/{language}/{id}"


@routes.get("/knowledge")
async def list_pages(request: web.Request) -> web.Response:
    """The pages of one language, and what is published."""
    store, place = request.app[CONSOLE].store, request.app[WORKPLACE]
    states = await store.states()
    counts = Counter(state.newest.page.language for state in states)
    ordered = dict.fromkeys([*place.languages, *counts])
    languages = [tag for tag in ordered if counts[tag]] or [place.languages[0]]
    shown = request.query.get("language") or languages[0]
    stale = stale_translations(states, place.languages)
    return render(
        request,
        "console/pages.html",
        {
            "states": [each for each in states if each.newest.page.language == shown],
            "page_languages": [(tag, counts[tag]) for tag in languages],
            "shown_language": shown,
            "stale": {each.id: each for each in stale if each.language == shown},
            "n_stale": len(stale),
            "n_waiting": sum(not state.is_published for state in states),
            "publications": await store.publications(limit=8),
            "n_gaps": len(await store.gaps()),
            "notice": request.query.get("notice"),
        },
    )


@routes.get(PAGE)
async def show_page(request: web.Request) -> web.Response:
    """A page as customers see it, in any of its versions."""
    id, language = request.match_info["id"], request.match_info["language"]
    store = request.app[CONSOLE].store
    page = await store.page(id, language, version_asked(request))
    states = await store.states()
    return render(
        request,
        "console/page.html",
        {
            "page": page,
            "body": render_html(page),
            "markdown": as_markdown(page),
            "history": await store.history(id, language),
            "live": await store.published_version(id, language),
            "translations": [
                state.newest.page
                for state in states
                if state.newest.page.id == id and state.newest.page.language != language
            ],
            "notice": request.query.get("notice"),
        },
    )


@routes.get("/knowledge/new")
async def new_page(request: web.Request) -> web.Response:
    """An empty page to fill in, in `?language=`; `?title=` starts it."""
    place = request.app[WORKPLACE]
    language = request.query.get("language") or place.languages[0]
    today = place.clock().astimezone(place.zone).date()
    title = request.query.get("title", "").strip() or "…"
    draft = Page(
        id="new-page",
        title=title,
        kind="guide",
        language=language,
        url=f"/help/{language}/new-page",
        effective_from=today,
        body=f"## {title} {{#answer}}\n\n…\n",
    )
    return _editor(request, as_markdown(draft), base_version=0, page=None)


@routes.get(f"{PAGE}/edit")
async def edit_page(request: web.Request) -> web.Response:
    page = await request.app[CONSOLE].store.page(
        request.match_info["id"], request.match_info["language"]
    )
    return _editor(request, as_markdown(page), base_version=page.version, page=page)


@routes.post("/knowledge/pages")
async def save_page(request: web.Request) -> web.Response:
    """Save what the editor wrote; refused text comes back as it was."""
    fields, store = await request.post(), request.app[CONSOLE].store
    text = str(fields.get("markdown", ""))
    base_version = _whole(str(fields.get("base_version", "")))
    try:
        page = from_markdown(text)
        version = await store.save_version(
            page, author=author_of(request), base_version=base_version
        )
    except BadInput as exc:
        return _editor(request, text, base_version, None, error=str(exc), status=400)
    except Conflict:
        newest = await store.page(page.id, page.language)
        return _editor(request, text, newest.version, newest, theirs=newest, status=409)
    notice = "unchanged" if version == base_version else "saved_version"
    return see_other(f"/knowledge/pages/{page.language}/{page.id}", notice=notice)


@routes.post("/knowledge/publish")
async def publish(request: web.Request) -> web.Response:
    await request.app[CONSOLE].publisher.publish(author_of(request))
    return see_other("/knowledge", notice="published_notice")


@routes.post("/knowledge/roll-back")
async def roll_back(request: web.Request) -> web.Response:
    fields = await request.post()
    number = fields.get("publication")
    await request.app[CONSOLE].publisher.roll_back(
        author_of(request), _whole(str(number)) if number else None
    )
    return see_other("/knowledge", notice="rolled_back")


@routes.get("/knowledge/gaps")
async def list_gaps(request: web.Request) -> web.Response:
    store = request.app[CONSOLE].store
    gaps = await store.gaps()
    wanted = request.query.get("language")
    return render(
        request,
        "console/gaps.html",
        {
            "gaps": [gap for gap in gaps if not wanted or gap.language == wanted],
            "gap_languages": sorted({gap.language for gap in gaps}),
            "wanted": wanted,
        },
    )


@routes.post("/knowledge/gaps/settle")
async def settle_gap(request: web.Request) -> web.Response:
    fields = await request.post()
    await request.app[CONSOLE].store.settle_gap(
        str(fields.get("question", "")), language=str(fields.get("language", ""))
    )
    return see_other("/knowledge/gaps")


@routes.get("/knowledge/translations")
async def list_stale(request: web.Request) -> web.Response:
    states = await request.app[CONSOLE].store.states()
    stale = stale_translations(states, request.app[WORKPLACE].languages)
    return render(request, "console/translations.html", {"stale": stale})


def _editor(
    request: web.Request,
    text: str,
    base_version: int | None,
    page: Page | None,
    *,
    error: str | None = None,
    theirs: Page | None = None,
    status: int = 200,
) -> web.Response:
    return render(
        request,
        "console/edit.html",
        {
            "markdown": text,
            "base_version": base_version or 0,
            "page": page,
            "error": error,
            "theirs": as_markdown(theirs) if theirs else None,
        },
        status=status,
    )


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadInput(f"expected a whole number, got {text[:20]!r}")
    return int(text)
