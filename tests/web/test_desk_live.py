"""Conversations going on, and the queue that is fresh without a reload."""

from __future__ import annotations

from typing import Any

from bot.dialogue.rasa import Reply, Turn
from tests.web.conftest import Counter, Visit
from tests.web.desk_client import CASES, call, get_page, send

API = "/api/v1/desk/conversations"


async def act(
    desk: Counter, visit: Visit, act: str, *, status: int = 303, **fields: Any
) -> str:
    return await send(desk, f"/desk/live/{visit.id}/{act}", status=status, **fields)


async def test_who_wants_a_person_stands_first(desk):
    early, late = [await desk.open(language="sv") for _ in range(2)]
    await early.say("Hur länge?")
    reply = Reply(text="Vi är här.", custom={"route": "human"})
    desk.assistant.script = lambda text, metadata: Turn(replies=[reply])
    await late.say("Jag vill prata med en människa")

    response = await desk.client.get(API)

    found = (await response.json())["conversations"]
    assert [each["conversation"] for each in found] == [late.id, early.id]
    assert [each["wants_human"] for each in found] == [True, False]
    words = [each["last_words"] for each in found]
    assert words == ["Jag vill prata med en människa", "Hur länge?"]


async def test_a_conversation_that_fell_silent_goes_on_no_longer(desk):
    await desk.open(language="sv")
    desk.clock.advance(minutes=16)

    page = await get_page(desk, "/desk/live")

    assert "Nobody is in conversation now." in page


async def test_an_agent_takes_over_speaks_and_hands_back(desk):
    visit = await desk.open(language="sv")

    await act(desk, visit, "take-over")
    await act(desk, visit, "messages", text="Hej, det är Kim.")
    replies = (await visit.say("Hej Kim!"))["messages"]
    await act(desk, visit, "hand-back", summary="Kim ringer i morgon.")

    said = [each["text"] for each in await visit.transcript()]
    assert "Hej, det är Kim." in said
    assert replies == []
    assert said[-2] == "Kim ringer i morgon."
    assert (await visit.say("Hur länge?"))["messages"] != []


async def test_nobody_speaks_without_having_taken_over(desk):
    visit = await desk.open(language="sv")

    page = await act(desk, visit, "messages", status=409, text="Hej!")

    assert "Take the conversation over first." in page
    assert [each["sender"] for each in await visit.transcript()] == ["bot"]


async def test_only_one_agent_speaks(desk):
    visit = await desk.open(language="sv")
    await desk.conversations.take_over(visit.id, "Bo")

    page = await act(desk, visit, "take-over", status=409)

    assert "Bo is speaking with the customer." in page


async def test_the_same_by_the_api(desk):
    visit = await desk.open(language="sv")
    here = f"{API}/{visit.id}"

    statuses = [
        (await call(desk, f"{here}/{act}", **body)).status
        for act, body in (
            ("messages", {"text": "Hej"}),
            ("take-over", {}),
            ("messages", {"text": "Hej"}),
            ("messages", {"text": 7}),
            ("hand-back", {}),
            ("sing", {}),
        )
    ]

    assert statuses == [409, 204, 204, 400, 204, 404]


async def test_reading_a_conversation_is_reading_its_case(counter, file_case):
    visit = await counter.open(language="sv")
    case = await file_case(conversation=visit.id)
    await counter.sign_in("lead")

    await get_page(counter, f"/desk/live/{visit.id}")

    response = await counter.client.get(f"{CASES}/{case.reference}/reads")
    assert [each["what"] for each in (await response.json())["reads"]] == ["live"]


async def test_the_token_changes_with_every_case_and_every_word(desk, file_case):
    async def token(query: str = "") -> str:
        response = await desk.client.get(f"/desk/changes{query}")
        return str((await response.json())["token"])

    visit = await desk.open(language="sv")
    tokens, own = [await token()], [await token(f"?conversation={visit.id}")]
    case = await file_case()
    tokens.append(await token())
    await desk.parts.archive.add_note(case.reference, "Bo", "Ringt.")
    tokens.append(await token())
    own.append(await token(f"?conversation={visit.id}"))
    await visit.say("Hej!")
    tokens.append(await token())
    own.append(await token(f"?conversation={visit.id}"))

    assert len(set(tokens)) == 4
    assert own[0] == own[1] != own[2]


async def test_a_conversation_that_is_not_there_is_not_found(desk):
    response = await desk.client.get("/desk/live/nowhere")

    assert response.status == 404
