"""What each ticket system must do, against servers that follow their documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Customer
from actions.cases.complaint import Policy
from actions.cases.retention import Retention
from actions.delivery.calling import Caller
from actions.delivery.chatwoot import Chatwoot
from actions.delivery.courier import Carrier, Courier
from actions.delivery.destinations import EVENTS, Destination, Kind
from actions.delivery.news import NewsReader
from actions.delivery.outbox import Outbox
from actions.delivery.tickets import TicketCarrier, TicketWords
from actions.delivery.zammad import Zammad
from actions.delivery.zendesk import Zendesk
from bot.settings import ROOT
from knowledge.errors import DeliveryFailed
from knowledge.workplace import load_staff_texts
from tests.delivery.ticket_servers import (
    SECRET,
    ChatwootServer,
    Ticket,
    TicketServer,
    ZammadServer,
    ZendeskServer,
)
from tests.factories import NOW, STOCKHOLM, FakeClock, make_draft

SYSTEMS: dict[Kind, tuple[Any, Any, dict[str, str]]] = {
    "zammad": (Zammad, ZammadServer, {"group": "Complaints"}),
    "zendesk": (Zendesk, ZendeskServer, {"user": "desk@example.com"}),
    "chatwoot": (Chatwoot, ChatwootServer, {"account": "2", "inbox": "5"}),
}


@pytest.fixture(params=SYSTEMS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture
def server(kind: Kind) -> TicketServer:
    made: TicketServer = SYSTEMS[kind][1]()
    return made


@pytest.fixture
async def make_carrier(
    kind: Kind,
    server: TicketServer,
    aiohttp_server: Callable[[web.Application], Awaitable[TestServer]],
    session: aiohttp.ClientSession,
    engine: AsyncEngine,
    reader: NewsReader,
    clock: FakeClock,
) -> Callable[..., TicketCarrier]:
    running = await aiohttp_server(server.app())

    def make(**changes: Any) -> TicketCarrier:
        destination = Destination(
            name="crm",
            kind=kind,
            url=str(running.make_url("")).rstrip("/"),
            events=EVENTS,
            network="loopback",
            options=changes.get("options", SYSTEMS[kind][2]),
            secret=changes.get("secret", SECRET),
        )
        system = SYSTEMS[kind][0]
        headers = system.headers(destination)
        caller = Caller(session, "crm", clock, headers=headers)
        texts = load_staff_texts(ROOT / "data")
        words = TicketWords(texts, "en", STOCKHOLM)
        return TicketCarrier("crm", system(destination, caller), words, engine, reader)

    return make


@pytest.fixture
async def courier(
    make_carrier: Callable[..., TicketCarrier],
    make_courier: Callable[[Mapping[str, Carrier]], Courier],
    outbox: Outbox,
) -> Courier:
    await outbox.subscribe({"crm": EVENTS})
    return make_courier({"crm": make_carrier()})


def only(server: TicketServer) -> Ticket:
    (ticket,) = server.tickets.values()
    return ticket


async def test_a_case_becomes_a_ticket_of_its_customer(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()

    ticket = only(server)
    (opening,) = ticket.comments
    assert (ticket.email, ticket.reference) == (
        "elise.morel@example.fr",
        case.reference,
    )
    assert opening.text.startswith(case.description)
    for fact in ("elise_m", "Complaint", "Withdrawal", "French", "December 22, 2026"):
        assert fact in opening.text


async def test_a_case_without_an_address_becomes_a_ticket_too(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    case = await archive.file(make_draft(customer=Customer(name="Élise")))
    await courier.deliver_due()

    assert (only(server).email, only(server).reference) == (None, case.reference)


async def test_what_happens_later_is_written_into_the_ticket_in_order(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    case = await archive.file(make_draft())
    await archive.append_to_case(case.reference, "Toujours rien.")
    await archive.add_reply(case.reference, "eva", "Nous cherchons.")
    await archive.close(case.reference, "eva", "solution", "Versé.")
    await courier.deliver_due()

    ticket = only(server)
    assert ticket.is_closed
    assert [each.text.split("\n\n")[:2] for each in ticket.comments[1:]] == [
        ["The customer wrote:", "Toujours rien."],
        ["An answer was sent to the customer:", "Nous cherchons."],
        ["The case is closed. Outcome:", "Solution"],
    ]


async def test_what_we_write_there_is_never_sent_to_the_customer(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    case = await archive.file(make_draft())
    await archive.add_reply(case.reference, "eva", "Nous cherchons.")
    await archive.close(case.reference, "eva", "solution", "Versé.")
    await courier.deliver_due()

    ours = [each for each in only(server).comments if not each.is_customers]
    assert len(ours) == 2
    assert all(each.is_internal for each in ours)


async def test_a_reopened_case_opens_its_ticket_again(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    case = await archive.file(make_draft())
    await archive.close(case.reference, "eva", "solution", "Versé.")
    await archive.append_to_case(case.reference, "Non, rien n'est versé.")
    await courier.deliver_due()

    assert not only(server).is_closed


async def test_a_lost_answer_makes_no_second_ticket_and_no_second_comment(
    archive: Archive, courier: Courier, server: TicketServer, clock: FakeClock
) -> None:
    case = await archive.file(make_draft())
    server.n_lost = 1
    await courier.deliver_due()
    clock.advance(minutes=5)
    await courier.deliver_due()
    await archive.append_to_case(case.reference, "Toujours rien.")
    server.n_lost = 1
    await courier.deliver_due()
    clock.advance(minutes=5)
    await courier.deliver_due()

    assert [each.text.split("\n")[0] for each in only(server).comments] == [
        case.description,
        "The customer wrote:",
    ]


async def test_two_cases_are_two_tickets_even_of_one_customer(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    cases = [await archive.file(make_draft()) for _ in range(2)]
    await courier.deliver_due()

    references = {ticket.reference for ticket in server.tickets.values()}
    assert references == {case.reference for case in cases}


async def test_the_rate_limit_holds_everything_for_as_long_as_it_says(
    archive: Archive,
    courier: Courier,
    server: TicketServer,
    outbox: Outbox,
    clock: FakeClock,
) -> None:
    limit = {"Retry-After": "93"}
    server.answers = [web.Response(status=429, headers=limit, text="Number of …")]
    await archive.file(make_draft())
    await courier.deliver_due()
    (hold,) = await outbox.holds()
    n_asked = len(server.requests)
    clock.advance(seconds=92)
    await courier.deliver_due()
    n_too_early = len(server.requests)
    clock.advance(seconds=2)
    await courier.deliver_due()

    assert hold.until is not None and (hold.until - NOW).total_seconds() == 93
    assert n_asked == n_too_early == 1
    assert len(server.tickets) == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [(401, "waiting"), (403, "waiting"), (422, "dead"), (500, "waiting")],
)
async def test_a_refusal_waits_or_is_given_up_by_its_status(
    archive: Archive,
    courier: Courier,
    server: TicketServer,
    outbox: Outbox,
    status: int,
    state: str,
) -> None:
    error = {"error": "Number 4711 of Élise Morel is not right"}
    server.answers = [web.json_response(error, status=status)]
    await archive.file(make_draft())
    await courier.deliver_due()

    (left,) = await outbox.list(destination="crm")
    assert left.state == state
    assert left.last_error is not None
    assert left.last_error.startswith(f"crm answered {status}")
    assert "Morel" not in left.last_error


async def test_a_wrong_token_is_said(
    make_carrier: Callable[..., TicketCarrier],
) -> None:
    with pytest.raises(DeliveryFailed, match="answered 401; is its secret right"):
        await make_carrier(secret="wrong").check()


async def test_doctor_is_told_who_we_are_there(
    make_carrier: Callable[..., TicketCarrier],
) -> None:
    assert "@example.com" in await make_carrier().check()


async def test_an_erased_case_leaves_a_word_in_its_ticket(
    archive: Archive,
    courier: Courier,
    server: TicketServer,
    engine: AsyncEngine,
    policy: Policy,
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()
    retention = Retention(engine, policy, STOCKHOLM)
    await retention.erase(NOW, reference=case.reference)
    await courier.deliver_due()

    assert "Erase it here too" in only(server).comments[-1].text


async def test_an_urgent_case_is_urgent_there(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    await archive.file(make_draft(is_urgent=True))
    await courier.deliver_due()

    told = str([body for _, _, body in server.requests])
    assert "urgent" in told or "3 high" in told


@pytest.mark.parametrize("kind", ["zendesk"], indirect=True)
async def test_zendesk_is_given_a_key_and_takes_an_oauth_token(
    archive: Archive,
    server: TicketServer,
    make_carrier: Callable[..., TicketCarrier],
    make_courier: Callable[[Mapping[str, Carrier]], Courier],
    outbox: Outbox,
) -> None:
    await outbox.subscribe({"crm": ["filed"]})
    case = await archive.file(make_draft())
    await make_courier({"crm": make_carrier(options={"group": "7"})}).deliver_due()

    (sent,) = server.sent("POST", "/tickets.json")
    assert sent["ticket"]["group_id"] == 7
    assert isinstance(server, ZendeskServer)
    assert list(server.kept) == [f"guichet-{case.reference}"]


@pytest.mark.parametrize("kind", ["zammad"], indirect=True)
async def test_zammad_keeps_the_reference_in_a_field_of_its_own(
    archive: Archive,
    server: TicketServer,
    make_carrier: Callable[..., TicketCarrier],
    make_courier: Callable[[Mapping[str, Carrier]], Courier],
    outbox: Outbox,
) -> None:
    await outbox.subscribe({"crm": ["filed"]})
    case = await archive.file(make_draft())
    options = {"group": "Complaints", "reference_field": "guichet_reference"}
    await make_courier({"crm": make_carrier(options=options)}).deliver_due()

    (sent,) = server.sent("POST", "/tickets")
    assert sent["guichet_reference"] == case.reference


@pytest.mark.parametrize("kind", ["chatwoot"], indirect=True)
async def test_chatwoot_takes_the_contact_that_another_delivery_made_meanwhile(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    assert isinstance(server, ChatwootServer)
    await archive.file(make_draft())
    await courier.deliver_due()
    server.n_early_searches = 1

    await archive.file(make_draft())
    await courier.deliver_due()

    assert len(server.tickets) == 2
    assert len(server.contacts) == 1


@pytest.mark.parametrize("kind", ["chatwoot"], indirect=True)
async def test_chatwoot_finds_a_contact_of_another_inbox(
    archive: Archive, courier: Courier, server: TicketServer
) -> None:
    assert isinstance(server, ChatwootServer)
    server.contacts[1] = {
        "id": 1,
        "name": "Élise",
        "email": "Elise.Morel@example.fr",
        "identifier": None,
        "contact_inboxes": [{"source_id": "s", "inbox": {"id": 99}}],
    }
    await archive.file(make_draft())
    await courier.deliver_due()

    assert len(server.contacts) == 1
    assert only(server).comments
