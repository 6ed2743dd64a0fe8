"""The labelled messages of `data/complaints/`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from actions.cases.case import CATEGORIES, GROUNDS, Category, Ground
from knowledge.errors import NotReady

CUES_FILE = "cues.yml"


class Example(msgspec.Struct, frozen=True):
    """A message with its verdict; `ground` is None exactly when no complaint."""

    id: str
    lang: str
    text: str
    is_complaint: bool
    category: Category
    ground: Ground | None = None


@dataclass(frozen=True)
class Labels:
    """What is to be learnt, one row for each example; ground -1 where there is none."""

    complaint: NDArray[np.int64]
    ground: NDArray[np.int64]
    category: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.complaint)

    def at(self, places: NDArray[np.int64]) -> Labels:
        """The labels of some of the examples."""
        return Labels(
            self.complaint[places], self.ground[places], self.category[places]
        )


def read_examples(folder: Path) -> list[Example]:
    """Read every example of the folder, in the order of file names.

    Raises:
        NotReady: There is none, one is malformed, or an id is there twice.
    """
    examples: dict[str, Example] = {}
    for path in sorted(folder.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                example = msgspec.json.decode(line, type=Example)
            except msgspec.MsgspecError as exc:
                raise NotReady(f"{path}:{number}: {exc}") from exc
            if example.is_complaint == (example.ground is None):
                raise NotReady(
                    f"{path}:{number}: a complaint, and only it, has a ground"
                )
            if example.id in examples:
                raise NotReady(f"{path}:{number}: id {example.id!r} is there twice")
            examples[example.id] = example
    if not examples:
        raise NotReady(f"{folder} holds no labelled messages")
    return list(examples.values())


def labels_of(examples: Sequence[Example]) -> Labels:
    """The examples' labels as numbers, in the order of the codes."""
    grounds = [GROUNDS.index(each.ground) if each.ground else -1 for each in examples]
    return Labels(
        np.array([int(each.is_complaint) for each in examples]),
        np.array(grounds),
        np.array([CATEGORIES.index(each.category) for each in examples]),
    )


def data_hash(folder: Path) -> str:
    """Changes whenever anything does that the classifier is trained from."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.jsonl"), folder / CUES_FILE]):
        if path.is_file():
            digest.update(f"{path.name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
