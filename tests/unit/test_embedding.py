from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge import bundled
from knowledge.embedding import (
    Encoding,
    FakeEmbedder,
    Progress,
    Side,
    load_embedder,
    model_folder,
    prepare_model,
)
from knowledge.errors import BadInput, NotReady


class CountingEmbedder(FakeEmbedder):
    """Remembers which texts the model had to run for."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[str] = []

    def _run(
        self, texts: Sequence[str], side: Side, progress: Progress | None
    ) -> list[Encoding]:
        self.ran.extend(texts)
        return super()._run(texts, side, progress)


def test_an_utterance_is_embedded_once() -> None:
    embedder = CountingEmbedder()

    embedder.embed_queries(["hello"])
    embedder.encode(["hello"], "query")

    assert embedder.ran == ["hello"]


def test_the_two_sides_are_cached_apart() -> None:
    embedder = CountingEmbedder()

    embedder.embed_queries(["hello"])
    embedder.embed_passages(["hello"])

    assert embedder.ran == ["hello", "hello"]


def test_a_text_asked_for_twice_at_once_runs_once() -> None:
    embedder = CountingEmbedder()

    vectors = embedder.embed_queries(["hello", "hello"])

    assert embedder.ran == ["hello"]
    assert np.array_equal(vectors[0], vectors[1])


def test_the_cache_forgets_the_oldest_texts() -> None:
    embedder = CountingEmbedder()
    embedder.embed_queries(["first"])

    for n in range(600):
        embedder.embed_queries([str(n)])
    embedder.embed_queries(["first"])

    assert embedder.ran.count("first") == 2


def test_a_model_that_is_not_prepared_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="guichet prepare"):
        load_embedder("bundled", "onnx", tmp_path)


def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="onnx or torch, got 'tensorflow'"):
        prepare_model("bundled", "tensorflow", tmp_path)


def test_models_are_kept_under_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()

    names = {
        model_folder(model, tmp_path).name
        for model in (
            "bundled",
            "intfloat/multilingual-e5-large",
            str(tmp_path / "mine"),
        )
    }

    assert len(names) == 3
    assert not any("/" in name for name in names)


def test_a_block_of_weights_holds_its_low_nibbles_first() -> None:
    scale = np.float16(0.5).tobytes()
    nibbles = bytes([0x98] * 16)  # low 8, high 9

    weights = bundled._unpack_nibbles(scale + nibbles, 32)

    assert weights[:16].tolist() == [0.0] * 16
    assert weights[16:].tolist() == [0.5] * 16


def test_reference_embeddings_are_of_unit_length() -> None:
    texts, vectors = bundled.reference()

    assert len(texts) == len(vectors)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
