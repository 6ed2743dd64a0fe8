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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import Passage, sentences, split_text
from knowledge.embedding import Embedder, Embeddings, Encoding, Progress
from knowledge.errors import BadInput, NotReady
from knowledge.interaction import TokenSpace, TokenStore, TokenStoreBuilder
from knowledge.lexical import Analyzer, LexicalIndex, character_grams, stemmer

FORMAT = 3
METRIC = "cosine"
# A passage longer than this has several vectors; its best one counts.
SEGMENT_CHARACTERS = 1500
# Above this many vectors, a graph is searched instead of all of them.
EXACT_SEARCH_SEGMENTS = 20_000

MANIFEST = "manifest.json"
_PASSAGES = "passages.jsonl"
_VECTORS = "vectors.faiss"
_OWNERS = "owners.npy"
_TOKENS = "tokens.npz"
_CENTRES = "centres.npy"

# What the readers of the parts raise for files that are cut short or not theirs.
_DAMAGE = (
    OSError,
    EOFError,
    BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    RuntimeError,
)

_SPACE_SAMPLE = 256
_PASSAGES_AT_ONCE = 128

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
        quality: What the editors' questions measured, once they were asked.
    """

    format: int
    fingerprint: str
    dim: int
    metric: str
    languages: tuple[str, ...]
    n_passages: int
    pages: dict[str, dict[str, Any]]
    quality: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close a question's vector is to some passages, by their closest segment.

    Attributes:
        dense: Shape (n_passages,). Cosine.
        centred: Shape (n_passages,). Cosine of what is left of both when the mean of
            questions and that of passages are taken off: all texts of a corpus share
            a large part, which tells nothing.
        directions: Shape (n_passages, dim), unit length: the passages so centred.
    """

    dense: Scores
    centred: Scores
    directions: Embeddings

    def at(self, places: NDArray[np.intp]) -> Closeness:
        """The same for some of the passages."""
        return Closeness(
            self.dense[places], self.centred[places], self.directions[places]
        )


class PassageIndex:
    """Passages with all that is needed to score them against a question."""

    def __init__(self, passages: Sequence[Passage], parts: Parts) -> None:
        self.passages = tuple(passages)
        self.manifest = parts.manifest
        self.tokens = parts.tokens
        self._parts = parts
        self._first_segment = np.searchsorted(
            parts.owners, np.arange(len(passages) + 1)
        )
        self.languages = np.array([passage.language for passage in passages])
        self._rows = {
            language: np.flatnonzero(self.languages == language)
            for language in self.manifest.languages
        }

    def nearest(
        self, query: Embeddings, n: int, among: NDArray[np.bool_] | None = None
    ) -> NDArray[np.intp]:
        """Positions of about the `n` passages whose vectors are closest.

        Args:
            query: Shape (dim,), unit length.
            n: At least 1.
            among: Which passages may be found; all by default.
        """
        owners = self._parts.owners
        n_segments = 2 * n
        if among is not None:
            n_segments = -(-n_segments * len(among) // max(int(among.sum()), 1))
        n_segments = min(len(owners), n_segments)
        _similarity, segments = self._parts.vectors.search(query[None, :], n_segments)
        found = owners[segments[0][segments[0] >= 0]]
        if among is not None:
            found = found[among[found]]
        _unique, first = np.unique(found, return_index=True)
        closest: NDArray[np.intp] = found[np.sort(first)][:n].astype(np.intp)
        return closest

    def closeness(self, query: Embeddings, passages: NDArray[np.intp]) -> Closeness:
        """Compare a question with passages.

        Args:
            query: Shape (dim,), unit length.
            passages: Positions, at least one.
        """
        vectors, starts, lengths = self._segments_of(passages)
        asked_mean, passage_mean = self._parts.centres
        directions = _unit(vectors - passage_mean)
        centred = directions @ _unit(query - asked_mean)
        best: Scores = np.maximum.reduceat(centred, starts)
        is_best = centred == np.repeat(best, lengths)
        owners = np.repeat(np.arange(len(passages)), lengths)[is_best]
        _unique, first = np.unique(owners, return_index=True)
        dense: Scores = np.maximum.reduceat(vectors @ query, starts)
        return Closeness(dense, best, directions[is_best][first])

    def dense(self, query: Embeddings) -> Scores:
        """Cosine of a query with every passage: that of its closest segment.

        Args:
            query: Shape (dim,), unit length.
        """
        vectors, starts, _lengths = self._segments_of(np.arange(len(self.passages)))
        best: Scores = np.maximum.reduceat(vectors @ query, starts)
        return best

    def _segments_of(
        self, passages: NDArray[np.intp]
    ) -> tuple[Embeddings, NDArray[np.intp], NDArray[np.intp]]:
        """Vectors of the segments of passages; where each one's begin; how many."""
        first = self._first_segment[passages]
        lengths = self._first_segment[passages + 1] - first
        starts = np.cumsum(lengths) - lengths
        segments = np.arange(lengths.sum()) + np.repeat(first - starts, lengths)
        return self._parts.vectors.reconstruct_batch(segments), starts, lengths

    def sharing_words(
        self,
        question: str,
        language: str | None,
        n: int,
        among: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.intp]:
        """Positions of at most `n` passages with the question's runs of characters.

        None in another language than the question's.
        """
        if language not in self._rows:
            return np.empty(0, dtype=np.intp)
        rows = self._rows[language]
        allowed = None if among is None else among[rows]
        return rows[self._parts.grams[language].best(question, n, allowed)]

    def coverage(
        self, question: str, language: str | None, passages: NDArray[np.intp]
    ) -> tuple[Scores, Scores]:
        """How much of a question's words and runs of characters passages cover.

        Args:
            question: As asked.
            language: Of the question.
            passages: Positions, rising.

        Returns:
            Runs of characters and stems, 0 to 1, each of shape (n_passages,); 0 for
            passages in another language.
        """
        grams = np.zeros(len(passages), dtype=np.float32)
        stemmed = np.zeros(len(passages), dtype=np.float32)
        if language in self._rows:
            same = np.flatnonzero(self.languages[passages] == language)
            texts = np.searchsorted(self._rows[language], passages[same])
            grams[same] = self._parts.grams[language].coverage(question, texts)
            stemmed[same] = self._parts.stems[language].coverage(question, texts)
        return grams, stemmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an index is made of, besides its passages.

    Attributes:
        vectors: FAISS index of segments; inner product of unit vectors is cosine.
        owners: Shape (n_segments,). Position of each segment's passage, rising.
        centres: Shape (2, dim). Means of vectors of questions, and of passages.
        tokens: For late interaction.
        grams, stems: BM25 of each language's passages.
    """

    manifest: Manifest
    vectors: Any
    owners: NDArray[np.int32]
    centres: Embeddings
    tokens: TokenStore
    grams: dict[str, LexicalIndex]
    stems: dict[str, LexicalIndex]


def make_index(
    passages: Sequence[Passage], embedder: Embedder, progress: Progress | None = None
) -> PassageIndex:
    """Index passages in memory.

    Raises:
        BadInput: No passages, two with one id, or one without text or language.
    """
    _check(passages)
    segments = [_segments(passage) for passage in passages]
    vectors, centres, tokens = _embed(passages, segments, embedder, progress)
    lengths = [len(texts) for texts in segments]
    parts = Parts(
        manifest=_manifest(passages, embedder),
        vectors=vectors,
        owners=np.repeat(np.arange(len(passages), dtype=np.int32), lengths),
        centres=centres,
        tokens=tokens,
        grams=_lexical(passages, lambda language: character_grams),
        stems=_lexical(passages, stemmer),
    )
    return PassageIndex(passages, parts)


def _embed(
    passages: Sequence[Passage],
    segments: Sequence[Sequence[str]],
    embedder: Embedder,
    progress: Progress | None,
) -> tuple[Any, Embeddings, TokenStore]:
    """Vectors, their centres and tokens of all segments, a few passages at a time."""
    texts = [text for group in segments for text in group]
    report = progress or (lambda done, total: None)
    sample = texts[:: max(1, len(texts) // _SPACE_SAMPLE)][:_SPACE_SAMPLE]
    known = dict(zip(sample, embedder.encode(sample, "passage"), strict=True))
    openings = [(sentences(text) or [text])[0] for text in sample]
    asked = embedder.encode(openings, "query")
    centres = np.stack([_mean_vector(asked), _mean_vector(known.values())])
    space = TokenSpace.fit(asked, list(known.values()))
    store = TokenStoreBuilder(space)
    vectors = _vector_index(embedder.dim, len(texts))
    done = 0
    for start in range(0, len(passages), _PASSAGES_AT_ONCE):
        groups = segments[start : start + _PASSAGES_AT_ONCE]
        fresh = [text for group in groups for text in group if text not in known]
        made = dict(zip(fresh, embedder.encode(fresh, "passage"), strict=True))
        for passage, group in zip(passages[start:], groups, strict=False):
            encodings = [known.get(text) or made[text] for text in group]
            store.add(encodings, passage.language)
            vectors.add(np.stack([encoding.vector for encoding in encodings]))
        done += sum(len(group) for group in groups)
        report(done, len(texts))
    return vectors, centres, store.finish()


def _mean_vector(encodings: Iterable[Encoding]) -> Embeddings:
    mean: Embeddings = np.mean([encoding.vector for encoding in encodings], axis=0)
    return mean


def _unit(rows: Embeddings) -> Embeddings:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: Embeddings = rows / np.maximum(norms, np.float32(1e-9))
    return unit


def _vector_index(dim: int, n_segments: int) -> Any:
    # Built by several threads, a graph would differ from one build to the next.
    faiss.omp_set_num_threads(1)
    if n_segments <= EXACT_SEARCH_SEGMENTS:
        return faiss.IndexFlatIP(dim)
    index = faiss.IndexHNSWFlat(dim, 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = 256
    return index


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
        fields = json.loads((folder / MANIFEST).read_text("utf-8"))
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
    except _DAMAGE as exc:
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


def _segments(passage: Passage) -> list[str]:
    """What is embedded: the passage, in parts when it is long, with its heading."""
    parts = split_text(passage.text, SEGMENT_CHARACTERS)
    if passage.heading:
        return [f"{passage.heading}\n{part}" for part in parts]
    return parts


def _lexical(
    passages: Sequence[Passage], analyzer: Callable[[str], Analyzer]
) -> dict[str, LexicalIndex]:
    by_language: dict[str, list[str]] = {}
    for passage in passages:
        texts = by_language.setdefault(passage.language, [])
        texts.append(f"{passage.heading} {passage.text}")
    return {
        language: LexicalIndex.build(texts, analyzer(language))
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
    parts = index._parts
    with (folder / _PASSAGES).open("w", encoding="utf-8") as stream:
        for passage in index.passages:
            stream.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
    faiss.write_index(parts.vectors, str(folder / _VECTORS))
    np.save(folder / _OWNERS, parts.owners)
    np.save(folder / _CENTRES, parts.centres)
    parts.tokens.save(folder / _TOKENS)
    for language in index.manifest.languages:
        parts.grams[language].save(folder / "grams" / language)
        parts.stems[language].save(folder / "stems" / language)
    (folder / MANIFEST).write_text(
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
    languages = [passage.language for passage in passages]
    grams, stemmed = {}, {}
    for language in manifest.languages:
        n = languages.count(language)
        grams[language] = LexicalIndex.load(
            folder / "grams" / language, character_grams, n
        )
        stemmed[language] = LexicalIndex.load(
            folder / "stems" / language, stemmer(language), n
        )
    faiss.omp_set_num_threads(1)
    parts = Parts(
        manifest=manifest,
        vectors=faiss.read_index(str(folder / _VECTORS)),
        owners=np.load(folder / _OWNERS),
        centres=np.load(folder / _CENTRES),
        tokens=TokenStore.load(folder / _TOKENS),
        grams=grams,
        stems=stemmed,
    )
    return PassageIndex(passages, parts)
