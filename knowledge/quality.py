"""How well a corpus answers the editors' own questions, measured at every publish.

Each question of `data/questions/` is asked through what serves customers. What comes
of it stands in the manifest of the index: the thresholds, recall, parity, and how risk
goes with coverage; and beside it what each question was answered with, so that the
next publication can say which questions it breaks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.calibration import (
    Correction,
    Threshold,
)
from knowledge.chunking import Passage
from knowledge.confidence import FEATURES, SHIPPED
from knowledge.courtesies import Courtesies, load_courtesies
from knowledge.errors import BadInput
from knowledge.operator import AnswerRules, load_operator
from knowledge.question_sets import Query, read_queries
from knowledge.search import Found

MOST_OFFERED = 3
_MEASURE = 2

Measures = dict[str, float | int | None]


@dataclass(frozen=True, kw_only=True)
class Checks:
    """What a publication is measured with: questions, and the operator's rules."""

    questions: Sequence[Query] = ()
    rules: AnswerRules = field(default_factory=AnswerRules)
    courtesies: Courtesies = field(default_factory=Courtesies)

    @property
    def key(self) -> str:
        """Changes whenever the same index could be measured differently."""
        content = [
            _MEASURE,
            FEATURES,
            hashlib.sha256(SHIPPED.read_bytes()).hexdigest(),
            asdict(self.rules),
            self.courtesies.key,
            [
                (q.id, q.language, q.text, sorted(q.relevant), q.same_as, q.kind)
                for q in self.questions
            ],
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def load_checks(data_dir: Path) -> Checks:
    """Read the operator's rules, and the questions of `questions/<language>.jsonl`.

    The `relevant` of a question are sections, as `page#section`.

    Raises:
        NotReady: `operator.yml` or a file of phrases is missing or malformed.
        BadInput: A file is malformed, holds another language than its name says, or
            an id is in two files.
    """
    questions: dict[str, Query] = {}
    for path in sorted((data_dir / "questions").glob("*.jsonl")):
        for query in read_queries(path):
            if query.language != path.stem:
                raise BadInput(
                    f"{path}: question {query.id!r} is in {query.language}, expected"
                    f" {path.stem}"
                )
            if query.id in questions:
                raise BadInput(f"{path}: id {query.id!r} is in another file as well")
            questions[query.id] = query
    rules = load_operator(data_dir).answers
    return Checks(
        questions=tuple(questions.values()),
        rules=rules,
        courtesies=load_courtesies(data_dir),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, and what came of it.

    Attributes:
        same_as: What it shares with questions in other languages, where pages are
            published in its own: translations can be compared, nothing else.
        found: `page#section` of the first passage; empty when nothing was found.
        confidence: Corrected, by a correction that this question had no part in.
        is_right: The first passage answers.
        is_offered: One of the first three does.
        is_answered: The confidence reaches the threshold of the language.
        kind: Of the question; empty where its file names none.
    """

    id: str
    language: str
    text: str
    same_as: str | None
    is_answerable: bool
    found: str
    confidence: float
    is_right: bool
    is_offered: bool
    is_answered: bool = False
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What was measured of an index, and what serving takes from it.

    Attributes:
        key: Of the `Checks` that measured it.
        correction: Of the confidence, where pages are in the question's language.
        across: Likewise, where they are in another: that gives other evidence.
        answer_from: By language, the confidence from which a question is answered.
        offer_from: Likewise, from which passages are offered to choose from.
        measures: Over all questions, by language, by kind, and by both (`sv plain`).
        curve: Risk and coverage by threshold, for `all` and each language.
        asked: Every question; empty when read from a manifest alone.
    """

    key: str
    correction: Correction
    across: Correction
    answer_from: dict[str | None, Threshold]
    offer_from: dict[str | None, Threshold]
    measures: dict[str, Measures]
    curve: dict[str, list[dict[str, float]]]
    asked: tuple[Asked, ...] = ()

    def confidence(self, found: Found, language: str | None) -> float:
        """The confidence of serving in what was found.

        Within a language, the correction is known to hold for those with questions
        alone.
        """
        if found.evidence is None:
            return 0.0
        is_across = is_across_languages(found, language)
        if not is_across and language not in self.answer_from:
            return found.confidence
        correction = self.across if is_across else self.correction
        corrected = correction.apply(
            np.array([found.confidence]), found.evidence.as_vector()[None, :]
        )
        return float(corrected[0])

    def answers(self, confidence: float, language: str | None) -> bool:
        """Whether a question in this language is answered at this confidence."""
        return confidence >= _of(self.answer_from, language).value

    def offers(self, confidence: float, language: str | None) -> bool:
        """Whether passages are offered to choose from at this confidence."""
        return confidence >= _of(self.offer_from, language).value

    def as_json(self) -> dict[str, Any]:
        """All but what each question was answered with."""
        return {
            "key": self.key,
            "correction": self.correction.as_json(),
            "across": self.across.as_json(),
            "answer_from": _thresholds_as_json(self.answer_from),
            "offer_from": _thresholds_as_json(self.offer_from),
            "measures": self.measures,
            "risk_coverage": self.curve,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any], asked: Sequence[Asked] = ()) -> Quality:
        return cls(
            key=stored["key"],
            correction=Correction.from_json(stored["correction"]),
            across=Correction.from_json(stored["across"]),
            answer_from=_thresholds_from_json(stored["answer_from"]),
            offer_from=_thresholds_from_json(stored["offer_from"]),
            measures=stored["measures"],
            curve=stored["risk_coverage"],
            asked=tuple(asked),
        )


def is_across_languages(found: Found, language: str | None) -> bool:
    """Whether what was found is in another language than the question."""
    return bool(found.hits) and found.hits[0].passage.language != language


def _of(thresholds: dict[str | None, Threshold], language: str | None) -> Threshold:
    return thresholds.get(language, thresholds[None])


_OTHERS = "other"


def _thresholds_as_json(thresholds: dict[str | None, Threshold]) -> dict[str, Any]:
    return {key or _OTHERS: each.as_json() for key, each in thresholds.items()}


def _thresholds_from_json(stored: dict[str, Any]) -> dict[str | None, Threshold]:
    return {
        None if key == _OTHERS else key: Threshold(**each)
        for key, each in stored.items()
    }


def unmeasured(checks: Checks) -> Quality:
    """What holds without questions: the confidence is taken at its word."""
    rules = checks.rules
    return Quality(
        key=checks.key,
        correction=Correction(),
        across=Correction(),
        answer_from={None: Threshold(value=1 - rules.wrong_at_most, basis="cautious")},
        offer_from={
            None: Threshold(value=1 - rules.offers_wrong_at_most, basis="cautious")
        },
        measures={},
        curve={},
    )


def place(passage: Passage) -> str:
    """`page#section` of a passage; a later part of a section counts as the section."""
    anchor = passage.url.partition("#")[2]
    return f"{passage.page}#{anchor or passage.section}"


def pairs(asked: Sequence[Asked]) -> list[tuple[Asked, Asked]]:
    """The same answerable question in two languages, each two of them."""
    groups: dict[str, list[Asked]] = {}
    for row in asked:
        if row.same_as and row.is_answerable:
            groups.setdefault(row.same_as, []).append(row)
    return [
        (first, second)
        for group in groups.values()
        for first, second in combinations(group, 2)
        if first.language != second.language
    ]
