"""Making an index of passages: embedded in parts, with the words of each language."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import faiss
import numpy as np

from knowledge.chunking import Passage, sentences, split_text
from knowledge.embedding import Embedder, Embeddings, Encoding, Progress
from knowledge.errors import BadInput
from knowledge.index.passages import Manifest, Parts, PassageIndex
from knowledge.interaction import TokenSpace, TokenStore, TokenStoreBuilder
from knowledge.lexical import LexicalIndex, character_grams, stemmer

FORMAT = 5
METRIC = "cosine"
# A passage longer than this has several vectors; its best one counts.
SEGMENT_CHARACTERS = 1500
# Above this many vectors, a graph is searched instead of all of them.
EXACT_SEARCH_SEGMENTS = 20_000

_SPACE_SAMPLE = 256
_PASSAGES_AT_ONCE = 128


def make_index(
    passages: Sequence[Passage], embedder: Embedder, progress: Progress | None = None
) -> PassageIndex:
    """Index passages in memory.

    Raises:
        BadInput: No passages, two with one id, or one without text or language.
    """
    refuse_unusable(passages)
    segments = segments_of(passages)
    vectors, centres, tokens = _embed(passages, segments, embedder, progress)
    lengths = [len(texts) for texts in segments]
    parts = Parts(
        manifest=manifest_of(passages, embedder),
        vectors=vectors,
        owners=np.repeat(np.arange(len(passages), dtype=np.int32), lengths),
        centres=centres,
        tokens=tokens,
        **words_of(passages),
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
    # The same phrasings stand in every translation of a section: embedded once.
    several = [text for text, n in Counter(texts).items() if n > 1]
    known.update(zip(several, embedder.encode(several, "passage"), strict=True))
    openings = [(sentences(text) or [text])[0] for text in sample]
    asked = embedder.encode(openings, "query")
    sampled = [known[text] for text in sample]
    centres = np.stack([_mean_vector(asked), _mean_vector(sampled)])
    space = TokenSpace.fit(asked, sampled)
    store = TokenStoreBuilder(space, [known[text] for text in several])
    vectors = vector_index(embedder.dim, len(texts))
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


def vector_index(dim: int, n_segments: int) -> Any:
    """An empty FAISS index; inner product of unit vectors is cosine."""
    # Built by several threads, a graph would differ from one build to the next.
    faiss.omp_set_num_threads(1)
    if n_segments <= EXACT_SEARCH_SEGMENTS:
        return faiss.IndexFlatIP(dim)
    index = faiss.IndexHNSWFlat(dim, 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = 256
    return index


def refuse_unusable(passages: Sequence[Passage]) -> None:
    """Raise `BadInput` for what no index can be made of."""
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


def _place(passage: Passage) -> tuple[str, str]:
    """What a section has in common with its translations."""
    return passage.page, passage.section


def _asked(passages: Sequence[Passage]) -> dict[tuple[str, str], list[str]]:
    """How customers ask for each section, in any language.

    Vectors match across languages: what one editor wrote helps all translations, and
    so the same question finds the same section whatever language it is in.
    """
    asked: dict[tuple[str, str], list[str]] = {}
    for passage in passages:
        asked.setdefault(_place(passage), []).extend(passage.asked)
    return asked


def segments_of(passages: Sequence[Passage]) -> list[list[str]]:
    """What is embedded of each passage."""
    asked = _asked(passages)
    return [_segments(passage, asked[_place(passage)]) for passage in passages]


def _segments(passage: Passage, asked: Sequence[str]) -> list[str]:
    """What is embedded: the passage with its heading, in parts when it is long.

    Then each way that customers ask for it.
    """
    parts = split_text(passage.text, SEGMENT_CHARACTERS)
    if passage.heading:
        parts = [f"{passage.heading}\n{part}" for part in parts]
    return [*parts, *asked]


def words_of(
    passages: Sequence[Passage], known: PassageIndex | None = None
) -> dict[str, dict[str, LexicalIndex]]:
    """The words of each language's passages, `grams` and `stems`.

    Those of a language in which `known` has the same are taken from there.
    """
    before = _words(known.passages) if known else {}
    grams, stems = {}, {}
    for language, texts in _words(passages).items():
        if known and before.get(language) == texts:
            grams[language] = known.parts.grams[language]
            stems[language] = known.parts.stems[language]
        else:
            grams[language] = LexicalIndex.build(texts, character_grams)
            stems[language] = LexicalIndex.build(texts, stemmer(language))
    return {"grams": grams, "stems": stems}


def _words(passages: Sequence[Passage]) -> dict[str, list[str]]:
    by_language: dict[str, list[str]] = {}
    for passage in passages:
        texts = by_language.setdefault(passage.language, [])
        texts.append("\n".join((passage.heading, passage.text, *passage.asked)))
    return by_language


def manifest_of(passages: Sequence[Passage], embedder: Embedder) -> Manifest:
    """What an index of these passages says of itself."""
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
