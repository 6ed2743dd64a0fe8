"""Making a model ready once: unpacked or fetched, and exported to int8 ONNX."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from knowledge import bundled
from knowledge.embedding.contract import Progress
from knowledge.embedding.models import (
    PROCESSOR,
    check_backend,
    instructions,
    model_folder,
    onnx_file,
    open_model,
    quiet_libraries,
)
from knowledge.errors import NotReady

# Cosine with what the bundled model's own engine computes: int8 costs 0.003.
_LEAST_AGREEMENT = {"torch": 0.999, "onnx": 0.99}


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
    check_backend(backend)
    folder = model_folder(model, state_dir)
    needs_folder = not (folder / "modules.json").is_file()
    needs_onnx = backend == "onnx" and (needs_folder or onnx_file(folder) is None)
    if not needs_folder and not needs_onnx:
        return
    report = progress or (lambda done, total: None)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, quiet_libraries():
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


def _fetch(model: str, folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    try:
        SentenceTransformer(model, device="cpu").save(
            str(folder), create_model_card=False
        )
    except Exception as exc:  # the libraries raise many kinds for "not to be had"
        raise NotReady(f"the embedding model {model!r} cannot be had: {exc}") from exc


def _export(folder: Path) -> None:
    """Export to ONNX and quantise the weights to int8 for this kind of machine."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.backend import export_dynamic_quantized_onnx_model

    model = SentenceTransformer(
        str(folder),
        backend="onnx",
        device="cpu",
        model_kwargs={"provider": "CPUExecutionProvider", "export": True},
        processor_kwargs=PROCESSOR,
    )
    export_dynamic_quantized_onnx_model(model, instructions(), str(folder))


def _check_reference(folder: Path, backend: str) -> None:
    texts, expected = bundled.reference()
    model = open_model(folder, backend)
    vectors = model.encode(texts, normalize_embeddings=True)
    agreement = float((vectors * expected).sum(axis=1).min())
    if agreement < _LEAST_AGREEMENT[backend]:
        raise NotReady(
            f"the unpacked model does not give its reference embeddings: cosine"
            f" {agreement:.4f}, expected at least {_LEAST_AGREEMENT[backend]}"
        )
