"""Zendesk: `POST /api/v2/tickets` (developer.zendesk.com, Ticketing, Tickets)."""

from __future__ import annotations

import base64
from typing import Any

from actions.delivery.calling import Caller
from actions.delivery.destinations import Destination
from actions.delivery.tickets import Matter, Note


class Zendesk:
    """One Zendesk: an API token with the `user` it belongs to, or an OAuth token."""

    def __init__(self, destination: Destination, caller: Caller) -> None:
        self._api = f"{destination.url}/api/v2"
        self._group = destination.options.get("group")
        self._caller = caller

    @staticmethod
    def headers(destination: Destination) -> dict[str, str]:
        if (user := destination.options.get("user")) is None:
            return {"Authorization": f"Bearer {destination.secret}"}
        pair = f"{user}/token:{destination.secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    async def open(self, matter: Matter) -> str:
        if (number := await self._find(matter.reference)) is not None:
            return number
        ticket: dict[str, Any] = {
            "subject": matter.title,
            "external_id": matter.reference,
            "comment": {"body": matter.note.text, "public": False},
            "priority": "urgent" if matter.is_urgent else "normal",
            "tags": ["guichet", matter.category],
        }
        if matter.email:
            ticket["requester"] = {
                "name": matter.name or matter.email,
                "email": matter.email,
            }
        if self._group:
            ticket["group_id"] = int(self._group)
        made = await self._caller.call(
            "POST",
            f"{self._api}/tickets.json",
            {"ticket": ticket},
            headers={"Idempotency-Key": f"guichet-{matter.reference}"},
        )
        return str(made["ticket"]["id"])

    async def add(self, number: str, note: Note) -> None:
        await self._update(number, {"comment": {"body": note.text, "public": False}})

    async def has(self, number: str, mark: str) -> bool:
        # Newest first: what is asked for was written a moment ago, if at all.
        answer = await self._caller.call(
            "GET",
            f"{self._api}/tickets/{number}/comments.json",
            params={"sort_order": "desc"},
        )
        return any(
            comment["plain_body"].rstrip().endswith(mark)
            for comment in answer["comments"]
        )

    async def set_closed(self, number: str, is_closed: bool) -> None:
        await self._update(number, {"status": "solved" if is_closed else "open"})

    async def check(self) -> str:
        answer = await self._caller.call("GET", f"{self._api}/users/me.json")
        if answer["user"]["id"] is None:
            return "not signed in: Zendesk takes us for an anonymous user"
        return f"signed in as {answer['user']['email']}"

    async def _update(self, number: str, changes: dict[str, Any]) -> None:
        await self._caller.call(
            "PUT", f"{self._api}/tickets/{number}.json", {"ticket": changes}
        )

    async def _find(self, reference: str) -> str | None:
        answer = await self._caller.call(
            "GET", f"{self._api}/tickets.json", params={"external_id": reference}
        )
        return next((str(ticket["id"]) for ticket in answer["tickets"]), None)
