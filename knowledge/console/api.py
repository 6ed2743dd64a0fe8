"""The console's JSON API: `/api/v1/knowledge/…`."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from knowledge.bodies import json_object, whole_number
from knowledge.console.editing import from_json
from knowledge.console.parts import CONSOLE, author_of
from knowledge.errors import BadInput
from knowledge.gaps import gap_as_json
from knowledge.pages import Page, render_html
from knowledge.parity import compare_translations
from knowledge.translations import stale_translations
from knowledge.versions import PageState, PageVersion, Publication
from knowledge.workplace import WORKPLACE

routes = web.RouteTableDef()

ROOT = "/api/v1/knowledge"
PAGE = f"{ROOT}/pages/{{language}}/{{id}}"


@routes.get(f"{ROOT}/pages")
async def list_pages(request: web.Request) -> web.Response:
    states = await request.app[CONSOLE].store.states(
        request.query.get("language") or None
    )
    return web.json_response({"pages": [_state_as_json(state) for state in states]})


@routes.post(f"{ROOT}/pages")
async def save_page(request: web.Request) -> web.Response:
    """Save a page; 201 for a new version, 200 when nothing had changed.

    `base_version` is the version that the editor saw, 0 for a new page.
    """
    fields = await json_object(request)
    page, store = from_json(fields), request.app[CONSOLE].store
    base = _number(fields, "base_version")
    before = await store.newest_version(page.id, page.language)
    version = await store.save_version(
        page, author=author_of(request), base_version=base
    )
    return web.json_response(
        {"id": page.id, "language": page.language, "version": version},
        status=200 if version == before else 201,
    )


@routes.get(PAGE)
async def show_page(request: web.Request) -> web.Response:
    id, language = request.match_info["id"], request.match_info["language"]
    store = request.app[CONSOLE].store
    page = await store.page(id, language, version_asked(request))
    live = await store.published_version(id, language)
    return web.json_response(
        {
            **_page_as_json(page),
            "published_version": live,
            "body": page.body,
            "html": render_html(page),
        }
    )


@routes.get(f"{PAGE}/versions")
async def list_versions(request: web.Request) -> web.Response:
    history = await request.app[CONSOLE].store.history(
        request.match_info["id"], request.match_info["language"]
    )
    return web.json_response({"versions": [_version_as_json(each) for each in history]})


@routes.post(f"{ROOT}/publish")
async def publish(request: web.Request) -> web.Response:
    """Publish the newest versions; `force` even where that is refused.

    With `with_dead_links` also where links lead nowhere.
    """
    fields = await json_object(request, may_be_empty=True)
    manifest = await request.app[CONSOLE].publisher.publish(
        author_of(request),
        force=fields.get("force") is True,
        with_dead_links=fields.get("with_dead_links") is True,
    )
    return await _published(request, manifest.as_json())


@routes.post(f"{ROOT}/rollback")
async def roll_back(request: web.Request) -> web.Response:
    """Bring back the publication before the latest, or number `publication`."""
    fields = await json_object(request, may_be_empty=True)
    manifest = await request.app[CONSOLE].publisher.roll_back(
        author_of(request), _number(fields, "publication")
    )
    return await _published(request, manifest.as_json())


@routes.get(f"{ROOT}/publications")
async def list_publications(request: web.Request) -> web.Response:
    found = await request.app[CONSOLE].store.publications()
    return web.json_response(
        {"publications": [_publication_as_json(each) for each in found]}
    )


@routes.get(f"{ROOT}/gaps")
async def list_gaps(request: web.Request) -> web.Response:
    """What no page answered: each question, and together with those that ask alike."""
    language = request.query.get("language") or None
    groups = await request.app[CONSOLE].gaps.find(language)
    gaps = [
        gap
        for group in groups
        for gap in group.gaps
        if language in (None, gap.language)
    ]
    gaps.sort(key=lambda gap: (-gap.n_asked, -gap.last_asked_at.timestamp()))
    return web.json_response(
        {
            "groups": [group.as_json() for group in groups],
            "gaps": [gap_as_json(gap) for gap in gaps],
        }
    )


@routes.get(f"{ROOT}/parity")
async def show_parity(request: web.Request) -> web.Response:
    """Where languages reach another passage, or say something else."""
    parts = request.app[CONSOLE]
    quality = await asyncio.to_thread(parts.publisher.measured)
    states = await parts.store.states()
    report = await asyncio.to_thread(
        compare_translations,
        states,
        request.app[WORKPLACE].languages,
        parts.readers,
        quality.asked if quality else (),
    )
    return web.json_response(report.as_json())


@routes.get(f"{ROOT}/quality")
async def show_quality(request: web.Request) -> web.Response:
    """What the editors' questions measured of what is live; null before any."""
    quality = await asyncio.to_thread(request.app[CONSOLE].publisher.measured)
    return web.json_response({"quality": quality and quality.as_json()})


@routes.get(f"{ROOT}/stale")
async def list_stale(request: web.Request) -> web.Response:
    states = await request.app[CONSOLE].store.states()
    stale = stale_translations(states, request.app[WORKPLACE].languages)
    return web.json_response(
        {
            "stale": [
                {
                    "id": each.id,
                    "language": each.language,
                    "title": each.title,
                    "source_language": each.source_language,
                    "source_version": each.source_version,
                    "translates": each.translates,
                    "is_missing": each.is_missing,
                }
                for each in stale
            ]
        }
    )


def version_asked(request: web.Request) -> int | None:
    """`?version=`, None for the newest.

    Raises:
        BadInput: Not a whole number from 1.
    """
    text = request.query.get("version")
    return whole_number(text, "version", least=1) if text else None


async def _published(request: web.Request, manifest: dict[str, Any]) -> web.Response:
    [latest] = await request.app[CONSOLE].store.publications(limit=1)
    return web.json_response(
        {"publication": _publication_as_json(latest), "manifest": manifest}
    )


def _page_as_json(page: Page) -> dict[str, Any]:
    return {
        "id": page.id,
        "language": page.language,
        "version": page.version,
        "title": page.title,
        "kind": page.kind,
        "url": page.url,
        "effective_from": page.effective_from.isoformat(),
        "translates": page.translates,
    }


def _version_as_json(version: PageVersion) -> dict[str, Any]:
    return {
        **_page_as_json(version.page),
        "author": version.author,
        "saved_at": version.saved_at.isoformat(),
        "content_hash": version.content_hash,
    }


def _state_as_json(state: PageState) -> dict[str, Any]:
    return {
        **_version_as_json(state.newest),
        "published_version": state.published_version,
    }


def _publication_as_json(publication: Publication) -> dict[str, Any]:
    return {
        "number": publication.number,
        "author": publication.author,
        "published_at": publication.published_at.isoformat(),
        "restores": publication.restores,
        "n_pages": publication.n_pages,
    }


def _number(fields: dict[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadInput(f"{name} must be a whole number, got {value!r}")
    return value
