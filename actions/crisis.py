"""Signs of gambling harm or despair: help first, and nothing in the same breath."""

from __future__ import annotations

from actions.base import STOP_FORM, Events, TurnAction
from actions.filing import park
from actions.phrases import whole_words
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
        is_relative = _tells_of_another(turn)
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


def _tells_of_another(turn: Turn) -> bool:
    """Whether it is plainly somebody close who is in need, and not the writer."""
    begins = turn.services.phrases.pattern("relative").match(turn.folded)
    return begins is not None and not _first_person(turn)


def _first_person(turn: Turn) -> bool:
    # Only in the language at hand: a short word means something else in another.
    words = turn.services.phrases.languages[turn.language].words("first_person")
    return whole_words(words).search(turn.folded) is not None
