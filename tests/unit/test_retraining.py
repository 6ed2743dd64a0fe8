from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from actions.classification import classifier_folder, load_classifier, train_classifier
from actions.classification.classifier import read_manifest
from bot.migrations import upgrade
from bot.running.retraining import (
    FROZEN,
    MUST_NOT_FALL,
    Retrained,
    retrain,
    say_unlearnt,
)
from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput
from tests.factories import STOCKHOLM, FakeClock, make_draft

REPORT = "The {} page crashed with an error"
QUESTION = "How does the {} page work"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """An operator with few examples, a trained classifier and an empty archive."""
    settings = Settings(data_dir=tmp_path / "data", state_dir=tmp_path / "state")
    write(settings.data_dir / "complaints" / "en.jsonl", "deposit")
    write(settings.data_dir / FROZEN, "deposit")
    (settings.data_dir / "complaints" / "cues.yml").write_text("how:\n  en: [how]\n")
    train_classifier(
        settings.data_dir, FakeEmbedder(), classifier_folder(settings.state_dir)
    )
    engine = open_engine(settings.archive_url)
    await upgrade(engine)
    await engine.dispose()
    return settings


def write(path: Path, category: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "id": f"{i}-{is_complaint}",
            "lang": "en",
            "text": (REPORT if is_complaint else QUESTION).format(word),
            "is_complaint": is_complaint,
            "ground": "technical_fault" if is_complaint else None,
            "category": category,
        }
        for i, word in enumerate(("lobby", "cashier", "table", "help", "login"))
        for is_complaint in (True, False)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


async def correct(settings: Settings, policy: Policy, texts: list[str], category: str):
    engine = open_engine(settings.archive_url)
    archive = Archive(engine, policy, STOCKHOLM, FakeClock())
    for i, text in enumerate(texts):
        case = await archive.file(make_draft(filing_key=f"key-{i}", description=text))
        await archive.correct_classification(
            case.reference, "eva", is_complaint=False, ground=None, category=category
        )
    await engine.dispose()


async def test_corrections_that_do_no_harm_are_kept(settings, policy):
    await correct(settings, policy, ["How does a tournament work"], "tournament")

    retrained = await retrain(settings, FakeEmbedder())

    assert retrained.worse == []
    manifest = read_manifest(classifier_folder(settings.state_dir))
    assert manifest["n_corrections"] == 1
    assert manifest["n_examples"] == 11


async def test_corrections_that_make_verdicts_worse_are_refused(settings, policy):
    folder = classifier_folder(settings.state_dir)
    before = read_manifest(folder)
    wrong = [REPORT.format(f"lobby {i}") for i in range(60)]
    await correct(settings, policy, wrong, "tournament")

    retrained = await retrain(settings, FakeEmbedder())

    assert "f1" in retrained.worse
    assert read_manifest(folder) == before
    verdict = load_classifier(folder, FakeEmbedder()).classify(REPORT.format("lobby"))
    assert verdict.is_complaint


@pytest.mark.parametrize(("after", "worse"), [(0.99, []), (0.98, ["f1"]), (1.0, [])])
def test_a_figure_may_fall_by_what_one_message_weighs(after: float, worse: list[str]):
    figures = dict.fromkeys(MUST_NOT_FALL, 1.0)
    n_messages = dict.fromkeys(MUST_NOT_FALL, 100)

    retrained = Retrained(5, figures, {**figures, "f1": after}, n_messages)

    assert retrained.worse == worse


async def test_without_corrections_there_is_nothing_to_learn(settings):
    with pytest.raises(BadInput, match="no agent has corrected"):
        await retrain(settings, FakeEmbedder())


async def said(settings: Settings) -> str:
    console = Console(record=True, width=200)
    await say_unlearnt(settings, console)
    return console.export_text()


async def test_training_without_corrections_says_what_it_forgets(settings, policy):
    await correct(settings, policy, ["How does a tournament work"], "tournament")
    await retrain(settings, FakeEmbedder())
    assert await said(settings) == ""
    write(settings.data_dir / "complaints" / "en.jsonl", "withdrawal")

    train_classifier(
        settings.data_dir, FakeEmbedder(), classifier_folder(settings.state_dir)
    )

    assert "1 of 1 corrections" in await said(settings)
    assert "guichet train --with-corrections" in await said(settings)


async def test_training_before_there_is_an_archive_says_nothing(tmp_path):
    settings = Settings(data_dir=tmp_path / "data", state_dir=tmp_path)

    assert await said(settings) == ""
