"""The pages of post: letters that belong to no case, and what is in the outbox."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from actions.cases.attachments import Attachment
from actions.cases.outbox import EMAIL
from actions.delivery.letterbook import StoredLetter
from actions.delivery.office import POST, PostOffice
from actions.delivery.outbox import Hold
from actions.desk.downloads import PICTURES, shown_file
from actions.desk.parts import DESK, agent_of
from actions.desk.presenting import one_line
from actions.desk.queue import Filters
from knowledge.bodies import form_fields, whole_number
from knowledge.errors import BadInput, Conflict, NotFound
from knowledge.workplace import render, see_other

routes = web.RouteTableDef()

MAIL, OUTBOX = "/desk/mail", "/desk/outbox"
LETTER = f"{MAIL}/{{number:\\d{{1,9}}}}"
MOST_SUGGESTED = 5


@dataclass(frozen=True, kw_only=True)
class Destination:
    """One place that the outbox delivers to, with how it stands there."""

    name: str
    is_configured: bool
    n_waiting: int
    n_dead: int
    hold: Hold | None


@routes.get(MAIL)
async def show_mail(request: web.Request) -> web.Response:
    """The letters that wait for somebody to say where they belong."""
    office = request.app[POST]
    return render(
        request,
        "post/mail.html",
        {
            "letters": await office.letterbook.unmatched(),
            "dismissed": await office.letterbook.dismissed(),
            "n_dead": await office.outbox.n_dead(),
            "is_taking": office.mailbox is not None or bool(office.webhook_secret),
            "one_line": one_line,
            "notice": request.query.get("notice"),
        },
    )


@routes.get(LETTER)
async def show_letter(request: web.Request) -> web.Response:
    return await _letter_page(request)


@routes.post(f"{LETTER}/attach")
async def attach(request: web.Request) -> web.Response:
    """Add the letter to the case that the form names."""
    reference = (await form_fields(request)).get("reference", "").strip().upper()
    number = int(request.match_info["number"])
    mailroom = request.app[POST].mailroom
    try:
        if not reference:
            raise BadInput("reference must name a case")
        await mailroom.attach(number, reference, agent_of(request))
    except Conflict:
        return see_other(MAIL, notice="taken_already")
    except (BadInput, NotFound) as exc:
        status = 404 if isinstance(exc, NotFound) else 400
        return await _letter_page(request, tried=reference, status=status)
    return see_other(f"/desk/cases/{reference}")


@routes.post(f"{LETTER}/dismiss")
async def dismiss(request: web.Request) -> web.Response:
    try:
        await request.app[POST].mailroom.dismiss(
            int(request.match_info["number"]), agent_of(request)
        )
    except Conflict:
        return see_other(MAIL, notice="taken_already")
    return see_other(MAIL, notice="dismissed")


@routes.post(f"{LETTER}/take-up")
async def take_up_again(request: web.Request) -> web.Response:
    """Have a letter wait again that was put away."""
    number = request.match_info["number"]
    try:
        await request.app[POST].mailroom.take_up_again(int(number))
    except Conflict:
        return see_other(MAIL, notice="taken_already")
    return see_other(f"{MAIL}/{number}")


@routes.get(f"{LETTER}/files/{{attachment}}")
async def show_file(request: web.Request) -> web.Response:
    """A file of a letter that belongs to no case."""
    letter = await request.app[POST].letterbook.letter(
        int(request.match_info["number"])
    )
    attachments = request.app[DESK].attachments
    file, content = await attachments.open(request.match_info["attachment"])
    if file not in await _files(request, letter):
        raise NotFound(f"letter {letter.id} has no such file")
    return shown_file(file, content)


@routes.get(OUTBOX)
async def show_outbox(request: web.Request) -> web.Response:
    """What waits and what was given up, with the reason, by destination."""
    office = request.app[POST]
    destinations = await _destinations(office)
    return render(
        request,
        "post/outbox.html",
        {
            "destinations": destinations,
            "dead": await office.outbox.list("dead"),
            "waiting": await office.outbox.list("waiting"),
            "n_dead": sum(each.n_dead for each in destinations),
            "n_waiting": sum(each.n_waiting for each in destinations),
            "n_letters": await office.letterbook.n_unmatched(),
            "mailbox": office.mailbox,
            "has_webhook": bool(office.webhook_secret),
            "email": EMAIL,
            "replayed": request.query.get("replayed", ""),
        },
    )


@routes.post(f"{OUTBOX}/replay")
async def replay(request: web.Request) -> web.Response:
    """Try again one delivery, `id`, or all that were given up for a `destination`."""
    fields = await form_fields(request)
    number, destination = fields.get("id", ""), fields.get("destination", "")
    office = request.app[POST]
    n_replayed = await office.outbox.replay(
        None if destination else [whole_number(number, "id")],
        destination=destination or None,
    )
    office.courier.wake()
    return see_other(OUTBOX, replayed=str(n_replayed))


async def _letter_page(
    request: web.Request, *, tried: str | None = None, status: int = 200
) -> web.Response:
    """One letter; a received one that has found its place leads there."""
    office, number = request.app[POST], int(request.match_info["number"])
    letter = await office.letterbook.letter(number)
    if letter.state != "unmatched":
        return see_other(MAIL, notice="taken_already")
    filters = Filters(state="all", q=letter.sender)
    found = await request.app[DESK].queue.page(filters, page_size=MOST_SUGGESTED)
    return render(
        request,
        "post/letter.html",
        {
            "letter": letter,
            "files": await _files(request, letter),
            "pictures": PICTURES,
            "named": await office.mailroom.case_named_by(letter),
            "suggested": found.cases if letter.sender else [],
            "one_line": one_line,
            "tried": tried,
        },
        status=status,
    )


async def _files(request: web.Request, letter: StoredLetter) -> list[Attachment]:
    if letter.conversation is None:
        return []
    return await request.app[DESK].attachments.of_conversation(letter.conversation)


async def _destinations(office: PostOffice) -> list[Destination]:
    """Every destination that is configured or that something waits for."""
    counts = await office.outbox.counts()
    holds = {each.destination: each for each in await office.outbox.holds()}
    others = sorted(({*office.carriers, *(name for name, _ in counts)}) - {EMAIL})
    return [
        Destination(
            name=name,
            is_configured=name in office.carriers,
            n_waiting=counts.get((name, "waiting"), 0),
            n_dead=counts.get((name, "dead"), 0),
            hold=holds.get(name),
        )
        for name in (EMAIL, *others)
    ]
