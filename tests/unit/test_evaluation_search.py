"""Every set of a folder against its targets, and the curve as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.evaluation.curves import write_curve
from bot.evaluation.searching import (
    SearchMeasured,
    measure_search,
    operator_measures,
)
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput
from knowledge.evaluation import Metrics, evaluate_refusal

WORDS = ("withdrawal", "card", "bonus", "complaint", "limit", "document")
OWN: dict[str, Metrics] = {
    "all": {"n": 3, "n_answerable": 2, "parity": 0.5, "near_misses_refused": 1.0},
    "sv": {"n": 3, "n_answerable": 2, "recall_at_1": 0.95},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    corpus = [
        {"id": word, "lang": "en", "text": f"All about the {word} and its {word}s."}
        for word in WORDS[:4]
    ]
    queries = [
        {
            "id": word,
            "lang": "en",
            "text": f"what about a {word}",
            "relevant": [word] if word in WORDS[:4] else [],
        }
        for word in WORDS
    ]
    for kind, rows in (("corpus", corpus), ("queries", queries)):
        (tmp_path / f"one.{kind}.jsonl").write_text(
            "\n".join(json.dumps(row) for row in rows), "utf-8"
        )
    return tmp_path


def measured(folder: Path) -> SearchMeasured:
    return measure_search(folder, FakeEmbedder(), OWN, lambda done, total: None)


def test_each_figure_is_set_against_its_target(folder: Path) -> None:
    rows = {row.what: row for row in measured(folder).rows()}

    # All systems find the word that stands in the passage: a tie is no win.
    assert not rows["recall@1, one"].is_met
    assert rows["recall@1, one"].value == rows["recall@1, one"].target == 1
    assert rows["AUROC, one"].is_met
    assert rows["recall@1, own questions, sv"].is_met
    assert not rows["parity, own questions"].is_met


def test_the_table_and_the_json_hold_every_target(folder: Path) -> None:
    report = measured(folder)

    assert report.tables()[0].row_count == len(report.as_json()["targets"])
    assert report.as_json()["sets"]["one"]["refusal"]["risk_coverage"]
    assert set(report.as_json()["sets"]["one"]["retrieval"]["baselines"]) == {
        "bm25",
        "dense",
        "rrf",
        "interaction",
    }


def test_progress_goes_from_set_to_set_and_ends(folder: Path) -> None:
    steps: list[tuple[int, int]] = []

    measure_search(folder, FakeEmbedder(), {}, lambda *step: steps.append(step))

    assert steps == sorted(steps)
    assert steps[-1] == (1000, 1000)


def test_without_a_publication_the_operator_has_no_figures(tmp_path: Path) -> None:
    assert operator_measures(tmp_path / "index") == {}


def test_the_operator_is_judged_in_the_languages_of_its_pages(tmp_path: Path) -> None:
    measures = {name: {"n": 1.0} for name in ("all", "sv", "sv plain", "fi", "plain")}
    manifest = {"languages": ["sv"], "quality": {"measures": measures}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    assert set(operator_measures(tmp_path)) == {"all", "sv", "sv plain"}


def test_the_curve_is_written_as_points_and_as_a_picture(
    folder: Path, tmp_path: Path
) -> None:
    report = evaluate_refusal(
        folder / "one.corpus.jsonl",
        folder / "one.queries.jsonl",
        FakeEmbedder(),
        compare=["dense"],
    )

    points, picture = write_curve(report, tmp_path / "curves", "one")

    assert picture.read_bytes().startswith(b"\x89PNG")
    curves = json.loads(points.read_text("utf-8"))
    assert set(curves) == {"guichet", "dense"}
    assert curves["guichet"][-1]["coverage"] == 1


def test_a_folder_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = evaluate_refusal(
        folder / "one.corpus.jsonl", folder / "one.queries.jsonl", FakeEmbedder()
    )

    with pytest.raises(BadInput, match="file cannot be written"):
        write_curve(report, tmp_path / "file", "one")
