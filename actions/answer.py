"""Answering a question from the help pages, with its citation."""

from __future__ import annotations

import json
from collections.abc import Sequence

from actions.base import Events, TurnAction
from actions.hearing import is_wordless
from actions.routing import route
from actions.turns import Turn
from knowledge.answers import Answer, Citation

MOST_TOLD_CHARACTERS = 600
CHOSEN = "passage"


class AnswerQuestion(TurnAction):
    """Quotes the passage that answers, or says honestly that none does."""

    action_name = "action_answer"

    async def act(self, turn: Turn) -> Events | None:
        if turn.entities.get("field") == CHOSEN:
            await show_chosen(turn, str(turn.entities.get("value")))
            return None
        if is_wordless(turn) or turn.is_choice:
            turn.say("utter_no_words")
            return None
        if turn.is_in_form:
            await self._inside_form(turn)
            return None
        await answer(turn)
        return None

    async def _inside_form(self, turn: Turn) -> None:
        knowledge, services = self.services.knowledge, self.services
        found = await services.in_thread(
            knowledge.answer, turn.question, language=turn.language
        )
        if found is None and turn.likeliest_intent == "bot_challenge":
            turn.say("utter_bot_challenge_in_form")
            return
        if found is not None:
            say_answer(turn, found)
            return
        await _record_gap(turn)
        offered = await services.in_thread(
            knowledge.offer, turn.question, language=turn.language
        )
        if offered:
            turn.say("utter_suggestions_in_form", choices=_passages(offered))
        else:
            turn.say("utter_no_answer_in_form")


async def answer(turn: Turn) -> None:
    """Answer outside the form, and ask whether it helped."""
    services = turn.services
    turn.marks["route"] = route("ask_question")
    found = await services.in_thread(
        services.knowledge.answer, turn.text, language=turn.language
    )
    turn.set(last_question=turn.text)
    if found is not None:
        say_answer(turn, found)
        _ask_whether_it_helped(turn)
        return
    await _record_gap(turn)
    offered = await services.in_thread(
        services.knowledge.offer, turn.text, language=turn.language
    )
    turn.set(offer="open_case")
    choices = [
        (turn.label("choices.take_case"), "/affirm"),
        (turn.label("choices.no_thanks"), "/deny"),
    ]
    if offered:
        turn.say("utter_suggestions", choices=[*_passages(offered), *choices])
    else:
        turn.say("utter_no_answer", choices=choices)


async def show_chosen(turn: Turn, place: str) -> None:
    """Say the passage that the customer chose of those offered.

    Args:
        turn: The choice.
        place: `page#section`.
    """
    page, _, section = place.partition("#")
    question = "" if turn.is_in_form else turn.get("last_question") or ""
    services = turn.services
    found = await services.in_thread(
        services.knowledge.open_passage,
        page,
        section,
        question,
        language=turn.language,
    )
    inside = "_in_form" if turn.is_in_form else ""
    if found is None:
        # Published anew since it was offered, without this section.
        turn.say(f"utter_no_answer{inside}")
        return
    say_answer(turn, found)
    if not turn.is_in_form:
        _ask_whether_it_helped(turn)


def _passages(offered: Sequence[Citation]) -> list[tuple[str, str]]:
    """Titles to choose from, each with what is said when it is chosen."""
    choices = []
    for citation in offered:
        place = json.dumps(f"{citation.page}#{citation.section}")
        payload = f'/ask_question{{"field": "{CHOSEN}", "value": {place}}}'
        choices.append((citation.title, payload))
    return choices


def _ask_whether_it_helped(turn: Turn) -> None:
    turn.set(offer="helped")
    turn.say(
        "utter_did_this_help",
        choices=[
            (turn.label("choices.helped"), "/affirm"),
            (turn.label("choices.not_helped"), "/deny"),
        ],
    )


def say_answer(turn: Turn, found: Answer) -> None:
    # A short passage is told whole: "No." may stand before the sentence that fits best.
    is_short = len(found.text) <= MOST_TOLD_CHARACTERS
    turn.say(
        "utter_answer",
        quote=found.text if is_short else found.quote,
        custom={"citations": [found.citation.as_json()]},
    )


async def note_whether_it_helped(turn: Turn, helpful: bool) -> None:
    """Keep what the customer says of the latest answer, however they say it."""
    if turn.services.helpfulness is not None:
        await turn.services.helpfulness.note_last(turn.conversation, helpful)


async def _record_gap(turn: Turn) -> None:
    if turn.services.gaps is not None:
        await turn.services.gaps.record_gap(
            turn.text, language=turn.language, reason="unanswered"
        )
