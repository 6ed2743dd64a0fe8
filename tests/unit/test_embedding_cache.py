from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.embedding import Encoding, FakeEmbedder, Progress, Side
from knowledge.embedding_cache import open_embedding_cache


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


def embed(state_dir: Path, *texts: str, **options: int) -> tuple[list[str], Encoding]:
    embedder = CountingEmbedder()
    with open_embedding_cache(embedder, state_dir, **options) as cached:
        encodings = cached.encode(texts, "passage")
    return embedder.ran, encodings[0]


def test_a_text_is_embedded_once(tmp_path: Path) -> None:
    embed(tmp_path, "one", "two")

    ran, _ = embed(tmp_path, "one", "two", "three")

    assert ran == ["three"]


def test_what_is_remembered_is_what_was_embedded(tmp_path: Path) -> None:
    _, fresh = embed(tmp_path, "one two")
    _, known = embed(tmp_path, "one two")

    assert np.array_equal(fresh.vector, known.vector)
    assert np.array_equal(fresh.token_ids, known.token_ids)
    assert np.array_equal(fresh.tokens, known.tokens)


def test_a_text_without_words_is_remembered_too(tmp_path: Path) -> None:
    embed(tmp_path, "?!")

    _, known = embed(tmp_path, "?!")

    assert known.tokens.shape == (0, FakeEmbedder().dim)


def test_another_model_finds_nothing(tmp_path: Path) -> None:
    embed(tmp_path, "one")
    other = CountingEmbedder()
    other.fingerprint = "another model"

    with open_embedding_cache(other, tmp_path) as cached:
        cached.encode(["one"], "passage")

    assert other.ran == ["one"]


def test_what_a_publication_did_not_use_is_forgotten(tmp_path: Path) -> None:
    embed(tmp_path, "old")
    embed(tmp_path, "new")

    ran, _ = embed(tmp_path, "old", "new")

    assert ran == ["old"]


def test_a_full_cache_takes_no_more_and_works_all_the_same(tmp_path: Path) -> None:
    embed(tmp_path, "one", largest_bytes=1)

    ran, _ = embed(tmp_path, "one", largest_bytes=1)

    assert ran == ["one"]


def test_a_damaged_cache_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "embeddings.sqlite3").write_bytes(b"no database" * 500)

    ran, _ = embed(tmp_path, "one")

    assert ran == ["one"]
