"""Response times of search alone, on indexes of any size.

The passages are made up from the operator's own: sentences of its pages in new
combinations, with the tokens of real passages and their vectors, each a little turned.
To embed a hundred thousand texts would take an hour and measure the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from knowledge.chunking import Passage, chunk, sentences
from knowledge.embedding import Embedder, Progress
from knowledge.errors import BadInput
from knowledge.index import PassageIndex, make_index
from knowledge.index.making import vector_index
from knowledge.lexical import LexicalIndex, character_grams, stemmer
from knowledge.pages import read_pages
from knowledge.search import Searcher

Figures = dict[str, float]
# Deviation of each number of a unit vector of 384 by which a copy is turned.
_NOISE = 0.01
_AT_ONCE = 10_000


def measure_search(
    data_dir: Path,
    language: str,
    questions: Sequence[str],
    embedder: Embedder,
    sizes: Sequence[int],
    progress: Progress,
) -> Figures:
    """Milliseconds that a question takes to embed, and to search for once embedded.

    Args:
        data_dir: Holds the operator's pages.
        language: Of the pages and questions to use.
        questions: At least two, none of them embedded before.
        embedder: The model to use.
        sizes: Numbers of passages, each at least 1.
        progress: Called after each step.

    Raises:
        BadInput: Too few questions, no pages in the language, or a size below 1.
    """
    if len(questions) < 2:
        raise BadInput(f"expected at least 2 questions in {language}")
    for size in sizes:
        if size < 1:
            raise BadInput(f"passages must be at least 1, got {size}")
    passages = [
        passage
        for page in read_pages(data_dir / "help")
        if page.language == language
        for passage in chunk(page)
    ]
    base = make_index(passages, embedder)
    progress(1, len(sizes) + 1)
    figures = _spread(
        "embedding", questions, lambda question: embedder.encode([question], "query")
    )
    for done, size in enumerate(sizes, start=2):
        searcher = Searcher(enlarge(base, size), embedder)

        def search(question: str, searcher: Searcher = searcher) -> object:
            return searcher.search(question, language=language)

        # The first round embeds, and wakes what sleeps on disk; the second counts.
        _spread("", questions, search)
        figures |= _spread(f"search_{size}_passages", questions, search)
        progress(done, len(sizes) + 1)
    return figures


def enlarge(base: PassageIndex, n: int) -> PassageIndex:
    """An index of `n` passages made up from those of one in a single language."""
    (language,) = base.manifest.languages
    random = np.random.default_rng(0)
    copied = np.arange(n) % len(base.passages)
    texts = list(_texts(base.passages, n, random))
    parts = base.parts
    first_segment = np.searchsorted(parts.owners, np.arange(len(base.passages)))
    real = parts.vectors.reconstruct_batch(first_segment)
    vectors = vector_index(real.shape[1], n)
    for places in np.array_split(copied, -(-n // _AT_ONCE)):
        noise = random.standard_normal((len(places), real.shape[1]), dtype=np.float32)
        turned = real[places] + np.float32(_NOISE) * noise
        vectors.add(turned / np.linalg.norm(turned, axis=1, keepdims=True))
    return PassageIndex(
        [
            replace(base.passages[c], id=str(i), text=text)
            for i, (c, text) in enumerate(zip(copied, texts, strict=True))
        ],
        replace(
            parts,
            manifest=replace(base.manifest, n_passages=n),
            vectors=vectors,
            owners=np.arange(n, dtype=np.int32),
            tokens=base.tokens.take(copied),
            grams={language: LexicalIndex.build(texts, character_grams)},
            stems={language: LexicalIndex.build(texts, stemmer(language))},
        ),
    )


def _texts(
    passages: Sequence[Passage], n: int, random: np.random.Generator
) -> Iterator[str]:
    """Texts of three sentences each, drawn from all passages."""
    known = [sentence for passage in passages for sentence in sentences(passage.text)]
    for drawn in random.integers(len(known), size=(n, 3)):
        yield " ".join(known[i] for i in drawn)


def _spread(
    name: str, questions: Sequence[str], run: Callable[[str], object]
) -> Figures:
    times = []
    for question in questions:
        started = time.perf_counter()
        run(question)
        times.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return {f"{name}_p50_ms": statistics.median(times), f"{name}_p95_ms": cuts[18]}
