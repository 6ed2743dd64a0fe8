from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actions.cases.transcripts import Transcripts
from knowledge.errors import Conflict, NotFound
from tests.factories import make_message


async def test_a_conversation_is_found_as_it_was_opened(transcripts: Transcripts):
    opened = await transcripts.create("c1", "hash", "sv", accept_languages=["sv", "en"])

    assert await transcripts.conversation("c1") == opened
    assert opened.stage == "answering"
    assert opened.accept_languages == ("sv", "en")


async def test_an_unknown_conversation_is_none(transcripts: Transcripts):
    assert await transcripts.conversation("nowhere") is None


async def test_an_id_opens_one_conversation_only(transcripts: Transcripts):
    await transcripts.create("c1", "hash", "sv")

    with pytest.raises(Conflict):
        await transcripts.create("c1", "other", "fr")


async def test_messages_come_back_whole_and_in_order(transcripts: Transcripts):
    await transcripts.create("c1", "hash", "sv")
    said = [
        make_message(text="Hur lång tid tar ett uttag? 🃏"),
        make_message(
            sender="bot",
            choices=[{"title": "Ja", "payload": "/affirm"}],
            citations=[{"page": "terms", "section": "4.2"}],
            case={"reference": "G-2026-000001", "queue_position": 1},
        ),
    ]

    for message in said:
        await transcripts.append("c1", message)

    assert await transcripts.messages("c1") == said


async def test_messages_after_one_are_those_that_follow(transcripts: Transcripts):
    await transcripts.create("c1", "hash", "sv")
    said = [make_message() for _ in range(3)]
    for message in said:
        await transcripts.append("c1", message)

    assert await transcripts.messages("c1", after=said[0].id) == said[1:]
    assert await transcripts.messages("c1", after=said[2].id) == []


async def test_after_an_unknown_message_comes_everything(transcripts: Transcripts):
    await transcripts.create("c1", "hash", "sv")
    message = make_message()
    await transcripts.append("c1", message)

    assert await transcripts.messages("c1", after="unknown") == [message]


async def test_a_message_needs_its_conversation(transcripts: Transcripts):
    with pytest.raises(NotFound):
        await transcripts.append("nowhere", make_message())


async def test_the_last_feedback_on_a_message_counts(transcripts: Transcripts):
    await transcripts.create("c1", "hash", "sv")
    message = make_message(sender="bot")
    await transcripts.append("c1", message)

    await transcripts.add_feedback("c1", message.id, True)
    await transcripts.add_feedback("c1", message.id, False, "Nej, tyvärr")


async def test_feedback_on_another_conversations_message_is_refused(
    transcripts: Transcripts,
):
    await transcripts.create("c1", "hash", "sv")
    await transcripts.create("c2", "hash", "sv")
    message = make_message(sender="bot")
    await transcripts.append("c1", message)

    with pytest.raises(NotFound):
        await transcripts.add_feedback("c2", message.id, True)


async def test_a_moment_comes_back_in_utc_to_the_microsecond(transcripts: Transcripts):
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    await transcripts.create("c1", "hash", "sv")
    await transcripts.append("c1", make_message(sent_at=moment))

    (message,) = await transcripts.messages("c1")

    assert message.sent_at == moment
    assert message.sent_at.tzinfo is UTC


async def test_text_that_a_database_refuses_is_made_storable(transcripts: Transcripts):
    await transcripts.create("c1", "hash", "sv")
    await transcripts.append("c1", make_message(text="a\0b\ud800c"))

    (message,) = await transcripts.messages("c1")

    assert message.text == "a\N{REPLACEMENT CHARACTER}b?c"
