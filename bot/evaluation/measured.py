"""What every evaluation gives: metrics over all and by language, and details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rich.table import Table

Metrics = dict[str, float | int | None]
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The outcome of one evaluation.

    Attributes:
        overall: Metric to value; None where it is undefined.
        by_language: Language tag to metrics.
        confusion: Language tag (and `all`) to expected class to given class to count.
        details: Whatever else belongs in the JSON, such as the items that went wrong.
    """

    title: str
    overall: Metrics
    by_language: dict[str, Metrics]
    confusion: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        report: dict[str, Any] = {
            "overall": self.overall,
            "by_language": self.by_language,
        }
        if self.confusion:
            report["confusion"] = self.confusion
        return {**report, **self.details}

    def tables(self) -> list[Table]:
        """The metrics, then the confusion over all and by language."""
        metrics = Table(title=self.title)
        metrics.add_column("")
        for name in self.overall:
            metrics.add_column(
                name.replace("_", " "), justify="right", overflow="fold", min_width=5
            )
        metrics.add_row("all", *map(_cell, self.overall.values()), style="bold")
        metrics.add_section()
        for tag, values in self.by_language.items():
            metrics.add_row(tag, *(_cell(values.get(name)) for name in self.overall))
        return [metrics, *self._confusion_tables()]

    def _confusion_tables(self) -> list[Table]:
        tables = []
        for language, rows in self.confusion.items():
            given = sorted({name for row in rows.values() for name in row})
            table = Table(title=f"expected (rows) and given, {language}")
            table.add_column("")
            for name in given:
                table.add_column(name.replace("_", " "), justify="right")
            for expected, row in sorted(rows.items()):
                table.add_row(expected, *(str(row.get(name, "·")) for name in given))
            tables.append(table)
        return tables


def _cell(value: float | int | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def by_language(
    items: Sequence[Item],
    language: Callable[[Item], str],
    measure: Callable[[Sequence[Item]], Metrics],
) -> dict[str, Metrics]:
    """Measure the items of each language on their own."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(language(item), []).append(item)
    return {tag: measure(groups[tag]) for tag in sorted(groups)}


def confusion(
    pairs: Iterable[tuple[str, str, str]],
) -> dict[str, dict[str, dict[str, int]]]:
    """Count (language, expected, given), over all and by language."""
    counts: dict[str, dict[str, Counter[str]]] = {"all": {}}
    for language, expected, given in pairs:
        for group in ("all", language):
            row = counts.setdefault(group, {}).setdefault(expected, Counter())
            row[given] += 1
    return {
        group: {expected: dict(row) for expected, row in rows.items()}
        for group, rows in counts.items()
    }


def share(hits: Iterable[bool]) -> float | None:
    """The share that is true; None of nothing."""
    values = list(hits)
    return sum(values) / len(values) if values else None
