"""Signs of gambling harm or despair: help first, and nothing in the same breath."""

from __future__ import annotations

from actions.base import STOP_FORM, Events, TurnAction, followup
from actions.filing import park, verdict_on, words_open_case
from actions.phrases import whole_words
from actions.turns import Turn
from actions.urgency import crisis_values, say_after_crisis

EXCLUSION = '/crisis{"field": "exclusion"}'
# Despair over money sounds somewhat like a complaint (0.6 to 0.93 where it was
# measured), reports that sound like despair are complaints beyond doubt.
_SURE_OF_COMPLAINT = 0.95


class HelpInCrisis(TurnAction):
    """Stops the form at once and says where help is."""

    action_name = "action_crisis"
    gives_way = False

    async def act(self, turn: Turn) -> Events | None:
        is_fresh = not turn.is_in_form and not turn.get("pause")
        if is_fresh and turn.is_doubtful_crisis and await is_surely_complaint(turn):
            return [followup("action_open_case")]
        if turn.get("pause") and turn.has("complaint") and turn.negates:
            say_after_crisis(turn)
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


async def is_surely_complaint(turn: Turn) -> bool:
    """Whether what sounds somewhat like despair is a complaint beyond doubt."""
    if words_open_case(turn) is False:
        return False
    return (await verdict_on(turn)).probability >= _SURE_OF_COMPLAINT


def _tells_of_another(turn: Turn) -> bool:
    """Whether it is somebody close who is in need, and not the writer.

    They are named, and more is said of them than of oneself; as much will do where the
    message begins with them.
    """
    named = turn.services.phrases.pattern("relative")
    relatives = len(named.findall(turn.folded))
    others = relatives + _count(turn, "third_person")
    more = others - _count(turn, "first_person")
    return relatives > 0 and (
        more > 0 or (more == 0 and bool(named.match(turn.folded)))
    )


def _count(turn: Turn, name: str) -> int:
    # Only in the language at hand: a short word means something else in another.
    words = turn.services.phrases.languages[turn.language].words(name)
    return len(whole_words(words).findall(turn.folded))
