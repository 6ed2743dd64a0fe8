from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook, WebhookVerificationError

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from actions.cases.retention import Retention
from actions.delivery.courier import Carrier, Courier
from actions.delivery.destinations import EVENTS, Destination
from actions.delivery.news import NewsReader
from actions.delivery.outbox import MAX_ATTEMPTS, Outbox
from actions.delivery.webhooks import WebhookCarrier
from knowledge.errors import NotReady
from tests.factories import STOCKHOLM, FakeClock, make_draft

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes min").decode()
NEXT_SECRET = "whsec_" + base64.b64encode(b"the secret that comes nxt").decode()


@dataclass
class Received:
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """Keeps what it gets; answers as told, 204 when nothing more is said."""

    got: list[Received] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(Received(dict(request.headers), await request.read()))
        return self.answers.pop(0) if self.answers else web.Response(status=204)

    @property
    def kinds(self) -> list[str]:
        return [each.content["type"] for each in self.got]


@pytest.fixture
def clock() -> FakeClock:
    # A receiver compares the time of the signature with its own clock.
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def courier(
    receiver: Receiver,
    aiohttp_server: Callable[[web.Application], Awaitable[TestServer]],
    session: aiohttp.ClientSession,
    reader: NewsReader,
    outbox: Outbox,
    clock: FakeClock,
    make_courier: Callable[[Mapping[str, Carrier]], Courier],
) -> Courier:
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    server = await aiohttp_server(app)
    crm = make_destination(url=str(server.make_url("/hook")))
    await outbox.subscribe({crm.name: crm.events})
    return make_courier({crm.name: WebhookCarrier(crm, session, reader, clock)})


def make_destination(**changes: Any) -> Destination:
    values: dict[str, Any] = {
        "name": "crm",
        "kind": "webhook",
        "url": "http://127.0.0.1/hook",
        "events": EVENTS,
        "network": "loopback",
        "options": {},
        "secret": SECRET,
    }
    return Destination(**{**values, **changes})


async def test_a_receiver_with_the_standard_library_takes_it_for_ours(
    archive: Archive, courier: Courier, receiver: Receiver
) -> None:
    case = await archive.file(make_draft())
    await courier.deliver_due()

    (got,) = receiver.got
    content = Webhook(SECRET).verify(got.body, dict(got.headers))
    assert content["type"] == "case.filed"
    assert content["data"]["case"]["reference"] == case.reference
    assert content["data"]["case"]["customer"]["name"] == "Élise Morel"
    assert content["data"]["event"]["sequence"] == 1


async def test_a_changed_body_is_not_taken_for_ours(
    archive: Archive, courier: Courier, receiver: Receiver
) -> None:
    await archive.file(make_draft())
    await courier.deliver_due()

    (got,) = receiver.got
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body + b" ", dict(got.headers))


async def test_what_only_the_staff_knows_stays_inside(
    archive: Archive, courier: Courier, receiver: Receiver
) -> None:
    case = await archive.file(make_draft())
    await archive.add_note(case.reference, "eva", "he is lying, I think")
    await archive.add_reply(case.reference, "eva", "Bonjour !")
    await courier.deliver_due()

    assert receiver.kinds == ["case.filed", "case.replied"]
    assert receiver.got[-1].content["data"]["message"]["text"] == "Bonjour !"
    assert b"lying" not in receiver.got[-1].body


async def test_a_retry_has_the_same_id_and_a_new_time(
    archive: Archive, courier: Courier, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [web.Response(status=500)]
    await archive.file(make_draft())
    await courier.deliver_due()
    clock.advance(minutes=2)
    await courier.deliver_due()

    first, second = (each.headers for each in receiver.got)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 120


async def test_later_events_of_a_case_wait_for_a_failed_one(
    archive: Archive, courier: Courier, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers = [web.Response(status=500)]
    case = await archive.file(make_draft())
    await courier.deliver_due()
    await archive.close(case.reference, "eva", "clarification")
    await archive.file(make_draft())
    await courier.deliver_due()
    clock.advance(minutes=2)
    await courier.deliver_due()

    sent = [(each.content["data"]["event"]["sequence"]) for each in receiver.got]
    assert sent == [1, 3, 1, 2]


@pytest.mark.parametrize("in_words", [False, True])
async def test_a_receiver_that_says_when_is_asked_then(
    archive: Archive,
    courier: Courier,
    receiver: Receiver,
    clock: FakeClock,
    in_words: bool,
) -> None:
    at = format_datetime(clock.now + timedelta(seconds=600), usegmt=True)
    headers = {"Retry-After": at if in_words else "600"}
    receiver.answers = [web.Response(status=429, headers=headers)]
    await archive.file(make_draft())
    await archive.file(make_draft())
    await courier.deliver_due()
    n_at_first = len(receiver.got)
    clock.advance(seconds=590)
    await courier.deliver_due()
    n_too_early = len(receiver.got)
    clock.advance(seconds=11)
    await courier.deliver_due()

    # Both were on their way together; then neither is tried before the time.
    assert (n_at_first, n_too_early, len(receiver.got)) == (2, 2, 3)


async def test_a_receiver_that_is_gone_gets_nothing_until_a_person_says_so(
    archive: Archive,
    courier: Courier,
    receiver: Receiver,
    outbox: Outbox,
    clock: FakeClock,
) -> None:
    receiver.answers = [web.Response(status=410)]
    await archive.file(make_draft())
    await courier.deliver_due()
    await archive.file(make_draft())
    clock.advance(days=2)
    await courier.deliver_due()
    (hold,) = await outbox.holds()
    n_before = len(receiver.got)
    await outbox.replay(destination="crm")
    await courier.deliver_due()

    assert (hold.destination, hold.until, n_before) == ("crm", None, 1)
    assert receiver.kinds == ["case.filed"] * 3


async def test_a_redirection_is_not_followed(
    archive: Archive, courier: Courier, receiver: Receiver, outbox: Outbox
) -> None:
    elsewhere = {"Location": "http://169.254.169.254/"}
    receiver.answers = [web.Response(status=307, headers=elsewhere)]
    await archive.file(make_draft())
    await courier.deliver_due()

    (waiting,) = await outbox.list("waiting", destination="crm")
    assert waiting.last_error == "crm answered 307"


async def test_one_that_never_takes_it_leaves_a_dead_letter_to_replay(
    archive: Archive,
    courier: Courier,
    receiver: Receiver,
    outbox: Outbox,
    clock: FakeClock,
) -> None:
    receiver.answers = [web.Response(status=500) for _ in range(MAX_ATTEMPTS)]
    await archive.file(make_draft())
    for _ in range(MAX_ATTEMPTS):
        await courier.deliver_due()
        clock.advance(days=2)
    (dead,) = await outbox.list("dead", destination="crm")

    await outbox.replay([dead.id])
    await courier.deliver_due()

    assert dead.last_error == "crm answered 500"
    assert len(receiver.got) == MAX_ATTEMPTS + 1
    assert await outbox.list("dead") == []


async def test_a_receiver_learns_that_a_case_was_erased_and_nothing_else(
    archive: Archive,
    courier: Courier,
    receiver: Receiver,
    engine: AsyncEngine,
    policy: Policy,
    clock: FakeClock,
) -> None:
    case = await archive.file(make_draft())
    retention = Retention(engine, policy, STOCKHOLM)
    await retention.erase(clock(), reference=case.reference)
    await courier.deliver_due()

    (got,) = receiver.got
    assert got.content["type"] == "case.erased"
    assert b"Morel" not in got.body


async def test_an_address_that_nobody_listens_at_is_a_failure_in_our_words(
    archive: Archive,
    session: aiohttp.ClientSession,
    reader: NewsReader,
    outbox: Outbox,
    clock: FakeClock,
    make_courier: Callable[[Mapping[str, Carrier]], Courier],
    unused_tcp_port: int,
) -> None:
    crm = make_destination(url=f"http://127.0.0.1:{unused_tcp_port}/")
    await outbox.subscribe({"crm": ["filed"]})
    await archive.file(make_draft())
    await make_courier(
        {"crm": WebhookCarrier(crm, session, reader, clock)}
    ).deliver_due()

    (waiting,) = await outbox.list("waiting", destination="crm")
    assert (waiting.attempts, waiting.last_error) == (
        1,
        "crm cannot be reached: ClientConnectorError",
    )


async def test_a_secret_is_replaced_without_a_gap(
    archive: Archive,
    session: aiohttp.ClientSession,
    reader: NewsReader,
    outbox: Outbox,
    receiver: Receiver,
    courier: Courier,
    clock: FakeClock,
) -> None:
    await archive.file(make_draft())
    (event,) = await outbox.claim(["crm"])
    both = make_destination(secret=f"{SECRET} {NEXT_SECRET}")
    carrier = WebhookCarrier(both, session, reader, clock)
    carrier._url = courier._carriers["crm"]._url  # type: ignore[attr-defined]

    await carrier.deliver(event)

    (got,) = receiver.got
    for secret in (SECRET, NEXT_SECRET):
        assert Webhook(secret).verify(got.body, dict(got.headers))


@pytest.mark.parametrize("secret", ["hunter2", "whsec_c2hvcnQ=", "whsec_é"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(NotReady, match="must be whsec_ and at least 24 bytes"):
        WebhookCarrier(
            make_destination(secret=secret),
            session=None,  # type: ignore[arg-type]
            reader=None,  # type: ignore[arg-type]
            clock=FakeClock(),
        )
