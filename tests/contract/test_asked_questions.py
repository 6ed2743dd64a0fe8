from __future__ import annotations

import pytest

from actions.cases.asked_questions import question_of, recently_answered
from actions.cases.transcripts import Transcripts
from tests.factories import FakeClock, make_message

CITED = [{"page": "fees", "section": "cost"}]


@pytest.fixture
async def conversation(engine) -> str:
    transcripts = Transcripts(engine, FakeClock())
    await transcripts.create("c1", "hash", "sv")
    await transcripts.append(
        "c1",
        make_message(id="q1", text="Vad kostar det?"),
        make_message(id="a1", sender="bot", citations=CITED),
        make_message(id="q2", text="Finns ni i Oslo?"),
        make_message(id="a2", sender="bot"),
        make_message(id="q3", text="vad kostar det?"),
        make_message(id="a3", sender="bot", citations=CITED),
    )
    return "c1"


async def test_questions_answered_with_a_citation_are_found_once(
    engine, conversation
) -> None:
    found = await recently_answered(engine, 10)

    assert [(each.text, each.language) for each in found] == [("vad kostar det?", "sv")]


async def test_the_question_before_an_answer_is_its_question(
    engine, conversation
) -> None:
    asked = await question_of(engine, conversation, "a1")

    assert asked is not None
    assert asked.text == "Vad kostar det?"


@pytest.mark.parametrize("message", ["a2", "q1", "unknown"])
async def test_what_is_no_answer_has_no_question(engine, conversation, message) -> None:
    assert await question_of(engine, conversation, message) is None


async def test_an_answer_of_another_conversation_is_not_found(
    engine, conversation
) -> None:
    assert await question_of(engine, "c2", "a1") is None
