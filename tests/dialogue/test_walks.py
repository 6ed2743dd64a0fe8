"""Random walks through the real assistant: it keeps what it was told, whatever comes.

Hypothesis invents the walks. Some are walked at the same time, since the counter serves
more than one customer, and so the test takes minutes and not hours.
`GUICHET_TEST_WALKS` says how many walks there are; without it there are 300, the same
in every run.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable
from typing import Any

import aiohttp
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from bot.running.instance import Instance
from tests.conftest import LoopThread
from tests.dialogue.walking import LANGUAGES, Walker

pytestmark = [pytest.mark.rasa, pytest.mark.model]

WALKS_IN_CI = 300
AT_ONCE = 4
MOVES_A_WALK = 7

_pick = st.integers(0, 2)
_moves = st.one_of(
    # Most moves go forward, so that walks get to the receipt.
    st.tuples(st.just("answer_it"), _pick),
    st.tuples(st.just("answer_it"), _pick),
    st.tuples(st.just("answer_it"), _pick),
    st.tuples(st.just("skip")),
    st.tuples(st.just("correct"), st.sampled_from(["name", "email"]), _pick),
    st.tuples(st.just("answer_and_ask"), _pick),
    st.tuples(
        st.sampled_from(["fail", "ask", "wonder_why", "repeat", "reload", "take_out"])
    ),
    st.tuples(st.just("burst"), _pick),
    st.tuples(st.just("switch"), st.sampled_from(LANGUAGES)),
    st.tuples(st.sampled_from(["cancel", "despair"])),
)


class Walks(RuleBasedStateMachine):
    """Some customers, each on a walk of their own."""

    def __init__(self, loop: LoopThread, counter: Instance) -> None:
        super().__init__()
        self._loop, self._counter = loop, counter
        self._session: aiohttp.ClientSession | None = None
        self._walkers: list[Walker] = []

    @initialize(
        languages=st.lists(
            st.sampled_from(LANGUAGES), min_size=AT_ONCE, max_size=AT_ONCE
        )
    )
    def arrive(self, languages: list[str]) -> None:
        self._loop.run(self._open())
        assert self._session is not None
        self._walkers = [
            Walker(self._session, self._counter, language) for language in languages
        ]
        self._loop.run(_all([walker.arrive() for walker in self._walkers]))

    @rule(moves=st.lists(_moves, min_size=AT_ONCE, max_size=AT_ONCE))
    def move(self, moves: list[tuple[Any, ...]]) -> None:
        self._loop.run(
            _all(
                [
                    getattr(walker, name)(*about)
                    for walker, (name, *about) in zip(self._walkers, moves, strict=True)
                ]
            )
        )

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession()

    def teardown(self) -> None:
        for walker in self._walkers:
            note(f"{walker.language}: {walker.said}")
        if self._session is not None:
            self._loop.run(self._session.close())
        for walker in self._walkers:
            assert filed_by(self._counter, walker.conversation) == walker.receipts


async def _all(moves: list[Awaitable[None]]) -> None:
    """Let every move end before any of them fails the test."""
    outcomes = await asyncio.gather(*moves, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


def filed_by(counter: Instance, conversation: str) -> set[str]:
    """References of the cases in the archive that a conversation has filed."""
    path = counter.settings.state_dir / "guichet.sqlite3"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT reference FROM cases WHERE conversation_id = ?", (conversation,)
        )
        return {row[0] for row in rows}


def test_walks_keep_every_fact_and_never_end_in_silence(
    counter: Instance, loop_thread: LoopThread
) -> None:
    given = os.environ.get("GUICHET_TEST_WALKS")
    n_walks = int(given or WALKS_IN_CI)

    run_state_machine_as_test(
        lambda: Walks(loop_thread, counter),
        settings=settings(
            max_examples=n_walks // AT_ONCE,
            stateful_step_count=MOVES_A_WALK,
            derandomize=given is None,
            deadline=None,
            # Shrinking would walk for an hour; the walk that failed is printed.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
