"""The index of a publication: passages, their vectors and words, and a manifest.

An index is a folder, written whole or not at all. Its manifest says which model and
which pages it was made from; an index of another model is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import Passage, split_text
from knowledge.embedding import Embedder, Embeddings, Progress
from knowledge.errors import BadInput, NotReady
from knowledge.lexical import LexicalIndex, character_grams

FORMAT = 1
METRIC = "cosine"
# A passage longer than this has several vectors; its best one counts.
SEGMENT_CHARACTERS = 1500

_MANIFEST = "manifest.json"
_PASSAGES = "passages.jsonl"
_VECTORS = "vectors.faiss"
_SEGMENTS = "segments.npy"

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an index was made from.

    Attributes:
        format: Version of the layout of the folder.
        fingerprint: Of the embedding model.
        dim: Length of its vectors.
        metric: Always `cosine`.
        languages: Of the passages, sorted.
        n_passages: How many there are.
        pages: Version and content hash of each page, by `page/language`.
    """

    format: int
    fingerprint: str
    dim: int
    metric: str
    languages: tuple[str, ...]
    n_passages: int
    pages: dict[str, dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class PassageIndex:
    """Passages with all that is needed to score them against a question."""

    def __init__(
        self,
        passages: Sequence[Passage],
        manifest: Manifest,
        vectors: Any,
        owners: NDArray[np.int32],
        lexical: dict[str, LexicalIndex],
    ) -> None:
        self.passages = tuple(passages)
        self.manifest = manifest
        self._vectors = vectors
        self._owners = owners
        self._lexical = lexical
        self.languages = np.array([passage.language for passage in passages])
        self._rows = {
            language: np.flatnonzero(self.languages == language)
            for language in manifest.languages
        }

    def dense(self, query: Embeddings) -> Scores:
        """Cosine of every passage with one query vector. Shape (n_passages,)."""
        similarity, segments = self._vectors.search(query[None, :], len(self._owners))
        best = np.full(len(self.passages), -1.0, dtype=np.float32)
        np.maximum.at(best, self._owners[segments[0]], similarity[0])
        return best

    def lexical(self, question: str, language: str) -> Scores:
        """Match of characters for passages in a language, 0 for all others."""
        scores = np.zeros(len(self.passages), dtype=np.float32)
        if language in self._lexical:
            scores[self._rows[language]] = self._lexical[language].scores(question)
        return scores


def make_index(
    passages: Sequence[Passage], embedder: Embedder, progress: Progress | None = None
) -> PassageIndex:
    """Index passages in memory.

    Raises:
        BadInput: No passages, two with one id, or one without text or language.
    """
    _check(passages)
    segments, owners = _segments(passages)
    vectors = faiss.IndexFlatIP(embedder.dim)
    vectors.add(embedder.embed_passages(segments, progress=progress))
    return PassageIndex(
        passages, _manifest(passages, embedder), vectors, owners, _lexical(passages)
    )


def build_index(
    passages: Sequence[Passage],
    embedder: Embedder,
    folder: Path,
    *,
    progress: Progress | None = None,
) -> Manifest:
    """Write the index of passages to a folder, in place of what is there.

    Args:
        passages: In the order of the pages.
        embedder: The model that questions will be embedded with.
        folder: Replaced in one step when the index is complete.
        progress: Called while passages are embedded.

    Raises:
        BadInput: No passages, two with one id, or one without text or language.
    """
    index = make_index(passages, embedder, progress)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        _write(index, scratch)
        _replace(folder, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return index.manifest


def open_index(folder: Path, embedder: Embedder) -> PassageIndex:
    """Open the index in a folder.

    Raises:
        NotReady: There is none, it is damaged, or it was made with another model or
            release; the message says what to run.
    """
    advice = "run `guichet knowledge publish`"
    try:
        fields = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except FileNotFoundError as exc:
        raise NotReady(f"there is no index in {folder}; {advice}") from exc
    except ValueError as exc:
        raise NotReady(f"the index in {folder} is damaged; {advice}") from exc
    if fields.get("format") != FORMAT:
        raise NotReady(
            f"the index in {folder} has format {fields.get('format')}, expected"
            f" {FORMAT}; {advice}"
        )
    fields["languages"] = tuple(fields["languages"])
    manifest = Manifest(**fields)
    expected = (embedder.fingerprint, embedder.dim, METRIC)
    if (manifest.fingerprint, manifest.dim, manifest.metric) != expected:
        raise NotReady(
            f"the index in {folder} was made with the model {manifest.fingerprint},"
            f" the model in use is {embedder.fingerprint}; {advice}"
        )
    try:
        return _read(folder, manifest)
    except (OSError, ValueError, TypeError, RuntimeError) as exc:
        raise NotReady(f"the index in {folder} is damaged; {advice}") from exc


def _check(passages: Sequence[Passage]) -> None:
    if not passages:
        raise BadInput("there are no passages to index")
    seen = set()
    for passage in passages:
        if passage.id in seen:
            raise BadInput(f"passage {passage.id!r} is there twice")
        seen.add(passage.id)
        if not passage.text.strip():
            raise BadInput(f"passage {passage.id!r} has no text")
        if not passage.language:
            raise BadInput(f"passage {passage.id!r} has no language")


def _segments(passages: Sequence[Passage]) -> tuple[list[str], NDArray[np.int32]]:
    """What is embedded, and which passage each piece belongs to."""
    texts, owners = [], []
    for i, passage in enumerate(passages):
        for part in split_text(passage.text, SEGMENT_CHARACTERS):
            texts.append(f"{passage.heading}\n{part}" if passage.heading else part)
            owners.append(i)
    return texts, np.array(owners, dtype=np.int32)


def _lexical(passages: Sequence[Passage]) -> dict[str, LexicalIndex]:
    by_language: dict[str, list[str]] = {}
    for passage in passages:
        texts = by_language.setdefault(passage.language, [])
        texts.append(f"{passage.heading} {passage.text}")
    return {
        language: LexicalIndex.build(texts, character_grams)
        for language, texts in by_language.items()
    }


def _manifest(passages: Sequence[Passage], embedder: Embedder) -> Manifest:
    contents: dict[str, Any] = {}
    for passage in passages:
        page = contents.setdefault(
            f"{passage.page}/{passage.language}",
            {"version": passage.version, "hash": hashlib.sha256()},
        )
        page["hash"].update(repr(passage).encode())
    pages = {
        name: {"version": page["version"], "hash": page["hash"].hexdigest()[:16]}
        for name, page in contents.items()
    }
    return Manifest(
        format=FORMAT,
        fingerprint=embedder.fingerprint,
        dim=embedder.dim,
        metric=METRIC,
        languages=tuple(sorted({passage.language for passage in passages})),
        n_passages=len(passages),
        pages=pages,
    )


def _write(index: PassageIndex, folder: Path) -> None:
    with (folder / _PASSAGES).open("w", encoding="utf-8") as stream:
        for passage in index.passages:
            stream.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
    faiss.write_index(index._vectors, str(folder / _VECTORS))
    np.save(folder / _SEGMENTS, index._owners)
    for language, lexical in index._lexical.items():
        lexical.save(folder / "lexical" / language)
    (folder / _MANIFEST).write_text(
        json.dumps(index.manifest.as_json(), ensure_ascii=False, indent=1), "utf-8"
    )


def _replace(folder: Path, complete: Path) -> None:
    if folder.exists():
        previous = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        os.replace(folder, previous / "previous")
        os.replace(complete, folder)
        shutil.rmtree(previous, ignore_errors=True)
    else:
        os.replace(complete, folder)


def _read(folder: Path, manifest: Manifest) -> PassageIndex:
    lines = (folder / _PASSAGES).read_text("utf-8").splitlines()
    passages = [Passage(**json.loads(line)) for line in lines]
    if len(passages) != manifest.n_passages:
        raise ValueError("passages are missing")
    lexical = {}
    for language in manifest.languages:
        n_texts = sum(passage.language == language for passage in passages)
        lexical[language] = LexicalIndex.load(
            folder / "lexical" / language, character_grams, n_texts
        )
    return PassageIndex(
        passages,
        manifest,
        faiss.read_index(str(folder / _VECTORS)),
        np.load(folder / _SEGMENTS),
        lexical,
    )
