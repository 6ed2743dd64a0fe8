"""What every embedder promises, on the fake one and on the bundled model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bot.settings import Settings
from knowledge.embedding import Embedder, FakeEmbedder, load_embedder
from knowledge.errors import BadInput, NotReady

WITHDRAWAL = "A withdrawal is processed within three banking days."
SHUFFLE = "Cards are shuffled by a random number generator."


@pytest.fixture(
    scope="module", params=["fake", pytest.param("bundled", marks=pytest.mark.model)]
)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "fake":
        return FakeEmbedder()
    try:
        return load_embedder("bundled", "onnx", Settings().state_dir)
    except NotReady as exc:
        pytest.skip(str(exc))


def test_rows_are_of_unit_length(embedder: Embedder) -> None:
    vectors = embedder.embed_passages([WITHDRAWAL, SHUFFLE, "", "🙂", "?!"])

    assert vectors.shape == (5, embedder.dim)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_question_is_closest_to_the_passage_that_answers_it(
    embedder: Embedder,
) -> None:
    passages = embedder.embed_passages([SHUFFLE, WITHDRAWAL])

    query = embedder.embed_queries(["When is my withdrawal processed?"])[0]

    assert np.argmax(passages @ query) == 1


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_queries([]).shape == (0, embedder.dim)


def test_the_same_text_gives_the_same_vector_alone_and_among_others(
    embedder: Embedder,
) -> None:
    alone = embedder.embed_passages([WITHDRAWAL])

    among = embedder.embed_passages([SHUFFLE * 3, WITHDRAWAL, *map(str, range(40))])

    # int8 activations are scaled by batch, hence not to the last digit.
    assert float(alone[0] @ among[1]) > 0.99


def test_many_texts_keep_their_order(embedder: Embedder) -> None:
    texts = [f"{'word ' * (n % 7)}{n}" for n in range(50)]

    together = embedder.embed_passages(texts)

    singly = np.concatenate([embedder.embed_passages([text]) for text in texts])
    assert np.all(np.sum(together * singly, axis=1) > 0.98)


def test_an_encoding_has_a_vector_for_each_token(embedder: Embedder) -> None:
    (encoding,) = embedder.encode([WITHDRAWAL], "query")

    assert encoding.vector.shape == (embedder.dim,)
    assert encoding.tokens.shape == (len(encoding.token_ids), embedder.dim)
    assert len(encoding.token_ids) >= 8


def test_a_text_of_any_length_is_embedded(embedder: Embedder) -> None:
    vectors = embedder.embed_queries([WITHDRAWAL * 400])

    assert np.isfinite(vectors).all()


def test_progress_ends_with_all_texts_done(embedder: Embedder) -> None:
    seen: list[tuple[int, int]] = []

    embedder.embed_passages(
        [f"text {n}" for n in range(40)],
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen[-1] == (40, 40)


def test_threads_may_share_an_embedder(embedder: Embedder) -> None:
    texts = [f"How long does withdrawal number {n} take?" for n in range(24)]
    expected = [embedder.embed_queries([text])[0] for text in texts]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: embedder.embed_queries([text])[0], texts))

    assert np.allclose(found, expected)


def test_a_single_string_is_refused(embedder: Embedder) -> None:
    with pytest.raises(BadInput, match="sequence"):
        embedder.embed_queries("one text")


def test_the_fingerprint_is_stable(embedder: Embedder) -> None:
    assert embedder.fingerprint
    assert embedder.fingerprint == embedder.fingerprint.strip()


@pytest.mark.parametrize(
    "text", ["", "\ud800", "?!…", "ᚠᚢᚦᚨᚱᚲ", "å" * 10_000], ids=ascii
)
def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    (encoding,) = embedder.encode([text], "query")

    assert np.linalg.norm(encoding.vector) == pytest.approx(1, abs=1e-5)
    assert len(encoding.tokens) == len(encoding.token_ids)
