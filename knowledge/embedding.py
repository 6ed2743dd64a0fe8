"""Texts as vectors: one model, the query side and the passage side.

`prepare_model` makes a model ready once (unpacks the bundled one, exports it to int8
ONNX); `load_embedder` opens it. Any sentence-transformers model can take its place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import re
import shutil
import tempfile
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge import bundled
from knowledge.errors import BadInput, NotReady

Embeddings = NDArray[np.float32]
Side = Literal["query", "passage"]
Progress = Callable[[int, int], None]
"""Called with how many of how many are done."""

# Cosine with what the bundled model's own engine computes: int8 costs 0.003.
_LEAST_AGREEMENT = {"torch": 0.999, "onnx": 0.99}
_CACHED_TEXTS = 512
_CACHED_BATCH = 16


@dataclass(frozen=True, slots=True)
class Encoding:
    """What one forward pass of the model gives for one text.

    Attributes:
        vector: Shape (dim,), unit length.
        token_ids: Shape (n_tokens,); the prompt and special tokens are left out.
        tokens: Shape (n_tokens, dim), as the model gives them (not unit length).
    """

    vector: Embeddings
    token_ids: NDArray[np.int32]
    tokens: Embeddings


class Embedder(Protocol):
    """A model with two sides; questions and passages are embedded differently.

    Attributes:
        dim: Length of a vector.
        fingerprint: Changes whenever the same text could give another vector.
    """

    dim: int
    fingerprint: str

    def embed_queries(self, texts: Sequence[str]) -> Embeddings:
        """Embed questions. Shape (n_texts, dim), rows of unit length."""

    def embed_passages(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> Embeddings:
        """Embed passages. Shape (n_texts, dim), rows of unit length."""

    def encode(
        self, texts: Sequence[str], side: Side, *, progress: Progress | None = None
    ) -> list[Encoding]:
        """Embed texts with their tokens, for late interaction; one for each text."""

    def count_tokens(self, text: str) -> int:
        """How many tokens `encode` gives for a short text: prompt and specials out."""


class _CachedSides:
    """The two sides of a model, with a small cache of recent texts.

    One utterance is asked for by the assistant's featurizer, by search and by the
    classifier; the model runs once. Safe to share between threads.
    """

    dim: int
    fingerprint: str

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[Side, str], Encoding] = OrderedDict()
        self._recent_lock = threading.Lock()

    def embed_queries(self, texts: Sequence[str]) -> Embeddings:
        return self._vectors(self.encode(texts, "query"))

    def embed_passages(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> Embeddings:
        return self._vectors(self.encode(texts, "passage", progress=progress))

    def encode(
        self, texts: Sequence[str], side: Side, *, progress: Progress | None = None
    ) -> list[Encoding]:
        if isinstance(texts, str):
            raise BadInput("expected a sequence of texts, got one text")
        if len(texts) > _CACHED_BATCH:
            return self._run(texts, side, progress)
        with self._recent_lock:
            found = {text: self._recent.get((side, text)) for text in texts}
        missing = [text for text, encoding in found.items() if encoding is None]
        if missing:
            fresh = self._run(missing, side, progress)
            found.update(zip(missing, fresh, strict=True))
        encodings = {text: e for text, e in found.items() if e is not None}
        with self._recent_lock:
            for text, encoding in encodings.items():
                self._recent[side, text] = encoding
                self._recent.move_to_end((side, text))
            while len(self._recent) > _CACHED_TEXTS:
                self._recent.popitem(last=False)
        return [encodings[text] for text in texts]

    def _vectors(self, encodings: list[Encoding]) -> Embeddings:
        if not encodings:
            return np.empty((0, self.dim), dtype=np.float32)
        return np.stack([encoding.vector for encoding in encodings])

    def _run(
        self, texts: Sequence[str], side: Side, progress: Progress | None
    ) -> list[Encoding]:
        raise NotImplementedError


class SentenceTransformerEmbedder(_CachedSides):
    """A sentence-transformers model on the CPU, through ONNX Runtime or PyTorch.

    Each forward pass uses one thread, which for single questions is as fast as two
    and steadier under load; many texts are spread over the machine's cores.
    """

    def __init__(self, folder: Path, backend: str, prompts: dict[str, str]) -> None:
        super().__init__()
        self._model = _open_model(folder, backend)
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


class FakeEmbedder(_CachedSides):
    """A stand-in without a model: words that look alike have like vectors.

    Deterministic on every machine; enough for tests of everything around the model.
    """

    def __init__(self, dim: int = 64) -> None:
        super().__init__()
        self.dim = dim
        self.fingerprint = f"fake-{dim}"

    def _run(
        self, texts: Sequence[str], side: Side, progress: Progress | None
    ) -> list[Encoding]:
        encodings = [self._encode_one(text) for text in texts]
        if progress:
            progress(len(texts), len(texts))
        return encodings

    def count_tokens(self, text: str) -> int:
        return len(re.findall(r"\w+", text))

    def _encode_one(self, text: str) -> Encoding:
        words = re.findall(r"\w+", text.casefold())
        ids = [int.from_bytes(_digest(word)[:2], "big") for word in words]
        tokens = np.array(
            [_word_vector(word, self.dim) for word in words], dtype=np.float32
        )
        tokens = tokens.reshape(len(words), self.dim)
        # A constant part keeps a text without words from being the zero vector.
        total = tokens.sum(axis=0) + np.float32(0.01)
        vector = (total / np.linalg.norm(total)).astype(np.float32)
        return Encoding(vector, np.array(ids, dtype=np.int32), tokens)


@lru_cache(maxsize=10_000)
def _word_vector(word: str, dim: int) -> Embeddings:
    padded = f" {word} "
    grams = [padded[i : i + 3] for i in range(len(padded) - 2)]
    vector = np.zeros(dim, dtype=np.float32)
    for gram in [word, word, *grams]:
        digest = _digest(gram)
        place = int.from_bytes(digest[:4], "big") % dim
        vector[place] += 1.0 if digest[4] % 2 else -1.0
    return vector


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


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
    _check_backend(backend)
    folder = model_folder(model, state_dir)
    is_ready = folder / "modules.json"
    if not is_ready.is_file() or (backend == "onnx" and _onnx_file(folder) is None):
        raise NotReady(
            f"the embedding model {model!r} ({backend}) is not prepared in"
            f" {state_dir / 'models'}; run `guichet train`"
        )
    return SentenceTransformerEmbedder(folder, backend, _prompts(folder, model))


def unpack_bundled(state_dir: Path, backend: str = "onnx") -> None:
    """Make the bundled model ready, unless it already is; about a minute, once."""
    prepare_model("bundled", backend, state_dir)


def prepare_model(
    model: str, backend: str, state_dir: Path, progress: Progress | None = None
) -> None:
    """Unpack or fetch a model and export it to int8 ONNX, unless done before.

    Args:
        model: `bundled`, a Hugging Face id, or a folder.
        backend: `onnx` or `torch`.
        state_dir: The model is written to `models/` in it, whole or not at all.
        progress: Called after each step.

    Raises:
        NotReady: The model cannot be had, or does not give the vectors it should.
        BadInput: Unknown backend.
    """
    _check_backend(backend)
    folder = model_folder(model, state_dir)
    needs_folder = not (folder / "modules.json").is_file()
    needs_onnx = backend == "onnx" and (needs_folder or _onnx_file(folder) is None)
    if not needs_folder and not needs_onnx:
        return
    report = progress or (lambda done, total: None)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, _quiet_libraries():
        made = Path(scratch) / "model"
        report(0, 3)
        if not needs_folder:
            shutil.copytree(folder, made)
        elif model == "bundled":
            bundled.unpack(Path(scratch))
        else:
            _fetch(model, made)
        report(1, 3)
        if needs_onnx:
            _export(made)
        report(2, 3)
        if model == "bundled":
            _check_reference(made, backend)
        if folder.exists():
            folder.rename(Path(scratch) / "previous")
        made.rename(folder)
        report(3, 3)


def model_folder(model: str, state_dir: Path) -> Path:
    """Where the prepared model is kept."""
    if model == "bundled":
        name = bundled.NAME
    elif Path(model).is_dir():
        where = str(Path(model).resolve())
        name = f"{Path(where).name}-{_digest(where).hex()[:8]}"
    else:
        name = re.sub(r"[^A-Za-z0-9._-]+", "--", model)
    return state_dir / "models" / name


def _check_backend(backend: str) -> None:
    if backend not in _LEAST_AGREEMENT:
        raise BadInput(f"embedding_backend must be onnx or torch, got {backend!r}")


def _fetch(model: str, folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    try:
        SentenceTransformer(model, device="cpu").save(
            str(folder), create_model_card=False
        )
    except Exception as exc:  # the libraries raise many kinds for "not to be had"
        raise NotReady(f"the embedding model {model!r} cannot be had: {exc}") from exc


def _open_model(folder: Path, backend: str) -> Any:
    from sentence_transformers import SentenceTransformer

    with _quiet_libraries():
        if backend == "torch":
            return SentenceTransformer(
                str(folder), device="cpu", processor_kwargs=_PROCESSOR
            )
        import onnxruntime  # type: ignore[import-untyped]

        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = 1
        session.inter_op_num_threads = 1
        file = _onnx_file(folder)
        return SentenceTransformer(
            str(folder),
            backend="onnx",
            device="cpu",
            model_kwargs={
                "provider": "CPUExecutionProvider",
                "file_name": f"onnx/{file.name}" if file else None,
                "session_options": session,
            },
            processor_kwargs=_PROCESSOR,
        )


# transformers 4.57 takes every tokenizer saved by itself for a faulty one of Mistral's.
_PROCESSOR = {"fix_mistral_regex": False}


def _export(folder: Path) -> None:
    """Export to ONNX and quantise the weights to int8 for this kind of machine."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.backend import export_dynamic_quantized_onnx_model

    model = SentenceTransformer(
        str(folder),
        backend="onnx",
        device="cpu",
        model_kwargs={"provider": "CPUExecutionProvider", "export": True},
        processor_kwargs=_PROCESSOR,
    )
    export_dynamic_quantized_onnx_model(model, _instructions(), str(folder))


def _instructions() -> Literal["arm64", "avx2", "avx512", "avx512_vnni"]:
    """The set of instructions that the weights are laid out for."""
    if platform.machine().lower() in {"arm64", "aarch64"}:
        return "arm64"
    try:
        features = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return "avx2"
    return "avx512_vnni" if "avx512_vnni" in features else "avx2"


def _onnx_file(folder: Path) -> Path | None:
    files = sorted(folder.glob(f"onnx/*_{_instructions()}.onnx"))
    return files[0] if files else None


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
    weights = [_onnx_file(folder)] if backend == "onnx" else []
    files = [file for file in weights if file] or sorted(folder.glob("*.safetensors"))
    files += [folder / "tokenizer.json", *sorted(folder.glob("*/config.json"))]
    digest = hashlib.sha256(json.dumps([backend, prompts], sort_keys=True).encode())
    for file in files:
        if file.is_file():
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _check_reference(folder: Path, backend: str) -> None:
    texts, expected = bundled.reference()
    model = _open_model(folder, backend)
    vectors = model.encode(texts, normalize_embeddings=True)
    agreement = float((vectors * expected).sum(axis=1).min())
    if agreement < _LEAST_AGREEMENT[backend]:
        raise NotReady(
            f"the unpacked model does not give its reference embeddings: cosine"
            f" {agreement:.4f}, expected at least {_LEAST_AGREEMENT[backend]}"
        )


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep the model libraries' own notices off the operator's screen."""
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    others = [logging.getLogger(name) for name in ("sentence_transformers", "optimum")]
    levels = [logger.level for logger in others]
    transformers_logging.set_verbosity(logging.ERROR)
    for logger in others:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        for logger, level in zip(others, levels, strict=True):
            logger.setLevel(level)
