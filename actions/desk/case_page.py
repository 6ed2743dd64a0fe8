"""The page of a case, and its forms."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from actions.cases.case import CATEGORIES, OUTCOME_KINDS, Case
from actions.cases.complaint import PAUSE_REASONS, needs_reasons
from actions.desk.conflicts import conflicting
from actions.desk.downloads import PICTURES
from actions.desk.parts import DESK, agent_of, log_read, staff_of
from actions.desk.presenting import (
    Conflicting,
    cited_address,
    marked,
    missing_fields,
    notes,
    one_line,
    ranked_grounds,
    shares_of,
    urgency_at,
)
from actions.desk.queue import SOON
from actions.desk.saving import SAVES
from knowledge.errors import BadInput, Conflict, NotFound
from knowledge.workplace import WORKPLACE, render, see_other

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
N_LIKELY_CATEGORIES = 3


@routes.get("/desk/cases/{reference}")
async def show_case(request: web.Request) -> web.Response:
    case = await request.app[DESK].archive.case(await log_read(request, "page"))
    return await _case_page(request, case)


@routes.post("/desk/cases/{reference}/presence")
async def note_presence(request: web.Request) -> web.Response:
    """A sign of life of an open page: who else is here, and whether it is stale."""
    presence, agent = request.app[DESK].presence, staff_of(request)
    reference = request.match_info["reference"]
    if request.query.get("leave"):
        await presence.leave(reference, agent.email)
        return web.Response(status=204)
    pulse = await presence.pulse(reference)
    others = await presence.note(reference, agent.email, agent.name)
    return web.json_response(
        {"others": others, "version": pulse.version, "messages": pulse.n_messages}
    )


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
        case = await desk.archive.case(await log_read(request, "page"))
        rows = conflicting(request, case, change, fields)
        return await _case_page(request, case, fields, conflict=rows, status=409)
    except BadInput as exc:
        case = await desk.archive.case(await log_read(request, "page"))
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
    desk, now = request.app[DESK], request.app[WORKPLACE].clock()
    policy = desk.archive.policy
    clocks = await desk.archive.clocks.clocks(case.reference)
    verdict = await desk.judge.verdict(case)
    likely = [each["category"] for each in verdict.categories] if verdict else []
    ranked = ranked_grounds(verdict, policy.grounds)
    reads = None
    if staff_of(request).can_lead():
        reads = await desk.reads.of_case(case.reference)
    return render(
        request,
        "desk/case.html",
        {
            "case": case,
            "summary": one_line(case.description),
            "missing": missing_fields(case),
            "notes": notes(case),
            "cited_address": cited_address,
            "urgency": urgency_at(now, SOON),
            "agent": agent_of(request),
            "verdict": verdict,
            "marked": marked(case.description, verdict),
            "clocks": clocks,
            "shown_dates": clocks.shown(now),
            "pause_reasons": PAUSE_REASONS,
            "ranked_grounds": ranked,
            "numbers": {ground: n for n, ground in enumerate(ranked, 1)},
            "shares": shares_of(verdict),
            "likely_categories": likely[:N_LIKELY_CATEGORIES],
            "categories": CATEGORIES,
            "outcomes": policy.outcomes,
            "with_reasons": [
                kind for kind in OUTCOME_KINDS if needs_reasons(kind, policy)
            ],
            "attachments": await desk.attachments.of_case(case.reference),
            "pictures": PICTURES,
            "reads": reads,
            "draft": dict(draft or {}),
            "change": request.match_info.get("change"),
            "conflict": conflict,
            "error": error,
            "notice": request.query.get("notice"),
        },
        status=status,
    )
