from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from actions.cases.case import CATEGORIES, GROUNDS, Verdict
from actions.classification import (
    Classifier,
    learning,
    load_classifier,
    train_classifier,
)
from actions.classification.calibrating import fit_calibration
from actions.classification.classifier import MANIFEST_FILE
from actions.classification.composing import compose
from actions.classification.cues import Cues, add_features, read_cues
from actions.classification.examples import Labels, labels_of, read_examples
from actions.classification.learning import length_weights
from actions.classification.network import Logits
from actions.classification.observing import (
    MOST_WINDOWS,
    WINDOW_CHARACTERS,
    windows,
)
from actions.classification.sentences import split_sentences
from actions.classification.training import N_PARTS, parts_of, split
from bot.settings import ROOT
from knowledge.embedding import FakeEmbedder
from knowledge.errors import NotReady

WORDS = {
    "technical_fault": "the page crashed with an error",
    "decision_not_compliant": "you refused it against your own rules",
    "service_not_delivered": "it was promised and never arrived",
}


def write_data(folder: Path) -> Path:
    """A small operator: every ground and category, reports and questions."""
    source = folder / "complaints"
    source.mkdir(parents=True)
    rows = []
    for category in CATEGORIES:
        about = category.replace("_", " ")
        for ground, words in WORDS.items():
            rows.append((f"My {about}: {words}.", ground, category))
        for words in ("How does it work", "What does it cost", "When is it open"):
            rows.append((f"{words}, your {about}?", None, category))
    (source / "en.jsonl").write_text(
        "".join(
            json.dumps(
                {
                    "id": f"x{i}",
                    "lang": "en",
                    "text": text,
                    "is_complaint": ground is not None,
                    "ground": ground,
                    "category": category,
                }
            )
            + "\n"
            for i, (text, ground, category) in enumerate(rows)
        ),
        encoding="utf-8",
    )
    (source / "cues.yml").write_text(
        "question:\n  en: [how, what, when]\n  sv: [hur, vad]\n", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state") / "classifier"
    train_classifier(data_dir, FakeEmbedder(), folder)
    return folder


@pytest.fixture
def classifier(trained: Path) -> Classifier:
    return load_classifier(trained, FakeEmbedder())


def judge(classifier: Classifier, text: str) -> Verdict:
    return classifier.classify(text, "en")


def test_a_report_is_a_complaint_with_its_ground(classifier: Classifier) -> None:
    verdict = judge(classifier, "My withdrawal: it was promised and never arrived.")

    assert verdict.is_complaint
    assert verdict.ground == "service_not_delivered"


def test_a_question_is_no_complaint_and_has_no_ground(classifier: Classifier) -> None:
    verdict = judge(classifier, "How does it work, your withdrawal?")

    assert not verdict.is_complaint
    assert verdict.ground is None


def test_the_grounds_share_the_probability_of_a_complaint(
    classifier: Classifier,
) -> None:
    verdict = judge(classifier, "My deposit: the page crashed with an error.")

    assert {row["ground"] for row in verdict.grounds} == set(GROUNDS)
    assert sum(row["probability"] for row in verdict.grounds) == pytest.approx(
        verdict.probability
    )


def test_categories_are_ranked_and_add_up_to_one(classifier: Classifier) -> None:
    verdict = judge(classifier, "My bonus promotion: the page crashed.")

    shares = [row["probability"] for row in verdict.categories]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert verdict.category == verdict.categories[0]["category"]


def test_evidence_is_the_customers_own_sentence(classifier: Classifier) -> None:
    text = "How does it work, your deposit? It was promised and never arrived!"

    verdict = judge(classifier, text)

    assert verdict.grounds[0]["evidence"] == "It was promised and never arrived!"


def test_a_greeting_above_a_complaint_is_no_evidence(classifier: Classifier) -> None:
    text = "Hello,\n\nMy deposit: it was promised and never arrived.\n\nJo Smith"

    verdict = judge(classifier, text)

    assert verdict.grounds[0]["evidence"] == (
        "My deposit: it was promised and never arrived."
    )


@pytest.mark.parametrize("text", ["", "?!", "🙂 🙂", " \n "])
def test_without_a_word_nothing_is_complained_of(
    classifier: Classifier, text: str
) -> None:
    verdict = classifier.classify(text)

    assert (verdict.is_complaint, verdict.probability) == (False, 0.0)
    assert verdict.category == "other"


def test_what_stands_far_down_in_a_long_text_is_read(classifier: Classifier) -> None:
    before = "How does it work, your deposit? " * 60

    text = before + "My deposit: it was promised and never arrived."

    assert len(text) > WINDOW_CHARACTERS
    assert judge(classifier, text).probability > judge(classifier, before).probability


@pytest.mark.parametrize("text", ["", "One. Two. " * 500, "a" * 5000, "á\n\n" * 700])
def test_windows_are_the_beginning_of_the_text(text: str) -> None:
    pieces = windows(text)

    assert text.startswith("".join(pieces))
    assert len(pieces) <= MOST_WINDOWS
    assert all(len(piece) <= WINDOW_CHARACTERS for piece in pieces)


@pytest.mark.parametrize("text", ["", "🙂", "   ", "!!!", "a" * 9000, "nej " * 3000])
def test_any_text_has_a_verdict(classifier: Classifier, text: str) -> None:
    verdict = classifier.classify(text)

    assert 0 <= verdict.probability <= 1
    assert verdict.category in CATEGORIES


def test_training_again_on_the_same_data_changes_nothing(
    data_dir: Path, trained: Path
) -> None:
    before = (trained / MANIFEST_FILE).stat().st_mtime_ns

    train_classifier(data_dir, FakeEmbedder(), trained)

    assert (trained / MANIFEST_FILE).stat().st_mtime_ns == before


def test_the_same_data_gives_the_same_verdicts(
    data_dir: Path, trained: Path, tmp_path: Path
) -> None:
    train_classifier(data_dir, FakeEmbedder(), tmp_path / "again")

    first = judge(load_classifier(trained, FakeEmbedder()), "My deposit never arrived")
    again = judge(
        load_classifier(tmp_path / "again", FakeEmbedder()), "My deposit never arrived"
    )
    assert first == again


def test_a_missing_classifier_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="guichet train"):
        load_classifier(tmp_path, FakeEmbedder())


def test_another_embedding_model_says_what_to_run(trained: Path) -> None:
    with pytest.raises(NotReady, match="guichet train"):
        load_classifier(trained, FakeEmbedder(dim=32))


def test_a_complaint_without_a_ground_is_refused_with_its_line(tmp_path: Path) -> None:
    row = {
        "id": "x",
        "lang": "en",
        "text": "Broken.",
        "is_complaint": True,
        "ground": None,
        "category": "other",
    }
    (tmp_path / "en.jsonl").write_text(json.dumps(row), encoding="utf-8")

    with pytest.raises(NotReady, match=r"en\.jsonl:1"):
        read_examples(tmp_path)


def test_the_operators_examples_cover_every_ground_and_category() -> None:
    examples = read_examples(ROOT / "data" / "complaints")

    for language in ("sv", "fr", "en"):
        ours = [each for each in examples if each.lang == language]
        assert {each.ground for each in ours} == {None, *GROUNDS}
        assert {each.category for each in ours} == set(CATEGORIES)


def test_every_group_of_cues_has_words_in_every_language() -> None:
    cues = read_cues(ROOT / "data" / "complaints" / "cues.yml")

    for name, lists in cues.groups.items():
        assert set(lists) == set(cues.languages), name


@pytest.mark.parametrize(
    ("entry", "text", "occurs"),
    [
        ("uttag", "mitt uttag", True),
        ("uttag", "uttaget", False),
        ("uttag-", "uttaget", True),
        ("uttag-", "kortuttaget", False),
        ("-uttag-", "kortuttaget", True),
        ("ta ut", "kan jag ta  ut allt", True),
        ("dépôt", "DEPOT refusé", True),
        ("wypłat-", "wyplata", True),
    ],
)
def test_cues_match_as_they_are_written(entry: str, text: str, occurs: bool) -> None:
    cues = Cues({"group": {"sv": [entry]}})

    assert bool(cues.features(text, "sv")[0]) is occurs


def test_without_a_language_the_cues_that_match_most_count() -> None:
    cues = Cues({"group": {"sv": ["hur", "länge"], "en": ["man"]}})

    features = cues.features("hur länge får man vänta", None)

    assert features[1] == pytest.approx(np.log1p(2))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", [""]),
        ("One only", ["One only"]),
        ("It broke today. Please mend it!", ["It broke today. ", "Please mend it!"]),
        (
            "Hej!\nKontot är stängt sedan i går.",
            ["Hej!\n", "Kontot är stängt sedan i går."],
        ),
        ("Den 3. november kom det inget.", ["Den 3. november kom det inget."]),
        ("I tog 1.850 kr. af min saldo.", ["I tog 1.850 kr. af min saldo."]),
        ("Min saldo er væk.\nMvh Bo", ["Min saldo er væk.\n", "Mvh Bo"]),
        ("Two queens. Both red.", ["Two queens. Both red."]),
    ],
)
def test_sentences_are_pieces_of_the_text(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences
    assert "".join(split_sentences(text)) == text


def test_composed_texts_keep_the_complaint_and_its_language(data_dir: Path) -> None:
    examples = read_examples(data_dir / "complaints")

    composed = compose(examples, seed=1)

    assert composed
    for first, second, label in composed:
        assert label in (first, second)
        pair = [examples[first], examples[second]]
        assert examples[label].is_complaint == any(each.is_complaint for each in pair)
        assert not all(each.is_complaint for each in pair)


def test_joined_texts_have_the_features_of_the_text_written_whole() -> None:
    cues = Cues({"a": {"en": ["page"]}, "b": {"en": ["bonus"]}})
    one, other = "page page", "bonus page"

    added = add_features(cues.features(one, "en"), cues.features(other, "en"))

    assert added == pytest.approx(cues.features(f"{one}\n{other}", "en"))


def test_every_kind_is_spread_over_all_parts(data_dir: Path) -> None:
    labels = labels_of(read_examples(data_dir / "complaints"))

    parts = split(labels)

    assert set(np.bincount(parts)) <= {
        len(labels) // N_PARTS,
        len(labels) // N_PARTS + 1,
    }


def test_added_examples_move_no_other_to_another_part(data_dir: Path) -> None:
    examples = read_examples(data_dir / "complaints")
    examples, added = examples[:-5], examples[-5:]

    parts = parts_of(examples, added)
    fewer = parts_of(examples, added[2:])

    assert list(fewer) == [*parts[: len(examples)], *parts[-3:]]
    assert list(parts[: len(examples)]) == list(split(labels_of(examples)))


def test_weights_make_length_say_nothing() -> None:
    lengths = np.array([5] * 90 + [50] * 10 + [5] * 30 + [50] * 70)
    complaint = np.array([0] * 100 + [1] * 100)

    weights = length_weights(lengths, complaint)

    for length in (5, 50):
        no, yes = (
            weights[(lengths == length) & (complaint == label)].sum()
            for label in (0, 1)
        )
        assert no == pytest.approx(yes, rel=1e-5)


def test_calibration_takes_back_overconfidence() -> None:
    right = np.array([1] * 80 + [0] * 20)
    zeros = np.zeros(3, dtype=np.float32), np.zeros(11, dtype=np.float32)
    unseen = [Logits(9.0, *zeros)] * 100 + [Logits(-9.0, *zeros)] * 100
    labels = Labels(
        np.concatenate([right, 1 - right]),
        np.zeros(200, dtype=np.int64),
        np.zeros(200, dtype=np.int64),
    )

    calibration = fit_calibration(unseen, labels)

    assert calibration.complaint_probability(9.0) == pytest.approx(0.8, abs=0.02)


def test_progress_ends_at_its_total(data_dir: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    train_classifier(
        data_dir,
        FakeEmbedder(),
        tmp_path / "classifier",
        lambda done, total: seen.append((done, total)),
    )

    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == N_PARTS * learning.EPOCHS
