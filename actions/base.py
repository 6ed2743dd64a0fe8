"""What every action of the assistant shares."""

from __future__ import annotations

from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.routing import route
from actions.turns import Services, Turn

Events = list[dict[str, Any]]


def followup(action: str) -> dict[str, Any]:
    """The event that makes Rasa run this action next."""
    return {"event": "followup", "timestamp": None, "name": action}


STOP_FORM: Events = [
    {"event": "active_loop", "timestamp": None, "name": None},
    {"event": "slot", "timestamp": None, "name": "requested_slot", "value": None},
]


class TurnAction(Action):
    """An action that sees the utterance as a `Turn`."""

    action_name: ClassVar[str]

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return self.action_name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> Events:
        turn = Turn(self.services, dispatcher, tracker)
        if not turn.is_in_form and not turn.is_choice:
            turn.marks["route"] = route(turn.likeliest_intent)
        more = await self.act(turn)
        return [*turn.events(), *(more or [])]

    async def act(self, turn: Turn) -> Events | None:
        """Answer the turn; returns events beside the changes of slots."""
        raise NotImplementedError


def back_to_form(turn: Turn) -> Events:
    """After an interjection the form goes on where it was."""
    return [followup("case_form")] if turn.is_in_form else []
