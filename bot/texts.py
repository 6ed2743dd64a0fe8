"""The strings that the app itself shows, in each of the operator's languages.

They stand in `data/texts/<language>.yml` as a tree of short keys; a string is found by
its dotted path. What the assistant says stands in `data/responses/` instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

from babel import Locale

from knowledge.errors import NotReady
from knowledge.language_style import PLAIN, LanguageStyle
from knowledge.text_trees import flatten, placeholders


class Texts:
    """Strings by language and dotted key, checked complete when loaded."""

    def __init__(
        self,
        trees: Mapping[str, Mapping[str, Any]],
        style: LanguageStyle = PLAIN,
    ) -> None:
        """Check that every language has the same keys with the same placeholders.

        Args:
            trees: One tree a language; the first is the measure of the others.
            style: How each language is written here.

        Raises:
            NotReady: A key is missing, or its placeholders differ.
        """
        self._style = style
        self._flat = {tag: dict(flatten(tree)) for tag, tree in trees.items()}
        first, *others = self._flat
        for other in others:
            _compare(first, self._flat[first], other, self._flat[other])

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._flat)

    def text(self, language: str, key: str, **values: object) -> str:
        """The string at `key`, its placeholders filled in.

        Raises:
            KeyError: No such language or key, or a placeholder without value.
        """
        return self._flat[language][key].format_map(values)

    def section(self, language: str, key: str) -> dict[str, str]:
        """Every string below `key`, by the rest of its dotted path, unfilled."""
        prefix = f"{key}."
        return {
            path.removeprefix(prefix): text
            for path, text in self._flat[language].items()
            if path.startswith(prefix)
        }

    def name(self, language: str) -> str:
        """The language's name for itself."""
        return self._flat[language]["name"]

    def name_in(self, language: str, other: str) -> str:
        """What `other` is called in `language`, as inside a sentence."""
        base = other.partition("-")[0]
        return str(self.locale(language).languages.get(base) or self.name(other))

    def locale(self, language: str) -> Locale:
        """How dates are written in this language, where the operator is."""
        return self._style.locale(language)

    def day(self, language: str, day: date, at: time | None = None) -> str:
        """A date in words, without its weekday; with the time of day if given."""
        return self._style.day(language, day, at)


def load_texts(
    data_dir: Path, languages: Sequence[str], style: LanguageStyle = PLAIN
) -> Texts:
    """Read `texts/<language>.yml` for each of the operator's languages.

    Raises:
        NotReady: A file is missing, or the files do not match one another.
    """
    folder = data_dir / "texts"
    return Texts({tag: style.read(folder, tag) for tag in languages}, style)


def _compare(
    first: str, wanted: Mapping[str, str], other: str, given: Mapping[str, str]
) -> None:
    for key in wanted.keys() ^ given.keys():
        lacking = other if key in wanted else first
        raise NotReady(f"texts/{lacking}.yml lacks the key {key!r}")
    for key, text in wanted.items():
        if placeholders(text) != placeholders(given[key]):
            raise NotReady(
                f"texts/{other}.yml: {key!r} must have the placeholders of {first}: "
                f"{sorted(placeholders(text))}"
            )
