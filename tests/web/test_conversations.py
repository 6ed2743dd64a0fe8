from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from actions.cases.turns import Turns
from bot.dialogue.rasa import Reply, Turn
from knowledge.errors import AssistantUnavailable
from tests.factories import make_message
from tests.web.conftest import CITATION, Counter


def cited(text: str, metadata: Mapping[str, Any]) -> Turn:
    return Turn(
        replies=[
            Reply(
                text="Du har tre månader på dig.",
                choices=[{"title": "Ja", "payload": "/affirm"}],
                custom={"citations": [CITATION.as_json()], "route": "faq"},
            )
        ],
        intent="ask_question",
    )


async def test_the_first_message_says_that_a_machine_answers(counter: Counter) -> None:
    visit = await counter.open(language="fr")

    (greeting,) = visit.opened["messages"]

    assert visit.opened["language"] == "fr"
    assert greeting["sender"] == "bot"
    assert "assistant automatique" in greeting["text"]


async def test_an_answer_comes_with_its_citation_choices_and_route(
    counter: Counter,
) -> None:
    counter.assistant.script = cited
    visit = await counter.open(language="sv")

    answered = await visit.say("Hur lång tid har jag på mig att klaga?")

    (reply,) = answered["messages"]
    assert answered["route"] == "faq"
    assert answered["stage"] == "answering"
    assert reply["citations"] == [CITATION.as_json()]
    assert reply["choices"] == [{"title": "Ja", "payload": "/affirm"}]


async def test_what_the_customer_wrote_is_stored_before_the_assistant_is_asked(
    counter: Counter,
) -> None:
    def fail(text: str, metadata: Mapping[str, Any]) -> Turn:
        raise AssistantUnavailable

    counter.assistant.script = fail
    visit = await counter.open(language="sv")

    answered = await visit.say("Mitt uttag har inte kommit")

    (apology,) = answered["messages"]
    assert "/contact?language=sv" in apology["text"]
    stored = await visit.transcript()
    assert [each["text"] for each in stored[1:]] == [
        "Mitt uttag har inte kommit",
        apology["text"],
    ]


async def test_an_empty_reply_is_an_apology_and_not_silence(counter: Counter) -> None:
    counter.assistant.script = lambda text, metadata: Turn(replies=[])
    visit = await counter.open(language="en")

    answered = await visit.say("Where is my withdrawal?")

    assert "contact form" in answered["messages"][0]["text"]


async def test_the_same_client_message_id_acts_once(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    first = await visit.say("Hej!", client_message_id="a1")
    second = await visit.say("Hej!", client_message_id="a1")

    assert first == second
    assert len(counter.assistant.heard) == 1


async def test_the_same_client_message_id_acts_once_when_sent_at_once(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")

    answers = await asyncio.gather(
        *(visit.say("Hej!", client_message_id="a1") for _ in range(5))
    )

    assert all(answer == answers[0] for answer in answers)
    assert len(counter.assistant.heard) == 1
    assert len(await visit.transcript()) == 3


async def test_a_repetition_after_a_restart_gives_the_stored_reply(
    counter: Counter,
) -> None:
    from bot import keys

    visit = await counter.open(language="sv")
    first = await visit.say("Hej!", client_message_id="a1")
    counter.client.app[keys.CONVERSATIONS]._answered.clear()  # type: ignore[union-attr]

    second = await visit.say("Hej!", client_message_id="a1")

    assert second["messages"] == first["messages"]
    assert len(counter.assistant.heard) == 1


async def test_a_burst_is_read_in_one_turn(
    make_counter: Callable[..., Awaitable[Counter]],
) -> None:
    counter = await make_counter(burst_milliseconds=100)
    visit = await counter.open(language="sv")
    sentences = ["Hej", "mitt uttag har inte kommit", "det gällde 300 kr"]

    answers = await asyncio.gather(
        *(visit.say(text, client_message_id=text) for text in sentences)
    )

    ((_, spoken, _),) = counter.assistant.heard
    assert sorted(spoken.split("\n")) == sorted(sentences)
    assert answers[0]["messages"] == answers[1]["messages"] == answers[2]["messages"]
    assert len({answer["message_id"] for answer in answers}) == 3
    senders = [each["sender"] for each in await visit.transcript()]
    assert senders == ["bot", "customer", "customer", "customer", "bot"]


async def test_of_many_messages_at_once_none_is_lost_or_read_twice(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")
    said = [f"Fråga nummer {n} om uttag." for n in range(6)]

    answers = await asyncio.gather(
        *(visit.say(text, client_message_id=text) for text in said for _ in range(2))
    )

    heard = [
        line for _, text, _ in counter.assistant.heard for line in text.split("\n")
    ]
    assert sorted(heard) == sorted(said)
    assert all(answer["messages"] for answer in answers)


async def test_what_was_stored_before_a_crash_is_read_in_the_next_turn(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")
    lost = make_message(text="Mitt uttag har inte kommit.")
    await Turns(counter.parts.engine).hear(visit.id, lost)

    await visit.say("Det gällde 300 kr.")

    ((_, spoken, _),) = counter.assistant.heard
    assert spoken == "Mitt uttag har inte kommit.\nDet gällde 300 kr."


async def test_a_choice_is_a_turn_of_its_own(counter: Counter) -> None:
    counter.assistant.script = cited
    visit = await counter.open(language="sv")
    await visit.say("Hur lång tid har jag på mig?")

    await asyncio.gather(
        visit.say("Jag har en fråga till."), visit.post(choice="/affirm")
    )

    assert {text for _, text, _ in counter.assistant.heard[1:]} == {
        "Jag har en fråga till.",
        "/affirm",
    }


async def test_while_an_agent_is_in_the_conversation_the_assistant_is_silent(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")
    conversations = counter.conversations
    await conversations.take_over(visit.id, "Astrid")

    answered = await visit.say("Är du en människa?")
    await conversations.hand_back(visit.id, "Uttaget är skickat.")
    again = await visit.say("Tack!")

    assert (answered["messages"], answered["stage"]) == ([], "handed_over")
    said = [(each["sender"], each["text"]) for each in await visit.transcript()]
    assert "Astrid" in said[1][1]
    assert said[2] == ("customer", "Är du en människa?")
    assert said[3] == ("agent", "Uttaget är skickat.")
    assert "svarar igen" in said[4][1]
    assert again["messages"]
    assert [text for _, text, _ in counter.assistant.heard] == ["Tack!"]


async def test_an_agent_who_says_nothing_for_long_has_left(counter: Counter) -> None:
    visit = await counter.open(language="sv")
    await counter.conversations.take_over(visit.id, "Astrid")
    counter.clock.now += timedelta(minutes=16)

    answered = await visit.say("Hallå?")

    assert answered["messages"][-1]["text"] == "You said: Hallå?"
    assert any("svarar igen" in each["text"] for each in await visit.transcript())


async def test_a_satisfaction_is_recorded_and_checked(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    statuses = [
        (
            await counter.client.post(
                f"{visit.address}/feedback",
                json={"scope": "conversation", **body},
                headers=visit.headers,
            )
        ).status
        for body in ({"satisfaction": 5, "comment": "Bra"}, {"satisfaction": 9}, {})
    ]

    assert statuses == [204, 400, 400]


async def test_a_card_number_is_masked_before_it_is_stored_or_passed_on(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")

    answered = await visit.say("Mitt kort 4111 1111 1111 1111 fungerar inte")

    assert "kortnummer" in answered["messages"][0]["text"]
    ((_, spoken, metadata),) = counter.assistant.heard
    assert spoken == "Mitt kort [card] fungerar inte"
    assert metadata["masked"] == ["card"]
    assert not any("4111" in each["text"] for each in await visit.transcript())


async def test_a_choice_is_shown_by_its_title_and_sent_by_its_payload(
    counter: Counter,
) -> None:
    counter.assistant.script = cited
    visit = await counter.open(language="sv")
    await visit.say("Hur lång tid har jag på mig?")

    await visit.post(choice="/affirm")

    assert counter.assistant.heard[-1][1] == "/affirm"
    assert (await visit.transcript())[-2]["text"] == "Ja"


async def test_a_choice_that_was_never_offered_is_refused(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    response = await visit.post(choice="/restart")

    assert response.status == 400
    assert counter.assistant.heard == []


async def test_a_typed_slash_is_not_taken_for_an_intent(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    await visit.say(" //restart")

    assert counter.assistant.heard[0][1] == "restart"
    assert (await visit.transcript())[1]["text"] == " //restart"


async def test_an_empty_message_is_answered_and_not_stored(counter: Counter) -> None:
    visit = await counter.open(language="fr")

    answered = await visit.say("  \n ")

    assert "quelques mots" in answered["messages"][0]["text"]
    assert counter.assistant.heard == []
    assert [each["sender"] for each in await visit.transcript()] == ["bot", "bot"]


async def test_an_empty_message_in_the_form_repeats_the_question(
    counter: Counter,
) -> None:
    counter.assistant.script = lambda text, metadata: Turn(
        replies=[Reply(text="Vad heter du?")], form="case_form"
    )
    visit = await counter.open(language="sv")
    await visit.say("Mitt uttag har inte kommit")

    answered = await visit.say("")

    assert answered["messages"][-1]["text"] == "Vad heter du?"
    assert answered["stage"] == "intake"


async def test_html_and_emoji_are_kept_as_written(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    await visit.say("<script>alert(1)</script>")
    await visit.say("😡😡")

    stored = [each["text"] for each in await visit.transcript()]
    assert "<script>alert(1)</script>" in stored
    assert "😡😡" in stored


async def test_the_transcript_goes_on_after_a_message(counter: Counter) -> None:
    visit = await counter.open(language="sv")
    first = await visit.say("Hej!")

    later = await visit.say("Hej igen!")

    after = await visit.transcript(after=first["messages"][-1]["id"])
    assert [each["id"] for each in after[1:]] == [
        each["id"] for each in later["messages"]
    ]


async def test_a_watcher_is_told_of_every_message(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    socket = await counter.client.ws_connect(
        f"{visit.address}/events", protocols=("guichet", visit.opened["token"])
    )
    await visit.say("Hej!")

    senders = [(await socket.receive_json(timeout=5))["sender"] for _ in range(2)]
    assert senders == ["customer", "bot"]
    assert socket.protocol == "guichet"
    await socket.close()


async def test_feedback_on_an_answer_is_recorded(counter: Counter) -> None:
    visit = await counter.open(language="sv")
    answered = await visit.say("Hej!")

    response = await counter.client.post(
        f"{visit.address}/feedback",
        json={"message_id": answered["messages"][0]["id"], "helpful": True},
        headers=visit.headers,
    )

    assert response.status == 204


async def test_a_message_is_written_the_same_everywhere(counter: Counter) -> None:
    visit = await counter.open(language="sv")
    socket = await counter.client.ws_connect(
        f"{visit.address}/events", protocols=("guichet", visit.opened["token"])
    )

    answered = await visit.say("Hej!")

    _, live = [await socket.receive_json(timeout=5) for _ in range(2)]
    await socket.close()
    (reply,) = answered["messages"]
    assert reply == live == (await visit.transcript())[-1]
    assert reply["sent_at"] == "2026-11-22T09:30:00.000Z"
