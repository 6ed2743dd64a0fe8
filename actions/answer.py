"""Answering a question from the help pages, with its citation."""

from __future__ import annotations

from actions.base import Events, TurnAction, back_to_form
from actions.intake import is_wordless
from actions.turns import Turn
from knowledge.answers import Answer

MOST_TOLD_CHARACTERS = 600


class AnswerQuestion(TurnAction):
    """Quotes the passage that answers, or says honestly that none does."""

    action_name = "action_answer"

    async def act(self, turn: Turn) -> Events | None:
        if is_wordless(turn) or turn.is_choice:
            turn.say("utter_no_words")
            return back_to_form(turn)
        if turn.is_in_form:
            await self._inside_form(turn)
            return back_to_form(turn)
        await answer(turn)
        return None

    async def _inside_form(self, turn: Turn) -> None:
        knowledge, services = self.services.knowledge, self.services
        found = await services.in_thread(
            knowledge.answer, turn.text, language=turn.language
        )
        if found is None and turn.likeliest_intent == "bot_challenge":
            turn.say("utter_bot_challenge_in_form")
            return
        if found is None:
            await _record_gap(turn)
            turn.say("utter_no_answer_in_form")
            return
        say_answer(turn, found)


async def answer(turn: Turn) -> None:
    """Answer outside the form, and ask whether it helped."""
    services = turn.services
    found = await services.in_thread(
        services.knowledge.answer, turn.text, language=turn.language
    )
    turn.set(last_question=turn.text)
    if found is not None:
        turn.set(offer="helped")
        say_answer(turn, found)
        turn.say(
            "utter_did_this_help",
            choices=[
                (turn.label("choices.helped"), "/affirm"),
                (turn.label("choices.not_helped"), "/deny"),
            ],
        )
        return
    await _record_gap(turn)
    suggested = await services.in_thread(
        services.knowledge.suggest, turn.text, language=turn.language
    )
    turn.set(offer="open_case")
    choices = [
        (turn.label("choices.take_case"), "/affirm"),
        (turn.label("choices.no_thanks"), "/deny"),
    ]
    if suggested:
        turn.say(
            "utter_suggestions",
            custom={"citations": [citation.as_json() for citation in suggested]},
            titles="\n".join(f"• {citation.title}" for citation in suggested),
            choices=choices,
        )
    else:
        turn.say("utter_no_answer", choices=choices)


def say_answer(turn: Turn, found: Answer) -> None:
    # A short passage is told whole: "No." may stand before the sentence that fits best.
    is_short = len(found.text) <= MOST_TOLD_CHARACTERS
    turn.say(
        "utter_answer",
        quote=found.text if is_short else found.quote,
        custom={"citations": [found.citation.as_json()]},
    )


async def _record_gap(turn: Turn) -> None:
    if turn.services.gaps is not None:
        await turn.services.gaps.record_gap(
            turn.text, language=turn.language, reason="unanswered"
        )
