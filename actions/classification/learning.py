"""Learning one network from examples, with PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actions.classification.examples import Labels
from actions.classification.network import (
    CUE_RANGE,
    CUE_SCALES,
    MEAN_SCALE,
    QUESTIONS,
    SIZES,
    Array,
    Logits,
    Network,
)

if TYPE_CHECKING:
    import torch

Indices = NDArray[np.int64]

# Chosen by cross-validation on data/complaints.
WIDTH = 256
EPOCHS = 20
BATCH = 32
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
DROPOUT = 0.5
CUE_DROPOUT = 0.2
LABEL_SMOOTHING = 0.05
WARM_UP_STEPS = 20
LENGTH_BINS = 6


@dataclass(frozen=True)
class Inputs:
    """What networks read: standardised tokens of each text, and its telling words.

    Attributes:
        tokens: For each text, shape (n_tokens, dim); at least one token.
        cues: Shape (n_texts, n_features), as counted.
        scales: The means and scales that a network needs to read other texts.
    """

    tokens: list[Array]
    cues: Array
    scales: dict[str, Array]

    @classmethod
    def standardised(cls, tokens: Sequence[Array], cues: Array) -> Inputs:
        every = np.concatenate(tokens)
        scales = {
            "token_mean": every.mean(axis=0),
            "token_scale": every.std(axis=0) + np.float32(1e-6),
            "cue_mean": cues.mean(axis=0),
            "cue_scale": cues.std(axis=0) + np.float32(1e-3),
        }
        reader = Network(scales)
        return cls([reader.scale_tokens(each) for each in tokens], cues, scales)

    @property
    def telling(self) -> Array:
        """Telling words as the output layers take them."""
        values = (self.cues - self.scales["cue_mean"]) / self.scales["cue_scale"]
        clipped: Array = np.clip(values, -CUE_RANGE, CUE_RANGE)
        return clipped


def learn(
    inputs: Inputs,
    labels: Labels,
    inside: Indices,
    *,
    seed: int,
    on_epoch: Callable[[], None] = lambda: None,
) -> Network:
    """Learn from the examples `inside`; the same seed gives the same network."""
    import torch

    generator = np.random.default_rng(seed)
    layers = _make_layers(inputs, seed)
    drop = _Dropout(torch.Generator().manual_seed(seed))
    optimiser = torch.optim.AdamW(
        layers.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    telling = torch.from_numpy(inputs.telling)
    lengths = np.array([len(tokens) for tokens in inputs.tokens])
    weights = length_weights(lengths, labels.complaint)
    n_steps = EPOCHS * -(-len(inside) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(1.0, (step + 1) / WARM_UP_STEPS) * (1 - step / n_steps),
    )
    for _ in range(EPOCHS):
        for batch in _batches(inputs, inside, generator):
            scores = _forward(layers, *_padded(inputs, batch), telling[batch], drop)
            optimiser.zero_grad()
            _loss(scores, labels, weights, batch).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        on_epoch()
    return Network({**inputs.scales, **_arrays(layers)})


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Several networks are learnt at once; each needs one of the cores.

    The layers are small: threads would wait for one another more than work.
    """
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def outputs(network: Network, inputs: Inputs, places: Indices) -> Iterator[Logits]:
    """The network's scores of the texts at `places`."""
    for place in places:
        tokens = inputs.tokens[place]
        seen = network.token_features(tokens)
        yield network.scaled_logits(tokens, seen, inputs.cues[place])


class _Dropout:
    """Dropout with random numbers of its own, so that networks can learn at once."""

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator

    def __call__(self, values: torch.Tensor, share: float = DROPOUT) -> torch.Tensor:
        return values * self._mask(values, tuple(values.shape), share)

    def dimensions(self, values: torch.Tensor) -> torch.Tensor:
        """The same dimensions of every token of a text: as good, and far cheaper."""
        shape = (len(values), 1, values.shape[2])
        return values * self._mask(values, shape, DROPOUT)

    def _mask(
        self, values: torch.Tensor, shape: tuple[int, ...], share: float
    ) -> torch.Tensor:
        kept = values.new_empty(shape).bernoulli_(1 - share, generator=self._generator)
        return kept / (1 - share)


# Initial weights come from the process's one source of random numbers.
_initialising = Lock()


def _make_layers(inputs: Inputs, seed: int) -> torch.nn.ModuleDict:
    import torch
    from torch import nn

    dim, n_features = inputs.tokens[0].shape[1], inputs.cues.shape[1]
    with _initialising, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.ModuleDict(
            {
                "token": nn.Linear(dim, WIDTH),
                "mean": nn.Linear(dim, WIDTH),
                "attention": nn.Linear(WIDTH, len(QUESTIONS), bias=False),
                **{
                    question: nn.Linear(2 * WIDTH + n_features, SIZES[question])
                    for question in QUESTIONS
                },
            }
        )


def _batches(
    inputs: Inputs, inside: Indices, generator: np.random.Generator
) -> Iterator[Indices]:
    """Texts of like length together, in random order."""
    mixed = generator.permutation(inside)
    lengths = np.array([len(inputs.tokens[i]) // 8 for i in mixed])
    ordered = mixed[np.argsort(lengths, kind="stable")]
    starts = generator.permutation(np.arange(0, len(ordered), BATCH))
    for start in starts:
        yield ordered[start : start + BATCH]


def _padded(inputs: Inputs, batch: Indices) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    texts = [torch.from_numpy(inputs.tokens[i]) for i in batch]
    tokens = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
    lengths = torch.tensor([len(text) for text in texts])
    is_token = torch.arange(tokens.shape[1])[None] < lengths[:, None]
    return tokens, is_token


def _forward(
    layers: torch.nn.ModuleDict,
    tokens: torch.Tensor,
    is_token: torch.Tensor,
    telling: torch.Tensor,
    drop: _Dropout,
) -> dict[str, torch.Tensor]:
    """As `Network.scaled_logits`, with dropout, for a batch."""
    import torch
    from torch.nn.functional import gelu

    present = is_token[..., None]
    mean = (tokens * present).sum(1) / present.sum(1) * MEAN_SCALE
    seen = gelu(layers["token"](drop.dimensions(tokens)), approximate="tanh")
    whole = gelu(layers["mean"](drop(mean)), approximate="tanh")
    attention = layers["attention"](seen).masked_fill(~present, -1e9).softmax(1)
    looked = torch.einsum("bnq,bnw->bqw", attention, seen)
    telling = drop(telling, CUE_DROPOUT)
    return {
        question: layers[question](
            torch.cat(
                [
                    drop(torch.cat([looked[:, i], whole], 1)),
                    telling * CUE_SCALES[question],
                ],
                1,
            )
        )
        for i, question in enumerate(QUESTIONS)
    }


def _loss(
    scores: dict[str, torch.Tensor],
    labels: Labels,
    weights: NDArray[np.float32],
    batch: Indices,
) -> torch.Tensor:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    complaint = torch.from_numpy(labels.complaint[batch])
    loss = binary_cross_entropy_with_logits(
        scores["complaint"][:, 0],
        complaint.float(),
        weight=torch.from_numpy(weights[batch]),
    )
    loss = loss + cross_entropy(
        scores["category"],
        torch.from_numpy(labels.category[batch]),
        label_smoothing=LABEL_SMOOTHING,
    )
    if complaint.any():
        grounds = torch.from_numpy(labels.ground[batch])[complaint > 0]
        loss = loss + cross_entropy(
            scores["ground"][complaint > 0], grounds, label_smoothing=LABEL_SMOOTHING
        )
    return loss


def length_weights(
    lengths: NDArray[np.int64], complaint: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Weights under which length says nothing of whether a text is a complaint.

    People report at more length than they ask, and a network would learn just that.
    """
    edges = np.quantile(lengths, np.linspace(0, 1, LENGTH_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, lengths)
    weights = np.ones(len(lengths), dtype=np.float32)
    for length in np.unique(bins):
        for label in (0, 1):
            cell = (bins == length) & (complaint == label)
            expected = (bins == length).mean() * (complaint == label).mean()
            if cell.any():
                weights[cell] = expected / cell.mean()
    return weights


def _arrays(layers: torch.nn.ModuleDict) -> dict[str, Array]:
    """The layers as plain arrays with one row, for this one network."""
    arrays: dict[str, Any] = {}
    for name, values in layers.state_dict().items():
        layer, kind = name.split(".")
        plain = values.numpy().astype(np.float32)
        arrays[f"{layer}_{kind}"] = (plain.T if kind == "weight" else plain)[
            None
        ].copy()
    return arrays
