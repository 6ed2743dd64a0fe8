"""Asking an index the editors' questions, through the code that serves customers."""

from __future__ import annotations

from pathlib import Path

from knowledge.answers import Knowledge
from knowledge.embedding import Embedder, Progress
from knowledge.embedding_cache import QUESTIONS, open_embedding_cache
from knowledge.index import PassageIndex
from knowledge.quality import Checks, Quality, measure, unmeasured


def measure_index(
    index: PassageIndex,
    embedder: Embedder,
    state_dir: Path,
    checks: Checks,
    progress: Progress,
) -> Quality:
    """Measure an index; questions that were asked before are not embedded again."""
    with open_embedding_cache(embedder, state_dir, file=QUESTIONS) as cached:
        asked = Knowledge(index, cached, unmeasured(checks), checks.courtesies)
        return measure(asked, checks, progress)
