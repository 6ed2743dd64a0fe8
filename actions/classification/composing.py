"""Longer texts made of two examples: people write around what they report.

A complaint beside a greeting, a question or thanks is still that complaint. Networks
that have read only short examples take the rest of a long message for the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from actions.classification.cues import add_features
from actions.classification.examples import Example
from actions.classification.observing import Observed

# So many for each example; more made no difference.
SHARE = 0.4
TALK = "other"


class Composed(NamedTuple):
    """Two examples as one text.

    Attributes:
        first, second: Places of the examples, in the order of reading.
        label: Place of the one whose verdict holds for both.
    """

    first: int
    second: int
    label: int


def compose(examples: Sequence[Example], *, seed: int) -> list[Composed]:
    """Choose pairs: of one language, one of them no complaint and about no other thing.

    The other thing may be talk about anything where the first is a complaint.
    """
    generator = np.random.default_rng(seed)
    fillers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        if not example.is_complaint:
            fillers[example.lang, example.category].append(place)
    composed: list[Composed] = []
    for place in generator.choice(
        len(examples), size=int(SHARE * len(examples)), replace=False
    ):
        example = examples[place]
        near = fillers[example.lang, example.category]
        if example.is_complaint and example.category != TALK:
            near = near + fillers[example.lang, TALK]
        choices = [other for other in near if other != place]
        if not choices:
            continue
        pair = [int(place), int(generator.choice(choices))]
        generator.shuffle(pair)
        composed.append(Composed(pair[0], pair[1], label=int(place)))
    return composed


def join(first: Observed, second: Observed) -> Observed:
    """Two texts as they would be read one below the other."""
    return Observed(
        np.concatenate([first.tokens, second.tokens]),
        add_features(first.cues, second.cues),
    )
