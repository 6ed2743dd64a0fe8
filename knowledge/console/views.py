"""The console's pages: list, page and versions, unanswered questions, translations."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from knowledge.bodies import form_fields, whole_number
from knowledge.console.api import version_asked
from knowledge.console.differences import differences
from knowledge.console.editing import as_markdown
from knowledge.console.editor import PAGE
from knowledge.console.parts import CONSOLE
from knowledge.pages import render_html
from knowledge.translations import stale_translations
from knowledge.workplace import WORKPLACE, render, see_other

routes = web.RouteTableDef()


@routes.get("/knowledge")
async def list_pages(request: web.Request) -> web.Response:
    """The pages of one language, and what is published."""
    parts, place = request.app[CONSOLE], request.app[WORKPLACE]
    states = await parts.store.states()
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
            "n_waiting": sum(state.is_waiting for state in states),
            "publications": await parts.store.publications(limit=8),
            "scheduled": await parts.schedule.waiting(),
            "n_gaps": len(await parts.store.gaps()),
            "names": await parts.names(),
            "notice": request.query.get("notice"),
            "n_imported": whole_number(request.query.get("n", "0")),
        },
    )


@routes.get(PAGE)
async def show_page(request: web.Request) -> web.Response:
    """A page as customers see it, in any of its versions."""
    id, language = request.match_info["id"], request.match_info["language"]
    parts = request.app[CONSOLE]
    page = await parts.store.page(id, language, version_asked(request))
    states = await parts.store.states()
    return render(
        request,
        "console/page.html",
        {
            "page": page,
            "body": render_html(page),
            "markdown": as_markdown(page),
            "history": await parts.store.history(id, language),
            "live": await parts.store.published_version(id, language),
            "withdrawal": await parts.withdrawals.of(id, language),
            "names": await parts.names(),
            "translations": [
                state.newest.page
                for state in states
                if state.newest.page.id == id and state.newest.page.language != language
            ],
            "notice": request.query.get("notice"),
        },
    )


@routes.get(f"{PAGE}/diff")
async def compare_versions(request: web.Request) -> web.Response:
    """What differs between two versions; by default, published and newest."""
    id, language = request.match_info["id"], request.match_info["language"]
    parts = request.app[CONSOLE]
    newer = await parts.store.page(id, language, _asked(request, "to"))
    older_number = _asked(request, "from")
    if older_number is None:
        live = await parts.store.published_version(id, language)
        is_other = live is not None and live != newer.version
        older_number = live if is_other else newer.version - 1
    history = await parts.store.history(id, language)
    older = next((e.page for e in history if e.page.version == older_number), None)
    return render(
        request,
        "console/diff.html",
        {
            "page": newer,
            "older": older,
            "newer": newer,
            "lines": differences(
                as_markdown(older) if older else "", as_markdown(newer)
            ),
            "history": history,
            "names": await parts.names(),
        },
    )


@routes.get("/knowledge/gaps")
async def list_gaps(request: web.Request) -> web.Response:
    """What customers asked and no page answered, together by meaning."""
    parts = request.app[CONSOLE]
    every = await parts.gaps.find()
    wanted = request.query.get("language") or None
    counts: Counter[str] = Counter()
    for group in every:
        counts.update(group.languages)
    states = await parts.store.states()
    return render(
        request,
        "console/gaps.html",
        {
            "groups": [each for each in every if wanted in (None, *each.languages)],
            "gap_languages": counts.most_common(),
            "n_asked": counts.total(),
            "wanted": wanted,
            "collections": {
                state.newest.page.language: state.newest.page
                for state in reversed(states)
                if state.newest.page.kind == "faq"
            },
        },
    )


@routes.post("/knowledge/gaps/settle")
async def settle_gap(request: web.Request) -> web.Response:
    """Take a group of questions off the list, or one question by its words."""
    fields, parts = await form_fields(request), request.app[CONSOLE]
    group = await parts.gaps.group_of(fields.get("key", ""))
    if group is not None:
        for gap in group.gaps:
            await parts.store.settle_gap(gap.question, language=gap.language)
    elif "question" in fields:
        await parts.store.settle_gap(
            fields["question"], language=fields.get("language", "")
        )
    return see_other("/knowledge/gaps")


@routes.get("/knowledge/translations")
async def list_stale(request: web.Request) -> web.Response:
    states = await request.app[CONSOLE].store.states()
    stale = stale_translations(states, request.app[WORKPLACE].languages)
    return render(request, "console/translations.html", {"stale": stale})


def _asked(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    return whole_number(text) if text else None
