"""`guichet eval dialogues`: whole conversations, and the case that they leave.

The scripts are said word for word through the public API. Where a script ends before
the confirmation, it is given here: "nothing more" to a further question, then the
script's last words again, then the choice that the summary offers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec
import yaml

from bot.evaluation.measured import Measured, Metrics, by_language, share
from bot.evaluation.rows import read_rows
from bot.evaluation.transcripts import Script, write_transcript
from bot.running.visitor import Heard, Visitor
from knowledge.errors import BadInput
from knowledge.yaml_files import parse_yaml

Progress = Callable[[int, int], None]


class Cases(Protocol):
    """The archive, as the staff API shows it."""

    async def references(self) -> list[str]:
        """References of every case in it."""

    async def case(self, reference: str) -> dict[str, Any]:
        """The whole case."""


MOST_EXTRA_TURNS = 6
LEAST_DIGITS = 8
_SAME = ("is_complaint", "ground", "category", "event_date")


class Turn(msgspec.Struct):
    user: str
    expect: list[str] = []


class FinalCase(msgspec.Struct):
    """The case that must be stored when the script has ended."""

    is_complaint: bool
    category: str
    name: str | None = None
    email: str | None = None
    username: str | None = None
    ground: str | None = None
    event_date: str | None = None
    out_of_time: bool = False
    description_contains: list[str] = []
    not_contains: list[str] = []


class Dialogue(msgspec.Struct):
    id: str
    lang: str
    turns: list[Turn]
    final_case: FinalCase | None


@dataclass(frozen=True, kw_only=True)
class Played:
    """A dialogue that was said, with what it left behind.

    Attributes:
        cases: Filed by this conversation.
        differences: What is not as the script says; empty when all is right.
    """

    dialogue: Dialogue
    script: Script
    cases: list[dict[str, Any]]
    differences: list[str] = field(default_factory=list)


async def evaluate_dialogues(
    path: Path,
    visit: Callable[[], Visitor],
    cases: Cases,
    *,
    data_dir: Path,
    transcripts: Path | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Say every script and compare the filed cases field by field.

    Args:
        path: JSON Lines of `{"id", "lang", "turns", "final_case"}`.
        visit: Gives a visitor who has not spoken yet.
        cases: Reads the archive.
        data_dir: Holds the words for "nothing more", `evaluation.yml`.
        transcripts: Folder for one readable text file a dialogue.
        progress: Called with dialogues done and in all.

    Raises:
        BadInput: The file is malformed; the message names the line.
    """
    dialogues = read_rows(path, Dialogue)
    nothing_more = _read_nothing_more(data_dir)
    played = []
    for done, dialogue in enumerate(dialogues, start=1):
        each = await play(dialogue, visit(), cases, nothing_more)
        played.append(each)
        if transcripts is not None:
            write_transcript(
                transcripts, dialogue.id, each.script, each.cases, each.differences
            )
        if progress:
            progress(done, len(dialogues))
    return Measured(
        title=f"Dialogues, {path.name}",
        overall=_measure(played),
        by_language=by_language(played, lambda each: each.dialogue.lang, _measure),
        details={
            "differences": {each.dialogue.id: each.differences for each in played}
        },
    )


async def play(
    dialogue: Dialogue, visitor: Visitor, cases: Cases, nothing_more: dict[str, str]
) -> Played:
    """Say one script, confirm where it did not, and compare."""
    known = set(await cases.references())

    async def filed() -> list[str]:
        return [each for each in await cases.references() if each not in known]

    script = Script(dialogue.lang)
    differences = []
    script.heard(await visitor.open(dialogue.lang))
    n_filed = 0
    for turn in dialogue.turns:
        was_summed_up = script.last.stage == "review"
        heard = await visitor.say(turn.user)
        script.said(turn.user, heard, turn.expect)
        if heard.status >= 500:
            differences.append(f"HTTP {heard.status} to {turn.user[:40]!r}")
        n_before, n_filed = n_filed, len(await filed())
        if n_filed > n_before and not was_summed_up:
            differences.append(f"filed without a summary at {turn.user[:40]!r}")
    if dialogue.final_case is not None and not await filed():
        await _confirm(dialogue, visitor, script, nothing_more, filed)
    left = [await cases.case(reference) for reference in await filed()]
    differences += compare(dialogue.final_case, left)
    return Played(dialogue=dialogue, script=script, cases=left, differences=differences)


async def _confirm(
    dialogue: Dialogue,
    visitor: Visitor,
    script: Script,
    nothing_more: dict[str, str],
    filed: Callable[[], Awaitable[list[str]]],
) -> None:
    """Answer what the counter still asks until the case is filed, or give up."""
    confirmation, has_confirmed = dialogue.turns[-1].user, False
    for _ in range(MOST_EXTRA_TURNS):
        last = script.last
        if last.stage == "review":
            choice = _affirming(last)
            if has_confirmed and choice:
                script.said(f"[{choice}]", await visitor.choose(choice))
            else:
                script.said(confirmation, await visitor.say(confirmation))
                has_confirmed = True
        elif last.stage == "intake":
            words = nothing_more.get(last.language) or nothing_more["en"]
            script.said(words, await visitor.say(words))
        else:
            return
        if await filed():
            return


def _affirming(heard: Heard) -> str | None:
    payloads = [choice["payload"] for choice in heard.choices]
    return next((each for each in payloads if each.startswith("/affirm")), None)


def compare(expected: FinalCase | None, cases: Sequence[dict[str, Any]]) -> list[str]:
    """Every way in which the filed cases are not the expected one."""
    if expected is None:
        return [] if not cases else [f"{len(cases)} cases filed, expected none"]
    if len(cases) != 1:
        return [f"{len(cases)} cases filed, expected one"]
    case = cases[0]
    differences = [
        f"{name}: {case[name]!r}, expected {getattr(expected, name)!r}"
        for name in _SAME
        if case[name] != getattr(expected, name)
    ]
    differences += [
        f"{name}: {case['customer'][name]!r}, expected {getattr(expected, name)!r}"
        for name in ("name", "email", "username")
        if case["customer"][name] != getattr(expected, name)
    ]
    if case["filed_late"] != expected.out_of_time:
        differences.append(
            f"filed_late: {case['filed_late']}, expected {expected.out_of_time}"
        )
    return differences + _wrong_words(expected, case)


def _wrong_words(expected: FinalCase, case: dict[str, Any]) -> list[str]:
    description = (case["description"] or "").casefold()
    missing = [
        f"description lacks {words!r}"
        for words in expected.description_contains
        if words.casefold() not in description
    ]
    # What a restart wiped was still said; a bank number must not even be there.
    spoken = ("transcript", "history")
    stored = "\n".join(_texts({k: v for k, v in case.items() if k not in spoken}))
    everything = "\n".join(_texts(case))
    present = [
        f"the case holds {words!r}"
        for words in expected.not_contains
        if words.casefold() in (everything if _is_number(words) else stored).casefold()
    ]
    return missing + present


def _is_number(words: str) -> bool:
    """Whether `words` is a bank or card number, or part of one."""
    return sum(letter.isdigit() for letter in words) >= LEAST_DIGITS


def _texts(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _measure(played: Sequence[Played]) -> Metrics:
    wanted = [each for each in played if each.dialogue.final_case is not None]
    return {
        "n": len(played),
        "n_right": sum(not each.differences for each in played),
        "n_differences": sum(len(each.differences) for each in played),
        "filed": share(len(each.cases) == 1 for each in wanted),
    }


def _read_nothing_more(data_dir: Path) -> dict[str, str]:
    path = data_dir / "evaluation.yml"
    try:
        words: dict[str, str] = parse_yaml(path.read_text("utf-8"))["nothing_more"]
    except (OSError, KeyError, TypeError, yaml.YAMLError) as exc:
        raise BadInput(f"{path} must hold `nothing_more` by language") from exc
    return words
