"""Asking many questions at a time."""

from __future__ import annotations

from threading import Event

from knowledge.threads import in_turn


def test_results_come_in_the_order_of_their_items_whichever_is_ready_first() -> None:
    second_is_done = Event()

    def work(item: int) -> int:
        if item == 1:
            assert second_is_done.wait(timeout=30)
        else:
            second_is_done.set()
        return -item

    assert list(in_turn(work, [1, 2, 3])) == [(1, -1), (2, -2), (3, -3)]
