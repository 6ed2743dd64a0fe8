"""Asking many questions with two threads: numpy leaves a second core free to work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

# No more than two: customers are served by the same process meanwhile.
N_THREADS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_turn(
    work: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` makes of it, in their order, as they are ready.

    Args:
        work: Safe to call from several threads.
        items: Worked on two at a time.
    """
    with ThreadPoolExecutor(N_THREADS) as pool:
        yield from zip(items, pool.map(work, items), strict=True)
