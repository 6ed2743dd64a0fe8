"""`guichet eval languages`: the language of short texts, and of none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from bot.evaluation.measured import Measured, Metrics, by_language, confusion, share
from bot.evaluation.rows import read_rows
from bot.languages import Language

SHORT_WORDS = 2


class LabelledText(msgspec.Struct):
    """One line of the file; `lang` is null where no language can be told."""

    id: str
    text: str
    lang: str | None


class Identifier(Protocol):
    @property
    def languages(self) -> Sequence[str]:
        """Every language that may be given."""

    def identify(
        self, text: str, *, prior: str | None = None, accepted: Sequence[str] = ()
    ) -> Language:
        """Say which language `text` is in, in its context."""


@dataclass(frozen=True)
class _Identified:
    item: LabelledText
    expected: str
    given: str


def evaluate_languages(path: Path, identifier: Identifier) -> Measured:
    """Measure identification of each text alone, and needless changes of language.

    A text with `lang` null is said inside a conversation of every language in turn;
    each change of language is a switch.

    Raises:
        BadInput: The file is malformed; the message names the line.
    """
    items = read_rows(path, LabelledText)
    alone = [
        _Identified(item, item.lang, identifier.identify(item.text).tag)
        for item in items
        if item.lang is not None
    ]
    inside = [
        _Identified(item, prior, identifier.identify(item.text, prior=prior).tag)
        for item in items
        if item.lang is None
        for prior in identifier.languages
    ]
    switches = [each for each in inside if each.given != each.expected]
    return Measured(
        title=f"Languages, {path.name}",
        overall={**_measure(alone), **_switches(items, inside)},
        by_language=by_language(alone, lambda each: each.expected, _measure),
        confusion={
            "all": confusion(
                (each.expected, each.expected, each.given) for each in alone
            )["all"]
        },
        details={
            "wrong": [
                {"id": each.item.id, "expected": each.expected, "given": each.given}
                for each in (*alone, *switches)
                if each.given != each.expected
            ]
        },
    )


def _measure(identified: Sequence[_Identified]) -> Metrics:
    short = [each for each in identified if len(each.item.text.split()) <= SHORT_WORDS]
    return {
        "n": len(identified),
        "accuracy": share(each.given == each.expected for each in identified),
        "accuracy_short": share(each.given == each.expected for each in short),
    }


def _switches(items: Sequence[LabelledText], inside: Sequence[_Identified]) -> Metrics:
    return {
        "n_switches": sum(each.given != each.expected for each in inside),
        "n_inside": len(inside),
        "n_without_language": sum(item.lang is None for item in items),
    }
