"""Help pages: Markdown with YAML front matter, as editors write them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import nh3
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.chunking import CLAUSE, Kind, Page, inline_text, slug, without_asked
from knowledge.errors import BadInput, Refusal
from knowledge.yaml_files import parse_yaml

__all__ = [
    "Page",
    "anchors",
    "front_matter",
    "links",
    "page_of",
    "parse_page",
    "read_pages",
    "render_html",
]

_FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.S
)
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KINDS: tuple[str, ...] = get_args(Kind)
_REQUIRED = ("id", "title", "kind", "language", "url", "effective_from")


@dataclass(frozen=True, slots=True)
class _Source:
    """The file that a page is read from, for messages."""

    name: str

    def wrong(self, what: str, refusal: Refusal = "other") -> BadInput:
        return BadInput(f"{self.name}: {what}", refusal=refusal)


def parse_page(text: str, *, source: str) -> Page:
    """Read one page.

    Args:
        text: Front matter and Markdown body.
        source: Named in messages, such as the file's path.

    Raises:
        BadInput: No front matter, a field missing or malformed, or an empty body.
    """
    found = front_matter(text, source=source)
    if found is None:
        raise _Source(source).wrong(
            "expected YAML front matter between two lines of ---", "front_matter"
        )
    return page_of(*found, source=source)


def front_matter(text: str, *, source: str) -> tuple[dict[str, Any], str] | None:
    """The fields before the body, and the body; None when there are none.

    Raises:
        BadInput: What stands there is not YAML, or no mapping.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        return None
    where = _Source(source)
    try:
        fields = parse_yaml(match.group(1))
    except yaml.YAMLError as exc:
        raise where.wrong(
            f"the front matter is not YAML: {exc}", "front_matter"
        ) from exc
    if not isinstance(fields, dict):
        raise where.wrong(
            "the front matter must be a mapping of fields", "front_matter"
        )
    return fields, text[match.end() :]


def page_of(fields: dict[str, Any], body: str, *, source: str) -> Page:
    """A page of its fields and its Markdown.

    Raises:
        BadInput: A field is missing or malformed, or the body is empty.
    """
    where = _Source(source)
    if missing := [name for name in _REQUIRED if not fields.get(name)]:
        raise where.wrong(
            f"the front matter lacks {', '.join(missing)}",
            "no_title" if "title" in missing else "missing_fields",
        )
    body = body.replace("\r\n", "\n").strip() + "\n"
    if not body.strip():
        raise where.wrong("the page has no text", "no_text")
    return Page(
        id=_matching(fields, "id", _ID, where),
        title=_text(fields, "title", where),
        kind=_kind(fields, where),
        language=_matching(fields, "language", _LANGUAGE, where),
        url=_text(fields, "url", where),
        effective_from=_date(fields, where),
        version=_version(fields.get("version", 1), "version", where),
        translates=_translates(fields.get("translates"), where),
        body=body,
    )


def read_pages(folder: Path) -> list[Page]:
    """Read every `<language>/<id>.md` under a folder, in the order of their paths.

    Raises:
        BadInput: A page is malformed, is not UTF-8, or is there twice.
    """
    pages: dict[tuple[str, str], Page] = {}
    for path in sorted(folder.glob("**/*.md")):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError as exc:
            raise BadInput(f"{path}: not UTF-8 at byte {exc.start}") from exc
        page = parse_page(text, source=str(path))
        if (page.id, page.language) in pages:
            raise BadInput(
                f"{path}: page {page.id!r} is there twice in {page.language}"
            )
        pages[page.id, page.language] = page
    if not pages:
        raise BadInput(f"{folder}: no pages (*.md) found")
    return list(pages.values())


def render_html(page: Page) -> str:
    """The body as safe HTML; headings carry their anchors, clauses theirs.

    Raw HTML in the Markdown is shown as text.
    """
    tokens = _MARKDOWN.parse(without_asked(page.body))
    for opening, inline in pairwise(tokens):
        anchor = None
        if opening.type == "heading_open":
            anchor = _heading_anchor(inline)
        elif opening.type == "paragraph_open" and opening.level == 0:
            match = CLAUSE.match(inline.content)
            anchor = match["number"] if match else None
        if anchor:
            opening.attrSet("id", anchor)
    anchored = {"p", *(f"h{level}" for level in range(1, 7))}
    return nh3.clean(
        _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}),
        attributes={**nh3.ALLOWED_ATTRIBUTES, **{tag: {"id"} for tag in anchored}},
    )


def links(page: Page) -> list[tuple[str, str]]:
    """The links of a page in their order: what is clicked on, and the address."""
    found = []
    for block in _MARKDOWN.parse(without_asked(page.body)):
        opened: list[tuple[str, str]] = []
        for token in block.children or []:
            if token.type == "link_open":
                opened.append(("", str(token.attrGet("href") or "")))
            elif token.type == "link_close" and opened:
                found.append(opened.pop())
            elif opened and token.content:
                text, address = opened[-1]
                opened[-1] = (text + token.content, address)
    return found


def anchors(page: Page) -> list[str]:
    """What `#` may name on a page: the anchors of its headings and clauses."""
    found = []
    for opening, inline in pairwise(_MARKDOWN.parse(without_asked(page.body))):
        if opening.type == "heading_open":
            found.append(_heading_anchor(inline))
        elif opening.type == "paragraph_open" and (
            match := CLAUSE.match(inline.content)
        ):
            found.append(match["number"])
    return found


def _heading_anchor(inline: Token) -> str:
    """The heading's own anchor, taken out of what is shown, or one made of it."""
    match = _ANCHOR.search(inline.content)
    if match is None:
        return slug(inline_text(inline.content))
    for child in reversed(inline.children or []):
        if child.type == "text":
            child.content = _ANCHOR.sub("", child.content)
            break
    return match["anchor"]


_ANCHOR = re.compile(r"[ \t]*\{#(?P<anchor>[\w.-]+)\}[ \t]*$")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def _text(fields: dict[str, Any], name: str, where: _Source) -> str:
    value = fields[name]
    if not isinstance(value, str) or not value.strip():
        raise where.wrong(f"{name} must be text, got {value!r}")
    return value.strip()


def _matching(
    fields: dict[str, Any], name: str, pattern: re.Pattern[str], where: _Source
) -> str:
    # YAML reads the language tag `no` as false.
    value = "no" if fields[name] is False else fields[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise where.wrong(
            f"{name} must look like {pattern.pattern}, got {value!r}",
            "bad_id" if name == "id" else "bad_language",
        )
    return value


def _kind(fields: dict[str, Any], where: _Source) -> Any:
    if fields["kind"] not in _KINDS:
        raise where.wrong(
            f"kind must be one of {', '.join(_KINDS)}, got {fields['kind']!r}"
        )
    return fields["kind"]


def _date(fields: dict[str, Any], where: _Source) -> dt.date:
    value = fields["effective_from"]
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise where.wrong(
        f"effective_from must be a date like 2026-09-01, got {value!r}", "bad_date"
    )


def _version(value: Any, name: str, where: _Source) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise where.wrong(f"{name} must be a whole number from 1, got {value!r}")


def _translates(value: Any, where: _Source) -> int | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise where.wrong(f"translates must look like {{version: 1}}, got {value!r}")
    return _version(value.get("version"), "translates.version", where)
