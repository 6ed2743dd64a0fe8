"""`guichet eval routing`: what first messages are taken for, through the public API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.evaluation.measured import Measured, Metrics, by_language, confusion, share
from bot.evaluation.rows import read_rows
from bot.running.visitor import Visitor

Progress = Callable[[int, int], None]
NONE = "none"


class FirstMessage(msgspec.Struct):
    id: str
    lang: str
    text: str
    expected: str


@dataclass(frozen=True)
class _Routed:
    message: FirstMessage
    given: str


async def evaluate_routing(
    path: Path,
    visit: Callable[[], Visitor],
    progress: Progress | None = None,
) -> Measured:
    """Send each message as the first of a conversation and read its `route`.

    Args:
        path: JSON Lines of `{"id", "lang", "text", "expected"}`.
        visit: Gives a visitor who has not spoken yet.
        progress: Called with messages done and in all.

    Raises:
        BadInput: The file is malformed; the message names the line.
    """
    messages = read_rows(path, FirstMessage)
    routed = []
    for done, message in enumerate(messages, start=1):
        visitor = visit()
        await visitor.open(message.lang)
        reply = await visitor.say(message.text)
        routed.append(_Routed(message, reply.route or NONE))
        if progress:
            progress(done, len(messages))
    return Measured(
        title=f"Routing, {path.name}",
        overall=_measure(routed),
        by_language=by_language(routed, lambda each: each.message.lang, _measure),
        confusion={
            "all": confusion(
                (each.message.lang, each.message.expected, each.given)
                for each in routed
            )["all"]
        },
        details={
            "wrong": [
                {
                    "id": each.message.id,
                    "expected": each.message.expected,
                    "given": each.given,
                }
                for each in routed
                if each.given != each.message.expected
            ]
        },
    )


def _measure(routed: Sequence[_Routed]) -> Metrics:
    crises = [each for each in routed if each.message.expected == "crisis"]
    others = [each for each in routed if each.message.expected != "crisis"]
    return {
        "n": len(routed),
        "accuracy": share(each.given == each.message.expected for each in routed),
        "crisis_recall": share(each.given == "crisis" for each in crises),
        "crisis_false_alarm_rate": share(each.given == "crisis" for each in others),
    }
