"""Reads a policy file of `data/policies/` and refuses one that is incomplete."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import msgspec
import yaml

from actions.cases.complaint import Policy, Source
from knowledge.errors import NotReady


def load_policy(data_dir: Path, name: str = "default") -> Policy:
    """Read `data/policies/<name>.yml`.

    Raises:
        NotReady: The file is missing, or a rule of it is missing, unknown, of the
            wrong type or without its source.
    """
    path = data_dir / "policies" / f"{name}.yml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise NotReady(f"no policy file {path}") from exc
    except yaml.YAMLError as exc:
        raise NotReady(f"{path} is not YAML: {exc}") from exc
    try:
        return parse_policy(content)
    except (ValueError, TypeError) as exc:
        raise NotReady(f"{path}: {exc}") from exc


def parse_policy(content: Any) -> Policy:
    """Turn the content of a policy file into a policy.

    Raises:
        ValueError: A rule is missing, unknown, of the wrong type or without source.
    """
    if not isinstance(content, dict) or not isinstance(content.get("rules"), dict):
        raise ValueError("expected a mapping with `name` and `rules`")
    rules: dict[str, Any] = content["rules"]
    known = {field.name: field for field in fields(Policy)}
    for special in ("name", "sources"):
        del known[special]
    if unknown := sorted(rules.keys() - known.keys()):
        raise ValueError(f"unknown rules: {', '.join(unknown)}")
    values: dict[str, Any] = {"name": content.get("name")}
    sources: dict[str, Any] = {}
    for name, field in known.items():
        rule = rules.get(name)
        if rule is None:
            if field.default is MISSING:
                raise ValueError(f"rule {name} is missing")
            continue
        if not isinstance(rule, dict) or rule.keys() != {"value", "source"}:
            raise ValueError(f"rule {name} must have exactly `value` and `source`")
        values[name], sources[name] = rule["value"], rule["source"]
    try:
        parsed = msgspec.convert(sources, dict[str, Source])
        return msgspec.convert({**values, "sources": parsed}, Policy)
    except msgspec.ValidationError as exc:
        raise ValueError(str(exc)) from exc
