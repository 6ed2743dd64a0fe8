"""Texts as vectors: one model, the query side and the passage side.

`prepare_model` makes a model ready once (unpacks the bundled one, exports it to int8
ONNX); `load_embedder` opens it. Any sentence-transformers model can take its place.
"""

from knowledge.embedding.contract import (
    Embedder,
    Embeddings,
    Encoding,
    Progress,
    Side,
)
from knowledge.embedding.fake import FakeEmbedder
from knowledge.embedding.models import model_folder
from knowledge.embedding.preparing import prepare_model, unpack_bundled
from knowledge.embedding.sentence import SentenceTransformerEmbedder, load_embedder

__all__ = [
    "Embedder",
    "Embeddings",
    "Encoding",
    "FakeEmbedder",
    "Progress",
    "SentenceTransformerEmbedder",
    "Side",
    "load_embedder",
    "model_folder",
    "prepare_model",
    "unpack_bundled",
]
