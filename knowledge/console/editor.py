"""The editor: a page's fields and words, beside its preview and what it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from aiohttp import web

from knowledge.bodies import form_fields, whole_number
from knowledge.chunking import Kind, slug
from knowledge.console.api import version_asked
from knowledge.console.differences import differences
from knowledge.console.editing import as_markdown, from_fields, from_markdown
from knowledge.console.parts import CONSOLE, author_of
from knowledge.errors import BadInput, Conflict, NotFound
from knowledge.gaps import GapGroup
from knowledge.links import dead_links
from knowledge.pages import Page, render_html
from knowledge.translations import words_read
from knowledge.workplace import WORKPLACE, render, see_other

routes = web.RouteTableDef()

PAGE = "/knowledge/pages/{language}/{id}"
# Sent by our script, which wants a part of the page alone.
FRAGMENT = "Guichet-Fragment"
# What the editor's parts show before anything was looked at.
_NOTHING_SHOWN: dict[str, Any] = {
    "error": None,
    "preview": None,
    "preview_page": None,
    "dead": (),
    "asked": "",
    "tried": None,
    "draft": None,
}


@routes.get("/knowledge/new")
async def new_page(request: web.Request) -> web.Response:
    """An empty page to fill in; `?gap=` starts it with a question that was asked."""
    place = request.app[WORKPLACE]
    group = await _gap(request)
    language = request.query.get("language") or (
        group.language if group else place.languages[0]
    )
    title = _heading(group) if group else request.query.get("title", "").strip()
    id = _id_of(title)
    draft = Page(
        id=id,
        title=title,
        kind="guide",
        language=language,
        url=f"/help/{language}/{id}",
        effective_from=_today(request),
        body=f"## {title} {{#answer}}\n\n" if title else "",
    )
    return await show_editor(request, as_fields(draft), base_version=0, group=group)


@routes.get(f"{PAGE}/edit")
async def edit_page(request: web.Request) -> web.Response:
    """A page in its newest version; `?gap=` adds a question that was asked."""
    page = await request.app[CONSOLE].store.page(
        request.match_info["id"],
        request.match_info["language"],
        version_asked(request),
    )
    newest = await request.app[CONSOLE].store.newest_version(page.id, page.language)
    group = await _gap(request)
    fields = as_fields(page)
    if group is not None:
        question = _heading(group)
        anchor = slug(question)[:40].strip("-") or "question"
        fields["body"] += f"\n## {question} {{#{anchor}}}\n\n"
    return await show_editor(
        request, fields, base_version=newest, page=page, group=group
    )


@routes.get("/knowledge/translations/{language}/{id}")
async def translate_page(request: web.Request) -> web.Response:
    """A translation beside its source, begun from it where there is none."""
    store, place = request.app[CONSOLE].store, request.app[WORKPLACE]
    id, language = request.match_info["id"], request.match_info["language"]
    source = await store.page(id, request.query.get("from") or place.languages[0])
    try:
        page: Page | None = await store.page(id, language)
    except NotFound:
        page = None
    started = page or replace(
        source, language=language, url=_translated_url(source, language), body=""
    )
    fields = as_fields(replace(started, translates=source.version))
    return await show_editor(
        request,
        fields,
        base_version=page.version if page else 0,
        page=page,
        source=source,
        translates=page.translates if page else None,
    )


@routes.post("/knowledge/pages")
async def save_page(request: web.Request) -> web.Response:
    """Save what the editor wrote; refused text comes back as it was."""
    fields, store = await _form(request), request.app[CONSOLE].store
    base_version = whole_number(fields.get("base_version", ""))
    try:
        page = _page(fields)
        version = await store.save_version(
            page, author=author_of(request), base_version=base_version
        )
    except BadInput as exc:
        return await show_editor(request, fields, base_version, error=exc, status=400)
    except Conflict:
        newest = await store.page(page.id, page.language)
        return await show_editor(
            request,
            {**as_fields(page), "markdown": fields.get("markdown", "")},
            newest.version,
            page=newest,
            theirs=newest,
            status=409,
        )
    notice = "unchanged" if version == base_version else "saved_version"
    return see_other(f"/knowledge/pages/{page.language}/{page.id}", notice=notice)


@routes.post(f"{PAGE}/restore")
async def restore_page(request: web.Request) -> web.Response:
    """Save the content of an earlier version as the newest."""
    fields, store = await _form(request), request.app[CONSOLE].store
    id, language = request.match_info["id"], request.match_info["language"]
    page = await store.page(id, language, whole_number(fields.get("version", "")))
    await store.save_version(page, author=author_of(request))
    return see_other(f"/knowledge/pages/{language}/{id}", notice="restored")


@routes.post("/knowledge/preview")
async def preview_page(request: web.Request) -> web.Response:
    """The page as customers would see it, with what is wrong about it."""
    fields = await _form(request)
    shown = dict(_NOTHING_SHOWN)
    if not fields.get("markdown") and not (fields["title"] and fields["body"].strip()):
        # Begun, not wrong.
        return await _part(request, "console/preview.html", fields, shown)
    try:
        page = _page(fields)
    except BadInput as exc:
        shown["error"] = exc
    else:
        published = await request.app[CONSOLE].store.published_pages()
        others = [each for each in published if _key(each) != _key(page)]
        shown["preview"] = render_html(page)
        shown["preview_page"] = page
        shown["dead"] = dead_links([*others, page], among=[page])
    return await _part(request, "console/preview.html", fields, shown)


@routes.post("/knowledge/try")
async def try_page(request: web.Request) -> web.Response:
    """What a customer would be told, were this draft published."""
    fields, parts = await _form(request), request.app[CONSOLE]
    question = fields.get("question", "").strip()
    shown = {**_NOTHING_SHOWN, "asked": question}
    try:
        page = _page(fields)
        language = parts.identify(question) or page.language
        shown["tried"] = await parts.rehearsals.try_draft(page, question, language)
        shown["draft"] = page
    except BadInput as exc:
        shown["error"] = exc
    return await _part(request, "console/tried.html", fields, shown)


async def show_editor(
    request: web.Request,
    fields: Mapping[str, str],
    base_version: int,
    *,
    page: Page | None = None,
    source: Page | None = None,
    translates: int | None = None,
    group: GapGroup | None = None,
    theirs: Page | None = None,
    status: int = 200,
    **shown: Any,
) -> web.Response:
    """The editor with `fields` in it; `source` is what they are translated from."""
    context = {
        "fields": fields,
        "base_version": base_version,
        "page": page,
        "source": source,
        "source_body": render_html(source) if source else "",
        "changed": await _source_changes(request, source, translates),
        "group": group,
        "kinds": get_args(Kind),
        "page_languages": _languages(request, fields["language"]),
        "questions": _questions(group),
        "theirs": as_markdown(theirs) if theirs else "",
        **_NOTHING_SHOWN,
        **shown,
    }
    return render(request, "console/edit.html", context, status=status)


def as_fields(page: Page) -> dict[str, str]:
    """A page as the fields of the form."""
    return {
        "id": page.id,
        "title": page.title,
        "kind": page.kind,
        "language": page.language,
        "url": page.url,
        "effective_from": page.effective_from.isoformat(),
        "translates": str(page.translates or ""),
        "body": page.body,
    }


_FIELDS = (
    "id",
    "title",
    "kind",
    "language",
    "url",
    "effective_from",
    "translates",
    "body",
)


async def _part(
    request: web.Request,
    template: str,
    fields: Mapping[str, str],
    shown: Mapping[str, Any],
) -> web.Response:
    """A part of the editor for our script, the whole of it for a bare form."""
    if request.headers.get(FRAGMENT):
        return render(request, template, shown)
    base = whole_number(fields.get("base_version", "") or "0")
    return await show_editor(request, fields, base, **shown)


async def _form(request: web.Request) -> dict[str, str]:
    """Every field of the editor; one that was not sent is empty."""
    return {**dict.fromkeys(_FIELDS, ""), **await form_fields(request)}


def _page(fields: Mapping[str, str]) -> Page:
    if markdown := fields.get("markdown", ""):
        return from_markdown(markdown)
    return from_fields(fields)


async def _gap(request: web.Request) -> GapGroup | None:
    key = request.query.get("gap")
    return await request.app[CONSOLE].gaps.group_of(key) if key else None


async def _source_changes(
    request: web.Request, source: Page | None, translates: int | None
) -> Sequence[object]:
    """What has changed in the source since it was translated."""
    if source is None or translates is None or translates >= source.version:
        return ()
    store = request.app[CONSOLE].store
    try:
        old = await store.page(source.id, source.language, translates)
    except NotFound:
        return ()
    return differences(words_read(old), words_read(source))


def _questions(group: GapGroup | None) -> list[str]:
    return [gap.question for gap in group.examples] if group else []


def _heading(group: GapGroup) -> str:
    """A question as a heading begins: customers seldom write capitals."""
    question = group.question.strip()
    return question[:1].upper() + question[1:]


def _languages(request: web.Request, chosen: str) -> list[str]:
    """What a page may be written in; one that was asked for is among them."""
    return list(dict.fromkeys([*request.app[WORKPLACE].languages, chosen]))


def _id_of(title: str) -> str:
    id = slug(title)[:60].strip("-._")
    return id if id.isascii() and id else "new-page"


def _translated_url(source: Page, language: str) -> str:
    return source.url.replace(f"/{source.language}/", f"/{language}/", 1)


def _today(request: web.Request) -> dt.date:
    place = request.app[WORKPLACE]
    return place.clock().astimezone(place.zone).date()


def _key(page: Page) -> tuple[str, str]:
    return page.id, page.language
