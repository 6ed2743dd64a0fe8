"""Files of passages and of questions with known answers, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.chunking import Passage
from knowledge.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question with the ids of the passages that answer it, if any.

    `same_as` names the question that it shares with queries in other languages;
    `kind` a kind of questions that is measured on its own, such as `plain`.
    """

    id: str
    language: str
    text: str
    relevant: frozenset[str]
    same_as: str | None = None
    kind: str = ""


def read_corpus(path: Path) -> list[Passage]:
    """Read passages of an evaluation corpus; each row is a page of its own.

    Raises:
        BadInput: Not JSON Lines, a field is missing, or an id is there twice.
    """
    passages = []
    for where, row in _rows(path):
        title = _string(row, "title", where, may_be_empty=True)
        passages.append(
            Passage(
                id=row["id"],
                page=row["id"],
                version=1,
                section="",
                title=title,
                heading=title,
                language=_string(row, "lang", where),
                url="",
                text=_string(row, "text", where),
            )
        )
    return passages


def read_queries(path: Path) -> list[Query]:
    """Read queries of an evaluation.

    Raises:
        BadInput: Not JSON Lines, a field is missing, or an id is there twice.
    """
    queries = []
    for where, row in _rows(path):
        relevant = row.get("relevant")
        if not isinstance(relevant, list) or not all(
            isinstance(passage, str) for passage in relevant
        ):
            raise BadInput(f"{where}: relevant must be a list of passage ids")
        queries.append(
            Query(
                id=row["id"],
                language=_string(row, "lang", where),
                text=_string(row, "text", where),
                relevant=frozenset(relevant),
                same_as=_string(row, "same_as", where, may_be_empty=True) or None,
                kind=_string(row, "kind", where, may_be_empty=True),
            )
        )
    return queries


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise BadInput(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        at = exc.object.count(b"\n", 0, exc.start) + 1
        raise BadInput(
            f"{path}:{at}: not UTF-8 at byte {exc.start}"
            f" ({exc.object[exc.start : exc.start + 4]!r}): save the file as UTF-8"
        ) from exc
    seen: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
        except ValueError as exc:
            raise BadInput(f"{where}: not JSON: {exc}") from exc
        if not isinstance(row, dict):
            raise BadInput(f"{where}: expected an object")
        identity = _string(row, "id", where)
        if identity in seen:
            raise BadInput(
                f"{where}: id {identity!r} is there twice, first at {seen[identity]}"
            )
        seen[identity] = where
        yield where, row
    if not seen:
        raise BadInput(f"{path}: the file has no rows")


def _string(
    row: dict[str, Any], name: str, where: str, *, may_be_empty: bool = False
) -> str:
    value = row.get(name, "" if may_be_empty else None)
    if value is None and may_be_empty:
        return ""
    if name != "id":
        where = f"{where}: id {row['id']!r:.60}"
    if not isinstance(value, str):
        raise BadInput(f"{where}: {name} must be text, got {value!r:.40}")
    if not value.strip() and not may_be_empty:
        raise BadInput(f"{where}: {name} is empty, expected text")
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        raise BadInput(
            f"{where}: {name} holds half a character (a lone surrogate), expected text"
        )
    return value
