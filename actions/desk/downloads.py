"""What the desk hands out as files: dossiers, and what customers attached."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from aiohttp import web

from actions.cases.attachments import Attachment
from actions.cases.dossier_pdf import dossier_pdf
from actions.desk.api import CASES
from actions.desk.parts import DESK, log_read
from knowledge.errors import NotFound

routes = web.RouteTableDef()

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_SANDBOXED = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


@routes.get(f"{CASES}/{{reference}}/dossier.json")
async def download_dossier(request: web.Request) -> web.Response:
    """The whole case as a file that `guichet dossier verify` checks."""
    reference = await log_read(request, "dossier")
    dossier = await request.app[DESK].dossiers.of_case(reference)
    return web.json_response(
        dossier.as_json(), headers=_as_file(f"{dossier.case.reference}.json")
    )


@routes.get(f"{CASES}/{{reference}}/dossier.pdf")
async def download_dossier_pdf(request: web.Request) -> web.Response:
    """The same in the customer's language, to print or to send."""
    desk = request.app[DESK]
    dossier = await desk.dossiers.of_case(await log_read(request, "dossier"))
    pdf = await asyncio.get_running_loop().run_in_executor(
        desk.executor,
        dossier_pdf,
        dossier,
        desk.dossiers.texts,
        desk.dossiers.language(dossier.case),
    )
    return web.Response(
        body=pdf,
        content_type="application/pdf",
        headers=_as_file(f"{dossier.case.reference}.pdf"),
    )


@routes.get(f"{CASES}/{{reference}}/attachments")
async def list_attachments(request: web.Request) -> web.Response:
    """The files of the case's conversation, in the order in which they came."""
    reference = await log_read(request, "attachment")
    files = await request.app[DESK].attachments.of_case(reference)
    return web.json_response({"attachments": [file.as_json() for file in files]})


@routes.get(f"{CASES}/{{reference}}/attachments/{{attachment}}")
async def download_attachment(request: web.Request) -> web.Response:
    """One file, as it came; a browser saves it and runs nothing of it."""
    file, content = await _open(request)
    return web.Response(
        body=content,
        content_type=file.media_type,
        headers={**_as_file(file.name), **_SANDBOXED},
    )


@routes.get("/desk/cases/{reference}/attachments/{attachment}")
async def show_attachment(request: web.Request) -> web.Response:
    """A picture to be shown in the page; anything else is a file to be saved."""
    return shown_file(*await _open(request))


def shown_file(file: Attachment, content: bytes) -> web.Response:
    """A picture for the page, anything else to be saved; nothing of it runs."""
    is_picture = file.media_type in PICTURES
    shown = {"X-Content-Type-Options": "nosniff"} if is_picture else _as_file(file.name)
    return web.Response(
        body=content,
        content_type=file.media_type,
        headers={**shown, **_SANDBOXED},
    )


async def _open(request: web.Request) -> tuple[Attachment, bytes]:
    store = request.app[DESK].attachments
    reference = await log_read(request, "attachment")
    file, content = await store.open(request.match_info["attachment"])
    if file not in await store.of_case(reference):
        raise NotFound(f"case {reference} has no such file")
    return file, content


def _as_file(name: str) -> dict[str, str]:
    """Have a browser save the answer under a name, whatever is in it."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return {
        "Content-Disposition": (
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
        ),
        "X-Content-Type-Options": "nosniff",
    }
