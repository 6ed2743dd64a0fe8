"""Training the classifier from the examples in `data/complaints/`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from actions.classification.calibrating import fit_calibration
from actions.classification.classifier import (
    ARRAYS_FILE,
    FORM,
    MANIFEST_FILE,
    read_manifest,
)
from actions.classification.cues import Cues, read_cues
from actions.classification.examples import (
    CUES_FILE,
    Example,
    Labels,
    data_hash,
    labels_of,
    read_examples,
)
from actions.classification.learning import EPOCHS, Inputs, learn, outputs
from actions.classification.network import MOST_TOKENS, Array, Calibration, Network
from knowledge.embedding import Embedder

Progress = Callable[[int, int], None]
N_PARTS = 5
SEED = 20261122


def train_classifier(
    data_dir: Path, embedder: Embedder, folder: Path, progress: Progress | None = None
) -> None:
    """Train from `data_dir/complaints` and write `folder`, unless it is up to date.

    Args:
        data_dir: The operator's data.
        embedder: The model whose tokens are read.
        folder: Replaced whole, or not at all.
        progress: Called with steps done and in all.

    Raises:
        NotReady: The examples or the telling words are missing or malformed.
    """
    source = data_dir / "complaints"
    wanted = {
        "form": FORM,
        "embedding": embedder.fingerprint,
        "data": data_hash(source),
    }
    manifest = read_manifest(folder)
    if manifest is not None and wanted.items() <= manifest.items():
        return
    examples, cues = read_examples(source), read_cues(source / CUES_FILE)
    arrays, calibration = fit(examples, cues, embedder, progress)
    _write(
        folder,
        arrays,
        {
            **wanted,
            "n_examples": len(examples),
            "calibration": {
                "complaint": list(calibration.complaint),
                "ground": calibration.ground,
                "category": calibration.category,
            },
            "cues": cues.groups,
        },
    )


def fit(
    examples: Sequence[Example],
    cues: Cues,
    embedder: Embedder,
    progress: Progress | None = None,
) -> tuple[dict[str, Array], Calibration]:
    """Learn one network for each part left out, and calibrate on those parts."""
    report = progress or (lambda done, total: None)
    total = (N_PARTS + 1) * EPOCHS
    inputs = read_inputs(examples, cues, embedder)
    labels = labels_of(examples)
    report(EPOCHS, total)
    parts = split(labels)
    networks = []
    unseen: list[Any] = [None] * len(examples)
    for part in range(N_PARTS):
        before = (part + 1) * EPOCHS
        inside, outside = np.flatnonzero(parts != part), np.flatnonzero(parts == part)

        def on_epoch(done: int, before: int = before) -> None:
            report(before + done, total)

        learnt = learn(inputs, labels, inside, seed=SEED + part, on_epoch=on_epoch)
        networks.append(learnt)
        for i, logits in zip(outside, outputs(learnt, inputs, outside), strict=True):
            unseen[i] = logits
    return _join(networks, inputs), fit_calibration(unseen, labels)


def read_inputs(examples: Sequence[Example], cues: Cues, embedder: Embedder) -> Inputs:
    """What the networks read of each example."""
    encodings = embedder.encode([each.text for each in examples], "query")
    features = [cues.features(each.text, each.lang) for each in examples]
    return Inputs.standardised(
        [encoding.tokens[:MOST_TOKENS] for encoding in encodings], np.stack(features)
    )


def split(labels: Labels) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Assign each example to one of the parts, every kind spread over all of them."""
    kinds = labels.category * 4 + labels.ground + 1
    parts = np.empty(len(labels), dtype=np.int64)
    generator = np.random.default_rng(SEED)
    start = 0
    for kind in np.unique(kinds):
        places = generator.permutation(np.flatnonzero(kinds == kind))
        parts[places] = (np.arange(len(places)) + start) % N_PARTS
        start += len(places)
    return parts


def _join(networks: Sequence[Network], inputs: Inputs) -> dict[str, Array]:
    """One set of arrays with a row for each network, and the shared scales."""
    own = {
        name: np.concatenate([network.arrays[name] for network in networks])
        for name in networks[0].arrays
        if name not in inputs.scales
    }
    return {**inputs.scales, **own}


def _write(folder: Path, arrays: dict[str, Array], manifest: dict[str, Any]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        np.savez(made / ARRAYS_FILE, **arrays)  # type: ignore[arg-type]
        (made / MANIFEST_FILE).write_text(
            json.dumps(manifest, ensure_ascii=False), encoding="utf-8"
        )
        if folder.exists():
            shutil.move(folder, Path(scratch) / "previous")
        made.rename(folder)
