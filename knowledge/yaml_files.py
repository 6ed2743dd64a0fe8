"""Reading YAML: safely, and with the C library, which is ten times as fast."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice, where the last would silently win."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"{key.value} stands twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def parse_yaml(text: str) -> Any:
    """What the text says, in plain values; no other object is ever made.

    Raises:
        yaml.YAMLError: The text is malformed, or a key stands twice in a mapping.
    """
    return yaml.load(text, Loader=_Loader)
