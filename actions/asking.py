"""What the form asks next, and how it is put."""

from __future__ import annotations

from datetime import date

from actions import earlier, intake
from actions.base import Events
from actions.fields import skip_choice
from actions.review import say_summary
from actions.turns import FORM, Turn

_MOST_DAYS_OFFERED = 2


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
    day = date.fromisoformat(iso)
    words = turn.services.wording.day(turn.language, day, is_listed=True)
    return words, f'/inform{{"field": "event_date", "value": "{iso}"}}'


async def _put(turn: Turn, field: str) -> None:
    skip = skip_choice(turn)
    days_asked = turn.get("date_options") or []
    match field:
        case "confirmed":
            await say_summary(turn)
        case "event_date" if len(days_asked) > _MOST_DAYS_OFFERED:
            month = date.fromisoformat(days_asked[0])
            words = turn.services.wording.month(turn.language, month)
            turn.say("utter_ask_day_of_month", month=words, choices=skip)
        case "event_date" if days_asked:
            days = [choice_of_day(turn, day) for day in days_asked]
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
