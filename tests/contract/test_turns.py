from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.channel import MOST_DEVICES, Channel
from actions.cases.transcripts import Conversation, Transcripts
from actions.cases.turns import Turns
from knowledge.errors import BadInput, Conflict, NotFound
from tests.factories import FakeClock, make_message


@pytest.fixture
async def turns(engine: AsyncEngine, transcripts: Transcripts) -> Turns:
    await transcripts.create("c1", "hash", "sv")
    await transcripts.create("c2", "hash", "sv")
    return Turns(engine)


@pytest.fixture
def channel(turns: Turns, engine: AsyncEngine, clock: FakeClock) -> Channel:
    return Channel(engine, clock)


async def find(transcripts: Transcripts) -> Conversation:
    found = await transcripts.conversation("c1")
    assert found is not None
    return found


async def test_an_utterance_sent_twice_is_stored_once(
    turns: Turns, transcripts: Transcripts
):
    first = await turns.hear("c1", make_message(), "mine")
    again = await turns.hear("c1", make_message(), "mine")

    assert first == again
    assert len(await transcripts.messages("c1")) == 1


async def test_an_utterance_sent_twice_at_once_is_stored_once(turns: Turns):
    stored = await asyncio.gather(
        *[turns.hear("c1", make_message(), "mine") for _ in range(4)]
    )

    assert len(set(stored)) == 1


async def test_two_conversations_may_use_the_same_client_id(turns: Turns):
    first = await turns.hear("c1", make_message(), "mine")
    second = await turns.hear("c2", make_message(), "mine")

    assert first != second


async def test_an_utterance_waits_with_what_was_heard_until_a_turn_reads_it(
    turns: Turns,
):
    message = make_message()
    await turns.hear("c1", message, heard={"masked": ["card"]})

    (waiting,) = await turns.waiting("c1")
    await turns.answer("c1", [message.id], [])

    assert (waiting.message, waiting.heard) == (message, {"masked": ["card"]})
    assert await turns.waiting("c1") == []


async def test_what_was_read_together_has_the_same_answer(turns: Turns):
    said = [make_message() for _ in range(3)]
    for message in said:
        await turns.hear("c1", message)
    replies = [make_message(sender="bot") for _ in range(2)]

    await turns.answer("c1", [said[0].id, said[1].id], replies)

    assert await turns.answer_to("c1", said[0].id) == (said[0].id, replies)
    assert await turns.answer_to("c1", said[1].id) == (said[0].id, replies)
    assert await turns.answer_to("c1", said[2].id) is None


async def test_an_unknown_utterance_has_no_answer(turns: Turns):
    with pytest.raises(NotFound):
        await turns.answer_to("c1", "unknown")


async def test_the_replies_of_a_turn_are_stored_with_where_they_lead(
    turns: Turns, transcripts: Transcripts
):
    message, reply = make_message(), make_message(sender="bot")
    await turns.hear("c1", message)

    await turns.answer("c1", [message.id], [reply], stage="intake", language="pt-BR")

    assert await transcripts.messages("c1") == [message, reply]
    found = await find(transcripts)
    assert (found.stage, found.language) == ("intake", "pt-BR")


async def test_of_a_turn_that_cannot_be_stored_whole_nothing_is_stored(
    turns: Turns, transcripts: Transcripts
):
    message, reply = make_message(), make_message(sender="bot")
    await turns.hear("c1", message)

    with pytest.raises(IntegrityError):
        await turns.answer("c1", [message.id], [reply, reply], stage="intake")

    assert await transcripts.messages("c1") == [message]
    assert len(await turns.waiting("c1")) == 1
    assert (await find(transcripts)).stage == "answering"


async def test_one_agent_at_a_time_is_in_a_conversation(
    channel: Channel, transcripts: Transcripts
):
    assert await channel.take_over("c1", "Astrid")
    assert not await channel.take_over("c1", "Astrid")
    with pytest.raises(Conflict):
        await channel.take_over("c1", "Kim")

    assert (await find(transcripts)).agent == "Astrid"


async def test_after_handing_back_nobody_is_in_it(
    channel: Channel, transcripts: Transcripts
):
    await channel.take_over("c1", "Astrid")

    await channel.hand_back("c1")

    assert (await find(transcripts)).agent is None


async def test_only_so_many_devices_are_remembered(
    channel: Channel, transcripts: Transcripts
):
    for n in range(MOST_DEVICES + 2):
        await channel.add_device("c1", f"hash{n}", lasts=timedelta(days=1))

    hashes = [device["hash"] for device in (await find(transcripts)).devices]
    assert hashes == [f"hash{n}" for n in range(2, MOST_DEVICES + 2)]


async def test_a_satisfaction_out_of_range_is_refused(channel: Channel):
    await channel.rate("c1", 5, "Toppen")

    with pytest.raises(BadInput, match="1 to 5"):
        await channel.rate("c1", 6)
