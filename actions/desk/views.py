"""The desk's pages: the queue and the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from actions.cases.case import CATEGORIES, OUTCOME_KINDS, Case
from actions.cases.complaint import PAUSE_REASONS, needs_reasons
from actions.desk.api import page_number
from actions.desk.parts import DESK, agent_of
from actions.desk.presenting import (
    Conflicting,
    cited_address,
    missing_fields,
    notes,
    one_line,
    urgency,
)
from actions.desk.queue import SOON, STATUSES, Filters
from actions.desk.saving import SAVES
from knowledge.errors import BadInput, Conflict, NotFound
from knowledge.workplace import WORKPLACE, interface_language, render, see_other

routes = web.RouteTableDef()

NOTICES = {
    "replies": "sent",
    "interim-update": "sent",
    "notes": "noted",
    "classification": "corrected",
    "outcome": "closed_notice",
    "assign": "assigned_notice",
    "pause": "paused_notice",
    "resume": "resumed_notice",
}


@routes.get("/desk")
async def show_queue(request: web.Request) -> web.Response:
    desk, agent = request.app[DESK], agent_of(request)
    filters = Filters.from_query(request.query, agent=agent)
    page = await desk.queue.page(filters, page_number(request.query.get("page")))
    return render(
        request,
        "desk/queue.html",
        {
            "filters": filters,
            "page": page,
            "counts": await desk.queue.counts(agent),
            "due_soon": await desk.archive.clocks.due_soon(agent),
            "statuses": STATUSES,
            "categories": CATEGORIES,
            "one_line": one_line,
            "urgency": _urgency(request),
            "notice": request.query.get("notice"),
        },
    )


@routes.post("/desk/take-next")
async def take_next(request: web.Request) -> web.Response:
    case = await request.app[DESK].archive.take_next(agent_of(request))
    if case is None:
        return see_other("/desk", notice="nothing_to_take")
    return see_other(f"/desk/cases/{case.reference}", notice="assigned_notice")


@routes.get("/desk/cases/{reference}")
async def show_case(request: web.Request) -> web.Response:
    case = await request.app[DESK].archive.case(request.match_info["reference"])
    return await _case_page(request, case)


@routes.post("/desk/cases/{reference}/{change}")
async def change_case(request: web.Request) -> web.Response:
    """Save one form of the case page; a stale or wrong one comes back as it was."""
    reference, change = request.match_info["reference"], request.match_info["change"]
    if change not in SAVES:
        raise NotFound(f"a case has no {change}")
    fields = {name: str(value) for name, value in (await request.post()).items()}
    if change == "replies" and fields.get("as") == "interim":
        change = "interim-update"
    desk = request.app[DESK]
    try:
        await SAVES[change](desk, reference, agent_of(request), fields)
    except Conflict:
        case = await desk.archive.case(reference)
        rows = _conflicting(request, case, change, fields)
        return await _case_page(request, case, fields, conflict=rows, status=409)
    except BadInput as exc:
        case = await desk.archive.case(reference)
        return await _case_page(request, case, fields, error=str(exc), status=400)
    notice = NOTICES[change]
    if change == "assign" and not fields.get("assignee"):
        notice = "released_notice"
    return see_other(f"/desk/cases/{reference}", notice=notice)


async def _case_page(
    request: web.Request,
    case: Case,
    draft: Mapping[str, str] | None = None,
    *,
    conflict: list[Conflicting] | None = None,
    error: str | None = None,
    status: int = 200,
) -> web.Response:
    archive = request.app[DESK].archive
    clocks = await archive.clocks.clocks(case.reference)
    return render(
        request,
        "desk/case.html",
        {
            "case": case,
            "summary": one_line(case.description),
            "missing": missing_fields(case),
            "notes": notes(case),
            "cited_address": cited_address,
            "urgency": _urgency(request),
            "agent": agent_of(request),
            "clocks": clocks,
            "shown_dates": clocks.shown(request.app[WORKPLACE].clock()),
            "pause_reasons": PAUSE_REASONS,
            "grounds": archive.policy.grounds,
            "categories": CATEGORIES,
            "outcomes": archive.policy.outcomes,
            "with_reasons": [
                kind for kind in OUTCOME_KINDS if needs_reasons(kind, archive.policy)
            ],
            "draft": dict(draft or {}),
            "change": request.match_info.get("change"),
            "conflict": conflict,
            "error": error,
            "notice": request.query.get("notice"),
        },
        status=status,
    )


def _urgency(request: web.Request) -> Any:
    now = request.app[WORKPLACE].clock()
    return lambda case: urgency(case, now, now + SOON)


def _conflicting(
    request: web.Request, case: Case, change: str, fields: Mapping[str, str]
) -> list[Conflicting]:
    """Both versions of what was to be saved, in words."""
    texts, language = request.app[WORKPLACE].texts, interface_language(request)

    def named(key: str, code: object) -> str:
        return texts.text(language, f"{key}.{code}") if code else "–"

    if change == "classification":
        yours = {
            "is_complaint": named("common", fields.get("is_complaint")),
            "ground": named("codes.ground", fields.get("ground")),
            "category": named("codes.category", fields.get("category")),
        }
        theirs = {
            "is_complaint": named("common", "yes" if case.is_complaint else "no"),
            "ground": named("codes.ground", case.ground),
            "category": named("codes.category", case.category),
        }
        return [
            Conflicting(
                field=texts.text(language, f"desk.{name}"),
                yours=yours[name],
                theirs=theirs[name],
            )
            for name in yours
        ]
    return [_conflicting_words(case, change, fields, texts, language)]


def _conflicting_words(
    case: Case, change: str, fields: Mapping[str, str], texts: Any, language: str
) -> Conflicting:
    last = case.history[-1] if case.history else None
    theirs = ""
    if last is not None:
        key = f"desk.events.{last.kind}"
        kind = texts.text(language, key) if texts.has(language, key) else last.kind
        theirs = f"{kind} ({last.actor})"
        said = next(
            (m for m in case.transcript if m.id == last.details.get("message")), None
        )
        words = said.text if said else last.details.get("text")
        theirs += f": {words}" if words else ""
    labels = {
        "notes": "add_note",
        "outcome": "outcome",
        "assign": "assign",
    }
    return Conflicting(
        field=texts.text(language, f"desk.{labels.get(change, 'reply')}"),
        yours=fields.get("text") or fields.get("reasons") or "–",
        theirs=theirs,
    )
