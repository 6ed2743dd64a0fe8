"""`guichet eval transfer`: verdicts in a language that gave no examples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from actions.classification import Classifier
from actions.classification.cues import read_cues
from actions.classification.examples import CUES_FILE, read_examples
from actions.classification.network import Network
from actions.classification.observing import Observer
from actions.classification.training import fit
from bot.evaluation.complaints import Judged, measure_judged
from bot.evaluation.measured import Measured, by_language
from knowledge.embedding import Embedder

Progress = Callable[[int, int], None]


def evaluate_transfer(
    source: Path, embedder: Embedder, progress: Progress | None = None
) -> Measured:
    """Leave each language out in turn, train on the others, judge its messages.

    Args:
        source: The folder of labelled messages, with the telling words of all
            languages: these are data of their own and stay.
        embedder: The model whose tokens are read.
        progress: Called with languages done and in all.
    """
    examples, cues = read_examples(source), read_cues(source / CUES_FILE)
    observed = Observer(embedder, cues).observe(
        [(each.text, each.lang) for each in examples]
    )
    languages = np.array([each.lang for each in examples])
    judged: list[Judged] = []
    tags = sorted(set(languages))
    for done, tag in enumerate(tags, start=1):
        inside = np.flatnonzero(languages != tag)
        fitted = fit([examples[i] for i in inside], [observed[i] for i in inside])
        classifier = Classifier(
            Network(fitted.arrays), fitted.calibration, cues, embedder
        )
        judged += [
            Judged(each, classifier.classify(each.text, tag))
            for each in examples
            if each.lang == tag
        ]
        if progress:
            progress(done, len(tags))
    return Measured(
        title="Complaints, each language judged by the eleven others",
        overall=measure_judged(judged),
        by_language=by_language(judged, lambda item: item.message.lang, measure_judged),
    )
