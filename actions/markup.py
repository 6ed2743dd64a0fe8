"""What a customer wrote, without tags."""

from __future__ import annotations

import re

_TAG = re.compile(r"</?[A-Za-z!][^>]*>|<script.*?</script>", re.DOTALL)
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_GAP = re.compile(r"\s+")


def without_markup(text: str) -> str:
    """The text without tags, and without what stands in scripts."""
    return _GAP.sub(" ", _TAG.sub(" ", _SCRIPT.sub(" ", text))).strip()


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in the text."""
    return any(character.isalnum() for character in text)
