"""What anybody may ask for: search, classification, help pages, and how we are."""

from __future__ import annotations

import asyncio
import datetime as dt
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy import text

from actions.cases.files import TYPES
from bot import keys, metrics
from bot.offered_languages import choose
from bot.settings import ROOT
from bot.web import bundle
from bot.web.negotiation import asked_language
from bot.web.pages import render
from bot.web.withdrawn import find_withdrawn
from knowledge.bodies import read_body, whole_number
from knowledge.database import reading
from knowledge.errors import BadInput, GuichetError, NotFound, TooLong
from knowledge.pages import Page, render_html
from knowledge.withdrawals import Withdrawal
from knowledge.yaml_files import parse_yaml

MOST_HITS = 50

routes = web.RouteTableDef()
routes.get("/metrics")(metrics.show)


class TextToClassify(msgspec.Struct):
    text: str
    language: str | None = None


@routes.get("/api/v1/search")
async def search(request: web.Request) -> web.Response:
    question = _checked(request, request.query.get("q", ""), "q")
    language = request.query.get("language") or None
    top_k = _top_k(request.query.get("top_k", "5"))
    parts = request.app[keys.PARTS]
    run = asyncio.get_running_loop().run_in_executor
    hits = await run(
        parts.executor,
        partial(parts.knowledge.search, question, language=language, top_k=top_k),
    )
    answer = await run(
        parts.executor, partial(parts.knowledge.answer, question, language=language)
    )
    return web.json_response(
        {
            "hits": [
                {
                    "passage": hit.passage.id,
                    "page": hit.passage.page,
                    "section": hit.passage.section,
                    "title": hit.passage.title,
                    "url": hit.passage.url,
                    "language": hit.passage.language,
                    "text": hit.passage.text,
                    "score": hit.score,
                }
                for hit in hits
            ],
            "answer": answer
            and {
                "confidence": answer.confidence,
                "quote": answer.quote,
                "citation": answer.citation.as_json(),
            },
        }
    )


@routes.post("/api/v1/classify")
async def classify(request: web.Request) -> web.Response:
    body = await read_body(request, TextToClassify)
    wanted = _checked(request, body.text, "text")
    parts = request.app[keys.PARTS]
    verdict = await asyncio.get_running_loop().run_in_executor(
        parts.executor, parts.classifier.classify, wanted, body.language
    )
    return web.json_response(msgspec.to_builtins(verdict))


@routes.get("/help/{language}")
async def list_help_pages(request: web.Request) -> web.Response:
    language = _page_language(request)
    return render(request, "help_index.html", language, await _shelf(request, language))


@routes.get("/help/{language}/{page}")
async def show_help_page(request: web.Request) -> web.Response:
    """A published page as customers see it.

    `?version=` shows an earlier wording, `?on=2026-10-15` that in force on a day.
    Drafts, and versions that were never published, are not found.
    """
    language, wanted = _page_language(request), request.match_info["page"]
    store = request.app[keys.PARTS].pages
    pages = await store.published_pages()
    page = next(
        (
            each
            for each in pages
            if each.language == language
            and (each.id == wanted or each.url == f"/help/{language}/{wanted}")
        ),
        None,
    )
    gone: Withdrawal | None = None
    if page is None:
        page, gone = await find_withdrawn(request, language, wanted)
    newest = page
    page, stood = await _as_it_stood(request, newest, gone)
    translations = {each.language: each.url for each in pages if each.id == page.id}
    return render(
        request,
        "help_page.html",
        language,
        {
            "page": page,
            "body": render_html(page),
            "effective_from": request.app[keys.PARTS].texts.day(
                language, page.effective_from
            ),
            "stood": stood,
            "newest_url": None if gone else newest.url,
            "pages": [each for each in pages if each.language == language],
            "translations": translations,
        },
    )


async def _as_it_stood(
    request: web.Request, newest: Page, gone: Withdrawal | None
) -> tuple[Page, str | None]:
    """The version asked for, and the sentence that says when it held; none if now."""
    parts = request.app[keys.PARTS]
    id, language, zone = newest.id, newest.language, parts.operator.zone
    words = partial(parts.texts.day, language)
    if (day := request.query.get("on")) is not None:
        on = _day(day)
        page = await parts.pages.in_force(id, language, on, zone=zone)
        if page is None or (gone and gone.withdrawn_at.astimezone(zone).date() < on):
            raise NotFound(f"no version of {id} in {language} was in force on {on}")
        return page, parts.texts.text(language, "help.stood_on", date=words(on))
    number = request.query.get("version")
    if number is None:
        return newest, None
    wanted = whole_number(number, "version")
    stood = await parts.pages.stood(id, language, wanted)
    if stood is None:
        raise NotFound(f"no version {wanted} of {id} in {language}")
    page = await parts.pages.page(id, language, wanted)
    if page.version == newest.version and gone is None:
        return page, None
    if gone and stood[1] is None:
        stood = stood[0], gone.withdrawn_at
    since, until = (words(each.astimezone(zone)) if each else "" for each in stood)
    said = parts.texts.text(language, "help.stood_from", since=since, until=until)
    return page, said


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as exc:
        raise BadInput("on must be a date like 2026-10-15") from exc


@routes.get("/")
@routes.get("/demo")
async def show_demo(request: web.Request) -> web.Response:
    """The home page of the sample operator, with the widget on it."""
    language = asked_language(request)
    return render(request, "demo.html", language, await _shelf(request, language))


@routes.get("/widget/texts/{language}")
async def show_widget_texts(request: web.Request) -> web.Response:
    """The widget's own strings, in the browser's language for `default`."""
    parts = request.app[keys.PARTS]
    if request.match_info["language"] == "default":
        language = asked_language(request)
    else:
        language = _page_language(request)
    return web.json_response(
        {
            "language": language,
            "locale": str(parts.texts.locale(language)).replace("_", "-"),
            "time_zone": str(parts.operator.zone),
            "operator": parts.operator.name,
            "texts": parts.texts.section(language, "widget"),
            "attachments": {
                "types": list(TYPES),
                "largest_bytes": parts.attachments.limits.largest_bytes,
            },
            "languages": [
                {"tag": tag, "name": parts.texts.name(tag)}
                for tag in parts.texts.languages
            ],
        },
        headers={"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"},
    )


@routes.get("/widget.js")
async def show_widget(request: web.Request) -> web.Response:
    return _file(bundle.script(), "text/javascript")


@routes.get("/widget.css")
async def show_widget_styles(request: web.Request) -> web.Response:
    return _file(bundle.styles(), "text/css")


@routes.get("/healthz")
async def tell_alive(request: web.Request) -> web.Response:
    """The process answers; nothing else is looked at."""
    return web.json_response({"status": "ok", "version": version("guichet")})


@routes.get("/readyz")
async def tell_ready(request: web.Request) -> web.Response:
    """200 when a customer would be served now; else 503 with what is missing."""
    parts = request.app[keys.PARTS]
    checks = {"archive": True, "assistant": await parts.assistant.is_ready()}
    try:
        async with asyncio.timeout(2), reading(parts.engine) as connection:
            await connection.execute(text("SELECT 1"))
    except (GuichetError, TimeoutError):
        checks["archive"] = False
    is_ready = all(checks.values())
    return web.json_response(
        {"status": "ready" if is_ready else "not ready", "checks": checks},
        status=200 if is_ready else 503,
    )


@routes.get("/openapi.json")
async def show_openapi(request: web.Request) -> web.Response:
    return web.json_response(openapi())


@cache
def openapi() -> dict[str, Any]:
    """The description of the public API, from `openapi.yml`."""
    path = ROOT / "bot" / "openapi.yml"
    document: dict[str, Any] = parse_yaml(path.read_text(encoding="utf-8"))
    return document


async def _shelf(request: web.Request, language: str) -> dict[str, Any]:
    """The help pages to offer: in this language, else in English, else as there are.

    `pages_language` is the name of the other language, where it is another.
    """
    parts = request.app[keys.PARTS]
    pages = await parts.pages.published_pages()
    written = {page.language for page in pages}
    shown = choose(
        [parts.operator.default_language, *sorted(written)],
        [each for each in (language, "en") if each in written],
    )
    return {
        "pages": [page for page in pages if page.language == shown],
        "pages_language": (
            parts.texts.name_in(language, shown) if shown != language else None
        ),
    }


def _file(text: str, content_type: str) -> web.Response:
    response = web.Response(
        text=text,
        content_type=content_type,
        headers={"Cache-Control": "public, max-age=300"},
    )
    response.enable_compression()
    return response


def _checked(request: web.Request, words: str, field: str) -> str:
    if not words.strip():
        raise BadInput(f"{field} must not be empty")
    parts = request.app[keys.PARTS]
    limit = parts.settings.max_utterance_characters
    if len(words) > limit:
        raise TooLong(f"{field} must be at most {limit} characters, got {len(words)}")
    return parts.masker.mask(words).text


def _top_k(number: str) -> int:
    top_k = whole_number(number, "top_k")
    if not 1 <= top_k <= MOST_HITS:
        raise BadInput(f"top_k must be 1 to {MOST_HITS}")
    return top_k


def _page_language(request: web.Request) -> str:
    language = request.match_info["language"]
    if language not in request.app[keys.PARTS].texts.languages:
        raise NotFound(f"no pages in {language}")
    request[keys.LANGUAGE] = language
    return language
