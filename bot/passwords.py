"""Passwords that customers give away: "my password is …", in every language.

The words around a password stand in `data/privacy.yml`; what may be said of a password
without giving it away ("my password is wrong") is told apart there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

_SHORTEST = 3
_SHORTEST_DIGITS = 4
_PARTS = ("nouns", "about", "is", "ordinary", "ends")
_QUOTES = "\"'“”„«»‘’`"
_STOPS = f".,;:)]{_QUOTES}"
_CLOSING = f"{_STOPS}!?"
_ENDS_A_SENTENCE = frozenset(".,;:!?)\n")


class Passwords:
    """Finds passwords in what customers write.

    Args:
        cues: By language, the lists of `data/privacy.yml`.
    """

    def __init__(self, cues: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._patterns = [_pattern(each) for each in cues.values()]
        self._ordinary = _folded(cues, "ordinary")
        self._ends = _folded(cues, "ends")

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where passwords stand, in order and without overlaps."""
        found = sorted(
            span
            for pattern in self._patterns
            for match in pattern.finditer(text)
            if (span := self._secret(match)) is not None
        )
        end = 0
        for start, stop in found:
            if start >= end:
                yield start, stop
                end = stop

    def _secret(self, match: re.Match[str]) -> tuple[int, int] | None:
        if match["quoted"]:
            is_masked = match["quoted"].startswith("[")
            return None if is_masked else match.span("quoted")
        start, written = match.start("word"), match["word"]
        core = written.rstrip(_CLOSING)
        has_joint = match["joint"] is not None
        if len(core) < _SHORTEST or core.startswith("["):
            return None
        if _is_random(core):
            # Its signs may be its own.
            return start, start + len(written.rstrip(_STOPS))
        if core.isdigit() and len(core) >= _SHORTEST_DIGITS:
            return start, start + len(core)
        if not has_joint or core.casefold() in self._ordinary:
            return None
        stop = start + len(core)
        following = re.match(r"(\W*)(\w*)", match.string[stop:])
        assert following is not None, "matches anything"
        ends_here = following[2].casefold() in self._ends
        is_last = not following[2] or bool(set(following[1]) & _ENDS_A_SENTENCE)
        return (start, stop) if core.isdigit() or ends_here or is_last else None


def load_passwords(data_dir: Path) -> Passwords:
    """Read the cues of `data_dir/privacy.yml`.

    Raises:
        NotReady: The file is missing, or a language lacks a list.
    """
    path = data_dir / "privacy.yml"
    if not path.is_file():
        raise NotReady(f"{path} is missing: it says how passwords are recognised")
    cues: dict[str, Any] = parse_yaml(path.read_text("utf-8"))
    for language, lists in cues.items():
        lacking = [part for part in _PARTS if not lists.get(part)]
        if lacking:
            raise NotReady(f"{path}: {language} lacks {', '.join(lacking)}")
    return Passwords(cues)


def _pattern(cues: Mapping[str, Sequence[str]]) -> re.Pattern[str]:
    """A noun, perhaps what it is for, a joint, and the password, quoted or not.

    Without a joint only what looks like nothing else is taken for a password.
    """
    nouns, about, joints = (_any_of(cues[part]) for part in ("nouns", "about", "is"))
    return re.compile(
        rf"(?<!\w)(?:{nouns})(?!\w)"
        rf"(?:(?:[ \t]+(?:{about})(?:[ \t]+[^\s:=]+){{1,3}}?)?,?"
        rf"(?P<joint>[ \t]*[:=]|[ \t]+(?:{joints})(?!\w)[ \t]*:?)[ \t]*|[ \t]+)"
        rf"(?:[{_QUOTES}](?P<quoted>[^{_QUOTES}\n]{{3,64}})[{_QUOTES}]|(?P<word>\S+))",
        re.IGNORECASE,
    )


def _any_of(words: Iterable[str]) -> str:
    longest_first = sorted(map(str, words), key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"[ \t]+") for word in longest_first)


def _folded(
    cues: Mapping[str, Mapping[str, Sequence[str]]], part: str
) -> frozenset[str]:
    return frozenset(
        str(word).casefold() for each in cues.values() for word in each[part]
    )


def _is_random(word: str) -> bool:
    """Whether a word has what passwords have and ordinary words have not."""
    has_digit = any(character.isdigit() for character in word)
    has_letter = any(character.isalpha() for character in word)
    has_sign = bool(re.search(r"[#$%^*+=~|\\<>&!?_]", word))
    has_inner_capital = bool(re.search(r"[a-zß-ÿ][A-ZÀ-Þ]", word))
    return has_sign or has_inner_capital or (has_digit and has_letter)
