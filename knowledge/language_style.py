"""How each language is written here: its locale and dates, its form of address."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_datetime_format,
)

from knowledge.errors import NotReady
from knowledge.text_trees import flatten, placeholders
from knowledge.yaml_files import parse_yaml

_DAY_FIELD = re.compile(r"(?<![a-zA-Z'])d(?![a-zA-Z'])")


@dataclass(frozen=True, kw_only=True)
class LanguageStyle:
    """What the operator chose for its languages, and where CLDR is not enough.

    Attributes:
        locales: By language, the locale whose dates and numbers are used; without
            one, the language's own.
        forms_of_address: By language, the folder beside its files whose texts are
            laid over them: `informal` for `letters/informal/de.yml`.
        dates: By locale or language, as `data/dates.yml` explains it.
    """

    locales: Mapping[str, str] = field(default_factory=dict)
    forms_of_address: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def locale(self, language: str) -> Locale:
        """How dates and numbers are written in a language (a BCP 47 tag)."""
        return Locale.parse(self.locales.get(language, language), sep="-")

    def day(self, language: str, day: dt.date, at: dt.time | None = None) -> str:
        """A date in words, without its weekday: “3 November 2026”, “…, 14:30”."""
        words = self._date(language, day, "day", "long")
        if at is None:
            return words
        # CLDR quotes the letters in it; none of them is a field here.
        joined = str(get_datetime_format("long", locale=self.locale(language)))
        return joined.replace("'", "").format(self.time(language, at), words)

    def weekday(self, language: str, day: dt.date, *, is_listed: bool = False) -> str:
        """A date in words with its weekday, as it stands in a sentence or a list."""
        return self._date(language, day, "" if is_listed else "weekday", "full")

    def month(self, language: str, day: dt.date) -> str:
        """The month of a date with its year: “September 2026”."""
        return format_skeleton("yMMMM", day, locale=self.locale(language))

    def time(self, language: str, time: dt.time) -> str:
        """A time of day."""
        pattern = self._choices(language).get("time", "short")
        return format_time(time, pattern, locale=self.locale(language))

    def read(self, folder: Path, language: str) -> Any:
        """`folder/<language>.yml` in the chosen form of address.

        Raises:
            NotReady: A file is missing or malformed, or the form of address has
                something that the language's own file has not.
        """
        content = _read(folder / f"{language}.yml")
        form = self.forms_of_address.get(language)
        if form is None:
            return content
        path = folder / form / f"{language}.yml"
        return lay_over(content, _read(path), f"{folder.name}/{form}/{path.name}")

    def _date(self, language: str, day: dt.date, name: str, width: str) -> str:
        locale, choices = self.locale(language), self._choices(language)
        pattern = choices.get(name) or locale.date_formats[width].pattern
        if day.day == 1 and "first" in choices:
            pattern = _DAY_FIELD.sub(f"'{choices['first']}'", pattern)
        return format_date(day, pattern, locale=locale)

    def _choices(self, language: str) -> Mapping[str, str]:
        tag = self.locales.get(language, language)
        return self.dates.get(tag) or self.dates.get(tag.partition("-")[0]) or {}


# Every language as CLDR writes it, and as its files address people.
PLAIN = LanguageStyle()


def load_language_style(data_dir: Path, operator: Mapping[str, Any]) -> LanguageStyle:
    """What the fields of operator.yml, and `dates.yml` beside it, say of languages.

    Raises:
        NotReady: `dates.yml` is malformed.
        ValueError: A language is none of the operator's, or a locale is unknown.
    """
    choices: dict[str, dict[str, str]] = {}
    for name in ("locales", "forms_of_address"):
        stated = operator.get(name) or {}
        if unknown := sorted(set(stated) - set(operator["languages"])):
            raise ValueError(f"{name} has {', '.join(unknown)}, no language stated")
        choices[name] = {str(tag): str(value) for tag, value in stated.items()}
    for tag in choices["locales"].values():
        try:
            Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError) as exc:
            raise ValueError(f"locales: {tag!r} is no locale, such as en-GB") from exc
    path = data_dir / "dates.yml"
    return LanguageStyle(dates=_read(path) if path.is_file() else {}, **choices)


def lay_over(base: Any, over: Any, source: str) -> Any:
    """`base` with the texts of `over` in place of its own.

    Mappings are gone through by key, lists of things with an `id` by that; anything
    else is replaced.

    Args:
        base: The language's own texts.
        over: Those that differ.
        source: Names the file of `over` in errors.

    Raises:
        NotReady: `over` has a key that `base` lacks, or other placeholders there.
    """
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        if unknown := sorted(over.keys() - base.keys()):
            raise NotReady(f"{source}: no such key: {', '.join(map(str, unknown))}")
        return {
            key: lay_over(value, over[key], source) if key in over else value
            for key, value in base.items()
        }
    if _have_ids(base) and _have_ids(over):
        merged = lay_over(_by_id(base), _by_id(over), source)
        return list(merged.values())
    wanted, given = _names(base), _names(over)
    if wanted != given:
        raise NotReady(
            f"{source}: {str(over)[:60]!r} must have the placeholders "
            f"{', '.join(sorted(wanted)) or 'none'}"
        )
    return over


def _read(path: Path) -> Any:
    try:
        return parse_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise NotReady(f"{path} is missing or cannot be read") from exc


def _have_ids(content: Any) -> bool:
    return isinstance(content, list) and all("id" in each for each in content)


def _by_id(content: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in content}


def _names(content: Any) -> set[str]:
    """The placeholders in a text, or in all variations of a response."""
    texts = content if isinstance(content, list) else [{"": content}]
    return {
        name
        for each in texts
        for _, text in flatten(each)
        for name in placeholders(text)
    }
