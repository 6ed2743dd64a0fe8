"""Opening a case, filing it once it is confirmed, cancelling it, starting over."""

from __future__ import annotations

import logging
import re
from datetime import date, datetime
from typing import Any

from actions import hearing, intake, review
from actions.answer import answer
from actions.asking import open_form
from actions.base import STOP_FORM, Events, TurnAction
from actions.cases.case import CaseDraft, Customer, Verdict, receipt_as_json
from actions.earlier import written_reference
from actions.fields import say_date_noted
from actions.phrases import fold
from actions.turns import Turn
from actions.urgency import crisis_values
from knowledge.answers import Citation
from knowledge.citing import cite_in_force
from knowledge.errors import Unavailable

logger = logging.getLogger(__name__)

# What is put aside when the form is stopped, and taken up again if the customer wants.
_KEPT = (
    "description",
    "event_date",
    "event_time",
    "verdict",
    "missing",
    "customer_says_complaint",
    "remedy_sought",
    "matter",
)
NEW_CASE = '/inform{"field": "new_case"}'
_NEW_MATTER_WORDS = 8
_SURE = 0.5
_SHORTEST_REPORT_WORDS = 3
_LIKELY = 0.4
# Long words of a report that stand in the filed one, and their share of all of them.
_SHARED_WORDS, _SHARE_OF_WORDS = 3, 0.4
_LONG_WORD = re.compile(r"[^\W\d_]{5,}")


class OpenCase(TurnAction):
    """Starts the form with everything that has been said; a repeat opens nothing.

    What may be a question is answered, which offers the case where no page does.
    """

    action_name = "action_open_case"
    gives_way = False

    async def act(self, turn: Turn) -> Events | None:
        if hearing.rather_asks(turn):
            await answer(turn)
            return None
        if turn.get("pause") and not _wants_to_resume(turn):
            turn.say("utter_after_crisis", **crisis_values(turn))
            return None
        if turn.get("filed") and not turn.is_choice and await _is_same_matter(turn):
            filed = turn.get("filed")
            turn.set(offer="append", last_question=turn.text)
            turn.say(
                "utter_same_case",
                reference=filed["reference"],
                choices=[
                    (turn.label("choices.append"), "/affirm"),
                    (turn.label("choices.new_case"), NEW_CASE),
                ],
            )
            return None
        return await open_case(turn)


async def open_case(turn: Turn, description: str | None = None) -> Events:
    """Take what was said and start the form.

    Args:
        turn: The utterance that asks for it.
        description: The matter, where another utterance told it.
    """
    parked = turn.get("parked")
    is_resumed = bool(parked) and (
        turn.get("pause") or len(turn.text.split()) < _NEW_MATTER_WORDS * 2
    )
    intake.begin(turn)
    if parked and is_resumed:
        turn.set(**parked)
    turn.set(parked=None, pause=None, offer=None)
    turn.set(mentioned=written_reference(turn))
    changed = await intake.take_facts(turn)
    if description and intake.take_told_day(turn, description):
        changed.append("event_date")
    text = description if description is not None else turn.text
    is_order = turn.is_choice or (is_resumed and _tells_nothing(text))
    if description is not None or not is_order:
        await intake.add_description(turn, text)
    turn.marks["stage"] = "intake"
    if "route" in turn.marks:
        is_case = "complaint_case" if intake.is_complaint(turn) else "case"
        turn.marks["route"] = is_case
    if is_resumed:
        turn.say("utter_case_resumed")
    elif turn.get("customer_says_complaint") or intake.is_complaint(turn):
        turn.say("utter_case_opened_complaint")
    else:
        turn.say("utter_case_opened_request")
    if "event_date" in changed and intake.is_complaint(turn):
        say_date_noted(turn)
    return await open_form(turn)


def _tells_nothing(text: str) -> bool:
    """Whether words that take a matter up again say nothing of it: "do go on"."""
    is_short = len(text.split()) < _NEW_MATTER_WORDS
    return is_short and not any(character.isdigit() for character in text)


class FileCase(TurnAction):
    """Files the confirmed case and gives the receipt."""

    action_name = "action_file_case"

    async def act(self, turn: Turn) -> Events | None:
        if not turn.get("confirmed"):
            return None
        try:
            case = await self.services.archive.file(await self._draft(turn))
        except Unavailable:
            # Nothing is lost: the summary stands, and can be sent again.
            logger.warning("conversation %s: the archive is away", turn.conversation)
            turn.set(confirmed=None)
            turn.say("utter_filing_failed")
            return await open_form(turn)
        turn.set(
            filed={"reference": case.reference},
            confirmed=None,
            shown=None,
            parked=None,
            case_reference=case.reference,
        )
        turn.say(
            "utter_receipt" if case.is_complaint else "utter_receipt_request",
            reference=case.reference,
            opened_on=turn.written_day(case.opened_at),
            due_on=turn.written_day(case.answer_due_at),
            position=case.queue_position or 1,
            custom={"case": receipt_as_json(case, turn.written_day), "stage": "filed"},
        )
        if case.is_urgent:
            turn.say("utter_help_line_again", **crisis_values(turn))
        return None

    async def _draft(self, turn: Turn) -> CaseDraft:
        verdict = turn.get("verdict") or {}
        is_complaint = intake.is_complaint(turn)
        description = str(turn.get("description") or "")
        matter = turn.get("matter")
        day = intake.resolved_day(turn) if is_complaint else None
        pages = await self._pages(turn, description, day) if description else []
        return CaseDraft(
            filing_key=f"{turn.conversation}:{matter['key']}",
            # The place in the queue is that of the first message, not of the last.
            received_at=datetime.fromisoformat(matter["begun_at"]),
            conversation=turn.conversation,
            language=turn.language,
            customer=Customer(
                name=turn.get("name"),
                email=turn.get("email"),
                username=turn.get("username"),
            ),
            description=description,
            event_date=day,
            event_time=intake.resolved_time(turn) if day else None,
            remedy_sought=turn.get("remedy_sought"),
            is_complaint=is_complaint,
            complaint_probability=verdict.get("probability"),
            customer_says_complaint=bool(turn.get("customer_says_complaint")),
            ground=review.ground(turn) if is_complaint else None,
            category=review.category(turn),
            is_urgent=bool(turn.get("is_urgent")),
            wants_human=bool(turn.get("wants_human")),
            fields_missing=tuple(turn.get("missing") or ()),
            suggested_pages=[page.as_json() for page in pages],
        )

    async def _pages(
        self, turn: Turn, description: str, day: date | None
    ) -> list[Citation]:
        """Pages for the agent, as they were in force on the day it happened.

        None where the pages are away: a case is filed without suggestions.
        """
        services = self.services
        try:
            found = await services.in_thread(
                services.knowledge.suggest, description, language=turn.language
            )
        except Unavailable as exc:
            logger.warning("conversation %s: no pages: %s", turn.conversation, exc)
            return []
        if day is None or services.page_history is None:
            return found
        zone = services.operator.zone
        return await cite_in_force(services.page_history, found, day, zone)


class CancelCase(TurnAction):
    """Stops the form without filing; what was given is kept aside."""

    action_name = "action_cancel_case"

    async def act(self, turn: Turn) -> Events | None:
        if not turn.is_in_form:
            response = (
                "utter_no_pressure" if turn.get("pause") else "utter_nothing_open"
            )
            turn.set(offer=None)
            turn.say(response)
            return None
        park(turn)
        turn.say("utter_cancelled")
        return STOP_FORM


class RestartCase(TurnAction):
    """Forgets everything that was given, and asks again from the first field."""

    action_name = "action_restart_case"

    async def act(self, turn: Turn) -> Events | None:
        if not turn.is_in_form:
            turn.set(parked=None, offer=None)
            turn.say("utter_how_can_i_help")
            return None
        intake.begin(turn)
        turn.set(name=None, email=None, username=None, parked=None)
        turn.say("utter_restarted")
        return None


def park(turn: Turn) -> None:
    """Put the matter aside and clear the form."""
    kept: dict[str, Any] = {name: turn.get(name) for name in _KEPT}
    turn.set(parked=kept, confirmed=None, shown=None, correcting=None)


def _wants_to_resume(turn: Turn) -> bool:
    if turn.is_choice or hearing.resumes(turn):
        return True
    return turn.intent == "complaint" or turn.states("complaint")


async def opens_case(turn: Turn) -> bool:
    """Whether an utterance of unsure intent is a report all the same."""
    is_report = words_open_case(turn)
    if is_report is None:
        is_report = (await verdict_on(turn)).is_complaint
    return is_report


def words_open_case(turn: Turn) -> bool | None:
    """Whether its words make an utterance a report; None where its matter decides."""
    words = len(turn.text.split())
    if turn.states("complaint") and (turn.get("parked") or words >= 4):
        return True
    if turn.is_question:
        return False
    if turn.intent == "nlu_fallback" and turn.likeliest_intent in hearing.REPORTS:
        # Not sure enough for a rule, but there is nothing likelier.
        return words >= _SHORTEST_REPORT_WORDS and turn.confidence >= _LIKELY
    return False if words < _NEW_MATTER_WORDS else None


async def verdict_on(turn: Turn) -> Verdict:
    """What the classifier makes of the utterance, leaving out who writes."""
    matter = turn.services.facts.without_person(turn.text, ())
    return await turn.services.in_thread(
        turn.services.classifier.classify, matter, turn.language
    )


async def _is_same_matter(turn: Turn) -> bool:
    """Whether a report after the receipt is about a case filed in this conversation.

    Few words tell no new matter. Otherwise the texts are compared, across languages.
    """
    if len(turn.text.split()) < _NEW_MATTER_WORDS:
        return True
    services = turn.services
    if await services.archive.open_case_about(
        None, turn.text, conversation=turn.conversation
    ):
        return True
    if _shares_words(turn.text, str(turn.get("description") or "")):
        return True
    verdict = await services.in_thread(
        services.classifier.classify, turn.text, turn.language
    )
    return not verdict.is_complaint and turn.confidence < _SURE


def _shares_words(text: str, filed: str) -> bool:
    """Whether a report names what the filed one did: the same cup, league and parcel.

    For one in the same language, where few words of a long story come back.
    """
    words = set(_LONG_WORD.findall(fold(text)))
    shared = words & set(_LONG_WORD.findall(fold(filed)))
    is_most = len(shared) >= len(words) * _SHARE_OF_WORDS
    return len(shared) >= _SHARED_WORDS and is_most
