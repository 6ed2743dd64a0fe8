"""The conversation as a file for the customer, in the language they choose."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urljoin

from aiohttp import web
from babel.dates import format_datetime

from actions.cases.case import Message
from bot import keys
from bot.offered_languages import choose
from bot.web.api import authenticate
from bot.web.pages import render
from knowledge.errors import BadInput

routes = web.RouteTableDef()


@routes.get("/api/v1/conversations/{conversation}/transcript")
async def save(request: web.Request) -> web.Response:
    """Everything that was said, `?format=text` or `html`, `?language=` of the frame."""
    known = await authenticate(request)
    parts = request.app[keys.PARTS]
    form = request.query.get("format", "text")
    if form not in ("text", "html"):
        raise BadInput("format must be text or html")
    language = choose(
        parts.texts.languages, [request.query.get("language"), known.language]
    )
    messages = await parts.transcripts.messages(known.id)
    ending = "txt" if form == "text" else "html"
    day = parts.clock().astimezone(parts.operator.zone).date().isoformat()
    name = quote(f"{parts.operator.name} {day}.{ending}")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Cache-Control": "private, no-store",
    }
    entries = [_entry(request, language, message) for message in messages]
    if form == "text":
        text = _as_text(request, language, entries)
        return web.Response(text=text, headers=headers)
    return render(
        request,
        "transcript.html",
        language,
        {"entries": entries, "saved": _saved(request, language)},
        headers=headers,
    )


def _entry(request: web.Request, language: str, message: Message) -> dict[str, object]:
    parts = request.app[keys.PARTS]
    named = parts.texts.section(language, "widget")
    sender = {"customer": "you"}.get(message.sender, message.sender)
    rows = []
    if message.case is not None:
        for name in ("reference", "opened_at", "answer_due_at", "queue_position"):
            value = message.case.get(name)
            if value is not None and name.endswith("_at"):
                value = _day(request, language, str(value))
            if value is not None:
                rows.append((named[name], value))
    return {
        "sender": named[sender],
        "kind": message.sender,
        "moment": format_datetime(
            message.sent_at,
            "medium",
            tzinfo=parts.operator.zone,
            locale=parts.texts.locale(language),
        ),
        "text": message.text,
        "language": message.language,
        "sources": [
            (each["title"], urljoin(f"{parts.settings.address}/", each["url"]))
            for each in message.citations
        ],
        "rows": rows,
        "files": [each["name"] for each in message.attachments],
    }


def _as_text(
    request: web.Request, language: str, entries: list[dict[str, object]]
) -> str:
    texts = request.app[keys.PARTS].texts
    operator = request.app[keys.PARTS].operator.name
    attached = texts.text(language, "widget.attachments")
    blocks = [
        texts.text(language, "transcript.title", operator=operator)
        + "\n"
        + _saved(request, language)
    ]
    for entry in entries:
        lines = [f"{entry['moment']}  {entry['sender']}", str(entry["text"])]
        lines += [f"→ {title}: {url}" for title, url in entry["sources"]]  # type: ignore[attr-defined]
        lines += [f"{name}: {value}" for name, value in entry["rows"]]  # type: ignore[attr-defined]
        if entry["files"]:
            lines.append(f"{attached}: {', '.join(entry['files'])}")  # type: ignore[arg-type]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _saved(request: web.Request, language: str) -> str:
    parts = request.app[keys.PARTS]
    day = parts.clock().astimezone(parts.operator.zone).date()
    shown = parts.texts.day(language, day)
    return parts.texts.text(language, "transcript.saved", date=shown)


def _day(request: web.Request, language: str, moment: str) -> str:
    parts = request.app[keys.PARTS]
    local = datetime.fromisoformat(moment).astimezone(parts.operator.zone)
    return parts.texts.day(language, local.date())
