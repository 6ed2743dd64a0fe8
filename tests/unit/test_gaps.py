from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bot.migrations import upgrade
from knowledge.database import open_engine
from knowledge.embedding import FakeEmbedder
from knowledge.gaps import GapFinder, group_questions
from knowledge.store import PageStore
from tests.factories import FakeClock

QUESTIONS = [
    ("sv", "Kan jag betala med Swish?"),
    ("sv", "kan jag betala med swish"),
    ("sv", "Kan jag betala med Swish i dag?"),
    ("sv", "Var ligger kontoret?"),
]


@pytest.fixture
async def store(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'pages.sqlite3'}")
    await upgrade(engine)
    yield PageStore(engine, FakeClock())
    await engine.dispose()


async def ask_all(store: PageStore) -> GapFinder:
    for language, question in QUESTIONS:
        await store.record_gap(question, language=language, reason="unanswered")
    return GapFinder(store, FakeEmbedder())


async def test_questions_that_ask_the_same_are_one_group(store) -> None:
    finder = await ask_all(store)

    first, second = await finder.find()

    assert (first.n_asked, len(first.gaps)) == (3, 2)
    assert second.question == "Var ligger kontoret?"


async def test_a_group_is_found_again_by_its_key(store) -> None:
    finder = await ask_all(store)
    [group, _] = await finder.find()

    again = await GapFinder(store, FakeEmbedder()).group_of(group.key)

    assert again == group
    assert await finder.group_of("nothing") is None


async def test_groups_are_narrowed_to_a_language(store) -> None:
    finder = await ask_all(store)
    await store.record_gap("Où est le bureau ?", language="fr", reason="unhelpful")

    [french] = await finder.find("fr")

    assert (french.languages, french.n_unhelpful) == ({"fr": 1}, 1)


async def test_nothing_asked_is_no_group(store) -> None:
    assert await GapFinder(store, FakeEmbedder()).find() == []


def test_what_the_language_has_in_common_makes_no_group() -> None:
    swedish, french = np.eye(8, dtype=np.float32)[:2] * 10
    topics = np.eye(8, dtype=np.float32)[2:6]
    vectors = np.concatenate([topics + swedish, topics + french])
    typical = {"sv": np.stack([swedish] * 3), "fr": np.stack([french] * 3)}

    groups = group_questions(["sv"] * 4 + ["fr"] * 4, vectors, typical)

    assert groups == [[0, 4], [1, 5], [2, 6], [3, 7]]


async def test_the_same_gaps_give_the_same_groups_whatever_their_order(
    tmp_path,
) -> None:
    found = []
    for n, questions in enumerate((QUESTIONS, QUESTIONS[::-1])):
        engine = open_engine(f"sqlite:///{tmp_path / f'{n}.sqlite3'}")
        await upgrade(engine)
        clock = FakeClock(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=n))
        store = PageStore(engine, clock)
        for language, question in questions:
            await store.record_gap(question, language=language, reason="unanswered")
        groups = await GapFinder(store, FakeEmbedder()).find()
        found.append(sorted(sorted(g.question for g in each.gaps) for each in groups))
        await engine.dispose()

    assert found[0] == found[1]
