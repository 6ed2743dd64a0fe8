"""Between an answer and "I don't know": passages to choose from."""

from __future__ import annotations

import json
from typing import Any

from actions.answer import AnswerQuestion
from actions.form import ValidateCaseForm
from actions.talk import Accept, Decline
from knowledge.answers import Answer, Citation
from knowledge.chunking import Passage
from tests.unit.talking import Silence, filled, make_services, tell

PASSAGE = Passage(
    id="faq/en/fees",
    page="faq",
    version=2,
    section="fees",
    title="Questions",
    heading="What does it cost?",
    language="en",
    url="/help/en/faq#fees",
    text="Nothing at all.",
)
CITATION = Citation(
    page="faq",
    version=2,
    section="fees",
    title="Questions: What does it cost?",
    url="/help/en/faq#fees",
    language="en",
    quote="Nothing at all.",
)
PAYLOAD = '/ask_question{"field": "passage", "value": "faq#fees"}'


class Doubt(Silence):
    """Help pages that are never sure, and hold one passage."""

    def offer(self, question: str, *, language: str | None) -> list[Citation]:
        return [CITATION]

    def open_passage(
        self, page: str, section: str, question: str, *, language: str | None
    ) -> Answer | None:
        if (page, section) != ("faq", "fees"):
            return None
        return Answer(PASSAGE.text, PASSAGE.text, 1.0, CITATION, PASSAGE)


async def ask(text: str, action: Any, **about: Any) -> Any:
    services = make_services(knowledge=Doubt())
    about = {"intent": "ask_question", **about}
    return await tell(text, services=services, action=action, **about)


async def choose(payload: str, action: Any, **about: Any) -> Any:
    entities = json.loads(payload.removeprefix("/ask_question"))
    return await ask(payload, action, entities=entities, **about)


async def test_a_doubtful_question_offers_titled_passages() -> None:
    heard = await ask("What about money?", AnswerQuestion, form=False)

    assert PAYLOAD in heard.payloads
    assert {"/affirm", "/deny"} <= set(heard.payloads)
    assert heard.slots["last_question"] == "What about money?"


async def test_a_chosen_passage_is_shown_and_asked_about() -> None:
    heard = await choose(PAYLOAD, AnswerQuestion, form=False)

    assert "Nothing at all." in heard.text
    assert heard.slots["offer"] == "helped"


async def test_a_passage_that_is_gone_is_said_to_be() -> None:
    gone = PAYLOAD.replace("fees", "prices")

    heard = await choose(gone, AnswerQuestion, form=False)

    assert "can't find a definite answer" in heard.text


async def test_inside_the_form_passages_are_offered_and_the_form_goes_on() -> None:
    slots = {**filled(email=None), "requested_slot": "email"}

    heard = await ask("What does it cost?", ValidateCaseForm, **slots)

    assert PAYLOAD in heard.payloads
    assert heard.slots["requested_slot"] == "email"


async def test_a_choice_inside_the_form_is_shown_and_the_form_goes_on() -> None:
    slots = {**filled(email=None), "requested_slot": "email"}

    heard = await choose(PAYLOAD, ValidateCaseForm, **slots)

    assert "Nothing at all." in heard.text
    assert heard.slots["requested_slot"] == "email"


class Told:
    """Remembers which answers helped."""

    def __init__(self) -> None:
        self.verdicts: list[tuple[str, bool]] = []

    async def note_last(self, conversation: str, helpful: bool) -> None:
        self.verdicts.append((conversation, helpful))


async def test_what_is_said_of_an_answer_is_noted_as_its_feedback() -> None:
    told = Told()
    services = make_services(helpfulness=told)

    for text, action in (("Yes", Accept), ("No", Decline)):
        await tell(text, services=services, action=action, form=False, offer="helped")

    assert told.verdicts == [("c1", True), ("c1", False)]
