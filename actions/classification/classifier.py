"""The verdict on a text, from a trained folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from actions.cases.case import CATEGORIES, GROUNDS, Verdict
from actions.cases.language_free import LanguageFree
from actions.classification.cues import Cues
from actions.classification.evidence import EvidenceFinder, Reading
from actions.classification.network import Calibration, Network
from actions.classification.observing import Observer, windows
from knowledge.embedding import Embedder
from knowledge.errors import NotReady

ARRAYS_FILE = "network.npz"
MANIFEST_FILE = "manifest.json"
LANGUAGES_FILE = "languages.npz"
# Rises when a folder trained by an earlier form of this code cannot be used.
FORM = 4
COMPLAINT_FROM = 0.5


class Classifier:
    """Says whether a text is a complaint, why, and what it is about; thread-safe.

    Attributes:
        observer: Reads a text as the networks take it, to be learnt from later.
    """

    def __init__(
        self, network: Network, calibration: Calibration, cues: Cues, embedder: Embedder
    ) -> None:
        self.observer = Observer(embedder, cues)
        self._network = network
        self._calibration = calibration
        self._finder = EvidenceFinder(network, calibration, self.observer, embedder)

    def classify(self, text: str, language: str | None = None) -> Verdict:
        """Judge a text.

        Args:
            text: What the customer wrote.
            language: BCP 47 tag of the text where it is known.

        Returns:
            Probabilities are calibrated. Those of the grounds are that the text is a
            complaint on that ground: they add up to `probability`. `evidence` is the
            customer's own sentence that speaks most for the ground, or None where
            the ground is unlikely. Grounds and categories stand likeliest first.
            A long text is judged by the part of it that complains most; a text
            without a word is no complaint.
        """
        if not any(map(str.isalnum, text)):
            return _nothing_said()
        parts = windows(text)
        observed = self.observer.observe([(part, language) for part in parts])
        scores = [self._network.logits(each.tokens, each.cues) for each in observed]
        most = max(range(len(parts)), key=lambda i: scores[i].complaint)
        logits = scores[most]
        probability = self._calibration.complaint_probability(logits.complaint)
        given = self._calibration.grounds_of_complaint(logits)
        tokens = self._network.scale_tokens(observed[most].tokens)
        evidence = self._finder.find(
            Reading(parts[most], language, tokens, observed[most].cues, given)
        )
        grounds = [
            {
                "ground": GROUNDS[i],
                "probability": float(given[i]),
                "evidence": evidence[i],
            }
            for i in np.argsort(-given, kind="stable")
        ]
        shares = self._calibration.category_probabilities(logits.category)
        categories = [
            {"category": CATEGORIES[i], "probability": float(shares[i])}
            for i in np.argsort(-shares, kind="stable")
        ]
        is_complaint = probability >= COMPLAINT_FROM
        return Verdict(
            is_complaint=is_complaint,
            probability=probability,
            ground=grounds[0]["ground"] if is_complaint else None,
            grounds=grounds,
            category=categories[0]["category"],
            categories=categories,
        )


def _nothing_said() -> Verdict:
    return Verdict(
        is_complaint=False,
        probability=0.0,
        ground=None,
        grounds=[
            {"ground": ground, "probability": 0.0, "evidence": None}
            for ground in GROUNDS
        ],
        category="other",
        categories=[
            {"category": category, "probability": float(category == "other")}
            for category in sorted(CATEGORIES, key=lambda each: each != "other")
        ],
    )


def classifier_folder(state_dir: Path) -> Path:
    """Where the trained classifier is kept."""
    return state_dir / "classifier"


def load_classifier(folder: Path, embedder: Embedder) -> Classifier:
    """Open what `train_classifier` has written.

    Raises:
        NotReady: Nothing is there, or it was trained for another embedding model or
            by another form of the code; says what to run.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise NotReady(f"no classifier in {folder}; run `guichet train`")
    if manifest["embedding"] != embedder.fingerprint or manifest["form"] != FORM:
        raise NotReady(
            f"the classifier in {folder} was trained for another embedding model; "
            "run `guichet train`"
        )
    with np.load(folder / ARRAYS_FILE, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    calibration = manifest["calibration"]
    return Classifier(
        Network(arrays),
        Calibration(
            complaint=tuple(calibration["complaint"]),
            ground=calibration["ground"],
            category=calibration["category"],
        ),
        Cues(manifest["cues"]),
        embedder,
    )


def load_language_free(folder: Path, embedder: Embedder) -> LanguageFree | None:
    """What compares cases across languages, trained along with the classifier.

    None where an earlier form of the code trained it, or another embedding model:
    cases are compared by their words alone then, until the next training.
    """
    manifest = read_manifest(folder)
    path = folder / LANGUAGES_FILE
    if manifest is None or manifest["embedding"] != embedder.fingerprint:
        return None
    return LanguageFree.read(path) if path.is_file() else None


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a trained folder; None where there is none that can be read."""
    try:
        text = (folder / MANIFEST_FILE).read_text(encoding="utf-8")
        manifest: dict[str, Any] = json.loads(text)
    except (OSError, json.JSONDecodeError):
        return None
    return manifest if (folder / ARRAYS_FILE).is_file() else None
