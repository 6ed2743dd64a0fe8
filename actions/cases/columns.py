"""Columns of text that may hold anything that anybody sends."""

from __future__ import annotations

from sqlalchemy import Dialect, String, Text, TypeDecorator


def storable(value: str) -> str:
    """The text without what some database refuses: NUL and lone surrogates."""
    stored = value.encode("utf-8", "replace").decode("utf-8")
    return stored.replace("\0", "\N{REPLACEMENT CHARACTER}")


class _Safe(TypeDecorator[str]):
    """Makes every value storable, also where it is only compared with."""

    impl: type[String] = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class SafeText(_Safe):
    """Text of any length that may hold anything."""

    impl = Text
    cache_ok = True


class Key(_Safe):
    """A short text that names something, of at most so many characters."""

    impl = String
    cache_ok = True
