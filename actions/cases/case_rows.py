"""A case as a row of its table, and back: the one place that knows both.

What is called the same in a draft, a case and the table is the same: a new field is
added to `Case` (and `CaseDraft`, if it is taken down) and to the table, and is then
filed, stored and read. Only what differs is named here.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from actions.cases.case import Case, CaseDraft, Customer
from actions.cases.columns import storable
from actions.cases.tables import cases, customers

_OF_CASE = tuple(each.name for each in fields(Case))
_STORED = tuple(name for name in _OF_CASE if name in cases.c)
_TAKEN_DOWN = tuple(each.name for each in fields(CaseDraft) if each.name in _OF_CASE)
_OF_CUSTOMER = tuple(each.name for each in fields(Customer))


def taken_down(draft: CaseDraft) -> dict[str, Any]:
    """Fields of a case from its draft, in words that every database can store."""
    values = {name: _storable(getattr(draft, name)) for name in _TAKEN_DOWN}
    person = {name: _storable(getattr(draft.customer, name)) for name in _OF_CUSTOMER}
    return values | {"customer": Customer(**person)}


def values_of(case: Case) -> dict[str, Any]:
    """Columns of the case's row but its number, customer, filing key and hour."""
    values = {name: getattr(case, name) for name in _STORED}
    return values | {"conversation_id": case.conversation}


def select_rows(position: ColumnElement[Any]) -> Select[Any]:
    """Rows for `case_from`; `position` is the place in the queue."""
    person = [customers.c[name].label(f"customer_{name}") for name in _OF_CUSTOMER]
    return select(cases, *person, position.label("position")).join_from(
        cases, customers
    )


def case_from(row: Any) -> Case:
    """A case without transcript and history, from a row of `select_rows`."""
    values = {name: getattr(row, name) for name in _STORED}
    person = {name: getattr(row, f"customer_{name}") for name in _OF_CUSTOMER}
    values |= {
        "customer": Customer(**person),
        "conversation": row.conversation_id,
        "fields_missing": tuple(row.fields_missing),
        "queue_position": None if row.status == "closed" else row.position,
    }
    return Case(**values)


def _storable(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value
