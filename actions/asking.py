"""What the form asks next, and how it is put."""

from __future__ import annotations

from datetime import date

from actions import earlier, intake
from actions.base import Events
from actions.review import say_summary
from actions.turns import FORM, Turn


async def ask(turn: Turn) -> None:
    """Put the question for what is open now.

    The form's own request for the slot says nothing: the question has been put here,
    which spares a call in every turn.
    """
    field = intake.next_field(turn)
    turn.set(requested_slot=field)
    turn.marks["stage"] = "review" if field == "confirmed" else "intake"
    if field == "confirmed" and not turn.has_asked:
        await earlier.offer(turn)
    if not turn.has_asked:
        await _put(turn, field)


async def open_form(turn: Turn) -> Events:
    """Open the form with its first question."""
    await ask(turn)
    return [{"event": "active_loop", "timestamp": None, "name": FORM}]


def choice_of_day(turn: Turn, iso: str) -> tuple[str, str]:
    words = turn.services.wording.day(turn.language, date.fromisoformat(iso))
    return words, f'/inform{{"field": "event_date", "value": "{iso}"}}'


async def _put(turn: Turn, field: str) -> None:
    skip = [(turn.label("choices.skip"), "/skip")]
    match field:
        case "confirmed":
            await say_summary(turn)
        case "event_date" if turn.get("date_options"):
            days = [choice_of_day(turn, day) for day in turn.get("date_options")]
            turn.say("utter_ask_which_day", choices=days + skip)
        case earlier.REFERENCE:
            prefix = turn.services.operator.reference_prefix
            turn.say("utter_ask_reference", prefix=prefix, choices=skip)
        case "details" if _needs_account(turn):
            turn.say("utter_ask_description")
        case _:
            choices = skip if intake.may_be_skipped(turn, field) else []
            turn.say(f"utter_ask_{field}", choices=choices)


def _needs_account(turn: Turn) -> bool:
    is_thin = intake.is_thin(turn.get("description"))
    return is_thin or turn.get("correcting") == "description"
