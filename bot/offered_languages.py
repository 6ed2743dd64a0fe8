"""Which of the operator's languages to use, of those that somebody wants."""

from __future__ import annotations

from collections.abc import Sequence


def choose(offered: Sequence[str], wanted: Sequence[str | None]) -> str:
    """The first wanted language that is offered, else the operator's first."""
    return next((tag for tag in wanted if tag and tag in offered), offered[0])
