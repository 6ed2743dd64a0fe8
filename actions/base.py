"""What every action of the assistant shares."""

from __future__ import annotations

from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.hearing import is_silent, resumes
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


def _taken_for(turn: Turn) -> str:
    """The intent that is acted on; a crisis that was only guessed at is none."""
    is_guess = turn.intent == "nlu_fallback" and turn.likeliest_intent == "crisis"
    return turn.intent if is_guess else turn.likeliest_intent


class TurnAction(Action):  # type: ignore[misc]
    """An action that sees the utterance as a `Turn`."""

    action_name: ClassVar[str]
    gives_way: ClassVar[bool] = True
    """Whether it leaves the turn to what was put aside, if the customer wants that."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return self.action_name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> Events:
        turn = Turn(self.services, dispatcher, tracker)
        if not turn.is_in_form and not turn.is_choice:
            turn.marks["route"] = route(_taken_for(turn))
            if is_silent(turn):
                turn.say("utter_no_words")
                return [*turn.events(), followup("action_listen")]
        if self.gives_way and not turn.is_in_form and resumes(turn):
            return [*turn.events(), followup("action_open_case")]
        more = await self.act(turn) or []
        if not any(event["event"] == "followup" for event in more):
            # Without a rule for what comes next Rasa would go on to its fallback.
            more = [*more, followup("action_listen")]
        return [*turn.events(), *more]

    async def act(self, turn: Turn) -> Events | None:
        """Answer the turn; returns events beside the changes of slots.

        The form calls this too, for what a customer throws in, and goes on itself.
        """
        raise NotImplementedError
