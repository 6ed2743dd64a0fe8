"""Any sentence-transformers model as the embedder."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from knowledge import bundled
from knowledge.embedding.contract import Embedder, Encoding, Progress, Side
from knowledge.embedding.models import (
    check_backend,
    model_folder,
    onnx_file,
    open_model,
)
from knowledge.embedding.recent import CachedSides
from knowledge.errors import NotReady


class SentenceTransformerEmbedder(CachedSides):
    """A sentence-transformers model on the CPU, through ONNX Runtime or PyTorch.

    Each forward pass uses one thread, which for single questions is as fast as two
    and steadier under load; many texts are spread over the machine's cores.
    """

    def __init__(self, folder: Path, backend: str, prompts: dict[str, str]) -> None:
        super().__init__()
        self._model = open_model(folder, backend)
        self._prompts = prompts
        self._tokenizer_lock = threading.Lock()
        specials = len(self._model.tokenizer("")["input_ids"])
        self._prompt_tokens = {
            side: len(self._model.tokenizer(prompt.strip())["input_ids"]) - specials
            for side, prompt in prompts.items()
        }
        self._specials = np.array(self._model.tokenizer.all_special_ids)
        self.dim = int(self._model.get_embedding_dimension())
        self.fingerprint = _fingerprint(folder, backend, prompts)

    def _run(
        self, texts: Sequence[str], side: Side, progress: Progress | None
    ) -> list[Encoding]:
        if len(texts) == 1:
            return [self._forward(texts[0], side)]
        encodings: list[Encoding] = []
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for encoding in pool.map(lambda text: self._forward(text, side), texts):
                encodings.append(encoding)
                if progress:
                    progress(len(encodings), len(texts))
        return encodings

    def count_tokens(self, text: str) -> int:
        with self._tokenizer_lock:
            ids = self._model.tokenizer(text, add_special_tokens=False)["input_ids"]
        return len(ids)

    def _forward(self, text: str, side: Side) -> Encoding:
        # One text at a time: int8 activations are scaled by batch, and a text's vector
        # must not depend on its neighbours. On a CPU a batch is no faster.
        import torch

        # Half a character, as broken clients send, is unknown to the tokenizer.
        text = text.encode("utf-8", "replace").decode("utf-8")
        with self._tokenizer_lock:
            features = self._model.preprocess([self._prompts[side] + text])
        with torch.inference_mode():
            out = self._model(features)
        vector = out["sentence_embedding"][0].numpy().astype(np.float32)
        ids = out["input_ids"][0].numpy()
        keep = ~np.isin(ids, self._specials)
        keep[: 1 + self._prompt_tokens[side]] = False
        return Encoding(
            vector / max(float(np.linalg.norm(vector)), 1e-12),
            ids[keep].astype(np.int32),
            out["token_embeddings"][0].numpy()[keep].astype(np.float32),
        )


def load_embedder(model: str, backend: str, state_dir: Path) -> Embedder:
    """Open a model that `prepare_model` has made ready.

    Args:
        model: `bundled`, a Hugging Face id, or a folder.
        backend: `onnx` or `torch`.
        state_dir: Where prepared models are kept, in `models/`.

    Raises:
        NotReady: The model has not been prepared here; says what to run.
        BadInput: Unknown backend.
    """
    check_backend(backend)
    folder = model_folder(model, state_dir)
    is_ready = folder / "modules.json"
    if not is_ready.is_file() or (backend == "onnx" and onnx_file(folder) is None):
        raise NotReady(
            f"the embedding model {model!r} ({backend}) is not prepared in"
            f" {state_dir / 'models'}; run `guichet prepare`"
        )
    return SentenceTransformerEmbedder(folder, backend, _prompts(folder, model))


def _prompts(folder: Path, model: str) -> dict[str, str]:
    """The prompts that the model says it was trained with."""
    config = folder / "config_sentence_transformers.json"
    stated: dict[str, str] = {}
    if config.is_file():
        stated = json.loads(config.read_text("utf-8")).get("prompts") or {}
    query = stated.get("query", "")
    passage = stated.get("passage") or stated.get("document", "")
    if not query and not passage and re.search(r"\be5\b", model.casefold()):
        return dict(bundled.PROMPTS)  # E5 models state theirs on their card only
    return {"query": query, "passage": passage}


def _fingerprint(folder: Path, backend: str, prompts: dict[str, str]) -> str:
    weights = [onnx_file(folder)] if backend == "onnx" else []
    files = [file for file in weights if file] or sorted(folder.glob("*.safetensors"))
    files += [folder / "tokenizer.json", *sorted(folder.glob("*/config.json"))]
    digest = hashlib.sha256(json.dumps([backend, prompts], sort_keys=True).encode())
    for file in files:
        if file.is_file():
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]
