"""Signs of gambling harm or despair: help first, and nothing in the same breath."""

from __future__ import annotations

from actions.base import STOP_FORM, Events, TurnAction
from actions.filing import crisis_values, park
from actions.turns import Turn


class HelpInCrisis(TurnAction):
    """Stops the form at once and says where help is."""

    action_name = "action_crisis"

    async def act(self, turn: Turn) -> Events | None:
        values = crisis_values(turn)
        if turn.get("pause") and turn.has("complaint") and turn.has("not"):
            # "I can't manage the complaint today."
            turn.say("utter_no_pressure")
            return None
        is_first = not turn.get("pause")
        choices = [
            (turn.label("choices.human"), "/ask_human"),
        ]
        if turn.is_in_form:
            park(turn)
        turn.marks["route"] = "crisis"
        turn.marks["stage"] = "answering"
        turn.set(pause="crisis", is_urgent=True, offer=None)
        turn.say(
            "utter_crisis" if is_first else "utter_after_crisis",
            **values,
            choices=choices,
        )
        return STOP_FORM if turn.is_in_form else None
