"""Reads the policy files of `data/policies/` and refuses one that is incomplete.

The dataclass `Policy` is the schema: what it lacks is unknown, what it requires must be
there, and each value has the type that its field has.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import yaml

from actions.cases.calendar import UNITS, Period
from actions.cases.complaint import Policy, Source, in_range
from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

# Stand beside `rules` and need no source.
_HEADINGS = ("name", "jurisdiction", "review", "left_out")
# Other files of the folder that are no policies.
_NO_POLICIES = frozenset({"help_lines"})
_TYPES = get_type_hints(Policy)
_RULES: dict[str, Field[Any]] = {
    field.name: field
    for field in fields(Policy)
    if field.name not in (*_HEADINGS, "sources")
}
# How people call what the reader of values expects.
_KINDS = {
    "`int`": "a whole number",
    "`bool`": "yes or no",
    "`str`": "a text",
    "`array`": "a list",
    "`object`": "a mapping",
    "RFC3339 encoded ": "",
}
_HOUR = re.compile(r"\d\d:\d\d")
_CLOCKS = {name for name in _RULES if _TYPES[name] in (Period, Period | None)}


def load_policy(data_dir: Path, name: str = "default") -> Policy:
    """Read `data/policies/<name>.yml`.

    Raises:
        NotReady: The file is missing, or has a fault; says which file, field and
            value, and what was expected.
    """
    path = data_dir / "policies" / f"{name}.yml"
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise NotReady(f"no policy file {path}") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise NotReady(f"{path} is not YAML: {exc}") from exc
    try:
        policy = parse_policy(content)
    except (ValueError, TypeError) as exc:
        raise NotReady(f"{path}: {exc}") from exc
    if policy.name != name:
        raise NotReady(f"{path}: name: expected {name}, got {policy.name}")
    return policy


def load_policies(data_dir: Path) -> dict[str, Policy]:
    """Every policy of the folder by name: a case keeps the one it was filed under.

    Raises:
        NotReady: A file has a fault.
    """
    names = sorted(path.stem for path in (data_dir / "policies").glob("*.yml"))
    return {
        name: load_policy(data_dir, name) for name in names if name not in _NO_POLICIES
    }


def parse_policy(content: Any) -> Policy:
    """Turn the content of a policy file into a policy.

    Raises:
        ValueError: A rule is missing, unknown, of the wrong type or without source.
    """
    if not isinstance(content, dict) or not isinstance(content.get("rules"), dict):
        raise ValueError("expected a mapping with `name`, `review` and `rules`")
    if unknown := sorted(content.keys() - {*_HEADINGS, "rules"}):
        known = ", ".join((*_HEADINGS, "rules"))
        raise ValueError(f"unknown: {', '.join(unknown)}; expected {known}")
    values: dict[str, Any] = {}
    for name in _HEADINGS:
        if content.get(name) is not None:
            values[name] = _convert(name, content[name], _TYPES[name])
    for name in ("name", "review"):
        if not values.get(name):
            raise ValueError(f"{name}: expected a text, got {content.get(name)!r}")
    sources: dict[str, Source] = {}
    for written, rule in content["rules"].items():
        name, unit = _clock(written)
        if name not in _RULES or (name in _CLOCKS) != (unit is not None):
            raise ValueError(f"rules.{written}: no such rule{_hint(written)}")
        if rule is None:
            continue
        if name in values:
            raise ValueError(f"rules.{written}: {name} is stated twice")
        if not isinstance(rule, dict) or rule.keys() != {"value", "source"}:
            raise ValueError(f"rules.{written}: expected `value` and `source`")
        values[name] = _value(f"rules.{written}.value", name, unit, rule["value"])
        sources[name] = _source(f"rules.{written}.source", rule["source"])
    for name, field in _RULES.items():
        if name not in values and field.default is MISSING:
            missing = f"{name}_<unit>" if name in _CLOCKS else name
            raise ValueError(f"rules.{missing}: missing")
    return Policy(**values, sources=sources)


def _clock(written: str) -> tuple[str, Any]:
    """`answer_within_weeks` as clock and unit; any other rule has no unit."""
    # The longest first: business_days also ends in days.
    for unit in sorted(UNITS, key=len, reverse=True):
        clock = written.removesuffix(f"_{unit}")
        if clock != written and clock in _CLOCKS:
            return clock, unit
    return written, None


def _value(where: str, name: str, unit: Any, value: Any) -> Any:
    if name == "business_hours" and isinstance(value, list):
        # `09:00` as people write it; the seconds are for the reader below.
        value = [f"{at}:00" if _HOUR.fullmatch(str(at)) else at for at in value]
    if unit is None:
        return _convert(where, value, _TYPES[name])
    return Period(in_range(where, _convert(where, value, int)), unit)


def _source(where: str, stated: Any) -> Source:
    known = {field.name for field in fields(Source)}
    if isinstance(stated, dict) and (unknown := sorted(stated.keys() - known)):
        raise ValueError(f"{where}: unknown: {', '.join(unknown)}")
    source: Source = _convert(where, stated, Source)
    return source


def _convert(where: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as exc:
        expected, _, at = str(exc).partition(" - at ")
        expected = expected.partition(", got ")[0]
        for term, said in _KINDS.items():
            expected = expected.replace(term, said)
        expected = expected[:1].lower() + expected[1:]
        if codes := _codes(kind):
            expected += f"; known are {', '.join(codes)}"
        place = f" at {at.strip('`$')}" if at.strip("`$") else ""
        raise ValueError(f"{where}{place}: {expected}, got {value!r}") from exc


def _codes(kind: Any) -> tuple[str, ...]:
    """What a rule with fixed codes knows, wherever in its type they stand."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next(filter(None, map(_codes, get_args(kind))), ())


def _hint(written: str) -> str:
    if written in _CLOCKS:
        return f"; say with its unit, such as {written}_days ({', '.join(UNITS)})"
    return ""
