"""Who runs this counter: the fields of `data/operator.yml`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from knowledge.errors import NotReady
from knowledge.language_style import PLAIN, LanguageStyle, load_language_style
from knowledge.yaml_files import parse_yaml

# Measures that a floor may be set for; see `knowledge.quality`.
FLOORS = ("recall_at_1", "recall_at_3", "parity", "answered", "near_misses_refused")
_REQUIRED = ("name", "languages", "time_zone", "country", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRules:
    """When customers may be answered, and what a publication must not fall below.

    Attributes:
        wrong_at_most: Largest share of wrong ones among the answers given.
        certainty: With which that is to hold, seen how few questions are measured.
        offers_wrong_at_most: Largest share of offers of passages that may hold none
            that answers.
        floor: By measure, the least that a publication may bring it down to.
    """

    wrong_at_most: float = 0.05
    certainty: float = 0.8
    offers_wrong_at_most: float = 0.5
    floor: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The company behind the counter.

    Attributes:
        name: As customers know it.
        legal_name: As it stands in the register.
        address: Postal address, one line.
        country: ISO 3166 code of two letters.
        zone: The time zone that dates are meant in.
        languages: BCP 47 tags; the first is the default and the pages' source.
        email: Where customers may write instead.
        reference_prefix: Begins every case's reference.
        username_pattern: Matches a whole username.
        username_example: Shown when asking for one.
        office_hours: Opening and closing time by weekday, 0 for Monday; a day
            without an entry is closed.
        policy: Name of the file in `data/policies/`, without its suffix.
        answers: When customers may be answered.
        style: How each language is written, and in which form of address.
    """

    name: str
    legal_name: str
    address: str
    country: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    email: str
    reference_prefix: str
    username_pattern: re.Pattern[str]
    username_example: str
    office_hours: Mapping[int, tuple[dt.time, dt.time]]
    policy: str
    answers: AnswerRules = AnswerRules()
    style: LanguageStyle = PLAIN

    @property
    def default_language(self) -> str:
        return self.languages[0]

    def is_open(self, at: dt.datetime) -> bool:
        """Whether people answer at this moment (an aware time)."""
        local = at.astimezone(self.zone)
        hours = self.office_hours.get(local.weekday())
        return hours is not None and hours[0] <= local.time() < hours[1]

    def opens_at(self, at: dt.datetime) -> dt.datetime | None:
        """When people answer next after this moment; None if they never do."""
        local = at.astimezone(self.zone)
        for days in range(8):
            day = local.date() + dt.timedelta(days=days)
            if (hours := self.office_hours.get(day.weekday())) is None:
                continue
            opening = dt.datetime.combine(day, hours[0], self.zone)
            if opening > local:
                return opening
        return None


def load_operator(data_dir: Path) -> Operator:
    """Read `operator.yml`.

    Raises:
        NotReady: The file is missing, or a field is missing or malformed.
    """
    path = data_dir / "operator.yml"
    try:
        fields = parse_yaml(path.read_text("utf-8"))
    except FileNotFoundError as exc:
        raise NotReady(f"{path} is missing: it says who runs this counter") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise NotReady(f"{path} cannot be read: {exc}") from exc
    if not isinstance(fields, dict):
        raise NotReady(f"{path} must be a mapping of fields")
    missing = [name for name in _REQUIRED if not fields.get(name)]
    if missing:
        raise NotReady(f"{path} lacks {', '.join(missing)}")
    try:
        return _operator(fields, data_dir)
    except (TypeError, ValueError, KeyError, re.error, ZoneInfoNotFoundError) as exc:
        raise NotReady(f"{path}: {exc}") from exc


def _operator(fields: dict[str, Any], data_dir: Path) -> Operator:
    languages = tuple(str(language) for language in fields["languages"])
    if isinstance(fields["languages"], str) or not languages:
        raise ValueError("languages must be a list of tags, such as [sv, en]")
    return Operator(
        name=str(fields["name"]),
        legal_name=str(fields.get("legal_name", fields["name"])),
        address=str(fields.get("address", "")),
        country=str(fields["country"]),
        zone=ZoneInfo(str(fields["time_zone"])),
        languages=languages,
        email=str(fields["email"]),
        reference_prefix=str(fields.get("reference_prefix", "G")),
        username_pattern=re.compile(str(fields.get("username_pattern", r"\S{1,64}"))),
        username_example=str(fields.get("username_example", "")),
        office_hours=_office_hours(fields.get("office_hours") or {}),
        policy=str(fields.get("policy", "default")),
        answers=_answer_rules(fields.get("answers") or {}),
        style=load_language_style(data_dir, fields),
    )


def _answer_rules(stated: dict[str, Any]) -> AnswerRules:
    shares = {"wrong_at_most", "certainty", "offers_wrong_at_most"}
    unknown = set(stated) - shares - {"floor"}
    if unknown:
        raise ValueError(f"answers may not have {', '.join(sorted(unknown))}")
    floor = stated.get("floor") or {}
    unknown = set(floor) - set(FLOORS)
    if unknown:
        raise ValueError(
            f"answers.floor may have {', '.join(FLOORS)},"
            f" got {', '.join(sorted(unknown))}"
        )
    rules = {
        name: _share(f"answers.{name}", stated[name]) for name in shares & set(stated)
    }
    return AnswerRules(
        floor={name: _share(f"answers.floor.{name}", floor[name]) for name in floor},
        **rules,
    )


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a share from 0 to 1, got {value!r}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be a share from 0 to 1, got {value}")
    return float(value)


def _office_hours(stated: dict[str, Any]) -> dict[int, tuple[dt.time, dt.time]]:
    days = {"weekdays": range(5), "weekends": range(5, 7)}
    unknown = set(stated) - set(days)
    if unknown:
        raise ValueError(
            f"office_hours may have weekdays and weekends, got {', '.join(unknown)}"
        )
    return {
        day: (_time(hours[0]), _time(hours[1]))
        for name, hours in stated.items()
        for day in days[name]
    }


def _time(value: Any) -> dt.time:
    # YAML 1.1 reads an unquoted 09:00 as a number in base 60.
    if isinstance(value, int) and not isinstance(value, bool):
        return dt.time(value // 60, value % 60)
    return dt.time.fromisoformat(str(value))
