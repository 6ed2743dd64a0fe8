"""Signs of gambling harm or despair: help first, and nothing in the same breath."""

from __future__ import annotations

from actions.base import STOP_FORM, Events, TurnAction
from actions.filing import park
from actions.turns import Turn
from actions.urgency import crisis_values

EXCLUSION = '/crisis{"field": "exclusion"}'


class HelpInCrisis(TurnAction):
    """Stops the form at once and says where help is."""

    action_name = "action_crisis"
    gives_way = False

    async def act(self, turn: Turn) -> Events | None:
        if turn.get("pause") and turn.has("complaint") and turn.has("not"):
            # "I can't manage the complaint today."
            turn.say("utter_no_pressure")
            return None
        is_first = not turn.get("pause")
        is_relative = turn.has("relative")
        if turn.is_in_form:
            park(turn)
        turn.marks["route"] = "crisis"
        turn.marks["stage"] = "answering"
        said = turn.get("distress") or ""
        if not turn.is_choice:
            turn.set(distress=f"{said}\n{turn.text}".strip())
        turn.set(pause="crisis", is_urgent=True, offer="urgent")
        response = "utter_crisis_relative" if is_relative else "utter_crisis"
        turn.say(
            response if is_first else "utter_after_crisis",
            **crisis_values(turn),
            choices=[
                (turn.label("choices.contact_me"), "/ask_human"),
                (turn.label("choices.exclusion"), EXCLUSION),
            ],
        )
        return STOP_FORM if turn.is_in_form else None
