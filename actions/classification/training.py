"""Training the classifier from the examples in `data/complaints/`."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from actions.cases.language_free import LanguageFree
from actions.classification.calibrating import fit_calibration
from actions.classification.classifier import (
    ARRAYS_FILE,
    FORM,
    LANGUAGES_FILE,
    MANIFEST_FILE,
    read_manifest,
)
from actions.classification.composing import compose, join
from actions.classification.corrections import Correction
from actions.classification.cues import Cues, read_cues
from actions.classification.examples import (
    CUES_FILE,
    Example,
    Labels,
    data_hash,
    labels_of,
    read_examples,
)
from actions.classification.learning import (
    EPOCHS,
    Inputs,
    learn,
    one_thread_each,
    outputs,
)
from actions.classification.network import Array, Calibration, Network
from actions.classification.observing import Observed, Observer
from knowledge.embedding import Embedder

Progress = Callable[[int, int], None]
N_PARTS = 5
SEED = 20261122
TEXTS_A_LANGUAGE = 40


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
    wanted = made_of(source, embedder)
    manifest = read_manifest(folder)
    if manifest is not None and wanted.items() <= manifest.items():
        return
    examples, cues = read_examples(source), read_cues(source / CUES_FILE)
    observer = Observer(embedder, cues)
    observed = observer.observe([(each.text, each.lang) for each in examples])
    fitted = fit(examples, observed, progress)
    write(folder, fitted, cues, wanted, measure_languages(examples, embedder))


def made_of(source: Path, embedder: Embedder) -> dict[str, Any]:
    """What a classifier trained now would be made of, for its manifest."""
    return {
        "form": FORM,
        "embedding": embedder.fingerprint,
        "data": data_hash(source),
    }


@dataclass(frozen=True)
class Fitted:
    """Networks with their calibration, and from how many examples."""

    arrays: dict[str, Array]
    calibration: Calibration
    n_examples: int


def fit(
    examples: Sequence[Example],
    observed: Sequence[Observed],
    progress: Progress | None = None,
    corrections: Sequence[Correction] = (),
) -> Fitted:
    """Learn one network for each part left out, and calibrate on those parts.

    Args:
        examples: To learn from.
        observed: The same, as networks take them.
        progress: Called with steps done and in all.
        corrections: To learn from as well; they leave the examples in the parts and
            pairs that these have without them, so that what changes is their doing.
    """
    report = progress or (lambda done, total: None)
    every = [*examples, *(each.example for each in corrections)]
    labels = labels_of(every)
    parts = parts_of(examples, [each.example for each in corrections])
    composed = compose(examples, seed=SEED)
    read = [
        *observed,
        *(each.observed for each in corrections),
        *(join(observed[a], observed[b]) for a, b, _ in composed),
    ]
    inputs = Inputs.standardised(
        [each.tokens for each in read], np.stack([each.cues for each in read])
    )
    everything = labels.at(
        np.array([*range(len(every)), *(each.label for each in composed)])
    )
    # What an example that is left out is a part of must be left out as well.
    touched = np.array(
        [*((part, part) for part in parts), *(parts[[a, b]] for a, b, _ in composed)]
    )
    n_done, one_at_a_time = count(1), Lock()

    def on_epoch() -> None:
        with one_at_a_time:
            report(next(n_done), N_PARTS * EPOCHS)

    def learn_without(part: int) -> Network:
        return learn(
            inputs,
            everything,
            np.flatnonzero((touched != part).all(axis=1)),
            seed=SEED + part,
            on_epoch=on_epoch,
        )

    with one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as pool:
        networks = list(pool.map(learn_without, range(N_PARTS)))
    unseen: list[Any] = [None] * len(every)
    for part, network in enumerate(networks):
        outside = np.flatnonzero(parts == part)
        for i, logits in zip(outside, outputs(network, inputs, outside), strict=True):
            unseen[i] = logits
    return Fitted(_join(networks, inputs), fit_calibration(unseen, labels), len(every))


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


def parts_of(
    examples: Sequence[Example], added: Sequence[Example]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Assign the examples to parts as ever, and each added one by its text alone."""
    of_added = [
        int.from_bytes(sha256(each.text.encode()).digest()[:8], "big") % N_PARTS
        for each in added
    ]
    return np.array([*split(labels_of(examples)), *of_added], dtype=np.int64)


def _join(networks: Sequence[Network], inputs: Inputs) -> dict[str, Array]:
    """One set of arrays with a row for each network, and the shared scales."""
    own = {
        name: np.concatenate([network.arrays[name] for network in networks])
        for name in networks[0].arrays
        if name not in inputs.scales
    }
    return {**inputs.scales, **own}


def measure_languages(examples: Sequence[Example], embedder: Embedder) -> LanguageFree:
    """Where languages lie apart, by some examples of each."""
    by_language: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        by_language[example.lang].append(example.text)
    texts = [
        (text, tag)
        for tag, mine in sorted(by_language.items())
        for text in mine[:TEXTS_A_LANGUAGE]
    ]
    vectors = embedder.embed_queries([text for text, _ in texts])
    return LanguageFree.fit(vectors, [tag for _, tag in texts])


def write(
    folder: Path,
    fitted: Fitted,
    cues: Cues,
    made_of: dict[str, Any],
    language_free: LanguageFree,
) -> None:
    """Replace `folder` whole, or not at all.

    Args:
        folder: Where `load_classifier` looks.
        fitted: The networks.
        cues: What they read beside the tokens.
        made_of: Goes into the manifest: what the networks were trained from.
        language_free: Measured on the same examples, to compare cases with.
    """
    manifest = {
        **made_of,
        "n_examples": fitted.n_examples,
        "calibration": asdict(fitted.calibration),
        "cues": cues.groups,
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        np.savez(made / ARRAYS_FILE, **fitted.arrays)  # type: ignore[arg-type]
        language_free.write(made / LANGUAGES_FILE)
        (made / MANIFEST_FILE).write_text(
            json.dumps(manifest, ensure_ascii=False), encoding="utf-8"
        )
        if folder.exists():
            shutil.move(folder, Path(scratch) / "previous")
        made.rename(folder)
