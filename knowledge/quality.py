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
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from knowledge.calibration import (
    Correction,
    Threshold,
    choose_thresholds,
    fit_correction,
    held_out,
)
from knowledge.chunking import Passage
from knowledge.confidence import FEATURES, SHIPPED
from knowledge.courtesies import Courtesies, load_courtesies
from knowledge.embedding import Progress
from knowledge.errors import BadInput
from knowledge.measures import auroc, calibration_error, risk_coverage
from knowledge.operator import AnswerRules, load_operator
from knowledge.question_sets import Query, read_queries
from knowledge.search import Found
from knowledge.threads import in_turn

MOST_OFFERED = 3
_CURVE_POINTS = 40
_MEASURE = 2

Measures = dict[str, float | int | None]


class Asks(Protocol):
    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that pages are published in."""

    def find(self, question: str, *, language: str | None, top_k: int) -> Found:
        """What serving finds for a question."""


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
        is_across = _is_across(found, language)
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


def _is_across(found: Found, language: str | None) -> bool:
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


def measure(knowledge: Asks, checks: Checks, progress: Progress) -> Quality:
    """Ask every question, correct the confidence, and choose the thresholds."""
    if not checks.questions:
        return unmeasured(checks)
    rows, observed, across = [], [], []

    def ask(query: Query) -> Found:
        return knowledge.find(query.text, language=query.language, top_k=MOST_OFFERED)

    all_found = in_turn(ask, checks.questions)
    for n, (query, found) in enumerate(all_found, start=1):
        rows.append(_asked(query, found, knowledge.languages))
        observed.append(
            found.evidence.as_vector() if found.evidence else np.zeros(len(FEATURES))
        )
        across.append(_is_across(found, query.language))
        progress(n, len(checks.questions))
    evidence = np.array(observed)
    shipped = np.array([row.confidence for row in rows])
    right = np.array([row.is_right for row in rows])
    offered = np.array([row.is_offered for row in rows])
    groups = np.array([query.same_as or query.id for query in checks.questions])
    confidence = np.empty(len(rows))
    within, apart = ~np.array(across), np.array(across)
    for part in (within, apart):
        confidence[part] = held_out(
            shipped[part], evidence[part], right[part], groups[part]
        )
    languages, rules = [row.language for row in rows], checks.rules
    answer_from = choose_thresholds(
        confidence,
        right,
        languages,
        budget=rules.wrong_at_most,
        certainty=rules.certainty,
    )
    offer_from = choose_thresholds(
        confidence,
        offered,
        languages,
        budget=rules.offers_wrong_at_most,
        certainty=rules.certainty,
    )
    asked = tuple(
        replace(
            row,
            confidence=float(value),
            is_answered=bool(value >= _of(answer_from, row.language).value),
        )
        for row, value in zip(rows, confidence, strict=True)
    )
    groups_of = _groups(asked)
    return Quality(
        key=checks.key,
        correction=fit_correction(shipped[within], evidence[within], right[within]),
        across=fit_correction(shipped[apart], evidence[apart], right[apart]),
        answer_from=answer_from,
        offer_from=offer_from,
        measures={name: _measures(group) for name, group in groups_of.items()},
        curve={
            name: _curve(groups_of[name], rules)
            for name in ("all", *dict.fromkeys(languages))
        },
        asked=asked,
    )


def _groups(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """The questions that are measured together, by the name of the group."""
    groups: dict[str, list[Asked]] = {"all": list(asked)}
    for row in asked:
        groups.setdefault(row.language, []).append(row)
    with_kind = [row for row in asked if row.kind]
    for row in with_kind:
        groups.setdefault(row.kind, []).append(row)
    for row in with_kind:
        groups.setdefault(f"{row.language} {row.kind}", []).append(row)
    return groups


def place(passage: Passage) -> str:
    """`page#section` of a passage; a later part of a section counts as the section."""
    anchor = passage.url.partition("#")[2]
    return f"{passage.page}#{anchor or passage.section}"


def _asked(query: Query, found: Found, published: Sequence[str]) -> Asked:
    places = [place(hit.passage) for hit in found.hits]
    return Asked(
        id=query.id,
        language=query.language,
        text=query.text,
        same_as=query.same_as if query.language in published else None,
        kind=query.kind,
        is_answerable=bool(query.relevant),
        found=places[0] if places else "",
        confidence=found.confidence,
        is_right=bool(places) and places[0] in query.relevant,
        is_offered=any(each in query.relevant for each in places),
    )


def _measures(asked: Sequence[Asked]) -> Measures:
    answerable = [row for row in asked if row.is_answerable]
    near_misses = [row for row in asked if not row.is_answerable]
    given = [row for row in asked if row.is_answered]
    right = np.array([row.is_right for row in asked])
    confidence = np.array([row.confidence for row in asked])
    return {
        "n": len(asked),
        "n_answerable": len(answerable),
        "recall_at_1": _share(row.is_right for row in answerable),
        "recall_at_3": _share(row.is_offered for row in answerable),
        "auroc": auroc(confidence, right),
        "expected_calibration_error": calibration_error(confidence, right),
        "n_given": len(given),
        "n_given_wrong": sum(not row.is_right for row in given),
        "answered": _share(row.is_answered and row.is_right for row in answerable),
        "near_misses_refused": _share(not row.is_answered for row in near_misses),
        "parity": _share(first.found == second.found for first, second in pairs(asked)),
    }


def _share(truths: Any) -> float | None:
    values = list(truths)
    return sum(values) / len(values) if values else None


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


def _curve(asked: Sequence[Asked], rules: AnswerRules) -> list[dict[str, float]]:
    points = risk_coverage(
        np.array([row.confidence for row in asked]),
        np.array([row.is_right for row in asked]),
        certainty=rules.certainty,
    )
    chosen = np.unique(np.linspace(0, len(points) - 1, _CURVE_POINTS).astype(int))
    return [
        {name: round(value, 4) for name, value in asdict(points[i]).items()}
        for i in chosen
    ]
