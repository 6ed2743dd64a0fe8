"""Reading YAML: safely, and with the C library, which is ten times as fast."""

from __future__ import annotations

from typing import Any

import yaml


def parse_yaml(text: str) -> Any:
    """What the text says, in plain values; no other object is ever made.

    Raises:
        yaml.YAMLError: The text is malformed.
    """
    return yaml.load(text, Loader=yaml.CSafeLoader)
