from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge.confidence import (
    FEATURES,
    ConfidenceModel,
    Evidence,
    fit,
    shipped_model,
    unfitted_model,
)
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput, NotReady
from knowledge.index import Closeness
from knowledge.interaction import TokenMatch
from knowledge.tuning import family, tune, write_model

N = len(FEATURES)


def make_sample(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Evidence whose first feature decides, with noise."""
    random = np.random.default_rng(seed)
    evidence = random.normal(size=(n, N))
    right = evidence[:, 0] + 0.5 * random.normal(size=n) > 0
    return evidence, right


def test_a_fitted_model_is_surer_where_it_was_right() -> None:
    evidence, right = make_sample(400)

    model = fit({"a": (evidence, right)})

    confidence = np.array([model.of_vector(row) for row in evidence])
    assert confidence[right].mean() > confidence[~right].mean() + 0.3
    assert abs(confidence.mean() - right.mean()) < 0.05


def test_a_small_set_counts_as_much_as_a_large_one() -> None:
    large, small = make_sample(900), make_sample(60, seed=1)
    small = (small[0], ~small[1])

    model = fit({"large": large, "small": small})

    assert abs(model.weights[0]) < 0.3


def test_a_model_reads_back_as_it_was_written() -> None:
    model = fit({"a": make_sample(200)})

    again = ConfidenceModel.from_json(json.loads(json.dumps(model.as_json())))

    row = make_sample(1)[0][0]
    assert again.of_vector(row) == pytest.approx(model.of_vector(row), abs=1e-3)
    assert again.fitted_on == ("a",)


def test_far_out_evidence_keeps_confidence_a_probability() -> None:
    model = fit({"a": make_sample(200)})

    assert 0 <= model.of_vector(np.full(N, 1e9)) <= 1
    assert 0 <= model.of_vector(np.full(N, -1e9)) <= 1


def test_the_shipped_model_is_of_this_release() -> None:
    assert shipped_model().weights.shape == (N + 1,)


@pytest.mark.parametrize("feature", ["weighted", "margin", "opening", "rivals"])
def test_more_of_what_speaks_for_an_answer_never_lowers_its_confidence(
    feature: str,
) -> None:
    model = shipped_model()
    place = FEATURES.index(feature)
    rising = np.tile(model.mean, (9, 1))
    rising[:, place] += np.linspace(-4, 4, 9) * model.scale[place]

    confidence = [model.of_vector(row) for row in rising]

    assert np.all(np.diff(confidence) >= 0)


def test_from_the_usual_closeness_on_more_of_it_adds_no_shortfall() -> None:
    model = replace(unfitted_model(), weights=np.append(np.zeros(N), 1.0))
    rows = np.zeros((3, N))
    rows[:, FEATURES.index("dense")] = [-1, 0, 1]

    far, usual, near = (model.of_vector(row) for row in rows)

    assert far < usual == near == 0.5


def evidence_of(scores: list[float], directions: list[list[float]]) -> Evidence:
    """For the first of some passages, of which scores and directions alone matter."""
    n = len(scores)
    zeros = np.zeros(n, dtype=np.float32)
    match = TokenMatch(zeros, zeros, np.zeros((1, n)), np.ones(1), zeros)
    closeness = Closeness(zeros, zeros, np.array(directions, dtype=np.float32))
    order = np.argsort(-np.array(scores), kind="stable")
    return Evidence.of(order, np.array(scores), closeness, match, zeros, zeros, 0.0)


def test_a_passage_that_says_the_same_does_not_narrow_the_margin() -> None:
    same, other = [1.0, 0.0], [0.0, 1.0]

    assert evidence_of([9, 8, 5], [same, other, other]).margin == 1
    assert evidence_of([9, 8, 5], [same, same, other]).margin == 4
    assert evidence_of([9, 8, 5], [same, same, same]).margin == 4
    assert evidence_of([9], [same]).margin == 0


def test_a_model_of_another_release_is_refused() -> None:
    stored = shipped_model().as_json()
    stored["features"].pop("dense")

    with pytest.raises(NotReady, match="guichet tune"):
        ConfidenceModel.from_json(stored)


def test_answers_that_are_all_right_teach_nothing() -> None:
    evidence, _right = make_sample(10)

    with pytest.raises(BadInput, match="right and wrong"):
        fit({"a": (evidence, np.ones(10, dtype=bool))})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("oos_sv_gnome", "gnome"),
        ("gnome_help", "gnome"),
        ("covid_faq", "covid"),
        ("swequad", "swequad"),
    ],
)
def test_sets_of_one_source_are_a_family(name: str, expected: str) -> None:
    assert family(name) == expected


def write_set(folder: Path, name: str) -> None:
    words = ["withdrawal", "card", "bonus", "complaint", "limit", "document"]
    corpus = [
        {"id": word, "lang": "en", "text": f"All about the {word} and its {word}s."}
        for word in words[:4]
    ]
    queries = [
        {
            "id": word,
            "lang": "en",
            "text": f"what about a {word}",
            "relevant": [word] if word in words[:4] else [],
        }
        for word in words
    ]
    for kind, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.{kind}.jsonl").write_text(
            "\n".join(json.dumps(row) for row in rows), "utf-8"
        )


def test_tuning_holds_out_each_family(tmp_path: Path) -> None:
    write_set(tmp_path, "one")
    write_set(tmp_path, "two")

    report = tune(tmp_path, FakeEmbedder())

    assert report.model.fitted_on == ("one", "two")
    assert set(report.held_out) == {"one", "two"}
    assert report.held_out["one"]["auroc"] == 1.0
    assert report.table().row_count == 2


def test_a_tuned_model_can_be_written(tmp_path: Path) -> None:
    write_model(shipped_model(), tmp_path / "model.json")

    stored = json.loads((tmp_path / "model.json").read_text("utf-8"))
    assert stored == shipped_model().as_json()


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no sets"):
        tune(tmp_path, FakeEmbedder())
