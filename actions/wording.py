"""What the assistant says, from `data/responses/<language>.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Any

from knowledge.errors import NotReady
from knowledge.language_style import PLAIN, LanguageStyle


class Wording:
    """Responses and labels by language.

    Args:
        trees: One tree a language, the default language first; each with `responses`
            as Rasa has them and `labels`, short texts that stand inside responses.
        style: How each language is written here.
    """

    def __init__(
        self,
        trees: Mapping[str, Mapping[str, Any]],
        style: LanguageStyle = PLAIN,
    ) -> None:
        if not trees:
            raise NotReady("there are no responses: data/responses/ is empty")
        self._trees = dict(trees)
        self._default = next(iter(trees))
        self._style = style

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._trees)

    def known(self, language: str | None) -> str:
        """The language itself where it has responses, else its base or the default."""
        for tag in (language, (language or "").split("-")[0]):
            if tag in self._trees:
                return str(tag)
        return self._default

    def name(self, language: str) -> str:
        """A language's name for itself."""
        return str(self._trees[language]["name"])

    def response(
        self, language: str, name: str, values: Mapping[str, Any], *, turn: int = 0
    ) -> tuple[str, list[dict[str, str]]]:
        """Text and buttons of a response; variations take turns.

        Raises:
            KeyError: No such response, or a placeholder without a value.
        """
        variations = self._trees[language]["responses"][name]
        chosen = variations[turn % len(variations)]
        buttons = [dict(button) for button in chosen.get("buttons") or ()]
        return chosen["text"].format_map(values), buttons

    def label(self, language: str, key: str, **values: Any) -> str:
        """A short text.

        Raises:
            KeyError: No such label, or a placeholder without a value.
        """
        node: Any = self._trees[language]["labels"]
        for part in key.split("."):
            node = node[part]
        return str(node).format_map(values)

    def day(
        self,
        language: str,
        day: date,
        at: time | None = None,
        *,
        is_listed: bool = False,
    ) -> str:
        """A date in words, with its weekday, and with the time of day if given.

        Args:
            language: One of `languages`.
            day: The date.
            at: The time of day.
            is_listed: It stands by itself, and not inside a sentence.
        """
        words = self._style.weekday(language, day, is_listed=is_listed)
        if at is None:
            return words
        clock = self._style.time(language, at)
        return self.label(language, "at_time", day=words, time=clock)

    def moment(self, language: str, moment: datetime, zone: tzinfo) -> str:
        """The civil date and time of a moment, in words."""
        local = moment.astimezone(zone)
        return self.day(language, local.date(), local.time())

    def moment_day(self, language: str, moment: datetime, zone: tzinfo) -> str:
        """The civil date of a moment, in words."""
        return self.long_day(language, moment.astimezone(zone).date())

    def month(self, language: str, day: date) -> str:
        """The month of a date, with its year."""
        return self._style.month(language, day)

    def long_day(self, language: str, day: date) -> str:
        """A date in words, without its weekday."""
        return self._style.day(language, day)


def load_wording(
    data_dir: Path, default_language: str, style: LanguageStyle = PLAIN
) -> Wording:
    """Read every file of `data/responses/`.

    Raises:
        NotReady: The default language has no file.
    """
    folder = data_dir / "responses"
    trees = {
        path.stem: style.read(folder, path.stem)
        for path in sorted(folder.glob("*.yml"))
    }
    if default_language not in trees:
        raise NotReady(f"{folder}/{default_language}.yml is missing")
    first = {default_language: trees.pop(default_language)}
    return Wording({**first, **trees}, style)
