from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from bot.evaluation.intents import HELD_OUT, Answered, measure_tested, write_plan
from bot.settings import Settings
from knowledge.errors import BadInput
from knowledge.operator import load_operator

DATA = Settings().data_dir


def utterances(path: Path) -> list[tuple[str, str]]:
    return [
        (block["intent"], line.removeprefix("- ").strip().casefold())
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]
        for line in block["examples"].splitlines()
    ]


def language_file(folder: Path, tag: str) -> Path:
    path = folder / f"{tag}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("nlu: []\n", "utf-8")
    return path


def make_data(folder: Path, *languages: str) -> Path:
    (folder / "rules").mkdir(parents=True)
    for language in languages:
        language_file(folder / "nlu", language)
    return folder


def test_the_figures_count_what_was_found_with_and_without_own_examples() -> None:
    tested = [
        Answered("sv", "crisis", "crisis", "greet"),
        Answered("sv", "greet", "greet", "greet"),
        Answered("sv", "greet", "crisis", "greet"),
        Answered("fi", "greet", "greet", "thank"),
    ]

    measured = measure_tested(tested)

    swedish = measured.by_language["sv"]
    assert swedish["accuracy"] == pytest.approx(2 / 3)
    assert swedish["transfer_accuracy"] == pytest.approx(2 / 3)
    assert swedish["crisis_recall"] == 1.0
    assert swedish["crisis_false_alarm_rate"] == 0.5
    assert measured.by_language["fi"]["transfer_accuracy"] == 0.0


def test_an_assistant_without_a_language_is_tested_in_that_one_alone(
    tmp_path: Path,
) -> None:
    data = make_data(tmp_path / "data", "sv", "fi")
    held_out = [language_file(data / HELD_OUT, tag) for tag in ("fi", "sv")]

    plan = json.loads(write_plan(data, held_out, tmp_path / "out").read_text("utf-8"))

    full, without_fi, without_sv = plan["runs"]
    trained = {path.name for path in Path(without_fi["train"]).iterdir()}
    assert set(full["tests"]) == {"fi", "sv"}
    assert trained == {"sv.yml"}
    assert set(without_sv["tests"]) == {"sv"}


def test_a_language_without_examples_has_nothing_to_leave_out(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", "sv")
    held_out = language_file(data / HELD_OUT, "fi")

    with pytest.raises(BadInput, match=r"no examples in nlu/fi\.yml"):
        write_plan(data, [held_out], tmp_path / "out")


@pytest.mark.parametrize("language", load_operator(DATA).languages)
def test_every_intent_is_held_out_and_never_trained_on(language: str) -> None:
    trained = utterances(DATA / "nlu" / f"{language}.yml")
    held_out = utterances(DATA / HELD_OUT / f"{language}.yml")

    counts = Counter(intent for intent, _ in held_out)

    assert set(counts) == {intent for intent, _ in trained}
    assert min(counts.values()) >= 2
    assert not {text for _, text in held_out} & {text for _, text in trained}
