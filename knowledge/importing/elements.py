"""What the elements of a web page are, and the words in them."""

from __future__ import annotations

import re

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from knowledge.importing.blocks import escape, folded

_INLINE = frozenset(
    "a abbr b bdi bdo big br cite code data dfn em font i img ins kbd label mark q"
    " s samp small span strike strong sub sup time tt u var wbr".split()
)
DROPPED = frozenset(
    "audio button canvas datalist del embed iframe input math object option picture"
    " progress script select style svg template textarea video".split()
)
PERMALINK = re.compile(r"[#¶§🔗\s]*")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_SPACE = re.compile(r"[ \t\n\r\f]+")


def is_inline(element: HtmlElement) -> bool:
    """Whether an element runs with the text around it."""
    if element.tag not in _INLINE:
        return False
    if element.get("role") == "heading" or element.get("itemprop") == "name":
        return False
    inside = [each for each in element.iterdescendants() if isinstance(each.tag, str)]
    return all(
        each.tag in _INLINE or (each.tag in DROPPED and not each.get("aria-controls"))
        for each in inside
    )


def is_asking(element: HtmlElement, questions: frozenset[str]) -> bool:
    """Whether an element is, as the page itself says, a question and no more."""
    if element.tag in ("body", "main", "article", "section", "details", "dl", "ul"):
        return False
    if element.get("itemprop") == "name" and _in_question(element):
        return True
    if not questions or element.tag in ("table", "ol", "li"):
        return False
    if len(element) > 6:
        return False
    text = str(element.text_content())
    return len(text) < 500 and folded(text) in questions


def _in_question(element: HtmlElement) -> bool:
    for ancestor in element.iterancestors():
        if kind := str(ancestor.get("itemtype") or ""):
            return kind.rstrip("/").endswith("/Question")
    return False


def heading_text(element: HtmlElement) -> str:
    parts = []
    for node in element.iter():
        if not isinstance(node.tag, str):
            continue
        is_said = node.tag not in ("svg", "script", "style", "title", "path")
        if is_said and not _is_permalink(node) and node.text:
            parts.append(node.text)
        if node is not element and node.tail:
            parts.append(node.tail)
        if node.tag == "img" and node.get("alt"):
            parts.append(node.get("alt"))
        if node.tag == "br":
            parts.append(" ")
    return escape(tidy(_INVISIBLE.sub("", "".join(parts)), keep_lines=False))


def _is_permalink(element: HtmlElement) -> bool:
    text = element.text_content().strip()
    return element.tag == "a" and bool(PERMALINK.fullmatch(text))


def inner_anchor(element: HtmlElement) -> str:
    """An anchor inside the heading: `<h2><a name="fees"></a>Fees</h2>`."""
    for child in element.iterdescendants():
        if isinstance(child.tag, str) and (child.get("id") or child.get("name")):
            return child.get("id") or child.get("name") or ""
    return ""


def cells(row: HtmlElement) -> list[HtmlElement]:
    found: list[HtmlElement] = []
    for cell in row:
        if cell.tag in ("td", "th"):
            found += [cell] * min(whole_number(cell.get("colspan"), 1), 20)
    return found


def table_of(row: HtmlElement) -> HtmlElement | None:
    return next(row.iterancestors("table"), None)


def whole_number(text: str | None, default: int) -> int:
    try:
        return max(1, int(text or default))
    except ValueError:
        return default


def plain(text: str | None) -> str:
    if not text:
        return ""
    return escape(_SPACE.sub(" ", _INVISIBLE.sub("", text)))


def tidy(run: str, *, keep_lines: bool = True) -> str:
    lines = [" ".join(line.split()) for line in run.split("\n")]
    return ("\n" if keep_lines else " ").join(filter(None, lines))
