"""Publishing: what waits, what it would change, now or later, and the way back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from knowledge.bodies import form_fields, whole_number
from knowledge.console.parts import CONSOLE, Console, author_of
from knowledge.console.work import Work
from knowledge.errors import BadInput, DeadLinks, PublishRefused
from knowledge.links import DeadLink, dead_links
from knowledge.pages import Page
from knowledge.publishing import refuse_dead_links
from knowledge.scheduling import Draft, with_drafts
from knowledge.versions import PageState
from knowledge.withdrawals import Key, without
from knowledge.workplace import WORKPLACE, render, see_other

routes = web.RouteTableDef()
# Texts for the editor.
NOTHING_CHOSEN, DEAD_LINKS = "console.publishing.nothing_chosen", "console.dead.refused"


@routes.get("/knowledge/publish")
async def show_drafts(request: web.Request) -> web.Response:
    """The drafts, what is wrong about them, and what can be done with them."""
    return await _drafts_page(request)


@routes.post("/knowledge/what-if")
async def rehearse(request: web.Request) -> web.Response:
    """Begin to ask the stored questions of the drafts chosen, or without a page."""
    fields = await form_fields(request)
    drafts, withdrawn = _chosen(fields), chosen_keys(fields)
    if not drafts and not withdrawn:
        return await _drafts_page(request, error=NOTHING_CHOSEN, status=400)
    parts = request.app[CONSOLE]
    pages = await _rehearsed(parts, drafts, withdrawn)
    key = await parts.workshop.start(
        "what_if",
        author_of(request),
        lambda progress: parts.rehearsals.what_if(pages, progress),
        about={
            "drafts": drafts,
            "withdrawn": withdrawn,
            "moved_to": fields.get("moved_to", ""),
            "reason": fields.get("reason", ""),
        },
    )
    return see_other(f"/knowledge/what-if/{key}")


@routes.get("/knowledge/what-if/{key}")
async def show_what_if(request: web.Request) -> web.Response:
    """What publishing would change, or how far asking is."""
    parts = request.app[CONSOLE]
    key = request.match_info["key"]
    work = await parts.workshop.find(key, "what_if", author_of(request))
    if not work.is_over:
        return under_way(request, work)
    drafts: list[Draft] = [(id, tag, n) for id, tag, n in work.about["drafts"]]
    withdrawn: list[Key] = [(id, tag) for id, tag in work.about["withdrawn"]]
    try:
        pages = await _rehearsed(parts, drafts, withdrawn)
    except BadInput:
        # It was withdrawn meanwhile: what was asked then is shown all the same.
        pages = await with_drafts(parts.store, drafts)
    chosen = {(id, language) for id, language, _ in drafts}
    # What a page that goes leaves behind leads nowhere, whoever links to it.
    among = [page for page in pages if withdrawn or (page.id, page.language) in chosen]
    return render(
        request,
        "console/what_if.html",
        {
            "work": work,
            "what_if": work.result,
            "drafts": drafts,
            "withdrawn": withdrawn,
            "moved_to": work.about["moved_to"],
            "reason": work.about["reason"],
            "dead": dead_links(pages, among=among),
        },
    )


@routes.post("/knowledge/publish")
async def publish(request: web.Request) -> web.Response:
    """Publish the drafts chosen, now or at a time; all of them when none is named."""
    fields, parts = await form_fields(request), request.app[CONSOLE]
    author = author_of(request)
    drafts = _chosen(fields)
    if "choosing" in fields and not drafts:
        return await _drafts_page(request, error=NOTHING_CHOSEN, status=400)
    try:
        pages = await with_drafts(parts.store, drafts) if drafts else None
        with_dead_links = "with_dead_links" in fields
        if fields.get("when") == "later":
            at = _local_time(request, fields.get("publish_at", ""))
            if pages and not with_dead_links:
                await refuse_dead_links(parts.store, pages)
            await parts.schedule.add(drafts, publish_at=at, author=author)
            return see_other("/knowledge/publish", notice="scheduled")
        await parts.publisher.publish(
            author,
            pages=pages,
            force="force" in fields,
            with_dead_links=with_dead_links,
        )
    except DeadLinks as refused:
        return await _drafts_page(
            request, drafts, error=DEAD_LINKS, dead=refused.links, status=409
        )
    except PublishRefused as refused:
        return await _drafts_page(request, drafts, refused=refused, status=409)
    except BadInput as exc:
        return await _drafts_page(request, drafts, reason=exc, status=400)
    return see_other("/knowledge", notice="published_notice")


@routes.post("/knowledge/scheduled/{id}/cancel")
async def cancel(request: web.Request) -> web.Response:
    await request.app[CONSOLE].schedule.settle(
        whole_number(request.match_info["id"]), "cancelled"
    )
    return see_other("/knowledge/publish", notice="cancelled")


@routes.post("/knowledge/roll-back")
async def roll_back(request: web.Request) -> web.Response:
    fields = await form_fields(request)
    number = fields.get("publication")
    await request.app[CONSOLE].publisher.roll_back(
        author_of(request), whole_number(number) if number else None
    )
    return see_other("/knowledge", notice="rolled_back")


def under_way(request: web.Request, work: Work) -> web.Response:
    """A page that shows how far a piece of work is, and comes back by itself."""
    response = render(request, "console/under_way.html", {"work": work})
    response.headers["Refresh"] = "1"
    return response


async def _drafts_page(
    request: web.Request,
    chosen: Sequence[Draft] | None = None,
    *,
    dead: Sequence[Mapping[str, str] | DeadLink] | None = None,
    status: int = 200,
    **shown: Any,
) -> web.Response:
    """The drafts; `dead` are the links that stood in the way of those chosen."""
    parts, place = request.app[CONSOLE], request.app[WORKPLACE]
    states = await parts.store.states()
    drafts = [state for state in states if state.is_waiting]
    soon = (place.clock() + dt.timedelta(days=1)).astimezone(place.zone)
    return render(
        request,
        "console/publish.html",
        {
            "drafts": drafts,
            "chosen": None if chosen is None else {draft[:2] for draft in chosen},
            "dead": _dead(states, drafts) if dead is None else dead,
            "waiting": await parts.schedule.waiting(),
            "refusals": await parts.schedule.refused(),
            "names": await parts.names(),
            "notice": request.query.get("notice"),
            "suggested_time": soon.strftime("%Y-%m-%dT08:00"),
            "zone": str(place.zone),
            "error": shown.pop("error", None),
            "reason": shown.pop("reason", None),
            "refused": shown.pop("refused", None),
        },
        status=status,
    )


def _dead(states: Sequence[PageState], drafts: Sequence[PageState]) -> list[DeadLink]:
    """Dead links of the drafts, were all of them published."""
    pages: list[Page] = [each.newest.page for each in states if not each.is_withdrawn]
    return dead_links(pages, among=[state.newest.page for state in drafts])


def _chosen(fields: MultiMapping[str]) -> list[Draft]:
    """Drafts as the form names them: `page/language/version`."""
    found: list[Draft] = []
    for value in fields.getall("draft", []):
        parts = value.split("/")
        if len(parts) != 3:
            raise BadInput("a draft must look like page/language/version")
        found.append((parts[0], parts[1], whole_number(parts[2])))
    return found


def chosen_keys(fields: Any) -> list[Key]:
    """Pages to withdraw as the form names them: `page/language`."""
    found: list[Key] = []
    for value in fields.getall("withdraw", []):
        id, slash, language = str(value).partition("/")
        if not slash:
            raise BadInput("a page to withdraw must look like page/language")
        found.append((id, language))
    return found


async def _rehearsed(
    parts: Console, drafts: Sequence[Draft], withdrawn: Sequence[Key]
) -> list[Page]:
    if withdrawn:
        return await without(parts.store, withdrawn)
    return await with_drafts(parts.store, drafts)


def _local_time(request: web.Request, text: str) -> dt.datetime:
    """A time as the browser's field gives it, in the operator's time zone."""
    try:
        local = dt.datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadInput(
            f"publish_at must be a time, got {text[:20]!r}", refusal="time_gone"
        ) from exc
    if local.tzinfo is None:
        local = local.replace(tzinfo=request.app[WORKPLACE].zone)
    return local.astimezone(dt.UTC)
