"""Words as they may be part of a name or a username."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from actions.phrases import fold

WORD = re.compile(r"[^\W\d_]+(?:['’.\-][^\W\d_]+)*\.?")
PARTICLES = set(
    "de da do dos das del della di du des la le las los van von der den ter ten zu zum"
    " af av y e i bin ibn al el ben mac mc o d st".split()
)


# "Well, Sofia Lind."
LEAD = re.compile(r"^[^\W\d_]+,\s+")


def name_parts(name: str) -> set[str]:
    """Its words, folded, those of a double name apart."""
    return set(re.split(r"[\s-]+", fold(name)))


def is_capital(word: str) -> bool:
    """Whether it is written as a name is: "Ávila", and "d'Ávila" too."""
    return word[0].isupper() or bool(re.match(r"\w['’]", word) and word[2:3].isupper())


def blank(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def end_of(words: list[str], text: str) -> int:
    place = 0
    for word in words:
        place = text.index(word, place) + len(word)
    return place


def capitalised(text: str) -> list[str]:
    """Runs of capitalised words, particles between them allowed."""
    runs: list[list[str]] = [[]]
    end = 0
    for match in WORD.finditer(text):
        word = match[0]
        is_joined = not text[end : match.start()].strip()
        if not is_joined:
            runs.append([])
        if is_capital(word) or (runs[-1] and fold(word) in PARTICLES):
            runs[-1].append(word)
        else:
            runs.append([])
        end = match.end()
    found = []
    for run in runs:
        while run and fold(run[-1]) in PARTICLES and not run[-1][0].isupper():
            run.pop()
        if run:
            found.append(" ".join(run))
    return found


def is_marked(token: str) -> bool:
    """Whether a token can hardly be a word: a digit, an underscore, camel case."""
    is_odd = (
        "_" in token
        or any(c.isdigit() for c in token)
        or (any(c.isupper() for c in token[1:]) and not token.isupper())
    )
    return is_odd and token.lstrip("_")[:1].isalpha()


def is_near(one: str, other: str) -> bool:
    return SequenceMatcher(None, fold(one), fold(other)).ratio() >= 0.7


def is_common(word: str) -> bool:
    return fold(word) in _COMMON


_COMMON = set(
    "and och et und y ja og e en i oraz med with avec mit con kanssa com z men but mais"
    " aber pero mutta ma maar mas ale".split()
)
