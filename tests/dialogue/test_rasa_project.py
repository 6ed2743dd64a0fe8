"""Rasa's own checks of the project: its data is valid, its stories come out right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.running.training import (
    ASSISTANT,
    assemble,
    embeddings_endpoint,
    latest_model,
    run_rasa,
)
from bot.settings import Settings
from knowledge.embedding import load_embedder

pytestmark = [pytest.mark.rasa, pytest.mark.model]


def test_the_training_data_is_valid(tmp_path: Path) -> None:
    settings = Settings()
    training = assemble(settings.data_dir, tmp_path / "training")

    run_rasa(
        ["data", "validate", "--fail-on-warnings", "--domain", "domain.yml"],
        folder=training,
        environment={},
        log=tmp_path / "validate.log",
    )


def test_every_story_comes_out_as_it_is_told(tmp_path: Path) -> None:
    settings = Settings()
    training = assemble(settings.data_dir, tmp_path / "training")
    embedder = load_embedder(
        settings.embedding_model, settings.embedding_backend, settings.state_dir
    )

    with embeddings_endpoint(embedder) as environment:
        run_rasa(
            [
                *("test", "core", "--e2e", "--no-plot"),
                *("--stories", str(ASSISTANT / "tests")),
                *("--model", str(latest_model(settings))),
                *("--out", str(tmp_path / "out")),
            ],
            folder=training,
            environment=environment,
            log=tmp_path / "test.log",
        )

    report = json.loads((tmp_path / "out" / "story_report.json").read_text())
    assert report["accuracy"] == 1.0
