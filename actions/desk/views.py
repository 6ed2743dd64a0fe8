"""The queue as a page."""

from __future__ import annotations

from aiohttp import web

from actions.cases.case import CATEGORIES
from actions.delivery.office import POST
from actions.desk.api import page_number
from actions.desk.parts import DESK, agent_of
from actions.desk.presenting import one_line, urgency_at
from actions.desk.queue import MOST_COUNTED, SOON, STATUSES, Filters
from knowledge.console.parts import CONSOLE
from knowledge.workplace import WORKPLACE, render, see_other

routes = web.RouteTableDef()


@routes.get("/desk")
async def show_queue(request: web.Request) -> web.Response:
    desk, agent = request.app[DESK], agent_of(request)
    filters = Filters.from_query(request.query, agent=agent)
    page = await desk.queue.page(filters, page_number(request.query.get("page")))
    alike = []
    if page.page == 1 and len(filters.q.split()) > 1:
        shown = [case.reference for case in page.cases]
        alike = await desk.related.about(filters.q, leaving_out=shown)
    return render(
        request,
        "desk/queue.html",
        {
            "filters": filters,
            "page": page,
            "alike": alike,
            "names": await request.app[CONSOLE].names(),
            "counts": await desk.queue.counts(agent),
            "due_soon": await desk.archive.clocks.due_soon(agent),
            "statuses": STATUSES,
            "categories": CATEGORIES,
            "grounds": desk.archive.policy.grounds,
            "n_waiting": await desk.live.n_waiting(),
            "token": await desk.live.token(),
            "n_letters": await request.app[POST].letterbook.n_unmatched(),
            "n_dead": await request.app[POST].outbox.n_dead(),
            "most_counted": MOST_COUNTED,
            "one_line": one_line,
            "urgency": urgency_at(request.app[WORKPLACE].clock(), SOON),
            "notice": request.query.get("notice"),
        },
    )


@routes.post("/desk/take-next")
async def take_next(request: web.Request) -> web.Response:
    case = await request.app[DESK].archive.take_next(agent_of(request))
    if case is None:
        return see_other("/desk", notice="nothing_to_take")
    return see_other(f"/desk/cases/{case.reference}", notice="assigned_notice")
