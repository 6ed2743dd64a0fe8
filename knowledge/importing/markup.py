"""HTML elements as blocks of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from knowledge.importing.blocks import Block, escape_start, folded
from knowledge.importing.elements import (
    DROPPED,
    PERMALINK,
    cells,
    heading_text,
    inner_anchor,
    is_asking,
    is_inline,
    plain,
    table_of,
    tidy,
    whole_number,
)

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LONGEST_HEADING = 160
_CLAUSE_START = re.compile(r"\d+(?:\.\d+)+\.?(?:\s|$)")
_BULLET = re.compile(r"^(?:[•·▪◦‣●–—]|-)\s+(?=\S)")


class Writer:
    """Walks an element and collects its blocks.

    Args:
        base: Address that links are relative to; None keeps links within a site out.
        questions: Folded texts of questions that the page says it answers.
    """

    def __init__(
        self, base: str | None = None, questions: frozenset[str] = frozenset()
    ) -> None:
        self._base, self._questions = base, questions
        self._found: list[Block] = []
        self._level = 1
        self._anchor = ""

    def write(self, element: HtmlElement) -> list[Block]:
        """The blocks of everything in `element`."""
        self._walk(element)
        return self._found

    def _walk(self, element: HtmlElement) -> None:
        """Add the blocks of the children; text between blocks is a paragraph."""
        run = plain(element.text)
        for child in element:
            if not isinstance(child.tag, str):
                run += plain(child.tail)
                continue
            if is_inline(child):
                run += self._inline(child)
            else:
                self._paragraph(run)
                run = ""
                self._block(child)
            run += plain(child.tail)
        self._paragraph(run)

    def _block(self, element: HtmlElement) -> None:
        tag = element.tag
        if is_asking(element, self._questions):
            self._heading(element, self._level + 1, asks=True)
        elif tag in _HEADINGS:
            self._level = _HEADINGS[tag]
            self._heading(element, self._level)
        elif element.get("role") == "heading":
            self._level = whole_number(element.get("aria-level"), 2)
            self._heading(element, self._level)
        elif tag == "button":
            # The head of a part that folds; other buttons say nothing.
            if element.get("aria-controls") or element.get("aria-expanded"):
                self._heading(element, self._level + 1, asks=True)
        elif tag in DROPPED:
            pass
        elif tag == "details":
            self._details(element)
        elif tag in ("ul", "ol", "menu"):
            self._list(element)
        elif tag == "dl":
            self._definitions(element)
        elif tag == "table":
            self._table(element)
        elif tag == "pre":
            text = "".join(element.itertext()).strip("\n")
            self._add("other", f"```\n{text}\n```" if text.strip() else "")
        elif tag == "blockquote":
            inner = Writer(self._base, self._questions).write(element)
            quoted = "\n\n".join(block.text for block in inner)
            self._add("other", re.sub(r"(?m)^", "> ", quoted) if quoted else "")
        else:
            self._anchor = element.get("id") or self._anchor
            self._walk(element)

    def _details(self, element: HtmlElement) -> None:
        summary = element.find("summary")
        before = self._level
        if summary is not None:
            self._anchor = element.get("id") or self._anchor
            self._heading(summary, before + 1, asks=True)
            self._level = before + 1
            summary.text, tail = None, summary.tail
            for child in list(summary):
                summary.remove(child)
            summary.tail = tail
        self._walk(element)
        self._level = before

    def _heading(self, element: HtmlElement, level: int, asks: bool = False) -> None:
        anchor = element.get("id") or inner_anchor(element) or self._anchor
        self._anchor = ""
        text = heading_text(element)
        if text:
            self._found.append(Block("heading", text, level, anchor, asks))

    def _paragraph(self, run: str) -> None:
        """Add a paragraph; lines that are clauses or items of a list are each one."""
        lines = [line for line in tidy(run).split("\n") if line]
        if len(lines) > 1 and any(_CLAUSE_START.match(line) for line in lines[1:]):
            for part in _by_clause(lines):
                self._paragraph(part)
            return
        items = [_BULLET.sub("", line) for line in lines if _BULLET.match(line)]
        if len(items) > 1:
            first = next(i for i, line in enumerate(lines) if _BULLET.match(line))
            self._paragraph("\n".join(lines[:first]))
            self._add("list", "\n".join(f"- {item}" for item in items))
            after = [line for line in lines[first:] if not _BULLET.match(line)]
            self._paragraph("\n".join(after))
            return
        # Two spaces before the end of a line break it.
        text = "  \n".join(lines)
        if not text:
            return
        bold = re.fullmatch(r"\*\*((?:(?!\*\*).)+)\*\*", text)
        asks = folded(text) in self._questions
        if asks or (bold and _may_head(bold[1])):
            words = bold[1] if bold else text
            self._found.append(
                Block("heading", words, self._level + 1, self._anchor, asks)
            )
            self._anchor = ""
            return
        self._add("paragraph", escape_start(text))

    def _list(self, element: HtmlElement) -> None:
        items = self._items(element)
        if any(_CLAUSE_START.match(text) for text in _first_lines(items)):
            for item in items:
                lead, *rest = item
                self._add("paragraph", lead)
                if rest:
                    self._add("list", "\n".join(line[2:] for line in rest))
            return
        self._add("list", "\n".join(_marked(element, items)))

    def _items(self, element: HtmlElement) -> list[list[str]]:
        """Each item as its lines: its own words first, then what hangs under it."""
        items: list[list[str]] = []
        for child in element:
            if not isinstance(child.tag, str) or child.tag in DROPPED:
                continue
            inner = Writer(self._base, self._questions)
            inner._level = self._level
            if child.tag in ("ul", "ol"):
                # A list straight in a list hangs under the item before.
                if items:
                    items[-1] += inner._nested(child)
                else:
                    items += inner._items(child)
                continue
            lines = []
            for block in inner.write(child):
                text = block.text.split("\n")
                if block.kind == "list":
                    lines += [f"  {line}" for line in text]
                elif lines and not lines[-1].startswith("  "):
                    lines[-1] += " " + " ".join(text)
                else:
                    lines.append((" " * 2 if lines else "") + " ".join(text))
            if lines:
                items.append(lines)
        return items

    def _nested(self, element: HtmlElement) -> list[str]:
        return [f"  {line}" for line in _marked(element, self._items(element))]

    def _definitions(self, element: HtmlElement) -> None:
        """Terms that ask become headings, clause numbers join their text."""
        term = ""
        for child in element.iter("dt", "dd"):
            if child.tag == "dt":
                text = heading_text(child)
                if _is_question(text) or folded(text) in self._questions:
                    self._heading(child, self._level + 1, asks=True)
                    term = ""
                else:
                    term = f"{term}, {text}" if term else text
                continue
            inner = Writer(self._base, self._questions)
            inner._level = self._level + 1
            blocks = inner.write(child)
            if term and blocks and blocks[0].kind == "paragraph":
                lead = f"{term} " if _CLAUSE_START.fullmatch(term) else f"**{term}**: "
                self._add("paragraph", lead + blocks[0].text)
                blocks = blocks[1:]
            elif term:
                self._add("paragraph", f"**{term}**")
            self._found += blocks
            term = ""

    def _table(self, element: HtmlElement) -> None:
        rows = [cells(row) for row in element.iter("tr") if table_of(row) is element]
        rows = [row for row in rows if row]
        width = max((len(row) for row in rows), default=0)
        is_layout = (
            width < 2
            or element.get("role") in ("presentation", "none")
            or element.find(".//table") is not None
        )
        texts = [[self._cell(cell) for cell in row] for row in rows]
        is_clauses = width == 2 and all(
            not row[0] or _CLAUSE_START.fullmatch(row[0]) for row in texts
        )
        if is_clauses and any(row[0] for row in texts):
            for row in texts:
                self._add("paragraph", " ".join(filter(None, row)))
            return
        if is_layout:
            for row in rows:
                for cell in row:
                    self._walk(cell)
            return
        if (caption := element.find("caption")) is not None:
            self._paragraph(self._inline(caption))
        self._add("table", _table_lines(texts, width))

    def _cell(self, cell: HtmlElement) -> str:
        blocks = Writer(self._base, self._questions).write(cell)
        text = " ".join(" ".join(block.text.split()) for block in blocks)
        return text.replace("|", "\\|")

    def _inline(self, element: HtmlElement) -> str:
        """An inline element as Markdown, without its tail."""
        tag = element.tag
        if tag == "br":
            return "\n"
        if tag == "img":
            return ""
        if tag in DROPPED:
            return ""
        inner = plain(element.text)
        for child in element:
            if isinstance(child.tag, str):
                inner += self._inline(child)
            inner += plain(child.tail)
        if tag == "a":
            if not inner.strip():
                self._anchor = element.get("id") or element.get("name") or self._anchor
            return self._link(element, inner)
        if tag in ("b", "strong"):
            return _wrapped(inner, "**")
        if tag in ("i", "em"):
            return _wrapped(inner, "*")
        if tag in ("code", "kbd", "samp", "tt"):
            text = "".join(element.itertext())
            return f"`{text}`" if text.strip() and "`" not in text else inner
        if tag == "q":
            return f"“{inner}”"
        return inner

    def _link(self, element: HtmlElement, inner: str) -> str:
        href = (element.get("href") or "").strip()
        text = inner.strip()
        if not text or PERMALINK.fullmatch(text):
            return ""
        address = urljoin(self._base, href) if self._base else href
        scheme = urlsplit(address).scheme
        is_useful = scheme in ("http", "https", "mailto", "tel") or (
            href.startswith(("#", "/")) and len(href) > 1
        )
        if self._base and href.startswith("#"):
            address = href
        if not href or not is_useful or "[" in text or re.search(r"[\s<>]", address):
            return inner
        target = address.replace("(", "%28").replace(")", "%29")
        lead, trail = inner[: -len(inner.lstrip())], inner[len(inner.rstrip()) :]
        return f"{lead if inner != inner.lstrip() else ''}[{text}]({target}){trail}"

    def _add(self, kind: str, text: str) -> None:
        if text.strip():
            self._found.append(Block(kind, text))  # type: ignore[arg-type]


def _may_head(text: str) -> bool:
    """Whether a paragraph that is all bold stands for a heading."""
    if len(text) > _LONGEST_HEADING or "\n" in text or "](" in text:
        return False
    return not text.rstrip().endswith((".", ":", ",", ";", "!"))


def _is_question(text: str) -> bool:
    return text.rstrip().endswith(("?", "？", "؟"))


def _table_lines(rows: list[list[str]], width: int) -> str:
    padded = [row + [""] * (width - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in padded if any(row)]
    if not lines:
        return ""
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _marked(element: HtmlElement, items: list[list[str]]) -> list[str]:
    """Lines of a list with their marks."""
    start = whole_number(element.get("start"), 1)
    style = element.get("type") or ""
    lines = []
    for place, (first, *rest) in enumerate(items):
        mark, lead = "-", ""
        if element.tag == "ol":
            mark = f"{start + place}."
            if style in ("a", "A"):
                mark, lead = "-", f"{chr(ord(style) + (start - 1 + place) % 26)}) "
        lines.append(f"{mark} {lead}{first}")
        pad = " " * (len(mark) - 1)
        lines += [f"{pad}{line}" for line in rest]
    return lines


def _first_lines(items: list[list[str]]) -> Iterator[str]:
    for item in items:
        yield item[0]


def _by_clause(lines: list[str]) -> list[str]:
    """Lines joined again up to each that begins a clause."""
    parts: list[str] = []
    for line in lines:
        if parts and not _CLAUSE_START.match(line):
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


def _wrapped(inner: str, mark: str) -> str:
    """Emphasis around the words, its spaces outside as Markdown needs them."""
    text = inner.strip()
    if not text or "\n" in text or mark in text:
        return inner
    before = " " if inner[0].isspace() else ""
    after = " " if inner[-1].isspace() else ""
    return f"{before}{mark}{text}{mark}{after}"
