"""Everything around the matter itself: greetings, a person, languages, yes and no."""

from __future__ import annotations

from typing import Any

from actions import policy_days
from actions.answer import answer, note_whether_it_helped
from actions.asking import open_form
from actions.base import Events, TurnAction, followup
from actions.correcting import named_fields
from actions.earlier import written_reference
from actions.filing import NEW_CASE, open_case, opens_case
from actions.hearing import is_wordless
from actions.intake import explain_once
from actions.turns import Turn
from actions.urgency import crisis_values, file_urgent_case, say_after_crisis

_LONGEST_YES_WORDS = 6
_SHORTEST_QUESTION_WORDS = 4
_SHORTEST_REPORT_WORDS = 8
_SURE = 0.5
SMALL_TALK = frozenset(
    "greet thank goodbye bot_challenge praise abuse out_of_scope".split()
)


class SmallTalk(TurnAction):
    """Answers what needs no look-up, by its intent."""

    action_name = "action_small_talk"

    async def act(self, turn: Turn) -> Events | None:
        if turn.get("pause") and turn.intent in ("thank", "goodbye", "praise"):
            turn.say("utter_crisis_farewell", **crisis_values(turn))
            return None
        if turn.get("pause") and turn.intent != "bot_challenge":
            say_after_crisis(turn)
            return None
        inside = "_in_form" if turn.is_in_form else ""
        name = turn.intent if turn.intent in SMALL_TALK else "greet"
        if not turn.is_in_form:
            turn.set(offer=None)
        choices = []
        if name == "abuse" and not turn.is_in_form:
            choices = [(turn.label("choices.human"), "/ask_human")]
        turn.say(
            f"utter_{name}{inside}",
            operator=self.services.operator.name,
            choices=choices,
        )
        return None


class HandOver(TurnAction):
    """Says how to reach a person; inside the form also that one will read the case."""

    action_name = "action_human"

    async def act(self, turn: Turn) -> Events | None:
        operator, wording = self.services.operator, self.services.wording
        values: dict[str, Any] = {"email": operator.email}
        turn.set(wants_human=True)
        if turn.get("pause"):
            await self._in_crisis(turn)
            return None
        opens_at = None if operator.is_open(turn.now) else operator.opens_at(turn.now)
        closed = "_closed" if opens_at else ""
        if opens_at:
            moment = wording.moment(turn.language, opens_at, operator.zone)
            values["opens"] = moment
        if turn.is_in_form:
            turn.say(f"utter_human_in_form{closed}", **values)
            return None
        turn.set(offer="open_case", last_question=None)
        turn.say(
            f"utter_human{closed}",
            choices=[(turn.label("choices.write_here"), "/affirm")],
            **values,
        )
        return None

    async def _in_crisis(self, turn: Turn) -> None:
        """Tell a person at once; with a matter put aside, ask first."""
        was_offered = turn.get("offer") == "urgent"
        agrees = self.services.phrases.pattern("agree").match(turn.folded)
        is_agreed = was_offered and agrees is not None
        if turn.is_choice or is_agreed or not turn.get("parked"):
            await file_urgent_case(turn)
            return
        turn.set(offer="urgent")
        turn.say(
            "utter_human_in_crisis",
            choices=[(turn.label("choices.contact_me"), "/ask_human")],
            **crisis_values(turn),
        )


class ExplainComplaining(TurnAction):
    """How to complain, from the company's own policy."""

    action_name = "action_how_to_complain"

    async def act(self, turn: Turn) -> Events | None:
        services = self.services
        if turn.get("pause") and turn.confidence < _SURE:
            say_after_crisis(turn)
            return None
        found = None
        if turn.text:
            found = await services.in_thread(
                services.knowledge.answer, turn.text, language=turn.language
            )
        custom = {"citations": [found.citation.as_json()]} if found else None
        quote = f"\n\n{found.quote}" if found else ""
        inside = "_in_form" if turn.is_in_form else ""
        choices = []
        if not turn.is_in_form:
            turn.set(offer="open_case", last_question=None)
            choices = [(turn.label("choices.complain"), "/affirm")]
        turn.say(
            f"utter_how_to_complain{inside}",
            quote=quote,
            custom=custom,
            choices=choices,
            email=services.operator.email,
            **policy_days.window(turn),
            **policy_days.answer_due(turn),
        )
        return None


class ChangeLanguage(TurnAction):
    """Goes on in the language that the app has identified or been asked for."""

    action_name = "action_change_language"

    async def act(self, turn: Turn) -> Events | None:
        if turn.is_choice or turn.metadata.get("changes_language", True):
            turn.say("utter_language_changed")
        elif turn.get("pause"):
            say_after_crisis(turn)
        else:
            wording = self.services.wording
            choices = [
                (wording.name(each), f'/change_language{{"language":"{each}"}}')
                for each in self.services.operator.languages
            ]
            turn.say("utter_which_language", choices=choices)
        return None


class ExplainWhyNeeded(TurnAction):
    """What the field that was asked for, or that is named, is needed for."""

    action_name = "action_why_needed"

    async def act(self, turn: Turn) -> Events | None:
        if turn.get("pause"):
            say_after_crisis(turn)
            return None
        if not turn.is_in_form:
            # Nothing was asked for: it is a question like any other.
            await answer(turn)
            return None
        named = named_fields(turn)
        field = named[0] if len(named) == 1 else str(turn.get("requested_slot"))
        known = ("name", "email", "username", "event_date", "details", "confirmed")
        explain_once(turn, field)
        name = f"utter_why_{field}" if field in known else "utter_why_details"
        turn.say(name, **policy_days.window(turn))
        return None


class Accept(TurnAction):
    """Yes, to whatever was offered last."""

    action_name = "action_accept"

    async def act(self, turn: Turn) -> Events | None:
        offer = turn.get("offer")
        turn.set(offer=None)
        if offer == "urgent" and len(turn.text.split()) <= _LONGEST_YES_WORDS:
            await file_urgent_case(turn)
            return None
        if offer == "append":
            await self._append(turn)
            return None
        if offer == "open_case" or (turn.get("parked") and turn.is_choice):
            return await open_case(turn, turn.get("last_question") or "")
        if offer == "helped":
            await note_whether_it_helped(turn, helpful=True)
            turn.say("utter_glad")
        else:
            turn.say("utter_how_can_i_help")
        return None

    async def _append(self, turn: Turn) -> None:
        filed = turn.get("filed")
        text = turn.get("last_question") or turn.text
        await self.services.archive.append_to_case(
            filed["reference"], text, language=turn.language
        )
        turn.say("utter_appended", reference=filed["reference"])


class Decline(TurnAction):
    """No, to whatever was offered last."""

    action_name = "action_decline"

    async def act(self, turn: Turn) -> Events | None:
        offer = turn.get("offer")
        turn.set(offer=None)
        if turn.get("pause"):
            turn.say("utter_no_pressure")
        elif offer == "helped":
            await note_whether_it_helped(turn, helpful=False)
            turn.set(offer="open_case")
            turn.say(
                "utter_not_helped",
                choices=[
                    (turn.label("choices.take_case"), "/affirm"),
                    (turn.label("choices.no_thanks"), "/deny"),
                ],
            )
        elif offer == "append" and turn.has("file_anyway"):
            return await open_case(turn, turn.get("last_question") or "")
        elif offer == "append":
            new_case = (turn.label("choices.new_case"), NEW_CASE)
            turn.say(
                "utter_not_appended",
                reference=turn.get("filed")["reference"],
                choices=[new_case],
            )
        else:
            turn.say("utter_all_right")
        return None


class Correct(TurnAction):
    """A correction when no form is open."""

    action_name = "action_correct"

    async def act(self, turn: Turn) -> Events | None:
        if turn.get("filed"):
            turn.set(offer="append", last_question=turn.text)
            turn.say(
                "utter_correct_filed",
                reference=turn.get("filed")["reference"],
                choices=[(turn.label("choices.append"), "/affirm")],
            )
            return None
        if turn.get("pause"):
            say_after_crisis(turn)
            return None
        return await _take_as_opening(turn, "utter_how_can_i_help")


class Inform(TurnAction):
    """A bare fact when no form is open, or a choice that starts one."""

    action_name = "action_inform"

    async def act(self, turn: Turn) -> Events | None:
        facts = self.services.facts.read(turn.text)
        if facts.email:
            turn.set(email=facts.email)
        if turn.entities.get("field") == "new_case":
            return await open_case(turn, turn.get("last_question") or "")
        if turn.get("offer") == "status" or written_reference(turn):
            return [followup("action_case_status")]
        return await _take_as_opening(turn, "utter_default")


class Fallback(TurnAction):
    """Not understood: tried as a question, or said so."""

    action_name = "action_default_fallback"

    async def act(self, turn: Turn) -> Events | None:
        if turn.is_in_form:
            return await open_form(turn)
        if is_wordless(turn):
            _say_not_understood(turn)
        elif turn.get("offer") == "status" or written_reference(turn):
            return [followup("action_case_status")]
        elif await opens_case(turn):
            return [followup("action_open_case")]
        elif turn.get("offer") == "helped" and not turn.is_question:
            turn.set(offer=None)
            turn.say("utter_glad")
        elif turn.is_question or _may_be_question(turn):
            await answer(turn)
        else:
            _say_not_understood(turn)
        return None


async def _take_as_opening(turn: Turn, otherwise: str) -> Events | None:
    """Read a fact or a correction that nobody asked for as what opens a conversation.

    "I sent you the wrong bill, could you bin it?" corrects nothing that was said here.
    """
    words = len(turn.text.split())
    means = turn.likelier_of(("report_problem", "complaint", "ask_question"))
    is_report = words >= _SHORTEST_REPORT_WORDS and means != "ask_question"
    if await opens_case(turn) or (means and is_report and not turn.get("pause")):
        return [followup("action_open_case")]
    if turn.is_question:
        await answer(turn)
    elif is_wordless(turn) or turn.get("pause"):
        _say_not_understood(turn)
    else:
        turn.say(otherwise)
    return None


def _may_be_question(turn: Turn) -> bool:
    """Whether words without a question mark are worth looking up."""
    return len(turn.text.split()) >= _SHORTEST_QUESTION_WORDS and not turn.get("pause")


def _say_not_understood(turn: Turn) -> None:
    if is_wordless(turn):
        turn.say("utter_no_words")
    elif turn.get("pause"):
        say_after_crisis(turn)
    else:
        turn.say("utter_default")
