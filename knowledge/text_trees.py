"""Texts as they stand in files: trees of keys, with `{placeholders}` to fill in."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import Any


def flatten(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Each text with its key, such as `desk.title`."""
    for key, value in tree.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from flatten(value, here)
        else:
            yield here, str(value)


def placeholders(text: str) -> set[str]:
    """The names that a text wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
