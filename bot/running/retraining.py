"""Learning from agents' corrections, unless it would make the verdicts worse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import ProgrammingError

from actions.classification import Classifier, classifier_folder, load_classifier
from actions.classification.classifier import read_manifest
from actions.classification.corrections import (
    Correction,
    count_corrections,
    read_corrections,
)
from actions.classification.cues import read_cues
from actions.classification.examples import CUES_FILE, Example, read_examples
from actions.classification.network import Network
from actions.classification.observing import Observer
from actions.classification.training import (
    Fitted,
    fit,
    made_of,
    measure_languages,
    write,
)
from bot.evaluation.complaints import evaluate_complaints
from bot.evaluation.measured import Metrics
from bot.evaluation.rows import read_rows
from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.embedding import Embedder
from knowledge.errors import ArchiveUnavailable, BadInput

Progress = Callable[[int, int], None]
# Never trained on: a file of labelled messages in the operator's data.
FROZEN = Path("evaluation") / "complaints.jsonl"
MUST_NOT_FALL = ("f1", "ground_accuracy", "category_accuracy")
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Retrained:
    """What learning from corrections did on the frozen set.

    Attributes:
        n_messages: Of the frozen set, by figure: those that it is measured on.
    """

    n_corrections: int
    before: Metrics
    after: Metrics
    n_messages: Mapping[str, int]

    @property
    def worse(self) -> list[str]:
        """The figures that fell; with any, the earlier classifier stays.

        By more than one message weighs: another order of learning turns as much.
        """
        return [
            name
            for name in MUST_NOT_FALL
            if (self.before[name] or 0.0) - (self.after[name] or 0.0)
            > 1 / max(self.n_messages[name], 1) + _ROUNDING
        ]

    def table(self) -> Table:
        """Both sets of figures side by side."""
        table = Table(title=f"{self.n_corrections} corrections, on the frozen set")
        for name in ("", "before", "after"):
            table.add_column(name, justify="left" if not name else "right")
        for name in MUST_NOT_FALL:
            values = (self.before[name], self.after[name])
            table.add_row(
                name.replace("_", " "), *(f"{value or 0.0:.3f}" for value in values)
            )
        return table


async def retrain(
    settings: Settings, embedder: Embedder, progress: Progress | None = None
) -> Retrained:
    """Train from the examples and the corrections; keep it unless a figure falls.

    Raises:
        BadInput: No agent has corrected a verdict yet.
        NotReady: There is no classifier to compare with; says what to run.
    """
    source = settings.data_dir / "complaints"
    cues = read_cues(source / CUES_FILE)
    observer = Observer(embedder, cues)
    engine = open_engine(settings.archive_url)
    try:
        corrected = await read_corrections(engine, observer)
    finally:
        await engine.dispose()
    if not corrected:
        raise BadInput("no agent has corrected a verdict yet: nothing to learn from")
    folder = classifier_folder(settings.state_dir)
    before = load_classifier(folder, embedder)
    fitted = await asyncio.to_thread(_learn, source, observer, corrected, progress)
    after = Classifier(Network(fitted.arrays), fitted.calibration, cues, embedder)
    frozen = settings.data_dir / FROZEN
    retrained = Retrained(
        len(corrected),
        before=evaluate_complaints(frozen, before.classify).overall,
        after=evaluate_complaints(frozen, after.classify).overall,
        n_messages=_count(frozen),
    )
    if not retrained.worse:
        made = {**made_of(source, embedder), "n_corrections": len(corrected)}
        languages = measure_languages(read_examples(source), embedder)
        write(folder, fitted, cues, made, languages)
    return retrained


async def say_unlearnt(settings: Settings, console: Console) -> None:
    """Say how many corrections the classifier does not know, and how it learns them.

    Trained without them, it forgets those that it had learnt.
    """
    manifest = read_manifest(classifier_folder(settings.state_dir)) or {}
    engine = open_engine(settings.archive_url)
    try:
        n_made = await count_corrections(engine)
    except (ArchiveUnavailable, ProgrammingError):
        # Training needs no archive: there may be none yet.
        return
    finally:
        await engine.dispose()
    if (n_unlearnt := n_made - manifest.get("n_corrections", 0)) > 0:
        console.print(
            f"{n_unlearnt} of {n_made} corrections by agents are not in the "
            "classifier: `guichet train --with-corrections` learns from them all",
            soft_wrap=True,
        )


def _count(frozen: Path) -> dict[str, int]:
    """How many messages of the frozen set each figure is measured on."""
    messages = read_rows(frozen, Example)
    n_complaints = sum(each.is_complaint for each in messages)
    # Where most are found, one complaint that is missed moves f1 by half of that.
    return {
        "f1": n_complaints,
        "ground_accuracy": n_complaints,
        "category_accuracy": len(messages),
    }


def _learn(
    source: Path,
    observer: Observer,
    corrected: Sequence[Correction],
    progress: Progress | None,
) -> Fitted:
    examples = read_examples(source)
    observed = observer.observe([(each.text, each.lang) for each in examples])
    return fit(examples, observed, progress, corrected)
