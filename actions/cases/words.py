"""The words of a case by which it is found: the same on every database.

Texts are taken apart here and not by the database, so that PostgreSQL and SQLite find
the same cases in any language: letters without their accents, capitals folded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy import text as sql_text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from actions.cases.tables import case_texts, cases
from knowledge.writes import Write, new_row

# A shorter word, or a number, must be there as it is; others may be the beginning.
_BEGINNING_FROM = 3
_LONGEST_WORD = 40
_MOST_WORDS = 10_000
_WORD = re.compile(r"[^\W_]+")
_REFERENCE = re.compile(r"[A-Za-z]+-\d{4}-\d+")
_BY_INDEX = sql_text(
    "SELECT set_config('enable_seqscan', 'off', true), "
    "set_config('enable_hashjoin', 'off', true), "
    "set_config('enable_mergejoin', 'off', true), "
    # A search is over before another process would have begun to help.
    "set_config('max_parallel_workers_per_gather', '0', true)"
)


def words_of(*texts: str | None) -> list[str]:
    """The different words of texts in their order; capitals and accents do not matter.

    >>> words_of("Élise wrote to elise@example.fr")
    ['elise', 'wrote', 'to', 'example', 'fr']
    """
    joined = "\n".join(text for text in texts if text)
    plain = "".join(
        each
        for each in unicodedata.normalize("NFKD", joined).casefold()
        if unicodedata.category(each)[0] != "M"
    )
    words = dict.fromkeys(word[:_LONGEST_WORD] for word in _WORD.findall(plain))
    return list(words)[:_MOST_WORDS]


def matching(q: str) -> ColumnElement[bool] | None:
    """The condition that a case has every word of `q`; None when there is none.

    A whole reference finds that case alone; the words of an e-mail address must be
    there as they are.
    """
    if _REFERENCE.fullmatch(q.strip()):
        return cases.c.reference == q.strip().upper()
    words = words_of(q)
    # The domain of an address is in too many cases to look for what begins so.
    whole = set(words_of(*(part for part in q.split() if "@" in part)))
    return _HasWords.all_of(words, whole) if words else None


async def search_by_index(connection: AsyncConnection) -> None:
    """Have this transaction find words by index, never by reading every case.

    PostgreSQL expects a limited search to find enough soon wherever it begins to
    read; but cases that are open stand at the end. What is left to it is whether to
    begin with the words or with the order of the list.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_BY_INDEX)


def first_words(case_id: int, *texts: str | None) -> Write:
    """The insert that stores the first words of a case."""
    return new_row(case_texts, case_id=case_id, words=" ".join(words_of(*texts)))


def more_words(known: str, text: str) -> str:
    """The words of a case with those of what was said later."""
    return " ".join(words_of(known, text))


class _HasWords(FunctionElement[bool]):
    """That the case with an id has words; each database asks its own index."""

    type = Boolean()
    name = "has_words"
    inherit_cache = True

    @classmethod
    def all_of(cls, words: list[str], whole: Collection[str]) -> _HasWords:
        beginnings = [
            len(word) >= _BEGINNING_FROM and not word.isdigit() and word not in whole
            for word in words
        ]
        postgres = [
            f"{word}:*" if begins else word
            for word, begins in zip(words, beginnings, strict=True)
        ]
        sqlite = [
            f'"{word}" *' if begins else f'"{word}"'
            for word, begins in zip(words, beginnings, strict=True)
        ]
        # Written into the statement: how many cases have a word decides the plan.
        return cls(
            cases.c.id,
            literal(" & ".join(postgres), literal_execute=True),
            literal(" ".join(sqlite), literal_execute=True),
        )


@compiles(_HasWords, "postgresql")
def _in_postgres(element: _HasWords, compiler: Any, **options: Any) -> str:
    case_id, query, _ = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"{case_id} IN (SELECT case_id FROM case_texts WHERE "
        f"lexemes @@ CAST({query} AS tsquery))"
    )


@compiles(_HasWords, "sqlite")
def _in_sqlite(element: _HasWords, compiler: Any, **options: Any) -> str:
    case_id, _, query = element.clauses
    return (
        f"{compiler.process(case_id, **options)} IN (SELECT rowid FROM case_words "
        f"WHERE case_words MATCH {compiler.process(query, **options)})"
    )
