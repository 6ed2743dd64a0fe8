"""The form: in which order an utterance inside it is understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import consent, earlier, fields, hearing, intake, removing, telling
from actions.answer import AnswerQuestion
from actions.asking import ask, choice_of_day
from actions.base import Events, TurnAction, followup
from actions.cases.case import CATEGORIES
from actions.correcting import is_correction, named_fields
from actions.crisis import is_surely_complaint
from actions.filing import RestartCase
from actions.markup import has_words
from actions.review import say_change_choices
from actions.status import TellCaseStatus
from actions.talk import (
    SMALL_TALK,
    ChangeLanguage,
    ExplainComplaining,
    ExplainWhyNeeded,
    HandOver,
    SmallTalk,
)
from actions.turns import FORM, Services, Turn
from actions.verdicts import choose_verdict, take_verdict

REJECTED: dict[str, Any] = {
    "event": "action_execution_rejected",
    "name": FORM,
    "policy": None,
    "confidence": None,
    "timestamp": None,
}

INTERJECTIONS: Mapping[str, type[TurnAction]] = {
    "ask_question": AnswerQuestion,
    "how_to_complain": ExplainComplaining,
    "ask_human": HandOver,
    "case_status": TellCaseStatus,
    "change_language": ChangeLanguage,
    **dict.fromkeys(SMALL_TALK, SmallTalk),
}
# Below this an interjection's intent is a guess: a question is looked up instead.
_SURE = 0.5
# Bare names and usernames look like greetings and thanks to the classifier.
_SURE_OF_TALK = 0.7
# What is told as the story is an interjection only where there is no doubt of it.
_CERTAIN = 0.8
# One word that answers the question is a cry for help only where there is no doubt.
_CERTAIN_OF_CRISIS = 0.95
_TELLING_WORDS = 8
_LONGEST_ORDER_WORDS = 8


class ValidateCaseForm(Action):  # type: ignore[misc]
    """Takes the answers of an utterance, and puts the next question.

    All of a turn happens in this one call, since each call costs Rasa much; only what
    ends the form is left to the rules.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> Events:
        return await _Utterance(Turn(self._services, dispatcher, tracker)).take()


class _Utterance:
    """One utterance inside the form."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.asked_for: str = turn.get("requested_slot") or intake.next_field(turn)

    async def take(self) -> Events:
        turn = self.turn
        if turn.is_choice:
            return await self._choice()
        if turn.intent == "crisis" and not await self._is_answer():
            return self._leave("action_crisis")
        if hearing.is_wordless(turn):
            turn.say("utter_no_words")
            return await self._go_on()
        is_review = self.asked_for == "confirmed"
        mends = is_correction(turn) or bool(named_fields(turn)) or turn.has("time")
        if is_review and consent.is_held_back(turn) and not mends:
            say_change_choices(turn)
            return await self._go_on()
        if take_verdict(turn, self.asked_for) and is_review:
            return await self._go_on()
        if turn.get("correcting") and turn.has("keep"):
            turn.set(correcting=None)
            return await self._go_on()
        if removing.take_out(turn, self.asked_for):
            if self._is_refused_too():
                await fields.refuse(turn, self.asked_for)
            return await self._go_on()
        match hearing.command(turn):
            case "cancel":
                return self._leave("action_cancel_case")
            case "start_over":
                await RestartCase(turn.services).act(turn)
                return await self._go_on()
        if hearing.asks_why(turn):
            await ExplainWhyNeeded(turn.services).act(turn)
            return await self._go_on()
        return await self._answer()

    async def _is_answer(self) -> bool:
        """Whether what looks like a cry for help is a fact, a wish or the matter."""
        turn = self.turn
        facts = turn.services.facts.read(turn.text)
        tells = bool(facts.stated or facts.email or named_fields(turn))
        if turn.is_doubtful_crisis and (
            tells
            or telling.wishes(turn)
            or turn.has("submit")
            or await is_surely_complaint(turn)
        ):
            return True
        is_asked_for = self.asked_for in ("name", "email", "username")
        is_word = len(turn.text.split()) == 1
        return is_asked_for and is_word and turn.confidence < _CERTAIN_OF_CRISIS

    def _is_refused_too(self) -> bool:
        """Whether the field asked for is refused beside one that is taken out."""
        turn, field = self.turn, self.asked_for
        is_named = field in named_fields(turn) and not turn.get(field)
        return is_named and field not in (turn.get("missing") or [])

    async def _answer(self) -> Events:
        turn = self.turn
        if reference := earlier.written_reference(turn):
            turn.set(mentioned=reference)
        if self.asked_for == earlier.REFERENCE:
            await earlier.ask_reference(turn)
            return await self._go_on()
        if earlier.is_offered(turn) and await earlier.take_answer(turn):
            return await self._go_on()
        # In "ein Mensch bitte" no name is given.
        asked_for = None if self._asks_human() else self.asked_for
        changed = await fields.take(turn, asked_for)
        match self.asked_for:
            case "confirmed":
                await self._in_review(changed)
            case "details":
                await self._in_details(changed)
            case _:
                await self._in_field(changed)
        return await self._go_on()

    async def _go_on(self) -> Events:
        if self.turn.get("confirmed") or self.turn.get("is_appended"):
            self.turn.set(requested_slot=None)
        else:
            await ask(self.turn)
        # Rasa takes an utterance that changes no slot for one that the form rejects.
        attempts = self.turn.get("attempts") or {}
        taken = {
            "event": "slot",
            "timestamp": None,
            "name": "attempts",
            "value": attempts,
        }
        return [*self.turn.events(), taken]

    def _leave(self, action: str) -> Events:
        """Leave the utterance to an action that ends the form."""
        return [*self.turn.events(), REJECTED, followup(action)]

    async def _choice(self) -> Events:
        turn, entities = self.turn, self.turn.entities
        field, value = entities.get("field"), entities.get("value")
        match turn.intent, field:
            case "ask_question", _:
                await AnswerQuestion(turn.services).act(turn)
            case "inform", "is_complaint" | "category" | "ground" as field:
                is_yes = str(value).lower() == "true"
                is_verdict = field == "is_complaint"
                choose_verdict(turn, field, is_yes if is_verdict else value)
            case "inform", "earlier_case":
                turn.set(correcting=earlier.REFERENCE)
            case "inform", "earlier":
                await earlier.choose(turn, str(value))
            case "inform", "event_date":
                fields.take_day(turn, str(value))
            case "correct", "category":
                _say_categories(turn)
            case "correct", str() if field in intake.CORRECTABLE:
                turn.set(correcting=field, confirmed=None)
            case "affirm", _ if self.asked_for == "confirmed":
                turn.set(confirmed=True)
            case "deny", _ if self.asked_for == "confirmed":
                say_change_choices(turn)
            case (("skip" | "deny"), _) if self.asked_for != "confirmed":
                intake.go_on_without(turn, self.asked_for)
            case "cancel", _:
                return self._leave("action_cancel_case")
            case "start_over", _:
                await RestartCase(turn.services).act(turn)
            case intent, _ if intent in INTERJECTIONS:
                await INTERJECTIONS[intent](turn.services).act(turn)
        return await self._go_on()

    async def _in_review(self, changed: list[str]) -> None:
        turn = self.turn
        if changed:
            await telling.add_told(turn)
            return
        if turn.is_question and self._offers_other_date():
            return
        if is_correction(turn):
            tells = not named_fields(turn) and telling.told_beside_facts(turn)
            if tells:
                await telling.add_aside(turn)
            else:
                self._correction_without_value()
        elif consent.confirms(turn):
            self._confirm()
        elif turn.has("nothing_more"):
            return
        elif self._is_interjection():
            await self._interjection()
            await telling.add_told(turn)
        elif turn.likeliest_intent == "deny":
            self._correction_without_value()
        elif telling.wishes(turn) and not turn.negates:
            await telling.add_words(turn)
        elif hearing.is_nothing_more(turn):
            return
        elif hearing.is_statement(turn) or telling.told_beside_facts(turn):
            await telling.add_words(turn)

    def _confirm(self) -> None:
        """Take a yes to the summary, where the summary is what was shown last."""
        turn = self.turn
        agrees_to_verdict = turn.states("complaint") and not turn.has("submit")
        shown = turn.get("shown")
        # In whichever language it was shown.
        is_shown = not shown or shown[1:] == intake.summary_signature(turn)[1:]
        is_stale = not is_shown and not turn.has("submit")
        turn.set(confirmed=None if is_stale or agrees_to_verdict else True)

    async def _in_details(self, changed: list[str]) -> None:
        turn = self.turn
        is_account = turn.get("correcting") == "description"
        is_order = len(turn.text.split()) <= _LONGEST_ORDER_WORDS
        tells = len(turn.text.split()) >= _TELLING_WORDS and not turn.is_question
        is_answer = bool(changed) and not turn.is_question
        is_telling = tells and turn.confidence < _CERTAIN
        if self._is_interjection() and not (is_telling or is_answer):
            await self._interjection()
            if await telling.add_told(turn):
                turn.set(details=turn.get("details") or turn.told)
        elif is_correction(turn) and not is_account:
            if not changed and is_order and named_fields(turn):
                self._correction_without_value()
            elif not changed:
                await intake.add_description(turn, turn.text)
                turn.say("utter_added")
        else:
            await fields.take_details(turn, changed)

    async def _in_field(self, changed: list[str]) -> None:
        """An utterance after a question for name, e-mail, username or date."""
        turn, field = self.turn, self.asked_for
        withholds = removing.is_withheld(turn, field)
        refuses = not changed and (hearing.is_refusal(turn) or withholds)
        refuses = refuses and field != "event_date"
        is_aside = self._is_interjection() and (turn.is_question or not changed)
        if self._asks_human() or (is_aside and not refuses):
            await self._interjection()
            if turn.is_question:
                await telling.add_told(turn)
        elif changed:
            is_told = await telling.add_told(turn)
            is_vague = field == "event_date" and not turn.get("event_time")
            if is_vague and not is_told and telling.names_part_of_day(turn):
                intake.keep_words(turn, turn.text)
        elif turn.get(field) and not turn.get("correcting"):
            return
        elif field != "event_date" and fields.repeats_date(turn):
            fields.say_date_noted(turn)
            await telling.add_told(turn)
        elif field == "event_date" and fields.is_open_date(turn):
            return
        elif hearing.is_refusal(turn) or withholds:
            await fields.refuse(turn, field)
        elif is_correction(turn) and self._is_said_to_correct():
            self._correction_without_value()
        elif is_correction(turn) and telling.told_beside_facts(turn):
            await telling.add_aside(turn)
        elif field == "email" and fields.takes_name_left_out(turn):
            return
        elif hearing.is_statement(turn) or telling.tells_more(turn):
            await telling.add_aside(turn)
        else:
            fields.fail(turn, field)

    def _is_said_to_correct(self) -> bool:
        """Whether it is in the words, and not only in the guess of the classifier."""
        turn = self.turn
        cues = ("change", "wrong", "slip", "deny")
        is_cued = any(turn.has(name) for name in cues) and turn.confidence >= _SURE
        return bool(named_fields(turn)) or is_cued

    def _asks_human(self) -> bool:
        turn = self.turn
        return turn.likeliest_intent == "ask_human" and turn.confidence >= _SURE

    def _is_interjection(self) -> bool:
        turn = self.turn
        if is_correction(turn) or not has_words(turn.text):
            return False
        if turn.is_question:
            return True
        intent = turn.likeliest_intent
        if intent in SMALL_TALK:
            is_value = any(c.isdigit() or c in "_@" for c in turn.text)
            return turn.confidence >= _SURE_OF_TALK and not is_value
        return intent in INTERJECTIONS and turn.confidence >= _SURE

    async def _interjection(self) -> None:
        turn = self.turn
        is_sure = turn.confidence >= _SURE or not turn.is_question
        action: type[TurnAction] = AnswerQuestion
        if turn.intent in INTERJECTIONS and is_sure:
            action = INTERJECTIONS[turn.intent]
        await action(turn.services).act(turn)

    def _correction_without_value(self) -> None:
        """Ask for the field that the customer names, or which one it is."""
        turn = self.turn
        named = named_fields(turn)
        if len(named) != 1:
            say_change_choices(turn)
            return
        turn.set(correcting=named[0])
        if named == ["email"] and "@" in turn.text:
            turn.say("utter_invalid_email")
        if named == ["event_date"] and not fields.is_open_date(turn):
            if any(character.isdigit() for character in turn.text):
                turn.say("utter_invalid_event_date")

    def _offers_other_date(self) -> bool:
        """Asked to write another date: ask which one is true."""
        turn = self.turn
        current = turn.get("event_date")
        days = [m.value for m in intake.mentions(turn, is_answer=False) if m.value]
        if not current or not days or days[0].isoformat() == current:
            return False
        pair = sorted({current, days[0].isoformat()})
        choices = [choice_of_day(turn, iso) for iso in pair]
        turn.say("utter_which_date_is_true", choices=choices)
        turn.has_asked = True
        return True


def _say_categories(turn: Turn) -> None:
    choices = [
        (
            turn.label(f"categories.{category}"),
            f'/inform{{"field": "category", "value": "{category}"}}',
        )
        for category in CATEGORIES
    ]
    turn.say("utter_which_category", choices=choices)
    turn.has_asked = True
