"""What surrounds a question and asks nothing: "Hello, quick question", "Thanks!"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

_WORD = re.compile(r"\w")
# A full stop ends a sentence only before a space: "river.rat@example.se" is one word.
_SENTENCE = re.compile(r"(?:[^.!?\n]|\.(?=\S))+[.!?]*")
_BEFORE_CLOSING = " \n\t,;:–-"


class Courtesies:
    """Takes greetings, thanks and the like off both ends of a question.

    No page says "good morning": to search these words look like something that is
    asked for and found nowhere, and make it doubt what it found.

    Args:
        openings: For each language, what questions begin with.
        closings: What they end with.
    """

    def __init__(
        self,
        openings: Mapping[str, Iterable[str]] | None = None,
        closings: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        # Possessive throughout: a message full of thanks is read once, not every way.
        self._openings: dict[str | None, re.Pattern[str]] = {
            language: _pattern(rf"\W*+(?:{_any_of(phrases)}(?!\w)[^\w¿]*+)++")
            for language, phrases in (openings or {}).items()
        }
        self._closings: dict[str | None, re.Pattern[str]] = {
            language: _pattern(rf"(?<!\w)(?:{_any_of(phrases)}(?!\w)\W*+)++$")
            for language, phrases in (closings or {}).items()
        }

    @property
    def key(self) -> str:
        """Changes whenever something else would be taken off."""
        patterns = [*self._openings.items(), *self._closings.items()]
        return repr([(language, each.pattern) for language, each in patterns])

    def without(self, question: str, language: str | None) -> str:
        """The question itself; all of it where nothing else was said."""
        bare = question
        opening, closing = self._openings.get(language), self._closings.get(language)
        if opening and (found := opening.match(bare)):
            bare = bare[found.end() :]
        if closing and (found := closing.search(bare)):
            bare = bare[: found.start()].rstrip(_BEFORE_CLOSING)
        return bare if _WORD.search(bare) else question


def sentences_told_and_asked(text: str) -> tuple[list[str], list[str]]:
    """The sentences of a message that are no questions, and those that are.

    A customer's capitals tell nothing; compare `knowledge.chunking.sentences`.
    """
    told: list[str] = []
    asked: list[str] = []
    for sentence in map(str.strip, _SENTENCE.findall(text)):
        (asked if "?" in sentence else told).append(sentence)
    return told, asked


def load_courtesies(data_dir: Path) -> Courtesies:
    """Read `openings` and `closings` of `data_dir/phrases/<language>.yml`.

    Raises:
        NotReady: A file is malformed or lacks one of them.
    """
    openings, closings = {}, {}
    for path in sorted((data_dir / "phrases").glob("*.yml")):
        try:
            lists: dict[str, Any] = parse_yaml(path.read_text(encoding="utf-8"))
            openings[path.stem] = lists["openings"]
            closings[path.stem] = lists["closings"]
        except (yaml.YAMLError, KeyError, TypeError) as exc:
            raise NotReady(f"{path}: expected openings and closings: {exc}") from exc
    return Courtesies(openings, closings)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _any_of(phrases: Iterable[str]) -> str:
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    joined = "|".join(re.escape(phrase) for phrase in longest_first)
    return "(?:" + joined.replace("'", "['’]") + ")"
