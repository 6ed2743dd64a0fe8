"""Passages that were embedded once are not embedded again: a cache on disk.

Entries are keyed by the model's fingerprint and the text. A publication drops what it
did not use, so that the cache holds one corpus, and never grows beyond its bound:
what has no place is embedded anew the next time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from knowledge.embedding import Embedder, Embeddings, Encoding, Progress, Side

LARGEST_BYTES = 1 << 30
PAGES, QUESTIONS = "embeddings.sqlite3", "questions.sqlite3"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS encodings ("
    " key BLOB PRIMARY KEY, vector BLOB NOT NULL, ids BLOB NOT NULL,"
    " tokens BLOB NOT NULL) WITHOUT ROWID"
)


@contextmanager
def open_embedding_cache(
    embedder: Embedder,
    state_dir: Path,
    *,
    file: str = PAGES,
    keep_unused: bool = False,
    largest_bytes: int = LARGEST_BYTES,
) -> Iterator[CachedEmbedder]:
    """A model that remembers in `state_dir` what it embeds, until the block ends.

    When the block ends well, what was not asked for in it is forgotten, unless
    `keep_unused`: a draft is not the corpus. A cache that is damaged is begun anew.
    The editors' questions are kept in a file of their own.
    """
    path = state_dir / file
    state_dir.mkdir(parents=True, exist_ok=True)
    try:
        connection = _open(path)
    except sqlite3.DatabaseError:
        path.unlink()
        connection = _open(path)
    try:
        cached = CachedEmbedder(embedder, connection, largest_bytes)
        yield cached
        if not keep_unused:
            cached.forget_unused()
    finally:
        connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
    # A cache may lose what a power cut takes.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(_SCHEMA)
    return connection


class CachedEmbedder:
    """An embedder whose encodings come from disk where they are known.

    Token vectors are kept, and always handed out, in half precision: an index is the
    same whether its texts were known or not.
    """

    def __init__(
        self, embedder: Embedder, connection: sqlite3.Connection, largest_bytes: int
    ) -> None:
        self.dim, self.fingerprint = embedder.dim, embedder.fingerprint
        self._embedder, self._connection = embedder, connection
        self._largest_bytes = largest_bytes
        self._lock = threading.Lock()
        self._used: set[bytes] = set()

    def embed_queries(self, texts: Sequence[str]) -> Embeddings:
        return self._embedder.embed_queries(texts)

    def embed_passages(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> Embeddings:
        encodings = self.encode(texts, "passage", progress=progress)
        if not encodings:
            return np.empty((0, self.dim), dtype=np.float32)
        return np.stack([encoding.vector for encoding in encodings])

    def encode(
        self, texts: Sequence[str], side: Side, *, progress: Progress | None = None
    ) -> list[Encoding]:
        keys = {text: self._key(text, side) for text in texts}
        with self._lock:
            self._used.update(keys.values())
            known = {text: self._read(key) for text, key in keys.items()}
        missing = [text for text, encoding in known.items() if encoding is None]
        if missing:
            fresh = self._embedder.encode(missing, side, progress=progress)
            rounded = [_rounded(encoding) for encoding in fresh]
            known.update(zip(missing, rounded, strict=True))
            with self._lock:
                self._store([(keys[text], known[text]) for text in missing])
        return [encoding for text in texts if (encoding := known[text]) is not None]

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    def forget_unused(self) -> None:
        """Drop what was not asked for since the cache was opened."""
        with self._lock, self._connection as connection:
            stored = connection.execute("SELECT key FROM encodings").fetchall()
            unused = [(key,) for (key,) in stored if key not in self._used]
            connection.executemany("DELETE FROM encodings WHERE key = ?", unused)

    def _key(self, text: str, side: Side) -> bytes:
        named = f"{self.fingerprint}\n{side}\n{text}"
        return hashlib.blake2b(named.encode(), digest_size=16).digest()

    def _read(self, key: bytes) -> Encoding | None:
        row = self._connection.execute(
            "SELECT vector, ids, tokens FROM encodings WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        tokens = np.frombuffer(row[2], dtype=np.float16).astype(np.float32)
        return Encoding(
            np.frombuffer(row[0], dtype=np.float32),
            np.frombuffer(row[1], dtype=np.int32),
            tokens.reshape(-1, self.dim),
        )

    def _store(self, fresh: Sequence[tuple[bytes, Encoding | None]]) -> None:
        if self._size() >= self._largest_bytes:
            return
        rows = [
            (
                key,
                encoding.vector.astype(np.float32).tobytes(),
                encoding.token_ids.astype(np.int32).tobytes(),
                encoding.tokens.astype(np.float16).tobytes(),
            )
            for key, encoding in fresh
            if encoding is not None
        ]
        with self._connection as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO encodings VALUES (?, ?, ?, ?)", rows
            )

    def _size(self) -> int:
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        (size,) = self._connection.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * size)


def _rounded(encoding: Encoding) -> Encoding:
    tokens = encoding.tokens.astype(np.float16).astype(np.float32)
    return Encoding(encoding.vector, encoding.token_ids, tokens)
