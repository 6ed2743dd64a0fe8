"""Models in their folders: where they are, and how the libraries open them."""

from __future__ import annotations

import hashlib
import logging
import platform
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from knowledge import bundled
from knowledge.errors import BadInput

BACKENDS = ("torch", "onnx")
# transformers 4.57 takes every tokenizer saved by itself for a faulty one of Mistral's.
PROCESSOR = {"fix_mistral_regex": False}


def model_folder(model: str, state_dir: Path) -> Path:
    """Where the prepared model is kept."""
    if model == "bundled":
        name = bundled.NAME
    elif Path(model).is_dir():
        where = str(Path(model).resolve())
        name = f"{Path(where).name}-{_short_digest(where)}"
    else:
        name = re.sub(r"[^A-Za-z0-9._-]+", "--", model)
    return state_dir / "models" / name


def _short_digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()[:8]


def check_backend(backend: str) -> None:
    if backend not in BACKENDS:
        raise BadInput(f"embedding_backend must be onnx or torch, got {backend!r}")


def open_model(folder: Path, backend: str) -> Any:
    from sentence_transformers import SentenceTransformer

    with quiet_libraries():
        if backend == "torch":
            return SentenceTransformer(
                str(folder), device="cpu", processor_kwargs=PROCESSOR
            )
        import onnxruntime  # type: ignore[import-untyped]

        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = 1
        session.inter_op_num_threads = 1
        file = onnx_file(folder)
        return SentenceTransformer(
            str(folder),
            backend="onnx",
            device="cpu",
            model_kwargs={
                "provider": "CPUExecutionProvider",
                "file_name": f"onnx/{file.name}" if file else None,
                "session_options": session,
            },
            processor_kwargs=PROCESSOR,
        )


def instructions() -> Literal["arm64", "avx2", "avx512", "avx512_vnni"]:
    """The set of instructions that the weights are laid out for."""
    if platform.machine().lower() in {"arm64", "aarch64"}:
        return "arm64"
    try:
        features = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return "avx2"
    return "avx512_vnni" if "avx512_vnni" in features else "avx2"


def onnx_file(folder: Path) -> Path | None:
    files = sorted(folder.glob(f"onnx/*_{instructions()}.onnx"))
    return files[0] if files else None


@contextmanager
def quiet_libraries() -> Iterator[None]:
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
