"""A web page as a help page: its content without what stands around it."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import trafilatura
from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement, HTMLParser, document_fromstring  # type: ignore[import-untyped]

from knowledge.importing.blocks import Block, folded
from knowledge.importing.markup import Writer
from knowledge.importing.reading import Unreadable
from knowledge.importing.structured import Structured, read_structured

# Trafilatura says what it left out; the caller's report is what counts.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_NOISE = frozenset(
    "audio canvas dialog embed iframe link meta nav noscript object script style"
    " template video".split()
)
_NOISE_ROLES = frozenset(
    "alert alertdialog banner complementary contentinfo dialog menu menubar navigation"
    " search toolbar".split()
)
# Words in ids and classes of what stands around the content.
_NOISE_WORDS = frozenset(
    "ad ads advert advertisement breadcrumb breadcrumbs consent cookie cookies"
    " feedback footer gdpr login megamenu menu modal navbar navigation newsletter"
    " pager pagination popup print promo rating related search share sharing sidebar"
    " sitenav skip skiplink social subscribe survey toc toolbar vote".split()
)
# An element with more of the page's text than this is never noise by its name.
_LARGEST_NOISE = 0.4
_MAIN = (
    "//main",
    "//*[@role='main']",
    "//*[@itemprop='articleBody']",
    "//article",
    "//*[@id='main-content' or @id='main' or @id='content']",
)
# What is shorter is a teaser and not the article.
_SHORTEST_ARTICLE = 40
# Of what trafilatura calls content, this share must be inside.
_ENOUGH = 0.9
_SUFFIX = re.compile(r"\s+[|–—·»›:-]{1,2}\s+")


@dataclass(frozen=True, kw_only=True)
class HtmlPage:
    """What a web page says.

    Attributes:
        language: As declared, such as `sv-SE`; None when it is not.
        address: Its canonical address, where it names one on the same host.
        translations: Address by language tag, as the page declares them.
        modified: When it was last changed, where it says so.
    """

    title: str
    blocks: list[Block]
    language: str | None = None
    address: str | None = None
    translations: dict[str, str] = field(default_factory=dict)
    modified: dt.date | None = None


def read_html(text: str, *, address: str | None = None) -> HtmlPage:
    """Read the content of a web page.

    Args:
        text: The whole document.
        address: Where it was found; links are made absolute with it.

    Raises:
        Unreadable: There is no text in it.
    """
    root = _parse(text)
    structured = read_structured(root)
    title = _title(root)
    language = _language(root)
    head = _Head.of(root, address)
    _clean(root)
    content = _content(root, text)
    writer = Writer(address, frozenset(map(folded, structured.questions)))
    blocks = writer.write(content)
    blocks += _unseen(structured, blocks, address)
    if not any(block.kind != "heading" for block in blocks):
        raise Unreadable("no_text")
    title = title or next(
        (block.text for block in blocks if block.kind == "heading"), ""
    )
    return HtmlPage(
        title=title,
        blocks=blocks,
        language=language or content.get("lang"),
        address=head.canonical,
        translations=head.translations,
        modified=structured.modified or head.modified,
    )


@dataclass(frozen=True)
class _Head:
    canonical: str | None
    translations: dict[str, str]
    modified: dt.date | None

    @classmethod
    def of(cls, root: HtmlElement, address: str | None) -> _Head:
        canonical, translations = None, {}
        for link in root.iter("link"):
            rel, href = (link.get("rel") or "").lower().split(), link.get("href")
            if not href or not address:
                continue
            target = urljoin(address, href.strip())
            if urlsplit(target).netloc != urlsplit(address).netloc:
                continue
            if "canonical" in rel:
                canonical = target
            elif "alternate" in rel and link.get("hreflang"):
                translations[link.get("hreflang").lower()] = target
        modified = _meta(
            root, "article:modified_time", "last-modified", "dcterms.modified"
        )
        return cls(canonical, translations, as_date(modified))


def as_date(text: str | None) -> dt.date | None:
    """The day of an ISO 8601 date or time; None when it is not one."""
    try:
        return dt.date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None


def _parse(text: str) -> HtmlElement:
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    parser = HTMLParser(remove_comments=True, remove_pis=True, no_network=True)
    try:
        return document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as exc:
        raise Unreadable("no_text") from exc


def _title(root: HtmlElement) -> str:
    """The first heading of the content, else the page's title without the site's name.

    A first heading outside the content counts unless it only names the site.
    """
    named, site = _named(root)
    main = next((each for path in _MAIN for each in root.xpath(path)), None)
    if main is not None and (inside := _first_heading(main)):
        return inside
    heading = _first_heading(root)
    if heading and folded(heading) not in site:
        return heading
    return named or heading


def _named(root: HtmlElement) -> tuple[str, set[str]]:
    """What the head calls the page, and what it may call the site, folded."""
    title = _meta(root, "og:title") or _words(root.find(".//title"))
    site = {folded(_meta(root, "og:site_name"))} - {""}
    parts = [part for part in _SUFFIX.split(title) if folded(part) not in site]
    site.update(folded(part) for part in parts[1:])
    return (parts[0] if parts else title), site


def _first_heading(element: HtmlElement) -> str:
    return next(filter(None, (_words(each) for each in element.iter("h1"))), "")


def _language(root: HtmlElement) -> str | None:
    for element in (root, root.find("body")):
        if element is not None:
            tag = element.get("lang") or element.get("xml:lang")
            if tag and tag.strip():
                return str(tag).strip()
    return _meta(root, "content-language") or None


def _meta(root: HtmlElement, *names: str) -> str:
    for meta in root.iter("meta"):
        for attribute in ("name", "property", "http-equiv"):
            if (meta.get(attribute) or "").lower() in names:
                return " ".join((meta.get("content") or "").split())
    return ""


def _words(element: HtmlElement | None) -> str:
    if element is None:
        return ""
    return " ".join(element.text_content().replace("\u00ad", "").split()).strip("¶# ")


def _clean(root: HtmlElement) -> None:
    """Drop, in place, what is not content on any page."""
    n_characters = len(root.text_content()) or 1
    for element in list(root.iter()):
        if element is root or not isinstance(element.tag, str):
            continue
        if element.getparent() is None or element.tag in ("body", "main", "article"):
            continue
        if _is_noise(element, n_characters):
            element.drop_tree()


def _is_noise(element: HtmlElement, n_characters: int) -> bool:
    if element.tag in _NOISE or element.get("role") in _NOISE_ROLES:
        return True
    if element.tag in ("header", "footer", "aside"):
        is_outside = not any(
            each.tag in ("main", "article") for each in element.iterancestors()
        )
        return is_outside or element.tag == "aside" or element.tag == "footer"
    if element.tag in ("ul", "ol") and _is_contents(element):
        return True
    name = f"{element.get('id') or ''} {element.get('class') or ''}"
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    if not _NOISE_WORDS.intersection(words):
        return False
    return len(element.text_content()) < _LARGEST_NOISE * n_characters


def _is_contents(element: HtmlElement) -> bool:
    """Whether a list is nothing but links to places on the same page."""
    links = list(element.iter("a"))
    if len(links) < 3:
        return False
    n_linked = sum(len(_words(link)) for link in links)
    return n_linked >= 0.9 * len(_words(element)) and all(
        (link.get("href") or "").startswith("#") for link in links
    )


def _content(root: HtmlElement, text: str) -> HtmlElement:
    """The smallest element that holds the content."""
    body = root.find("body")
    body = root if body is None else body
    for path in _MAIN:
        least = 1 if "main" in path else _SHORTEST_ARTICLE
        found = [each for each in body.xpath(path) if len(_words(each)) >= least]
        if len(found) == 1:
            return found[0]
        if found and path != "//article":
            return max(found, key=lambda each: len(_words(each)))
    lines = list(_content_lines(text))
    if not lines:
        return body
    inside = body
    while True:
        narrower = [
            child
            for child in inside
            if isinstance(child.tag, str)
            and child.tag not in ("ul", "ol", "table", "dl", "p")
            and _holds(child, lines)
        ]
        if len(narrower) != 1:
            return inside
        inside = narrower[0]


def _content_lines(text: str) -> Iterator[str]:
    """Lines that trafilatura takes for content, folded."""
    extracted = trafilatura.extract(
        text, include_comments=False, include_tables=True, favor_recall=True
    )
    for line in (extracted or "").splitlines():
        for cell in line.split("|"):
            if words := folded(cell):
                yield words


def _holds(element: HtmlElement, lines: list[str]) -> bool:
    text = folded(element.text_content())
    inside = sum(len(line) for line in lines if line in text)
    return inside >= _ENOUGH * sum(map(len, lines))


def _unseen(
    structured: Structured, blocks: list[Block], address: str | None
) -> list[Block]:
    """Questions that only the page's data holds, since a script would show them."""
    seen = {folded(block.text) for block in blocks if block.kind == "heading"}
    found: list[Block] = []
    for question, answer in structured.pairs:
        if folded(question) in seen:
            continue
        seen.add(folded(question))
        inner = Writer(address).write(_parse(f"<div>{answer}</div>"))
        if inner:
            found += [Block("heading", question, 2, asks=True), *inner]
    return found
