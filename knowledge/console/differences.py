"""What differs between two texts, by lines and by words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

N_AROUND = 2
# Lines this unlike each other are not compared word by word.
_LEAST_ALIKE = 0.4

# A stretch of a line, and whether it differs from the line it took the place of.
Stretch = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `gap` stands for lines left out because nothing differs."""

    kind: Literal["same", "removed", "added", "gap"]
    stretches: tuple[Stretch, ...] = ()


def differences(old: str, new: str) -> list[Line]:
    """The lines that differ, with a few around them; empty when none do."""
    before, after = old.splitlines(), new.splitlines()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    found: list[Line] = []
    reached = 0
    for group in matcher.get_grouped_opcodes(N_AROUND):
        if group[0][1] > reached:
            found.append(Line("gap"))
        for tag, i, j, k, m in group:
            if tag == "equal":
                found += [Line("same", ((text, False),)) for text in before[i:j]]
            else:
                found += _replaced(before[i:j], after[k:m])
        reached = group[-1][2]
    if found and reached < len(before):
        found.append(Line("gap"))
    return found


def _replaced(removed: Sequence[str], added: Sequence[str]) -> Iterator[Line]:
    """Lines in each other's place, one pair after another."""
    for place in range(max(len(removed), len(added))):
        old = removed[place] if place < len(removed) else None
        new = added[place] if place < len(added) else None
        if old is not None and new is not None:
            before, after = _by_word(old, new)
            yield Line("removed", before)
            yield Line("added", after)
        elif old is not None:
            yield Line("removed", ((old, False),))
        elif new is not None:
            yield Line("added", ((new, False),))


def _by_word(old: str, new: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    before, after = re.findall(r"\w+|\s+|.", old), re.findall(r"\w+|\s+|.", new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE:
        return ((old, False),), ((new, False),)
    left: list[Stretch] = []
    right: list[Stretch] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if i < j:
            left.append(("".join(before[i:j]), tag != "equal"))
        if k < m:
            right.append(("".join(after[k:m]), tag != "equal"))
    return tuple(left), tuple(right)
