"""One field of the form: what is taken from an answer, and what when there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from actions import consent, hearing, intake, policy_days, telling
from actions.review import date_in_words
from actions.turns import Turn

# From this many words on, an utterance with a fact in it tells of the matter as well.
_TELLING_WORDS = 12
_STATEMENT_WORDS = 8
_BARE_YES_WORDS = 4


async def take(turn: Turn, asked_for: str | None) -> list[str]:
    """Store every fact of the utterance and acknowledge what was not asked for.

    Returns:
        The fields that changed.
    """
    before = {field: turn.get(field) for field in intake.FIELDS}
    changed = await intake.take_facts(turn, asked_for=asked_for)
    for field in changed:
        if field == "event_date":
            say_date_noted(turn)
        elif before[field] or field != asked_for:
            _acknowledge(turn, field, is_new=not before[field])
    if turn.get("correcting") in changed:
        turn.set(correcting=None)
    return changed


def takes_name_left_out(turn: Turn) -> bool:
    """Take a name that is given after all, in place of the address asked for."""
    if "name" not in (turn.get("missing") or []):
        return False
    name = turn.services.facts.read(turn.text, asked_for="name").name
    if name is None or not name[0].isupper():
        return False
    turn.set(name=name)
    turn.remove_missing("name")
    _acknowledge(turn, "name", is_new=True)
    return True


def _acknowledge(turn: Turn, field: str, *, is_new: bool) -> None:
    turn.say(
        "utter_noted" if is_new else "utter_corrected",
        field=turn.label(f"fields.{field}"),
        value=turn.get(field),
    )


def take_day(turn: Turn, iso: str) -> None:
    """Store the day that a choice stands for."""
    turn.set(event_date=iso, date_options=None, correcting=None)
    turn.remove_missing("event_date")
    say_if_late(turn)


def say_date_noted(turn: Turn) -> None:
    """Say the date back in words, and that it is late where it is."""
    turn.say("utter_date_noted", date=date_in_words(turn))
    say_if_late(turn)


def skip_choice(turn: Turn) -> list[tuple[str, str]]:
    """The button that leaves a field out."""
    return [(turn.label("choices.skip"), "/skip")]


def say_if_late(turn: Turn) -> None:
    if policy_days.is_late(turn):
        turn.say("utter_date_late", **policy_days.window(turn))


def repeats_date(turn: Turn) -> bool:
    """Whether the utterance only names the day that is known already."""
    days = {
        m.value.isoformat() for m in intake.mentions(turn, is_answer=True) if m.value
    }
    return days == {turn.get("event_date")}


async def take_details(turn: Turn, changed: list[str]) -> None:
    """The rest of the story, a new one in its place, or nothing more."""
    is_account = turn.get("correcting") == "description"
    is_passing = len(turn.text.split()) < _TELLING_WORDS
    if changed and is_passing and not is_account:
        # A field put right in passing is not the rest of the story by itself.
        if await telling.add_told(turn):
            turn.set(details=turn.text)
        return
    is_short = len(turn.text.split()) <= _BARE_YES_WORDS
    is_bare_yes = turn.likeliest_intent == "affirm" and is_short
    is_end = hearing.is_nothing_more(turn) or consent.confirms(turn)
    if is_end and not telling.holds_number(turn):
        if turn.get("description"):
            turn.set(details="", correcting=None)
            return
        is_bare_yes = True
    if is_bare_yes:
        if intake.count_try(turn, "details") >= intake.TRIES_BEFORE_GOING_ON:
            turn.set(details="", correcting=None)
        return
    if repeats_date(turn) and turn.get("description") and not is_account:
        if not (telling.told_beside_facts(turn) or telling.names_part_of_day(turn)):
            turn.set(details="")
            return
    if is_account:
        chosen = (turn.get("verdict") or {}).get("chosen", {})
        turn.set(description=None, verdict={"chosen": chosen})
    await telling.add_words(turn)
    turn.set(details=turn.text, correcting=None)


async def refuse(turn: Turn, field: str) -> None:
    """Explain what a needed field is for, once; then go on without."""
    do_without(turn, field)
    has_digits = any(character.isdigit() for character in turn.text)
    if len(turn.text.split()) >= _STATEMENT_WORDS and has_digits:
        await intake.add_description(turn, turn.text)


def do_without(turn: Turn, field: str) -> None:
    """Go on without a field; one that is needed is explained first, once."""
    is_needed = not intake.may_be_skipped(turn, field) and not turn.get(field)
    if is_needed and intake.explain_once(turn, field):
        turn.say(f"utter_why_{field}", **_values(turn))
    else:
        _leave_out(turn, field)


def fail(turn: Turn, field: str) -> None:
    """An answer that is none: an example after two, on without it after three."""
    tries = intake.count_try(turn, field)
    if tries >= intake.TRIES_BEFORE_GOING_ON:
        _leave_out(turn, field)
    elif tries == intake.TRIES_BEFORE_EXAMPLE:
        turn.say(f"utter_example_{field}", **_values(turn))
    else:
        turn.say(f"utter_invalid_{field}", **_values(turn))


def is_open_date(turn: Turn) -> bool:
    """Handle an answer that may be a date but is no certain day."""
    found = intake.mentions(turn, is_answer=True)
    kinds = {mention.kind for mention in found}
    if "future" in kinds:
        if intake.count_try(turn, "event_date") >= intake.TRIES_BEFORE_GOING_ON:
            _leave_out(turn, "event_date")
        else:
            turn.say("utter_date_future", choices=skip_choice(turn))
            turn.set(date_options=None)
            turn.has_asked = True
        return True
    if turn.get("date_options"):
        is_open = bool(kinds & {"exact", "weekday"})
        return is_open and not hearing.is_refusal(turn)
    if kinds & {"vague", "partial"} and not turn.get("correcting"):
        # Nothing better may come.
        intake.keep_words(turn, turn.text)
    elif turn.has("unknown") and (told := telling.told_beside_facts(turn)):
        intake.keep_words(turn, told)
    if month := next((m.month for m in found if m.month), None):
        days = (month + timedelta(days=n) for n in range(31))
        turn.set(
            date_options=[
                day.isoformat()
                for day in days
                if day.month == month.month and day <= turn.today
            ]
        )
        return True
    if kinds & {"vague", "partial"} or turn.has("unknown"):
        if intake.count_try(turn, "vague") >= intake.TRIES_BEFORE_EXAMPLE:
            _leave_out(turn, "event_date")
        else:
            turn.say("utter_date_vague", choices=skip_choice(turn))
            turn.has_asked = True
        return True
    return False


def _leave_out(turn: Turn, field: str) -> None:
    """Go on without a field; one that is only being corrected stays as it is."""
    had = turn.get(field)
    intake.go_on_without(turn, field)
    if not had:
        turn.say(f"utter_without_{field}")


def _values(turn: Turn) -> dict[str, Any]:
    example = turn.services.operator.username_example
    return {"username": example, **policy_days.window(turn)}
