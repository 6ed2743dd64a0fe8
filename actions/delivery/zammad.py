"""Zammad: `POST /api/v1/tickets` and articles (docs.zammad.org, API, Tickets)."""

from __future__ import annotations

from typing import Any

from actions.delivery.calling import Caller
from actions.delivery.destinations import Destination
from actions.delivery.tickets import Matter, Note

MOST_FOUND = 20


class Zammad:
    """One Zammad; the token needs the permission `ticket.agent`."""

    def __init__(self, destination: Destination, caller: Caller) -> None:
        self._api = f"{destination.url}/api/v1"
        self._group = destination.options["group"]
        # An attribute of tickets that an administrator made for our reference.
        self._field = destination.options.get("reference_field")
        self._caller = caller

    @staticmethod
    def headers(destination: Destination) -> dict[str, str]:
        return {"Authorization": f"Token token={destination.secret}"}

    async def open(self, matter: Matter) -> str:
        if (number := await self._find(matter.reference)) is not None:
            return number
        ticket: dict[str, Any] = {
            "title": matter.title,
            "group": self._group,
            "priority": "3 high" if matter.is_urgent else "2 normal",
            "article": _article(matter.note, matter.title),
        }
        if matter.email:
            # Zammad finds the customer with this address, or makes one.
            ticket["customer_id"] = f"guess:{matter.email}"
        if self._field:
            ticket[self._field] = matter.reference
        made = await self._caller.call("POST", f"{self._api}/tickets", ticket)
        return str(made["id"])

    async def add(self, number: str, note: Note) -> None:
        article = {"ticket_id": int(number), **_article(note, note.mark)}
        await self._caller.call("POST", f"{self._api}/ticket_articles", article)

    async def has(self, number: str, mark: str) -> bool:
        articles = await self._caller.call(
            "GET", f"{self._api}/ticket_articles/by_ticket/{number}"
        )
        return any(article["body"].rstrip().endswith(mark) for article in articles)

    async def set_closed(self, number: str, is_closed: bool) -> None:
        state = {"state": "closed" if is_closed else "open"}
        await self._caller.call("PUT", f"{self._api}/tickets/{number}", state)

    async def check(self) -> str:
        user = await self._caller.call("GET", f"{self._api}/users/me")
        return f"signed in as {user['login']}"

    async def _find(self, reference: str) -> str | None:
        """Search is by words, so what it finds is compared."""
        found = await self._caller.call(
            "GET",
            f"{self._api}/tickets/search",
            params={"query": reference, "limit": str(MOST_FOUND)},
        )
        for number, ticket in found.get("assets", {}).get("Ticket", {}).items():
            is_by_field = self._field and ticket.get(self._field) == reference
            if is_by_field or ticket["title"].startswith(f"{reference} "):
                return str(number)
        return None


def _article(note: Note, subject: str) -> dict[str, Any]:
    return {
        "subject": subject,
        "body": note.text,
        "content_type": "text/plain",
        "type": "note",
        "sender": "Customer" if note.is_customers else "Agent",
        "internal": not note.is_customers,
    }
