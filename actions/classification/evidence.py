"""The customer's own sentences that a verdict rests on.

A sentence speaks for a ground when it does so in its place, and when the text without
it does so less. In the text its tokens know of their neighbours, so that a greeting
above a complaint would pass for one: what says nothing by itself is held back by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actions.cases.case import GROUNDS
from actions.classification.network import Array, Calibration, Network
from actions.classification.observing import Observer
from actions.classification.sentences import SHORTEST, split_sentences
from knowledge.embedding import Embedder

# Less likely grounds are listed without evidence.
EVIDENCE_FROM = 0.1
MOST_SENTENCES = 60
# As many are read by themselves: those that the text misses most.
MOST_ALONE = 6
MISSED_WEIGHT = 2.0
# What complains less by itself, beside the sentence that does so most, is talk.
COMPLAINS_FROM = 0.05
_LEAST_CHANCE = 1e-4


@dataclass(frozen=True)
class Reading:
    """A text as the networks have read it.

    Attributes:
        tokens: Shape (n_tokens, dim), standardised.
        cues: Its telling words.
        given: Probability of a complaint on each ground.
    """

    text: str
    language: str | None
    tokens: Array
    cues: Array
    given: Array


@dataclass(frozen=True)
class _Sentence:
    text: str
    tokens: slice


class EvidenceFinder:
    """Finds for each ground the sentence that speaks most for it; thread-safe."""

    def __init__(
        self,
        network: Network,
        calibration: Calibration,
        observer: Observer,
        embedder: Embedder,
    ) -> None:
        self._network, self._calibration = network, calibration
        self._observer, self._embedder = observer, embedder

    def find(self, reading: Reading) -> list[str | None]:
        """For each ground the sentence, or None where the ground is unlikely."""
        likely = reading.given >= EVIDENCE_FROM
        if not likely.any():
            return [None] * len(GROUNDS)
        sentences = self._sentences(reading)
        if len(sentences) > 1:
            best = self._best(reading, sentences)
        else:
            best = [0] * len(GROUNDS)
        return [
            sentences[best[i]].text if likely[i] else None for i in range(len(GROUNDS))
        ]

    def _best(self, reading: Reading, sentences: Sequence[_Sentence]) -> Sequence[int]:
        """For each ground the place of its sentence."""
        seen = self._network.token_features(reading.tokens)
        places = np.arange(len(reading.tokens))

        def chances(inside: Any, cues: Array) -> Array:
            logits = self._network.scaled_logits(
                reading.tokens[inside], seen[:, inside], cues
            )
            return self._calibration.grounds_of_complaint(logits)

        without = [
            chances((places < each.start) | (places >= each.stop), reading.cues)
            for each in (sentence.tokens for sentence in sentences)
        ]
        missed = _log_odds(reading.given) - _log_odds(np.array(without))
        most = np.sort(np.argsort(-missed.max(axis=1), kind="stable")[:MOST_ALONE])
        observed = self._observer.observe(
            [(sentences[i].text, reading.language) for i in most]
        )
        alone, there = [], []
        for i, each in zip(most, observed, strict=True):
            logits = self._network.logits(each.tokens, each.cues)
            alone.append(self._calibration.grounds_of_complaint(logits))
            there.append(chances(sentences[i].tokens, each.cues))
        scores = (
            _log_odds(np.array(there))
            + MISSED_WEIGHT * missed[most]
            + np.minimum(_log_odds(np.array(alone)), 0)
        )
        complains = np.sum(alone, axis=1)
        scores[complains < COMPLAINS_FROM * complains.max()] = -np.inf
        return [int(each) for each in most[np.argmax(scores, axis=0)]]

    def _sentences(self, reading: Reading) -> list[_Sentence]:
        """Sentences with the places of their tokens.

        A token never reaches over a space, so a sentence has the same tokens alone.
        Very short ones are left out; where only they are, the whole text is left.
        """
        found, start = [], 0
        for piece in split_sentences(reading.text)[:MOST_SENTENCES]:
            stop = start + self._embedder.count_tokens(piece)
            inside = slice(start, min(stop, len(reading.tokens)))
            if len(piece.strip()) >= SHORTEST and inside.start < inside.stop:
                found.append(_Sentence(piece.strip(), inside))
            start = stop
        return found or [_Sentence(reading.text.strip(), slice(0, len(reading.tokens)))]


def _log_odds(chances: Array) -> Array:
    clipped = np.clip(chances, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    result: Array = np.log(clipped) - np.log(1 - clipped)
    return result
