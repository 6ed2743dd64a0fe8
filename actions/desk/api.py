"""The desk's JSON API, as in the contract: `/api/v1/desk/cases…`."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from actions.cases.case import Case, case_as_json, time_as_json
from actions.desk.parts import DESK, agent_of, check_rights, log_read, staff_of
from actions.desk.queue import Filters
from actions.desk.saving import SAVES
from knowledge.bodies import json_object, whole_number
from knowledge.errors import BadInput, NotAllowed, NotFound

routes = web.RouteTableDef()

CASES = "/api/v1/desk/cases"


@routes.get(CASES)
async def list_cases(request: web.Request) -> web.Response:
    desk, agent = request.app[DESK], agent_of(request)
    filters = Filters.from_query(request.query, agent=agent, state="all")
    page = await desk.queue.page(filters, page_number(request.query.get("page")))
    await desk.reads.record_list([case.reference for case in page.cases], agent)
    return web.json_response(
        {
            "cases": [case_as_json(case) for case in page.cases],
            "total": page.total,
            "total_is_exact": page.total_is_exact,
            "page": page.page,
            "page_size": page.page_size,
        }
    )


@routes.get(f"{CASES}/similar")
async def list_similar(request: web.Request) -> web.Response:
    """Cases about what `q` says, in whatever language they are."""
    desk, text = request.app[DESK], request.query.get("q", "").strip()
    if not text:
        raise BadInput("q must be a text")
    found = await desk.related.about(text)
    await desk.reads.record_list(
        [each.case.reference for each in found], agent_of(request)
    )
    return web.json_response(
        {
            "cases": [
                {"similarity": each.similarity, "case": case_as_json(each.case)}
                for each in found
            ]
        }
    )


@routes.post(f"{CASES}/take-next")
async def take_next(request: web.Request) -> web.Response:
    """The case that is now the agent's; 204 when none waits."""
    desk, agent = request.app[DESK], agent_of(request)
    case = await desk.archive.take_next(agent)
    if case is None:
        return web.Response(status=204)
    await desk.reads.record(case.reference, agent, "api")
    return web.json_response(case_as_json(case))


@routes.get(f"{CASES}/{{reference}}")
async def show_case(request: web.Request) -> web.Response:
    case = await request.app[DESK].archive.case(await log_read(request, "api"))
    return web.json_response(await _with_dates(request, case))


@routes.get(f"{CASES}/{{reference}}/reads")
async def list_reads(request: web.Request) -> web.Response:
    """Who read the case, latest first; for leads."""
    if not staff_of(request).can_lead():
        raise NotAllowed("only leads see who read a case")
    found = await request.app[DESK].reads.of_case(request.match_info["reference"])
    return web.json_response(
        {
            "reads": [
                {"reader": each.reader, "at": time_as_json(each.at), "what": each.what}
                for each in found
            ]
        }
    )


@routes.post(f"{CASES}/{{reference}}/{{change}}")
async def change_case(request: web.Request) -> web.Response:
    """One of `replies`, `notes`, `assign`, `classification`, `outcome` and the like.

    The body may carry the `version` that the agent saw; the changed case comes back.
    """
    save = SAVES.get(request.match_info["change"])
    if save is None:
        raise NotFound(f"a case has no {request.match_info['change']}")
    check_rights(request, request.match_info["change"])
    case = await save(
        request.app[DESK],
        request.match_info["reference"],
        agent_of(request),
        await json_object(request),
    )
    return web.json_response(await _with_dates(request, case))


async def _with_dates(request: web.Request, case: Case) -> dict[str, Any]:
    """The `Case` of the contract, and `dates` with all of its dates."""
    dates = await request.app[DESK].archive.clocks.dates(case.reference)
    return {**case_as_json(case), "dates": dates.as_json()}


def page_number(text: str | None) -> int:
    """Read a page number, 1 when none is given.

    Raises:
        BadInput: Not a whole number from 1.
    """
    return whole_number(text, "page", least=1) if text else 1
