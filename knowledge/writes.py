"""Writes whose statements are built once, and executed with new values each time.

Building a statement costs more than executing it: a row of the archive goes through
many. On PostgreSQL all writes of a batch share one round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Insert,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

# Builds a statement; the names of its parameters begin with what it is given. The
# same function each time, or nothing is gained.
Shape = Callable[[str], Insert | Update]


@dataclass(frozen=True, slots=True)
class Write:
    """One write: the shape that it shares with others, and its own values."""

    shape: Shape
    values: Mapping[str, Any]


def new_row(table: Table, **values: Any) -> Write:
    """The insert of one row."""
    return Write(_inserting(table, tuple(values)), values)


def changed_rows(key: Column[Any], value: Any, **values: Any) -> Write:
    """The update of the rows whose `key` is `value`; the key itself is not changed."""
    return Write(_updating(key, tuple(values)), {**values, key.name: value})


async def write_all(connection: AsyncConnection, writes: Sequence[Write]) -> None:
    """Execute writes in their order; on PostgreSQL all in one round trip.

    Rows may refer to one another, but no write may read or change what another wrote.
    """
    if connection.dialect.name == "postgresql" and len(writes) > 1:
        await connection.execute(*_batch(writes, _NOTHING_ASKED, {}))
        return
    for each in writes:
        await connection.execute(_alone(each.shape), _named("w_", each.values))


async def write_and_ask(
    connection: AsyncConnection,
    writes: Sequence[Write],
    question: Select[Any],
    parameters: Mapping[str, Any],
) -> Sequence[Row[Any]]:
    """Ask something that the writes do not bear on, in their round trip.

    Args:
        connection: Inside a transaction.
        writes: See `write_all`.
        question: The same object each time, or nothing is gained.
        parameters: Of the question, by name.
    """
    asked: tuple[Select[Any], dict[str, Any]] = (question, dict(parameters))
    if connection.dialect.name == "postgresql" and writes:
        asked = _batch(writes, question, parameters)
    else:
        await write_all(connection, writes)
    rows: Sequence[Row[Any]] = (await connection.execute(*asked)).all()
    return rows


def parameter(prefix: str, column: Column[Any]) -> BindParameter[Any]:
    """The parameter of a shape that holds the value of a column."""
    return bindparam(prefix + column.name, type_=column.type)


_NOTHING_ASKED = select(literal(1))


def _batch(
    writes: Sequence[Write], question: Select[Any], parameters: Mapping[str, Any]
) -> tuple[Select[Any], dict[str, Any]]:
    values = dict(parameters)
    for n, each in enumerate(writes):
        values |= _named(f"w{n}_", each.values)
    return _together(question, tuple(each.shape for each in writes)), values


def _named(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {prefix + name: value for name, value in values.items()}


@lru_cache(maxsize=512)
def _alone(shape: Shape) -> Insert | Update:
    return shape("w_")


@lru_cache(maxsize=512)
def _together(question: Select[Any], shapes: tuple[Shape, ...]) -> Select[Any]:
    parts = [shape(f"w{n}_").cte(f"step_{n}") for n, shape in enumerate(shapes)]
    return question.add_cte(*parts)


@lru_cache(maxsize=512)
def _inserting(table: Table, columns: tuple[str, ...]) -> Shape:
    def shape(prefix: str) -> Insert:
        return insert(table).values(
            {name: parameter(prefix, table.c[name]) for name in columns}
        )

    return shape


@lru_cache(maxsize=512)
def _updating(key: Column[Any], columns: tuple[str, ...]) -> Shape:
    table = key.table
    assert isinstance(table, Table)

    def shape(prefix: str) -> Update:
        return (
            update(table)
            .where(key == parameter(prefix, key))
            .values({name: parameter(prefix, table.c[name]) for name in columns})
        )

    return shape
