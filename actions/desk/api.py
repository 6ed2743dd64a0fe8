"""The desk's JSON API, as in the contract: `/api/v1/desk/cases…`."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from actions.cases.case import Case, case_as_json
from actions.desk.parts import DESK, agent_of
from actions.desk.queue import Filters
from actions.desk.saving import SAVES
from knowledge.bodies import json_object
from knowledge.errors import BadInput, NotFound

routes = web.RouteTableDef()

CASES = "/api/v1/desk/cases"


@routes.get(CASES)
async def list_cases(request: web.Request) -> web.Response:
    filters = Filters.from_query(request.query, agent=agent_of(request), state="all")
    page = await request.app[DESK].queue.page(
        filters, page_number(request.query.get("page"))
    )
    return web.json_response(
        {
            "cases": [case_as_json(case) for case in page.cases],
            "total": page.total,
            "page": page.page,
            "page_size": page.page_size,
        }
    )


@routes.post(f"{CASES}/take-next")
async def take_next(request: web.Request) -> web.Response:
    """The case that is now the agent's; 204 when none waits."""
    case = await request.app[DESK].archive.take_next(agent_of(request))
    if case is None:
        return web.Response(status=204)
    return web.json_response(case_as_json(case))


@routes.get(f"{CASES}/{{reference}}")
async def show_case(request: web.Request) -> web.Response:
    case = await request.app[DESK].archive.case(request.match_info["reference"])
    return web.json_response(await _with_dates(request, case))


@routes.post(f"{CASES}/{{reference}}/{{change}}")
async def change_case(request: web.Request) -> web.Response:
    """One of `replies`, `notes`, `assign`, `classification`, `outcome` and the like.

    The body may carry the `version` that the agent saw; the changed case comes back.
    """
    save = SAVES.get(request.match_info["change"])
    if save is None:
        raise NotFound(f"a case has no {request.match_info['change']}")
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
    if not text:
        return 1
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or int(text) < 1:
        raise BadInput("page must be a whole number from 1")
    return int(text)
