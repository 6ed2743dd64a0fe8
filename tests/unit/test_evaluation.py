from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput
from knowledge.evaluation import Report, evaluate_refusal, evaluate_retrieval
from knowledge.measures import auroc, calibration_error, coverage_at_precision
from knowledge.question_sets import read_corpus, read_queries

CORPUS = [
    {"id": "p1", "lang": "en", "title": "", "text": "Withdrawals take three days."},
    {"id": "p2", "lang": "en", "title": "Cards", "text": "A generator shuffles them."},
    {"id": "p3", "lang": "sv", "title": "", "text": "Ett klagomål är gratis."},
]
QUERIES: list[dict[str, Any]] = [
    {"id": "q1", "lang": "en", "text": "withdrawals take days", "relevant": ["p1"]},
    {"id": "q2", "lang": "sv", "text": "är klagomål gratis", "relevant": ["p3"]},
    {"id": "q3", "lang": "sv", "text": "withdrawals three", "relevant": ["p1"]},
    {"id": "q4", "lang": "en", "text": "weather tomorrow", "relevant": []},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write(tmp_path / "corpus.jsonl", CORPUS)


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    return write(tmp_path / "queries.jsonl", QUERIES)


def test_retrieval_counts_questions_that_have_an_answer(
    corpus: Path, queries: Path
) -> None:
    report = evaluate_retrieval(corpus, queries, FakeEmbedder()).as_json()

    assert report["overall"] == {
        "n": 3,
        "recall_at_1": 1.0,
        "recall_at_3": 1.0,
        "recall_at_5": 1.0,
        "mrr_at_10": 1.0,
        "ndcg_at_10": 1.0,
    }
    assert {name: group["n"] for name, group in report["by_language"].items()} == {
        "en": 1,
        "sv": 2,
    }


def test_a_question_asked_across_languages_is_a_pair(
    corpus: Path, queries: Path
) -> None:
    report = evaluate_retrieval(corpus, queries, FakeEmbedder()).as_json()

    assert list(report["by_pair"]) == ["sv→en"]


def test_refusal_counts_every_question(corpus: Path, queries: Path) -> None:
    report = evaluate_refusal(corpus, queries, FakeEmbedder()).as_json()

    assert set(report["overall"]) == {
        "n",
        "n_answerable",
        "recall_at_1",
        "auroc",
        "coverage_at_precision_80",
        "coverage_at_precision_90",
        "coverage_at_precision_95",
        "expected_calibration_error",
    }
    assert (report["overall"]["n"], report["overall"]["n_answerable"]) == (4, 3)
    assert report["risk_coverage"][-1]["coverage"] == 1.0


def test_baselines_stand_beside(corpus: Path, queries: Path) -> None:
    report = evaluate_retrieval(
        corpus, queries, FakeEmbedder(), compare=["bm25", "dense", "rrf"]
    )

    assert set(report.as_json()["baselines"]) == {"bm25", "dense", "rrf"}


def test_the_table_shows_every_language_and_baseline(
    corpus: Path, queries: Path
) -> None:
    report = evaluate_refusal(corpus, queries, FakeEmbedder(), compare=["bm25"])
    console = Console(record=True, width=250, file=StringIO())

    console.print(report.table())

    text = console.export_text()
    assert all(word in text for word in ("all", "sv", "en", "bm25", "auroc"))


def test_an_unknown_baseline_is_refused(corpus: Path, queries: Path) -> None:
    with pytest.raises(BadInput, match="unknown baseline tfidf"):
        evaluate_retrieval(corpus, queries, FakeEmbedder(), compare=["tfidf"])


def test_the_same_files_give_the_same_report(corpus: Path, queries: Path) -> None:
    first = evaluate_refusal(corpus, queries, FakeEmbedder()).as_json()

    assert evaluate_refusal(corpus, queries, FakeEmbedder()).as_json() == first


def test_progress_reaches_its_end(corpus: Path, queries: Path) -> None:
    seen: list[tuple[int, int]] = []

    evaluate_refusal(
        corpus,
        queries,
        FakeEmbedder(),
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen[-1] == (7, 7)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    "text", ["?!…", "word " * 2000, "ᚠᚢᚦᚨᚱᚲ", "🙂🙂", "\u200b"], ids=ascii
)
def test_an_odd_question_gets_an_honest_result(
    corpus: Path, tmp_path: Path, text: str
) -> None:
    row = {"id": "q", "lang": "en", "text": text, "relevant": ["p1"]}
    queries = write(tmp_path / "odd.jsonl", [row])

    report = evaluate_refusal(corpus, queries, FakeEmbedder())

    assert report.overall["n"] == 1


def test_a_paragraph_of_two_megabytes_is_searched(
    tmp_path: Path, queries: Path
) -> None:
    long = {"id": "p1", "lang": "en", "text": "withdrawals take days. " * 90_000}
    corpus = write(tmp_path / "long.jsonl", [long, *CORPUS[1:]])

    report = evaluate_retrieval(corpus, queries, FakeEmbedder())

    assert report.overall["recall_at_3"] == 1.0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([{"id": "a", "text": "x"}], "lang must be text, got None"),
        ([{"id": "a", "lang": "", "text": "x"}], "lang is empty"),
        ([{"id": "a", "lang": "en", "text": " "}], "text is empty"),
        ([{"id": "a", "lang": "en"}], "id 'a': text must be text, got None"),
        ([{"id": "a", "lang": "en", "text": 5}], "text must be text, got 5"),
        ([{"id": "a", "lang": "en", "text": "\ud800x"}], "half a character"),
        ([{"lang": "en", "text": "x"}], "id must be text"),
        ([{"id": "a", "lang": "en", "text": "x"}] * 2, "'a' is there twice"),
    ],
)
def test_a_broken_corpus_names_file_and_line(
    tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    path = write(tmp_path / "corpus.jsonl", rows)

    with pytest.raises(BadInput, match=message) as caught:
        read_corpus(path)

    assert "corpus.jsonl" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{not json}\n", ":1: not JSON"),
        (b"[1]\n", ":1: expected an object"),
        ("{'id': 'å'}".encode("latin-1"), ":1: not UTF-8 at byte 8"),
        (b'{"id": "q", "lang": "en", "text": "x"}\n', "relevant must be a list"),
        (
            b'{"id": "q", "lang": "en", "text": "x", "relevant": [1]}\n',
            "relevant must be a list",
        ),
    ],
)
def test_broken_queries_say_what_is_wrong(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_bytes(content)

    with pytest.raises(BadInput, match=message):
        read_queries(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_corpus(tmp_path / "none.jsonl")


@pytest.mark.parametrize("evaluate", [evaluate_retrieval, evaluate_refusal])
def test_an_answer_that_the_corpus_lacks_is_remarked_upon(
    evaluate: Callable[..., Report], corpus: Path, tmp_path: Path
) -> None:
    lost = {"id": "q5", "lang": "en", "text": "cards", "relevant": ["p9"]}
    queries = write(tmp_path / "queries.jsonl", [*QUERIES, lost])

    report = evaluate(corpus, queries, FakeEmbedder())

    (remark,) = report.as_json()["remarks"]
    assert "'q5': 'p9'" in remark
    assert report.table().caption == remark


def test_queries_that_nothing_answers_are_no_retrieval_task(
    corpus: Path, tmp_path: Path
) -> None:
    queries = write(tmp_path / "none.jsonl", [QUERIES[3]])

    with pytest.raises(BadInput, match="no query has a relevant passage"):
        evaluate_retrieval(corpus, queries, FakeEmbedder())


def test_auroc_is_the_chance_of_the_right_order() -> None:
    right = np.array([True, True, False, False])

    assert auroc(np.array([0.9, 0.4, 0.5, 0.1]), right) == 0.75
    assert auroc(np.array([0.5, 0.5, 0.5, 0.5]), right) == 0.5
    assert auroc(np.array([0.5, 0.5]), np.array([True, True])) is None


def test_coverage_is_the_share_answered_at_a_precision() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])

    assert coverage_at_precision(confidence, right, 1.0) == 0.5
    assert coverage_at_precision(confidence, right, 0.75) == 1.0


def test_coverage_does_not_divide_equal_confidences() -> None:
    confidence = np.array([0.9, 0.9, 0.1])
    right = np.array([True, False, False])

    assert coverage_at_precision(confidence, right, 0.9) == 0.0


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    confidence = np.array([0.95, 0.95, 0.15, 0.15])
    right = np.array([True, False, False, False])

    assert calibration_error(confidence, right) == pytest.approx(0.3)


@given(
    st.lists(st.tuples(st.floats(min_value=0, max_value=1), st.booleans()), min_size=2)
)
def test_measures_stay_between_0_and_1(pairs: list[tuple[float, bool]]) -> None:
    confidence = np.array([value for value, _ in pairs])
    right = np.array([is_right for _, is_right in pairs])

    area = auroc(confidence, right)

    assert area is None or 0 <= area <= 1
    assert 0 <= coverage_at_precision(confidence, right, 0.9) <= 1
    assert 0 <= calibration_error(confidence, right) <= 1
