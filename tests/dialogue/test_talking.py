"""Whole conversations with the real assistant, through the public API alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.running.instance import Instance
from bot.tokens import internal_token

pytestmark = [pytest.mark.rasa, pytest.mark.model]

YESTERDAY = {"sv": "igår", "fr": "hier", "en": "yesterday"}
REPORTS = {
    "sv": "Mitt uttag på 300 kr skulle ha kommit {day} men är inte här. Jag klagar.",
    "fr": "Mon retrait de 300 € devait arriver {day}, toujours rien. Je veux réclamer.",
    "en": "My withdrawal of 300 € was due {day} and has not come. I want to complain.",
}
PERSON = {
    "sv": "Sofia Lind, sofia.lind@example.se, användarnamn river_rat",
    "fr": "Zoé Petit, zoe.petit@example.fr, pseudo river_rat",
    "en": "Ida Moore, ida.moore@example.com, username river_rat",
}
NOTHING_MORE = {"sv": "nej, inget mer", "fr": "non, c'est tout", "en": "no, that's all"}
SEND = {"sv": "ja, skicka", "fr": "oui, envoyez", "en": "yes, send it"}
QUESTIONS = {
    "sv": "Hur lång tid har jag på mig att klaga?",
    "fr": "Puis-je avoir deux comptes ?",
    "en": "Can I have two accounts?",
}
DESPAIR = {
    "sv": "jag har spelat bort hyran och orkar inte leva längre",
    "fr": "j'ai perdu le loyer au jeu et je n'ai plus envie de vivre",
    "en": "I gambled the rent away and I don't want to live any more",
}
HELP_LINE = {"sv": "020-81 91 00", "fr": "09 74 75 13 13", "en": "0808 8020 133"}


@dataclass
class Visitor:
    """A customer at the counter."""

    session: aiohttp.ClientSession
    address: str
    language: str
    conversation: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def arrive(self) -> dict[str, Any]:
        url = f"{self.address}/api/v1/conversations"
        async with self.session.post(url, json={"language": self.language}) as response:
            assert response.status == 201
            body: dict[str, Any] = await response.json()
        self.conversation = body["conversation"]
        self.headers = {"Authorization": f"Bearer {body['token']}"}
        return body

    async def say(self, text: str) -> dict[str, Any]:
        return await self._send({"text": text})

    async def choose(self, payload: str) -> dict[str, Any]:
        return await self._send({"choice": payload})

    async def _send(self, body: dict[str, str]) -> dict[str, Any]:
        url = f"{self.address}/api/v1/conversations/{self.conversation}/messages"
        async with self.session.post(url, json=body, headers=self.headers) as response:
            assert response.status == 200
            answer: dict[str, Any] = await response.json()
        assert answer["messages"], "the assistant was silent"
        return answer


@pytest.fixture(params=["sv", "fr", "en"])
async def visitor(
    request: pytest.FixtureRequest, counter: Instance
) -> AsyncIterator[Visitor]:
    async with aiohttp.ClientSession() as session:
        arrived = Visitor(session, counter.settings.address, request.param)
        await arrived.arrive()
        yield arrived


def the_case(answer: dict[str, Any]) -> dict[str, Any] | None:
    return next((m["case"] for m in answer["messages"] if m.get("case")), None)


async def reach_review(visitor: Visitor) -> dict[str, Any]:
    day = YESTERDAY[visitor.language]
    await visitor.say(REPORTS[visitor.language].format(day=day))
    await visitor.say(PERSON[visitor.language])
    return await visitor.say(NOTHING_MORE[visitor.language])


async def test_a_question_is_answered_with_its_citation(visitor: Visitor) -> None:
    answer = await visitor.say(QUESTIONS[visitor.language])

    assert answer["route"] == "faq"
    assert any(message["citations"] for message in answer["messages"])


async def test_a_complaint_is_filed_once_it_is_confirmed(visitor: Visitor) -> None:
    review = await reach_review(visitor)

    filed = await visitor.say(SEND[visitor.language])

    assert review["stage"] == "review"
    assert the_case(review) is None
    case = the_case(filed)
    assert case is not None
    due = datetime.fromisoformat(case["answer_due_at"])
    assert due > datetime.now(UTC) + timedelta(days=27)


async def test_a_first_report_is_routed_as_a_complaint(visitor: Visitor) -> None:
    day = YESTERDAY[visitor.language]

    answer = await visitor.say(REPORTS[visitor.language].format(day=day))

    assert answer["route"] == "complaint_case"
    assert answer["stage"] == "intake"


async def test_a_question_in_the_form_is_answered_and_the_form_goes_on(
    visitor: Visitor,
) -> None:
    day = YESTERDAY[visitor.language]
    opened = await visitor.say(REPORTS[visitor.language].format(day=day))

    answer = await visitor.say(QUESTIONS[visitor.language])

    assert answer["stage"] == "intake"
    assert answer["messages"][-1]["text"] == opened["messages"][-1]["text"]


async def test_a_choice_changes_a_field_and_the_summary_comes_again(
    visitor: Visitor,
) -> None:
    await reach_review(visitor)
    await visitor.choose('/correct{"field": "email"}')

    answer = await visitor.say("new.address@example.com")

    assert answer["stage"] == "review"
    assert "new.address@example.com" in answer["messages"][-1]["text"]


async def test_writing_again_after_the_receipt_opens_no_second_case(
    visitor: Visitor,
) -> None:
    await reach_review(visitor)
    filed = await visitor.say(SEND[visitor.language])

    again = await visitor.say(
        REPORTS[visitor.language].format(day=YESTERDAY[visitor.language])
    )

    case = the_case(filed)
    assert case is not None
    assert case["reference"] in again["messages"][-1]["text"]
    assert the_case(again) is None


async def test_despair_stops_the_form_and_is_given_help_first(visitor: Visitor) -> None:
    day = YESTERDAY[visitor.language]
    await visitor.say(REPORTS[visitor.language].format(day=day))

    answer = await visitor.say(DESPAIR[visitor.language])

    assert answer["route"] == "crisis"
    assert answer["stage"] == "answering"
    assert HELP_LINE[visitor.language] in answer["messages"][0]["text"]


async def test_an_action_that_fails_is_owned_up_to_and_loses_no_word(
    counter: Instance,
) -> None:
    async with aiohttp.ClientSession() as session:
        visitor = Visitor(session, counter.settings.address, "en")
        await visitor.arrive()
        await reach_review(visitor)
        await set_slot(session, counter, visitor.conversation, "event_date", "no day")

        answer = await visitor.say("yes, send it now please")

        url = f"{visitor.address}/api/v1/conversations/{visitor.conversation}/messages"
        async with session.get(url, headers=visitor.headers) as response:
            transcript = (await response.json())["messages"]
    assert the_case(answer) is None
    assert "/contact?language=en" in answer["messages"][-1]["text"]
    said = [each["text"] for each in transcript if each["sender"] == "customer"]
    assert REPORTS["en"].format(day="yesterday") in said
    assert said[-1] == "yes, send it now please"


async def set_slot(
    session: aiohttp.ClientSession,
    counter: Instance,
    conversation: str,
    name: str,
    value: str,
) -> None:
    """Spoil what the assistant remembers, straight in Rasa's tracker."""
    settings = counter.settings
    async with session.post(
        f"http://127.0.0.1:{settings.rasa_port}/conversations/{conversation}"
        "/tracker/events",
        params={"token": internal_token(settings.state_dir)},
        json={"event": "slot", "name": name, "value": value},
    ) as response:
        assert response.status == 200
