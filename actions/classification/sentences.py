"""A text in sentences, each exactly as it stands in the text."""

from __future__ import annotations

import re

# A mark of the end and a space; not after a number or an initial ("3. November").
_END = re.compile(r"(?<=[^\d\s]{2}[.!?…])[\"'»”)]*\s+|(?<=\d\d[!?])\s+|\n+")
SHORTEST = 12


def split_sentences(text: str) -> list[str]:
    """Split at ends of sentences and of lines; short pieces stay with the one before.

    Returns:
        Pieces that occur in `text` literally and in order; at least one.
    """
    starts = [0, *(match.end() for match in _END.finditer(text))]
    ends = [*starts[1:], len(text)]
    pieces: list[tuple[int, int]] = []
    for start, end in zip(starts, ends, strict=True):
        if pieces and len(text[start:end].strip()) < SHORTEST:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return [text[start:end] for start, end in pieces]
