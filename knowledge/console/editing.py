"""A page as the text that an editor changes, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import yaml

from knowledge.errors import BadInput, TooLong
from knowledge.importing import LARGEST_FILE_BYTES
from knowledge.pages import Page, page_of, parse_page

FIELDS = ("id", "title", "kind", "language", "url", "effective_from", "translates")


def as_markdown(page: Page) -> str:
    """Front matter and body, as `parse_page` reads them."""
    fields: dict[str, Any] = {
        name: getattr(page, name) for name in FIELDS if name != "translates"
    }
    if page.translates is not None:
        fields["translates"] = {"version": page.translates}
    front = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{front}---\n\n{page.body}"


def from_markdown(text: str) -> Page:
    """Read what an editor wrote.

    Raises:
        BadInput: The front matter or the body is not as expected.
        TooLong: Longer than a page may be.
    """
    _check_size(text)
    return parse_page(text.replace("\r\n", "\n"), source="page")


def from_json(fields: Mapping[str, Any]) -> Page:
    """Read a page from JSON: its `markdown`, or the fields one by one with `body`.

    Raises:
        BadInput: As for `from_markdown`.
    """
    if isinstance(markdown := fields.get("markdown"), str):
        return from_markdown(markdown)
    body = fields.get("body")
    if not isinstance(body, str):
        raise BadInput("a page needs its text: markdown, or body with its fields")
    front = {name: fields[name] for name in FIELDS if fields.get(name) is not None}
    if isinstance(front.get("translates"), int):
        front["translates"] = {"version": front["translates"]}
    text = yaml.safe_dump(front, allow_unicode=True)
    # A date comes as a string in JSON and is dumped with quotes.
    if isinstance(day := front.get("effective_from"), str):
        text = text.replace(f"effective_from: '{day}'", f"effective_from: {day}")
    return from_markdown(f"---\n{text}---\n{body}")


def from_fields(fields: Mapping[str, str]) -> Page:
    """Read a page from the fields of the editor's form.

    Raises:
        BadInput: As for `from_markdown`.
    """
    front: dict[str, Any] = {
        name: value.strip()
        for name in FIELDS
        if (value := fields.get(name, "")).strip()
    }
    if (version := front.pop("translates", "")) and version.isdecimal():
        front["translates"] = {"version": int(version)}
    try:
        front["effective_from"] = dt.date.fromisoformat(front["effective_from"])
    except (KeyError, ValueError):
        front["effective_from"] = fields.get("effective_from", "")
    body = fields.get("body", "").replace("\r\n", "\n")
    _check_size(body)
    return page_of(front, body, source="page")


def _check_size(text: str) -> None:
    size = len(text.encode("utf-8", "replace"))
    if size > LARGEST_FILE_BYTES:
        raise TooLong(f"the page has {size} bytes, at most {LARGEST_FILE_BYTES}")
