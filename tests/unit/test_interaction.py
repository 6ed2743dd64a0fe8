from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.embedding import Encoding, FakeEmbedder
from knowledge.interaction import (
    BLOCK,
    MAX_QUERY_TOKENS,
    OPENING,
    TokenMatch,
    TokenSpace,
    TokenStore,
    TokenStoreBuilder,
)

TEXTS = [
    "withdrawals are processed within three banking days",
    "cards are shuffled by a random number generator",
    "a complaint is answered within one month",
]


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


def make_store(embedder: FakeEmbedder, texts: list[str]) -> TokenStore:
    encodings = embedder.encode(texts, "passage")
    space = TokenSpace.fit(embedder.encode(texts, "query"), encodings)
    builder = TokenStoreBuilder(space)
    for encoding in encodings:
        builder.add([encoding], "en")
    return builder.finish()


def match(
    store: TokenStore, embedder: FakeEmbedder, question: str, passages: list[int]
) -> TokenMatch:
    (encoding,) = embedder.encode([question], "query")
    return store.match(encoding, "en", np.array(passages, dtype=np.intp))


def test_the_passage_with_the_questions_words_matches_best(
    embedder: FakeEmbedder,
) -> None:
    store = make_store(embedder, TEXTS)

    found = match(store, embedder, "when is my complaint answered", [0, 1, 2])

    assert int(np.argmax(found.weighted)) == 2
    assert int(np.argmax(found.window)) == 2


def test_an_opening_that_the_question_repeats_is_found_whole(
    embedder: FakeEmbedder,
) -> None:
    opening = " ".join(f"opening{i}" for i in range(OPENING))
    store = make_store(embedder, [f"{opening} {TEXTS[0]}", TEXTS[1]])

    found = match(store, embedder, opening, [0, 1])

    assert found.opening[0] == pytest.approx(1, abs=0.02)
    assert found.opening[1] < 0.5


def test_a_word_that_stands_there_finds_its_like(embedder: FakeEmbedder) -> None:
    store = make_store(embedder, TEXTS)

    found = match(store, embedder, "shuffled", [1])

    assert found.tokens[0, 0] > 0.9


def test_results_follow_the_order_of_the_passages_asked_for(
    embedder: FakeEmbedder,
) -> None:
    store = make_store(embedder, TEXTS)

    forward = match(store, embedder, "a complaint about cards", [0, 1, 2])
    backward = match(store, embedder, "a complaint about cards", [2, 1, 0])

    assert np.allclose(forward.weighted, backward.weighted[::-1], atol=1e-6)


def test_rarity_adds_up_to_one_and_favours_rare_words(embedder: FakeEmbedder) -> None:
    store = make_store(embedder, TEXTS)

    found = match(store, embedder, "within complaint", [2])

    assert found.weights.sum() == pytest.approx(1)
    assert found.weights[1] > found.weights[0]


def test_words_far_apart_count_less_than_words_together(
    embedder: FakeEmbedder,
) -> None:
    filler = " ".join(f"filler{n}" for n in range(4 * BLOCK))
    together = f"complaint deadline {filler}"
    apart = f"complaint {filler} deadline"
    store = make_store(embedder, [together, apart, *TEXTS])

    found = match(store, embedder, "complaint deadline", [0, 1])

    assert found.window[0] > found.window[1]
    assert np.allclose(found.tokens[:, 0], found.tokens[:, 1], atol=0.05)


def test_a_question_without_words_matches_nothing(embedder: FakeEmbedder) -> None:
    store = make_store(embedder, TEXTS)

    found = match(store, embedder, "?!", [0, 1])

    assert found.tokens.shape == (0, 2)
    assert not found.weighted.any()


def test_a_passage_without_words_matches_nothing(embedder: FakeEmbedder) -> None:
    store = make_store(embedder, [*TEXTS, "🙂"])

    found = match(store, embedder, "complaint", [3, 2])

    assert found.weighted[0] == 0
    assert found.weighted[1] > 0.5


def test_a_long_question_is_read_by_its_rarest_words(embedder: FakeEmbedder) -> None:
    store = make_store(embedder, TEXTS)
    question = " ".join(f"word{n}" for n in range(3 * MAX_QUERY_TOKENS))

    found = match(store, embedder, question, [0])

    assert len(found.weights) == MAX_QUERY_TOKENS


def test_a_store_reads_back_as_it_was_written(
    embedder: FakeEmbedder, tmp_path: Path
) -> None:
    store = make_store(embedder, TEXTS)
    store.save(tmp_path / "tokens.npz")

    loaded = TokenStore.load(tmp_path / "tokens.npz")

    before = match(store, embedder, "random cards", [0, 1, 2])
    after = match(loaded, embedder, "random cards", [0, 1, 2])
    assert np.array_equal(before.weighted, after.weighted)


def test_a_space_can_be_fitted_to_texts_without_words(embedder: FakeEmbedder) -> None:
    empty: list[Encoding] = embedder.encode(["?", "!"], "passage")

    space = TokenSpace.fit(empty, empty)

    assert space.query(empty[0].tokens).shape[0] == 0
