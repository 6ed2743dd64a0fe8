from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.benchmarks.search import enlarge, measure_search
from knowledge.chunking import Passage
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput
from knowledge.index import PassageIndex, make_index
from knowledge.search import Searcher

DATA = Path(__file__).parents[2] / "data"
TEXTS = ["A withdrawal takes three days.", "Cards are shuffled by a generator."]


@pytest.fixture
def small() -> PassageIndex:
    passages = [
        Passage(
            id=f"p{i}",
            page=f"p{i}",
            version=1,
            section="",
            title="",
            heading="",
            language="en",
            url="",
            text=text,
        )
        for i, text in enumerate(TEXTS)
    ]
    return make_index(passages, FakeEmbedder())


def test_an_enlarged_index_is_searched_like_any_other(small: PassageIndex) -> None:
    large = enlarge(small, 50)

    found = Searcher(large, FakeEmbedder()).search("withdrawal", language="en")

    assert len(large.passages) == large.manifest.n_passages == 50
    assert len(found.hits) == 5


def test_the_same_index_is_made_every_time(small: PassageIndex) -> None:
    (query,) = FakeEmbedder().embed_queries(["withdrawal"])

    first, second = enlarge(small, 30), enlarge(small, 30)

    assert first.passages == second.passages
    assert np.array_equal(first.dense(query), second.dense(query))


def test_each_size_is_measured() -> None:
    figures = measure_search(
        DATA, "en", TEXTS, FakeEmbedder(), [10, 500], lambda done, total: None
    )

    assert list(figures) == [
        f"{what}_{cut}_ms"
        for what in ("embedding", "search_10_passages", "search_500_passages")
        for cut in ("p50", "p95")
    ]


@pytest.mark.parametrize(("questions", "sizes"), [(TEXTS, [0]), (TEXTS[:1], [10])])
def test_what_cannot_be_measured_is_said(
    questions: list[str], sizes: list[int]
) -> None:
    with pytest.raises(BadInput, match="at least"):
        measure_search(
            DATA, "en", questions, FakeEmbedder(), sizes, lambda done, total: None
        )
