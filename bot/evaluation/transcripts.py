"""What was said in an evaluated dialogue, as a text that a person reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.running.visitor import Heard


@dataclass
class Script:
    """A dialogue as it went; grows turn by turn."""

    language: str
    lines: list[str] = field(default_factory=list)
    last: Heard = field(default_factory=Heard)

    def heard(self, heard: Heard) -> None:
        """Note what the counter said."""
        self.last = heard
        if heard.status != 200:
            self.lines.append(f"BOT       HTTP {heard.status}: {heard.problem}")
        for message in heard.messages:
            self.lines.append(_indented("BOT", message["text"]))
            titles = " ".join(f"[{choice['title']}]" for choice in message["choices"])
            if titles:
                self.lines.append(_indented("", titles))
            for citation in message["citations"]:
                where = f"{citation['page']} {citation['section']}"
                self.lines.append(_indented("", f"cites {where}"))
            if message.get("case"):
                self.lines.append(_indented("", json.dumps(message["case"])))
        self.lines.append(
            _indented("", f"({heard.language}, {heard.stage}, route {heard.route})")
        )

    def said(self, text: str, heard: Heard, expect: Sequence[str] = ()) -> None:
        """Note what the customer said and what came back."""
        self.lines += ["", _indented("CUSTOMER", text or "(nothing)")]
        self.lines += [_indented("", f"expected: {each}") for each in expect]
        self.heard(heard)


def write_transcript(
    folder: Path,
    name: str,
    script: Script,
    cases: Sequence[dict[str, Any]],
    differences: Sequence[str],
) -> None:
    """Write `<name>.txt`: differences, what was said, and the cases filed."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = [
        {key: case[key] for key in case if key not in ("transcript", "history")}
        for case in cases
    ]
    parts = [
        f"{name} ({script.language})",
        "\n".join(differences) or "as expected",
        "\n".join(script.lines),
        *(json.dumps(case, ensure_ascii=False, indent=2) for case in shown),
    ]
    (folder / f"{name}.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _indented(who: str, text: str) -> str:
    return "\n".join(
        f"{who if first else '':<10}{line}"
        for first, line in zip(
            [True, *[False] * text.count("\n")], text.split("\n"), strict=True
        )
    )
