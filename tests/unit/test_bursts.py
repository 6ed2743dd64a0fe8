from __future__ import annotations

import asyncio

import pytest

from bot.dialogue.bursts import Bursts, looks_whole


@pytest.mark.parametrize(
    "text", ["Where is it?", "It came.", 'He said "no!"', "Ja! \n"]
)
def test_a_sentence_looks_whole(text: str) -> None:
    assert looks_whole(text)


@pytest.mark.parametrize("text", ["Hej", "my withdrawal", "and then...", "first,", ""])
def test_a_piece_of_one_does_not(text: str) -> None:
    assert not looks_whole(text)


async def test_what_is_whole_hardly_waits_and_lets_go_of_what_waited() -> None:
    bursts = Bursts(wait_seconds=60)

    async with asyncio.timeout(5):
        await asyncio.gather(
            bursts.settle("c1", is_whole=False), bursts.settle("c1", is_whole=True)
        )


async def test_other_conversations_go_on_waiting() -> None:
    bursts = Bursts(wait_seconds=60)
    waiting = asyncio.create_task(bursts.settle("c1", is_whole=False))

    await bursts.settle("c2", is_whole=True)

    assert not waiting.done()
    waiting.cancel()


async def test_while_the_customer_types_a_turn_waits() -> None:
    bursts = Bursts(wait_seconds=0.02)
    waiting = asyncio.create_task(bursts.settle("c1", is_whole=False))
    await asyncio.sleep(0)
    bursts.note_typing("c1")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting, timeout=0.1)


async def test_without_a_wait_nothing_waits() -> None:
    async with asyncio.timeout(5):
        await Bursts(wait_seconds=0).settle("c1", is_whole=False)
