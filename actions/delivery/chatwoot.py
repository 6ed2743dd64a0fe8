"""Chatwoot: contacts, conversations, messages (developers.chatwoot.com, Application).

The inbox must be of the kind API: only there may messages of customers be written.
"""

from __future__ import annotations

from typing import Any

from actions.delivery.calling import Caller
from actions.delivery.destinations import Destination
from actions.delivery.tickets import Matter, Note
from knowledge.errors import DeliveryFailed

REFERENCE = "guichet_reference"


class Chatwoot:
    """One account of a Chatwoot."""

    def __init__(self, destination: Destination, caller: Caller) -> None:
        self._root = destination.url
        account = destination.options["account"]
        self._api = f"{destination.url}/api/v1/accounts/{account}"
        self._inbox = int(destination.options["inbox"])
        self._caller = caller

    @staticmethod
    def headers(destination: Destination) -> dict[str, str]:
        return {"api_access_token": destination.secret}

    async def open(self, matter: Matter) -> str:
        contact, source = await self._contact(matter)
        number = await self._find(contact, matter.reference)
        if number is None:
            made = await self._caller.call(
                "POST",
                f"{self._api}/conversations",
                {
                    "source_id": source,
                    "inbox_id": self._inbox,
                    "contact_id": contact,
                    "status": "open",
                    "custom_attributes": {REFERENCE: matter.reference},
                },
            )
            number = str(made["id"])
        if not await self.has(number, matter.note.mark):
            await self.add(number, matter.note)
        if matter.is_urgent:
            await self._caller.send(
                "POST",
                f"{self._api}/conversations/{number}/toggle_priority",
                body=b'{"priority": "urgent"}',
                headers={"Content-Type": "application/json"},
            )
        return number

    async def add(self, number: str, note: Note) -> None:
        await self._caller.call(
            "POST",
            f"{self._api}/conversations/{number}/messages",
            {
                "content": note.text,
                "message_type": "incoming" if note.is_customers else "outgoing",
                "private": not note.is_customers,
            },
        )

    async def has(self, number: str, mark: str) -> bool:
        answer = await self._caller.call(
            "GET", f"{self._api}/conversations/{number}/messages"
        )
        return any(
            (message["content"] or "").endswith(mark) for message in answer["payload"]
        )

    async def set_closed(self, number: str, is_closed: bool) -> None:
        await self._caller.call(
            "POST",
            f"{self._api}/conversations/{number}/toggle_status",
            {"status": "resolved" if is_closed else "open"},
        )

    async def check(self) -> str:
        profile = await self._caller.call("GET", f"{self._root}/api/v1/profile")
        return f"signed in as {profile['email']}"

    async def _contact(self, matter: Matter) -> tuple[int, str]:
        """Id of the customer's contact, and its address in our inbox; made at need."""
        if known := await self._known(matter):
            return known
        wanted = _wanted(matter)
        try:
            made = await self._caller.call(
                "POST",
                f"{self._api}/contacts",
                {
                    "inbox_id": self._inbox,
                    "name": matter.name or wanted,
                    **({"email": wanted} if matter.email else {"identifier": wanted}),
                },
            )
        except DeliveryFailed as failure:
            # Another case of the same customer, delivered at once, was first.
            if failure.is_final and (known := await self._known(matter)):
                return known
            raise
        payload = made["payload"]
        return payload["contact"]["id"], payload["contact_inbox"]["source_id"]

    async def _known(self, matter: Matter) -> tuple[int, str] | None:
        wanted = _wanted(matter)
        found = await self._caller.call(
            "GET", f"{self._api}/contacts/search", params={"q": wanted}
        )
        for contact in found["payload"]:
            # Search is by part of a word, so what it finds is compared.
            key = contact["email"] if matter.email else contact["identifier"]
            if (key or "").casefold() == wanted.casefold():
                return contact["id"], await self._source(contact)
        return None

    async def _source(self, contact: dict[str, Any]) -> str:
        for each in contact.get("contact_inboxes", ()):
            if each["inbox"]["id"] == self._inbox:
                return str(each["source_id"])
        made = await self._caller.call(
            "POST",
            f"{self._api}/contacts/{contact['id']}/contact_inboxes",
            {"inbox_id": self._inbox},
        )
        return str(made["source_id"])

    async def _find(self, contact: int, reference: str) -> str | None:
        answer = await self._caller.call(
            "GET", f"{self._api}/contacts/{contact}/conversations"
        )
        for conversation in answer["payload"]:
            if conversation["custom_attributes"].get(REFERENCE) == reference:
                return str(conversation["id"])
        return None


def _wanted(matter: Matter) -> str:
    """What a customer's contact is known by: an address, else the case."""
    return matter.email or matter.reference
