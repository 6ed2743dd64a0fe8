"""Whom to call: help-lines by country and by language, from `data/policies/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml


@dataclass(frozen=True, kw_only=True)
class HelpLine:
    """Where a person in need finds help in one country.

    Attributes:
        gambling: Help-line for gambling.
        crisis: Help-line for thoughts of suicide.
        exclusion: Public register or service to be excluded from gambling, or "".
        emergency: Number of the emergency services.
    """

    gambling: str
    crisis: str
    exclusion: str
    emergency: str = "112"

    def placeholders(self) -> dict[str, str]:
        """As texts for somebody in need name them."""
        return {
            "gambling_line": self.gambling,
            "crisis_line": self.crisis,
            "exclusion": self.exclusion,
            "emergency": self.emergency,
        }


class HelpLines:
    """Help-lines of every country that the file knows."""

    def __init__(
        self, by_country: Mapping[str, HelpLine], countries: Mapping[str, str]
    ) -> None:
        self._by_country = dict(by_country)
        self._countries = dict(countries)

    def for_customer(self, language: str, operator_country: str) -> HelpLine:
        """The help-line of the language's country, else of the operator's."""
        country = self._countries.get(language, operator_country)
        found = self._by_country.get(country) or self._by_country.get(operator_country)
        return found or next(iter(self._by_country.values()))


def load_help_lines(data_dir: Path) -> HelpLines:
    """Read `policies/help_lines.yml`.

    Raises:
        NotReady: The file is missing or names no country.
    """
    path = data_dir / "policies" / "help_lines.yml"
    if not path.is_file():
        raise NotReady(f"{path} is missing: it names the help-lines of each country")
    tree: dict[str, Any] = parse_yaml(path.read_text(encoding="utf-8"))
    lines = {
        country: HelpLine(**{key: str(value) for key, value in fields.items()})
        for country, fields in tree["countries"].items()
    }
    if not lines:
        raise NotReady(f"{path} names no country")
    return HelpLines(lines, tree["languages"])
