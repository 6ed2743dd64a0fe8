"""`guichet eval intents`: intents by language, by Rasa's own test of its pipeline.

Measured on utterances that are never trained on, twice: by the assistant as it is
served, and by one that saw no example of the language at hand, which is what a new
language may expect before anybody writes examples for it. To be done in minutes, each
such assistant goes without the languages of one group, none of them neighbours.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from bot.evaluation.measured import Measured, Metrics, by_language, confusion, share
from bot.running.training import (
    ASSISTANT,
    RASA_PYTHON,
    assemble,
    embeddings_endpoint,
    rasa_environment,
)
from knowledge.embedding import Embedder, Embeddings
from knowledge.errors import BadInput, NotReady

Progress = Callable[[int, int], None]
HELD_OUT = Path("evaluation") / "intents"
MARK = "tested: "
LOG = "intents.log"
CRISIS = "crisis"
N_GROUPS = 4


@dataclass(frozen=True)
class Answered:
    language: str
    expected: str
    given: str
    given_without: str


async def evaluate_intents(
    data_dir: Path,
    embedder: Embedder,
    state_dir: Path,
    progress: Progress | None = None,
) -> Measured:
    """Train and test in Rasa's environment: in full, and without each group.

    Args:
        data_dir: Of the operator; `evaluation/intents/` holds the utterances, one file
            a language in Rasa's own format.
        embedder: The model whose features are learned from.
        state_dir: Where the log of Rasa is kept.
        progress: Called with assistants tested and in all.

    Raises:
        BadInput: There are no utterances, or there are for a language without examples.
        NotReady: Rasa failed; names the log.
    """
    files = sorted((data_dir / HELD_OUT).glob("*.yml"))
    if not files:
        raise BadInput(f"{data_dir / HELD_OUT} holds no utterances")
    with TemporaryDirectory() as folder:
        plan = write_plan(data_dir, files, Path(folder))
        with embeddings_endpoint(_Remembering(embedder)) as environment:
            runs = await _run(plan, environment, state_dir / LOG, progress)
    return measure_tested(tuple(_pair(*runs)))


def write_plan(data_dir: Path, files: Sequence[Path], folder: Path) -> Path:
    """Lay out what each assistant is trained on, and tested with.

    Raises:
        BadInput: A language has utterances and no examples.
    """
    training = assemble(data_dir, folder / "all")
    examples = training / "data" / "nlu"
    runs = [_run_plan(examples, files)]
    # Sorted by tag, languages a few places apart are hardly ever related.
    for group in filter(None, (files[n::N_GROUPS] for n in range(N_GROUPS))):
        without = folder / f"without-{'-'.join(file.stem for file in group)}"
        shutil.copytree(examples, without)
        for file in group:
            try:
                (without / file.name).unlink()
            except FileNotFoundError as exc:
                raise BadInput(f"{file}: no examples in nlu/{file.name}") from exc
        runs.append(_run_plan(without, group))
    plan = training / "plan.json"
    content = {
        "config": str(training / "config.yml"),
        "domain": str(training / "domain.yml"),
        "runs": runs,
    }
    plan.write_text(json.dumps(content), encoding="utf-8")
    return plan


def _run_plan(examples: Path, files: Sequence[Path]) -> dict[str, Any]:
    tests = {file.stem: str(file.resolve()) for file in files}
    return {"train": str(examples), "tests": tests}


Found = dict[str, list[tuple[str, str, float]]]


async def _run(
    plan: Path,
    environment: dict[str, str],
    log: Path,
    progress: Progress | None,
) -> list[Found]:
    process = await asyncio.create_subprocess_exec(
        *(str(RASA_PYTHON), "-m", "components.intent_testing", str(plan)),
        cwd=plan.parent,
        # Nothing is trained twice, so nothing is worth keeping.
        env={
            **os.environ,
            **rasa_environment(),
            **environment,
            "PYTHONPATH": str(ASSISTANT),
            "RASA_MAX_CACHE_SIZE": "0",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**20,
    )
    assert process.stdout is not None
    n_runs = len(json.loads(plan.read_text(encoding="utf-8"))["runs"])
    runs: list[Found] = []
    try:
        with log.open("wb") as output:
            async for line in process.stdout:
                text = line.decode("utf-8", "replace")
                if not text.startswith(MARK):
                    output.write(line)
                    continue
                runs.append(json.loads(text.removeprefix(MARK)))
                if progress:
                    progress(len(runs), n_runs)
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0 or len(runs) != n_runs:
        raise NotReady(f"testing the intents failed: see {log}")
    return runs


def _pair(full: Found, *without: Found) -> Iterator[Answered]:
    for run in without:
        for language, rows in run.items():
            for own, (expected, given, _) in zip(full[language], rows, strict=True):
                yield Answered(language, expected, own[1], given)


def measure_tested(tested: Sequence[Answered]) -> Measured:
    """Figures by language; `transfer_…` are those without its own examples."""
    return Measured(
        title="Intents, on utterances never trained on",
        overall=_measure(tested),
        by_language=by_language(tested, lambda each: each.language, _measure),
        details={
            "confusion": confusion(
                (each.language, each.expected, each.given) for each in tested
            )
        },
    )


def _measure(tested: Sequence[Answered]) -> Metrics:
    crises = [each for each in tested if each.expected == CRISIS]
    others = [each for each in tested if each.expected != CRISIS]
    return {
        "n": len(tested),
        "accuracy": share(each.given == each.expected for each in tested),
        "f1": _f1(tested, [each.given for each in tested]),
        "transfer_accuracy": share(
            each.given_without == each.expected for each in tested
        ),
        "transfer_f1": _f1(tested, [each.given_without for each in tested]),
        "crisis_recall": share(each.given == CRISIS for each in crises),
        "crisis_false_alarm_rate": share(each.given == CRISIS for each in others),
    }


def _f1(tested: Sequence[Answered], given: Sequence[str]) -> float:
    """Mean over the intents that there are to be found."""
    expected = [each.expected for each in tested]
    labels = sorted(set(expected))
    return float(
        f1_score(expected, given, labels=labels, average="macro", zero_division=0.0)
    )


class _Remembering:
    """Embeds each question once: all assistants learn from nearly the same ones."""

    def __init__(self, embedder: Embedder) -> None:
        self.dim = embedder.dim
        self.fingerprint = embedder.fingerprint
        self.embed_passages = embedder.embed_passages
        self.encode = embedder.encode
        self.count_tokens = embedder.count_tokens
        self._embedder = embedder
        self._rows: dict[str, np.ndarray] = {}

    def embed_queries(self, texts: Sequence[str]) -> Embeddings:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if fresh:
            rows = self._embedder.embed_queries(fresh)
            self._rows.update(zip(fresh, rows, strict=True))
        return np.stack([self._rows[text] for text in texts])
