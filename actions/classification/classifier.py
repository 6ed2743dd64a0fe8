"""The verdict on a text, from a trained folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from actions.cases.case import CATEGORIES, GROUNDS, Verdict
from actions.classification.cues import Cues
from actions.classification.network import Array, Calibration, Network
from actions.classification.observing import Observer
from actions.classification.sentences import split_sentences
from knowledge.embedding import Embedder
from knowledge.errors import NotReady

ARRAYS_FILE = "network.npz"
MANIFEST_FILE = "manifest.json"
# Rises when a folder trained by an earlier form of this code cannot be used.
FORM = 4
COMPLAINT_FROM = 0.5
# Less likely grounds are listed without evidence.
EVIDENCE_FROM = 0.1
MOST_SENTENCES = 24


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
        self._cues = cues
        self._embedder = embedder

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
        """
        [observed] = self.observer.observe([(text, language)])
        scaled = self._network.scale_tokens(observed.tokens)
        seen = self._network.token_features(scaled)
        logits = self._network.scaled_logits(scaled, seen, observed.cues)
        probability = self._calibration.complaint_probability(logits.complaint)
        given = self._calibration.ground_probabilities(logits.ground) * probability
        evidence = self._evidence(text, language, scaled, seen, given)
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

    def _evidence(
        self, text: str, language: str | None, scaled: Array, seen: Array, given: Array
    ) -> list[str | None]:
        """For each ground the sentence that speaks most for it, read in its context."""
        if given.max() < EVIDENCE_FROM:
            return [None] * len(GROUNDS)
        scores, sentences = [], []
        for sentence, inside in self._sentences(text, len(scaled)):
            logits = self._network.scaled_logits(
                scaled[inside], seen[:, inside], self._cues.features(sentence, language)
            )
            shares = self._calibration.ground_probabilities(logits.ground)
            scores.append(
                shares * self._calibration.complaint_probability(logits.complaint)
            )
            sentences.append(sentence.strip())
        best = np.argmax(np.array(scores), axis=0)
        return [
            sentences[best[i]] if given[i] >= EVIDENCE_FROM else None
            for i in range(len(GROUNDS))
        ]

    def _sentences(self, text: str, n_tokens: int) -> Iterator[tuple[str, slice]]:
        """Sentences with the places of their tokens; one that was cut off is left out.

        A token never reaches over a space, so a sentence has the same tokens alone.
        """
        start = 0
        for sentence in split_sentences(text)[:MOST_SENTENCES]:
            end = start + self._embedder.count_tokens(sentence)
            if start == 0 or end <= n_tokens:
                yield sentence, slice(start, max(end, 1))
            start = end


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


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a trained folder; None where there is none that can be read."""
    try:
        text = (folder / MANIFEST_FILE).read_text(encoding="utf-8")
        manifest: dict[str, Any] = json.loads(text)
    except (OSError, json.JSONDecodeError):
        return None
    return manifest if (folder / ARRAYS_FILE).is_file() else None
