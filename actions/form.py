"""Rasa's form actions: validation of an utterance, and the questions."""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import consent, intake
from actions.base import Events, followup
from actions.cases.case import CATEGORIES
from actions.cases.complaint import is_late
from actions.review import say_change_choices, say_summary
from actions.turns import FORM, Services, Turn

REJECTED: dict[str, Any] = {
    "event": "action_execution_rejected",
    "name": FORM,
    "policy": None,
    "confidence": None,
    "timestamp": None,
}

# From this many words on, an utterance with a fact in it tells of the matter as well.
_TELLING_WORDS = 12
_STATEMENT_WORDS = 8
# Below this an interjection's intent is a guess: a question is looked up instead.
_SURE = 0.5
_COMMAND_ACTIONS = {
    "cancel": "action_cancel_case",
    "start_over": "action_restart_case",
}


class ValidateCaseForm(Action):  # type: ignore[misc]
    """Takes the answers of an utterance, and says what the form asks next."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "validate_case_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> Events:
        turn = Turn(self._services, dispatcher, tracker)
        turn.set(attempts=turn.get("attempts") or {}, quiet=False)
        if _has_been_answered(tracker):
            # The form has just been opened, or goes on after an interjection.
            return _ask(turn)
        return await _Answer(turn).take()


def _has_been_answered(tracker: Tracker) -> bool:
    """Whether another action has taken the utterance before the form."""
    for event in reversed(tracker.events):
        if event["event"] == "user":
            break
        if event["event"] == "action" and event["name"] != FORM:
            return True
    return False


def _ask(turn: Turn) -> Events:
    turn.set(requested_slot=intake.next_field(turn))
    return turn.events()


def _reject(turn: Turn, action: str | None = None) -> Events:
    """Leave the utterance to the rule for its intent, or to the action named."""
    events = [*turn.events(), REJECTED]
    return [*events, followup(action)] if action else events


class _Answer:
    """One utterance inside the form."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.asked_for: str = turn.get("requested_slot") or intake.next_field(turn)

    async def take(self) -> Events:
        turn = self.turn
        if turn.is_choice:
            return await self._choice()
        if intake.is_wordless(turn):
            turn.say("utter_no_words")
            return _ask(turn)
        if turn.intent == "crisis":
            return _reject(turn)
        if self.asked_for == "confirmed" and consent.is_held_back(turn):
            say_change_choices(turn)
            return _ask(turn)
        if command := intake.command(turn):
            return _reject(turn, _COMMAND_ACTIONS[command])
        before = {field: turn.get(field) for field in intake.FIELDS}
        changed = await intake.take_facts(turn, asked_for=self.asked_for)
        if changed:
            self._acknowledge(changed, before)
            if turn.get("correcting") in changed:
                turn.set(correcting=None)
        if self.asked_for == "confirmed":
            return await self._in_review(changed)
        if self.asked_for == "details":
            return await self._details(changed)
        return await self._field(changed)

    async def _choice(self) -> Events:
        turn, entities = self.turn, self.turn.entities
        field, value = entities.get("field"), entities.get("value")
        match turn.intent, field:
            case "inform", "is_complaint" | "category" | "ground":
                _choose(turn, str(field), value)
            case "inform", "event_date":
                turn.set(event_date=str(value), date_options=None, correcting=None)
                say_if_late(turn)
            case "correct", "category":
                _say_categories(turn)
            case "correct", str() if field in intake.CORRECTABLE:
                turn.set(correcting=field, confirmed=None)
            case "affirm", _ if self.asked_for == "confirmed":
                turn.set(confirmed=True, requested_slot=None)
                return turn.events()
            case "deny", _ if self.asked_for == "confirmed":
                say_change_choices(turn)
            case "skip" | "deny", _:
                intake.go_on_without(turn, self.asked_for)
            case (("inform" | "correct" | "affirm"), _):
                pass
            case _:
                return _reject(turn)
        return _ask(turn)

    def _acknowledge(self, changed: list[str], before: dict[str, Any]) -> None:
        """Say a date back in words, and what a correction put in place."""
        turn = self.turn
        for field in changed:
            if field == "event_date":
                day = date.fromisoformat(turn.get("event_date"))
                words = turn.services.wording.day(turn.language, day)
                turn.say("utter_date_noted", date=words)
                say_if_late(turn)
            elif before[field]:
                label = turn.label(f"fields.{field}")
                turn.say("utter_corrected", field=label, value=turn.get(field))

    async def _in_review(self, changed: list[str]) -> Events:
        turn = self.turn
        if turn.is_question and self._offers_other_date():
            return _ask(turn)
        if changed:
            return _ask(turn)
        if consent.confirms(turn):
            turn.set(confirmed=True, requested_slot=None)
            return turn.events()
        if self._is_interjection():
            return self._interjection()
        if turn.likeliest_intent in ("correct", "deny"):
            return self._correction_without_value()
        if intake.is_statement(turn) and not intake.is_nothing_more(turn):
            await intake.add_description(turn, turn.text)
        return _ask(turn)

    async def _details(self, changed: list[str]) -> Events:
        turn = self.turn
        replaces = turn.get("correcting") == "description"
        if self._is_interjection():
            return self._interjection()
        if turn.likeliest_intent == "correct" and not replaces:
            if not changed:
                await intake.add_description(turn, turn.text)
                turn.say("utter_added")
            return _ask(turn)
        if changed and len(turn.text.split()) < _TELLING_WORDS and not replaces:
            # A field put right in passing is not the rest of the story.
            return _ask(turn)
        is_bare_yes = turn.likeliest_intent == "affirm" and len(turn.text.split()) <= 4
        if intake.is_nothing_more(turn) or consent.confirms(turn):
            if turn.get("description"):
                turn.set(details="", correcting=None)
                return _ask(turn)
            is_bare_yes = True
        if is_bare_yes:
            if intake.count_try(turn, "details") >= intake.TRIES_BEFORE_GOING_ON:
                turn.set(details="")
            return _ask(turn)
        if replaces:
            chosen = (turn.get("verdict") or {}).get("chosen", {})
            turn.set(description=None, verdict={"chosen": chosen})
        await intake.add_description(turn, turn.text)
        turn.set(details=turn.text, correcting=None)
        if turn.has("wish"):
            turn.set(remedy_sought=turn.text)
        return _ask(turn)

    async def _field(self, changed: list[str]) -> Events:
        """An utterance after a question for name, e-mail, username or date."""
        turn, field = self.turn, self.asked_for
        is_filled = bool(turn.get(field)) and not turn.get("correcting")
        if turn.likeliest_intent == "ask_human" and turn.confidence >= 0.5:
            return _reject(turn)
        refuses = not changed and intake.is_refusal(turn) and field != "event_date"
        if (
            self._is_interjection()
            and not refuses
            and (turn.is_question or not changed)
        ):
            return self._interjection()
        if changed and len(turn.text.split()) >= _TELLING_WORDS:
            if intake.is_statement(turn):
                await intake.add_description(turn, turn.text)
        if is_filled or changed:
            return _ask(turn)
        if field == "event_date" and self._date_is_open():
            return _ask(turn)
        if intake.is_refusal(turn):
            await self._refused()
            return _ask(turn)
        if turn.likeliest_intent == "correct" and turn.confidence >= 0.4:
            return self._correction_without_value()
        if intake.is_statement(turn):
            await intake.add_description(turn, turn.text)
            turn.say("utter_added")
            return _ask(turn)
        self._failed()
        return _ask(turn)

    async def _refused(self) -> None:
        """Explain what name and address are for, once; then go on without."""
        turn, field = self.turn, self.asked_for
        if field in intake.MAY_BE_SKIPPED or intake.count_try(turn, field) > 1:
            intake.go_on_without(turn, field)
            turn.say(f"utter_without_{field}")
        else:
            turn.say(f"utter_why_{field}")
        has_digits = any(c.isdigit() for c in turn.text)
        if len(turn.text.split()) >= _STATEMENT_WORDS and has_digits:
            await intake.add_description(turn, turn.text)

    def _failed(self) -> None:
        turn, field = self.turn, self.asked_for
        tries = intake.count_try(turn, field)
        if tries >= intake.TRIES_BEFORE_GOING_ON:
            intake.go_on_without(turn, field)
            turn.say(f"utter_without_{field}")
        elif tries == intake.TRIES_BEFORE_EXAMPLE:
            example = turn.services.operator.username_example
            turn.say(f"utter_example_{field}", username=example)
        else:
            turn.say(f"utter_invalid_{field}")

    def _date_is_open(self) -> bool:
        """Handle an answer that may be a date but is no certain day."""
        turn = self.turn
        if turn.get("date_options"):
            return True
        found = intake.mentions(turn, is_answer=True)
        kinds = {mention.kind for mention in found}
        if "future" in kinds:
            if intake.count_try(turn, "event_date") >= intake.TRIES_BEFORE_GOING_ON:
                intake.go_on_without(turn, "event_date")
                turn.say("utter_without_event_date")
            else:
                turn.say("utter_date_future")
            return True
        if kinds & {"vague", "partial"} or turn.has("unknown"):
            if intake.count_try(turn, "event_date") >= intake.TRIES_BEFORE_EXAMPLE:
                intake.go_on_without(turn, "event_date")
                turn.say("utter_without_event_date")
            else:
                turn.say("utter_date_vague")
                turn.set(quiet=True)
            return True
        return False

    def _is_interjection(self) -> bool:
        turn = self.turn
        is_likely = turn.likeliest_intent in intake.INTERJECTIONS
        return turn.is_question or (is_likely and turn.confidence >= 0.4)

    def _interjection(self) -> Events:
        turn = self.turn
        is_sure = turn.confidence >= _SURE or not turn.is_question
        if turn.intent in intake.INTERJECTIONS and is_sure:
            return _reject(turn)
        if turn.likeliest_intent in intake.INTERJECTIONS and not turn.is_question:
            return _ask(turn)
        return _reject(turn, "action_answer")

    def _correction_without_value(self) -> Events:
        """Ask for the field that the customer names, or which one it is."""
        turn = self.turn
        named = [
            field
            for field, cue in (
                ("email", "email"),
                ("username", "username"),
                ("event_date", "date"),
                ("description", "description"),
                ("name", "name"),
            )
            if turn.has(cue)
        ]
        if len(named) == 1:
            turn.set(correcting=named[0])
        else:
            say_change_choices(turn)
        return _ask(turn)

    def _offers_other_date(self) -> bool:
        """Asked to write another date: ask which one is true."""
        turn = self.turn
        current = turn.get("event_date")
        days = [m.value for m in intake.mentions(turn, is_answer=False) if m.value]
        if not current or not days or days[0].isoformat() == current:
            return False
        day = turn.services.wording.day
        pair = sorted({current, days[0].isoformat()})
        choices = [
            (
                day(turn.language, date.fromisoformat(iso)),
                f'/inform{{"field": "event_date", "value": "{iso}"}}',
            )
            for iso in pair
        ]
        turn.say("utter_which_date_is_true", choices=choices)
        turn.set(quiet=True)
        return True


def _choose(turn: Turn, field: str, value: Any) -> None:
    """Keep what the customer says of the verdict beside the classifier's."""
    verdict = dict(turn.get("verdict") or {})
    chosen = dict(verdict.get("chosen") or {})
    if field == "is_complaint":
        chosen[field] = str(value).lower() == "true"
        if chosen[field]:
            turn.set(customer_says_complaint=True)
    else:
        chosen[field] = value
    turn.set(verdict={**verdict, "chosen": chosen})


def _say_categories(turn: Turn) -> None:
    choices = [
        (
            turn.label(f"categories.{category}"),
            f'/inform{{"field": "category", "value": "{category}"}}',
        )
        for category in CATEGORIES
    ]
    turn.say("utter_which_category", choices=choices)
    turn.set(quiet=True)


def say_if_late(turn: Turn) -> None:
    services = turn.services
    day = intake.resolved_day(turn)
    if intake.is_complaint(turn) and is_late(
        day, turn.now, services.policy, services.operator.zone
    ):
        turn.say("utter_date_late")


class Ask(Action):  # type: ignore[misc]
    """Asks for one field of the form."""

    def __init__(self, services: Services, field: str) -> None:
        self._services, self._field = services, field

    def name(self) -> str:
        return f"action_ask_{self._field}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> Events:
        turn = Turn(self._services, dispatcher, tracker)
        if turn.get("quiet"):
            return []
        is_last = self._field == "confirmed"
        turn.marks["stage"] = "review" if is_last else "intake"
        match self._field:
            case "event_date" if turn.get("date_options"):
                self._ask_which_day(turn)
            case "details" if intake.is_thin(turn.get("description")) or turn.get(
                "correcting"
            ):
                turn.say("utter_ask_description")
            case "confirmed":
                say_summary(turn)
            case "username" | "event_date" | "details":
                skip = (turn.label("choices.skip"), "/skip")
                turn.say(f"utter_ask_{self._field}", choices=[skip])
            case _:
                turn.say(f"utter_ask_{self._field}")
        return turn.events()

    def _ask_which_day(self, turn: Turn) -> None:
        choices = [
            (
                turn.services.wording.day(turn.language, date.fromisoformat(day)),
                f'/inform{{"field": "event_date", "value": "{day}"}}',
            )
            for day in turn.get("date_options")
        ]
        turn.say("utter_ask_which_day", choices=choices)
