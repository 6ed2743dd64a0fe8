"""The index of a publication: passages, their vectors and words, and a manifest."""

from knowledge.index.extending import extend_index
from knowledge.index.files import MANIFEST, build_index, open_index
from knowledge.index.making import FORMAT, make_index
from knowledge.index.passages import Closeness, Manifest, PassageIndex, Scores

__all__ = [
    "FORMAT",
    "MANIFEST",
    "Closeness",
    "Manifest",
    "PassageIndex",
    "Scores",
    "build_index",
    "extend_index",
    "make_index",
    "open_index",
]
