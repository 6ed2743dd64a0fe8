"""Zammad, Zendesk and Chatwoot as their documents have them, as far as we call them.

Sources: docs.zammad.org/en/latest/api (tickets, articles, users);
developer.zendesk.com/api-reference/ticketing (introduction, tickets, ticket comments,
users); developers.chatwoot.com/api-reference (contacts, conversations, messages).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET = "t0ken"


@dataclass
class Comment:
    """What the tests see of a comment, in any of the systems."""

    text: str
    is_internal: bool
    is_customers: bool


@dataclass
class Ticket:
    """What the tests see of a ticket, in any of the systems."""

    title: str
    email: str | None
    reference: str
    is_closed: bool = False
    comments: list[Comment] = field(default_factory=list)


Handler = Callable[[web.Request], Awaitable[web.Response]]


class TicketServer:
    """What the three share: answers in store, refusals, one list of tickets."""

    def __init__(self) -> None:
        self.tickets: dict[int, Ticket] = {}
        # Given instead of the real answers, one after another.
        self.answers: list[web.Response] = []
        # Does the work and loses the answer, so many times.
        self.n_lost = 0
        self.requests: list[tuple[str, str, Any]] = []

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._answer])
        for method, path, handler in self.routes():
            app.router.add_route(method, path, handler)
        return app

    def routes(self) -> list[tuple[str, str, Handler]]:
        raise NotImplementedError

    def is_ours(self, request: web.Request) -> bool:
        raise NotImplementedError

    def sent(self, method: str, ending: str) -> list[Any]:
        """The bodies of the requests with this method to such a path."""
        return [
            body
            for each, path, body in self.requests
            if each == method and path.endswith(ending)
        ]

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.Response:
        body = json.loads(await request.read() or b"null")
        self.requests.append((request.method, request.path, body))
        if self.answers:
            return self.answers.pop(0)
        if not self.is_ours(request):
            return web.json_response(self.refused(), status=401)
        response = await handler(request)
        if self.n_lost and request.method != "GET":
            self.n_lost -= 1
            assert request.transport is not None
            request.transport.close()
        return response

    def refused(self) -> Any:
        raise NotImplementedError


class ZammadServer(TicketServer):
    def refused(self) -> Any:
        return {"error": "Authentication required"}

    def is_ours(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Token token={SECRET}"

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/api/v1/users/me", self.me),
            ("GET", "/api/v1/tickets/search", self.search),
            ("POST", "/api/v1/tickets", self.create),
            ("PUT", "/api/v1/tickets/{id}", self.update),
            ("POST", "/api/v1/ticket_articles", self.comment),
            ("GET", "/api/v1/ticket_articles/by_ticket/{id}", self.comments),
        ]

    async def me(self, request: web.Request) -> web.Response:
        return web.json_response({"id": 3, "login": "guichet@example.com"})

    async def search(self, request: web.Request) -> web.Response:
        words = request.query["query"]
        found = {
            number: self._shown(number)
            for number, ticket in self.tickets.items()
            if words in ticket.title
        }
        return web.json_response(
            {
                "tickets": list(found),
                "tickets_count": len(found),
                "assets": {"Ticket": found} if found else {},
            }
        )

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not body.get("title"):
            return web.json_response({"error": "Missing required value"}, status=422)
        if body.get("group") != "Complaints":
            return web.json_response({"error": "No lookup value found"}, status=422)
        number = len(self.tickets) + 19
        customer = body.get("customer_id")
        self.tickets[number] = Ticket(
            title=body["title"],
            email=customer.removeprefix("guess:") if customer else None,
            reference=body.get("guichet_reference", body["title"].split()[0]),
            comments=[_article(body["article"])],
        )
        return web.json_response(self._shown(number), status=201)

    async def update(self, request: web.Request) -> web.Response:
        number, body = int(request.match_info["id"]), await request.json()
        self.tickets[number].is_closed = body["state"] == "closed"
        return web.json_response(self._shown(number))

    async def comment(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.tickets[body["ticket_id"]].comments.append(_article(body))
        return web.json_response({"id": 3, **body}, status=201)

    async def comments(self, request: web.Request) -> web.Response:
        ticket = self.tickets[int(request.match_info["id"])]
        return web.json_response([{"body": each.text} for each in ticket.comments])

    def _shown(self, number: int) -> dict[str, Any]:
        ticket = self.tickets[number]
        return {
            "id": number,
            "group_id": 2,
            "state_id": 4 if ticket.is_closed else 1,
            "number": f"22{number:03}",
            "title": ticket.title,
            "customer_id": 10,
        }


def _article(body: dict[str, Any]) -> Comment:
    assert body["type"] == "note" and body["content_type"] == "text/plain"
    return Comment(body["body"], body["internal"], body["sender"] == "Customer")


class ZendeskServer(TicketServer):
    def refused(self) -> Any:
        return {"error": "Couldn't authenticate you"}

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, tuple[Any, int]] = {}

    def is_ours(self, request: web.Request) -> bool:
        pair = f"desk@example.com/token:{SECRET}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}"
        return request.headers.get("Authorization") in (basic, f"Bearer {SECRET}")

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/api/v2/users/me.json", self.me),
            ("GET", "/api/v2/tickets.json", self.search),
            ("POST", "/api/v2/tickets.json", self.create),
            ("PUT", "/api/v2/tickets/{id}.json", self.update),
            ("GET", "/api/v2/tickets/{id}/comments.json", self.comments),
        ]

    async def me(self, request: web.Request) -> web.Response:
        return web.json_response({"user": {"id": 1, "email": "desk@example.com"}})

    async def search(self, request: web.Request) -> web.Response:
        wanted = request.query["external_id"]
        found = [
            self._shown(number)
            for number, ticket in self.tickets.items()
            if ticket.reference == wanted
        ]
        return web.json_response({"tickets": found, "count": len(found)})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        key = request.headers["Idempotency-Key"]
        if key in self.kept:
            first, number = self.kept[key]
            if first != body:
                return web.json_response(
                    {
                        "error": "IdempotentRequestError",
                        "description": "the request parameters do not match",
                    },
                    status=400,
                )
            return web.json_response({"ticket": self._shown(number)}, status=201)
        sent = body["ticket"]
        if not sent["comment"].get("body"):
            return web.json_response(
                {"error": "RecordInvalid", "description": "Record validation errors"},
                status=422,
            )
        number = len(self.tickets) + 35436
        self.kept[key] = (body, number)
        self.tickets[number] = Ticket(
            title=sent["subject"],
            email=sent.get("requester", {}).get("email"),
            reference=sent["external_id"],
            comments=[_comment(sent["comment"], is_customers=True)],
        )
        return web.json_response({"ticket": self._shown(number)}, status=201)

    async def update(self, request: web.Request) -> web.Response:
        number, sent = int(request.match_info["id"]), (await request.json())["ticket"]
        if "comment" in sent:
            is_customers = "The customer wrote" in sent["comment"]["body"]
            comment = _comment(sent["comment"], is_customers=is_customers)
            self.tickets[number].comments.append(comment)
        if "status" in sent:
            self.tickets[number].is_closed = sent["status"] == "solved"
        return web.json_response({"ticket": self._shown(number)})

    async def comments(self, request: web.Request) -> web.Response:
        ticket = self.tickets[int(request.match_info["id"])]
        shown = [
            {"id": number, "plain_body": each.text, "public": not each.is_internal}
            for number, each in enumerate(ticket.comments)
        ]
        return web.json_response({"comments": shown[::-1], "count": len(shown)})

    def _shown(self, number: int) -> dict[str, Any]:
        ticket = self.tickets[number]
        return {
            "id": number,
            "external_id": ticket.reference,
            "subject": ticket.title,
            "status": "solved" if ticket.is_closed else "new",
        }


def _comment(sent: dict[str, Any], *, is_customers: bool) -> Comment:
    return Comment(sent["body"], not sent["public"], is_customers)


class ChatwootServer(TicketServer):
    def refused(self) -> Any:
        return {"errors": ["Invalid Access Token"]}

    def __init__(self) -> None:
        super().__init__()
        self.contacts: dict[int, dict[str, Any]] = {}
        self.n_early_searches = 0
        """How many searches come just before another makes the contact."""

    def is_ours(self, request: web.Request) -> bool:
        return request.headers.get("api_access_token") == SECRET

    def routes(self) -> list[tuple[str, str, Handler]]:
        account = "/api/v1/accounts/2"
        return [
            ("GET", "/api/v1/profile", self.me),
            ("GET", f"{account}/contacts/search", self.find_contact),
            ("POST", f"{account}/contacts", self.make_contact),
            ("POST", f"{account}/contacts/{{id}}/contact_inboxes", self.join_inbox),
            ("GET", f"{account}/contacts/{{id}}/conversations", self.conversations),
            ("POST", f"{account}/conversations", self.create),
            ("GET", f"{account}/conversations/{{id}}/messages", self.comments),
            ("POST", f"{account}/conversations/{{id}}/messages", self.comment),
            ("POST", f"{account}/conversations/{{id}}/toggle_status", self.toggle),
            ("POST", f"{account}/conversations/{{id}}/toggle_priority", self.urge),
        ]

    async def me(self, request: web.Request) -> web.Response:
        return web.json_response({"id": 1, "email": "desk@example.com"})

    async def find_contact(self, request: web.Request) -> web.Response:
        wanted = request.query["q"].casefold()
        found = [
            contact
            for contact in self.contacts.values()
            if wanted in f"{contact['email']} {contact['identifier']}".casefold()
        ]
        if self.n_early_searches:
            self.n_early_searches -= 1
            found = []
        return web.json_response({"meta": {"count": len(found)}, "payload": found})

    async def make_contact(self, request: web.Request) -> web.Response:
        body = await request.json()
        taken = [each["email"] for each in self.contacts.values()]
        if body.get("email") and body["email"] in taken:
            return web.json_response(
                {"message": "Email has already been taken", "attributes": ["email"]},
                status=422,
            )
        number = len(self.contacts) + 1
        inbox = {"source_id": f"source-{number}", "inbox": {"id": body["inbox_id"]}}
        self.contacts[number] = {
            "id": number,
            "name": body["name"],
            "email": body.get("email"),
            "identifier": body.get("identifier"),
            "contact_inboxes": [inbox],
        }
        payload = {"contact": self.contacts[number], "contact_inbox": inbox}
        return web.json_response({"payload": payload})

    async def join_inbox(self, request: web.Request) -> web.Response:
        body = await request.json()
        joined = {"source_id": "source-new", "inbox": {"id": body["inbox_id"]}}
        self.contacts[int(request.match_info["id"])]["contact_inboxes"].append(joined)
        return web.json_response(joined)

    async def conversations(self, request: web.Request) -> web.Response:
        email = self.contacts[int(request.match_info["id"])]["email"]
        found = [
            self._shown(number)
            for number, ticket in self.tickets.items()
            if ticket.email == email
        ]
        return web.json_response({"payload": found})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        contact = self.contacts[body["contact_id"]]
        sources = [each["source_id"] for each in contact["contact_inboxes"]]
        if body["source_id"] not in sources:
            return web.json_response(
                {"error": "Resource could not be found"}, status=404
            )
        number = len(self.tickets) + 7
        self.tickets[number] = Ticket(
            title="",
            email=contact["email"],
            reference=body["custom_attributes"]["guichet_reference"],
        )
        return web.json_response(self._shown(number))

    async def comments(self, request: web.Request) -> web.Response:
        ticket = self.tickets[int(request.match_info["id"])]
        shown = [{"content": each.text} for each in ticket.comments]
        return web.json_response({"meta": {}, "payload": shown})

    async def comment(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.tickets[int(request.match_info["id"])].comments.append(
            Comment(
                body["content"], body["private"], body["message_type"] == "incoming"
            )
        )
        return web.json_response({"id": 1, "content": body["content"]})

    async def toggle(self, request: web.Request) -> web.Response:
        number, body = int(request.match_info["id"]), await request.json()
        self.tickets[number].is_closed = body["status"] == "resolved"
        return web.json_response({"payload": {"success": True}})

    async def urge(self, request: web.Request) -> web.Response:
        assert (await request.json())["priority"] == "urgent"
        return web.Response()

    def _shown(self, number: int) -> dict[str, Any]:
        ticket = self.tickets[number]
        return {
            "id": number,
            "account_id": 2,
            "inbox_id": 5,
            "custom_attributes": {"guichet_reference": ticket.reference},
        }
