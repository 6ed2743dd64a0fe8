"""Evaluation files: JSON Lines, one item a line."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from knowledge.errors import BadInput


class Row(Protocol):
    @property
    def id(self) -> str:
        """Names the row within its file."""


Item = TypeVar("Item", bound=Row)


def read_rows(path: Path, kind: type[Item]) -> list[Item]:
    """Read every line of `path` as a `kind`; unknown fields are ignored.

    Raises:
        BadInput: The file cannot be read, is empty, a line is not of this shape, or
            an id is there twice; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise BadInput(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise BadInput(f"{path} is not UTF-8 at byte {exc.start}") from exc
    rows: dict[str, Item] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=kind)
        except msgspec.MsgspecError as exc:
            raise BadInput(f"{path}:{number}: {exc}") from exc
        if row.id in rows:
            raise BadInput(f"{path}:{number}: id {row.id!r} is there twice")
        rows[row.id] = row
    if not rows:
        raise BadInput(f"{path}: the file has no rows")
    return list(rows.values())
