"""A text in sentences, each exactly as it stands in the text."""

from __future__ import annotations

import re

# A mark of the end and a space; not after a number or an initial ("3. November").
_END = re.compile(r"(?<=[^\d\s]{2}[.!?…])[\"'»”)]*\s+|(?<=\d\d[!?])\s+|\n+")
_SHORT_WORD = re.compile(r"\b\w{1,3}\.$")
SHORTEST = 12


def split_sentences(text: str) -> list[str]:
    """Split at ends of sentences and of lines; short pieces stay with a neighbour.

    A short piece goes with the one before it in its line. One that has a line to
    itself, as greetings and names below a letter have, stands alone.

    Returns:
        Pieces that occur in `text` literally and in order; at least one.
    """
    ends = [match for match in _END.finditer(text) if not _goes_on(text, match)]
    starts = [0, *(match.end() for match in ends)]
    stops = [*starts[1:], len(text)]
    pieces: list[tuple[int, int]] = []
    for start, stop in zip(starts, stops, strict=True):
        is_short = len(text[start:stop].strip()) < SHORTEST
        begins_line = start == 0 or text[start - 1] == "\n"
        if pieces and is_short and not begins_line:
            pieces[-1] = (pieces[-1][0], stop)
        else:
            pieces.append((start, stop))
    return [text[start:stop] for start, stop in pieces]


def _goes_on(text: str, end: re.Match[str]) -> bool:
    """Whether the point belongs to a shortened word: "1.850 kr. af min saldo"."""
    after = text[end.end() : end.end() + 1]
    return after.islower() and bool(_SHORT_WORD.search(text[: end.start()]))
