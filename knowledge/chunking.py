"""Pages cut into passages: one for each section, and one for each numbered clause.

Pure: no files, no clock. A passage never crosses a section, and together the
passages of a page hold all of its text.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["terms", "faq", "policy", "guide"]

# A passage longer than this is cut at a paragraph or sentence: the model reads 512
# tokens, and a customer does not read more than this as an answer.
MAX_CHARACTERS = 1200

HEADING = re.compile(
    r"^(?P<level>#{1,6})[ \t]+(?P<heading>.*?)"
    r"(?:[ \t]*\{#(?P<anchor>[\w.-]+)\})?[ \t]*#*[ \t]*$",
    re.MULTILINE,
)
CLAUSE = re.compile(r"^(?P<number>\d+(?:\.\d+)+)\.?[ \t]+(?=\S)")
# How customers ask for what the section or clause above says, one phrasing a line. It
# is for search: customers do not see it.
ASKED = re.compile(
    r"^[ \t]*<!--[ \t]*asked:(?P<asked>.*?)-->[ \t]*$", re.DOTALL | re.MULTILINE
)
_FENCE = re.compile(r"^(```|~~~)")
_MARKUP = (
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"<(https?://[^>\s]+|[^@>\s]+@[^>\s]+)>"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_(?=[^\s_])(.+?)(?<=[^\s_])_(?![\w_])"), r"\1"),
    (re.compile(r"`([^`]+)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!>-])"), r"\1"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One published page in one language.

    Attributes:
        id: Shared by the page's translations.
        title: As the customer sees it.
        kind: `terms`, `faq`, `policy` or `guide`.
        language: BCP 47 tag.
        url: Where customers read it.
        effective_from: First day on which it holds.
        version: From 1.
        translates: The version of the source page that this one renders; `None` in
            the source language.
        body: Markdown without the title.
    """

    id: str
    title: str
    kind: Kind
    language: str
    url: str
    effective_from: dt.date
    version: int = 1
    translates: int | None = None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The piece of a page that is retrieved and quoted.

    Attributes:
        id: Unique in an index: `page/language/section`.
        page: Id of the page.
        version: Version of the page.
        section: Anchor, clause number, or `anchor.2` for a later part of it.
        title: Title of the page.
        heading: Heading of the section; in a FAQ, the question.
        language: BCP 47 tag.
        url: Address of the section or clause.
        text: Plain text, paragraphs separated by a line break.
        asked: How customers ask for it, in the editor's words.
    """

    id: str
    page: str
    version: int
    section: str
    title: str
    heading: str
    language: str
    url: str
    text: str
    asked: tuple[str, ...] = ()


def without_asked(body: str) -> str:
    """The Markdown of a page without what is for search alone."""
    return ASKED.sub("", body)


def chunk(page: Page) -> list[Passage]:
    """Cut a page into passages, in the order of the page."""
    passages: list[Passage] = []
    taken: set[str] = set()
    for heading, anchor, body in _sections(page.body):
        for clause, text, asked in _clauses(body):
            for part in split_text(text):
                section = _free(clause or anchor or page.id, taken)
                target = clause or anchor
                passages.append(
                    Passage(
                        id=f"{page.id}/{page.language}/{section}",
                        page=page.id,
                        version=page.version,
                        section=section,
                        title=page.title,
                        heading=heading,
                        language=page.language,
                        url=f"{page.url}#{target}" if target else page.url,
                        text=part,
                        asked=asked,
                    )
                )
                # With the first part alone: the section is found once.
                asked = ()
    return passages


def split_text(text: str, limit: int = MAX_CHARACTERS) -> list[str]:
    """Cut a long text at paragraphs, else sentences, else words, else anywhere.

    Args:
        text: Plain text.
        limit: Characters, at least 1.

    Returns:
        Parts of at most `limit` characters, none empty; a short text is one part.
    """
    text = text.strip()
    if len(text) <= limit:
        return [text] if text else []
    parts: list[str] = []
    current = ""
    for piece, gap in _pieces(text, limit):
        if current and len(current) + len(gap) + len(piece) <= limit:
            current += gap + piece
            continue
        if current:
            parts.append(current)
        current = piece
    return [*parts, current]


def _pieces(text: str, limit: int) -> Iterator[tuple[str, str]]:
    """Pieces within the limit, each with what joined it to the piece before."""
    for paragraph in filter(None, (p.strip() for p in text.split("\n"))):
        gap = "\n"
        if len(paragraph) <= limit:
            yield paragraph, gap
            continue
        for sentence in sentences(paragraph):
            if len(sentence) <= limit:
                yield sentence, gap
                gap = " "
                continue
            for word in sentence.split():
                for start in range(0, len(word), limit):
                    yield word[start : start + limit], "" if start else gap
                    gap = " "


_SENTENCE_END = re.compile(
    r"(?:(?<=[.!?…])|(?<=[.!?…][\"”’»)\]])|(?<=[.!?…]\s»))\s+(?!»)(?=[\"“”‘«(\[]?\s?[\w¿¡])"
    r"|(?<=[。！？؟।])\s*(?=\S)|\n+"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|t\.ex|bl\.a|d\.v\.s|m\.m|s\.k|ca|nr|kl|max|min|resp|inkl|exkl"
    r"|e\.g|i\.e|no|vs|approx|incl|st|mr|mrs|ms|dr|p\.ex|c\.-à-d|cf|env|art|mm?e?"
    r"|z\.b|d\.h|bzw|usw|evtl|ggf|abs|str|tel|p\.ej|pág|núm|sr|sra|es|ecc|pag|np|tzn"
    r"|itp|itd|ul|esim|ns|mm|bijv|o\.a|d\.w\.z|f\.eks|bl\.a|osv)\.$",
    re.IGNORECASE,
)


_LAST_WORDS = 100


def sentences(text: str) -> list[str]:
    """The sentences of a text, each as it stands there; list items are sentences."""
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        # Its last words tell; a long text without an end is not copied at each stop.
        words = text[max(start, match.start() - _LAST_WORDS) : match.start()].strip()
        is_line = "\n" in match.group()
        following = text[match.end() : match.end() + 1]
        if not words or (not is_line and _goes_on(words, following)):
            continue
        found.append(text[start : match.start()].strip())
        start = match.end()
    last = text[start:].strip()
    return [*found, last] if last else found


def _goes_on(sentence: str, following: str) -> bool:
    """Whether the full stop belongs to an abbreviation or number, not to an end."""
    if not sentence.endswith("."):
        return False
    if following.islower():
        return True
    return bool(_ABBREVIATION.search(sentence[-12:])) or bool(
        re.fullmatch(r"\d+(?:\.\d+)*\.", sentence)
    )


def plain_text(markdown: str) -> str:
    """Markdown without its marks: emphasis, links, list bullets, tables' frames."""
    lines = []
    for line in markdown.split("\n"):
        if _FENCE.match(line.strip()):
            continue
        line = re.sub(r"^\s*(?:[-*+]|\d+[.)](?=\s))\s+", "", line)
        line = re.sub(r"^\s*>\s?", "", line)
        if re.fullmatch(r"\s*\|?[\s:|-]+\|?\s*", line):
            line = ""
        if line.lstrip().startswith("|"):
            cells = (cell.strip() for cell in line.strip().strip("|").split("|"))
            line = "; ".join(filter(None, cells))
        lines.append(inline_text(line))
    return "\n".join(filter(None, lines))


def inline_text(line: str) -> str:
    """One line of Markdown without emphasis, links, code marks and escapes."""
    for pattern, replacement in _MARKUP:
        line = pattern.sub(replacement, line)
    return line.strip()


def _sections(body: str) -> Iterator[tuple[str, str, str]]:
    """Heading, anchor and Markdown of each section, the text before any first."""
    heading, anchor = "", ""
    lines: list[str] = []
    is_code = False
    for line in body.split("\n"):
        if _FENCE.match(line):
            is_code = not is_code
        match = None if is_code else HEADING.match(line)
        if match is None:
            lines.append(line)
            continue
        yield heading, anchor, "\n".join(lines)
        heading = inline_text(match["heading"])
        anchor = match["anchor"] or slug(heading)
        lines = []
    yield heading, anchor, "\n".join(lines)


def slug(heading: str) -> str:
    """An anchor made of a heading that has none of its own."""
    decomposed = unicodedata.normalize("NFKD", heading.casefold())
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", "-", kept).strip("-")


def _clauses(body: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Clause number (empty if none), plain text and `asked` of each part."""
    number = ""
    paragraphs: list[str] = []
    asked: list[str] = []
    for block in re.split(r"\n[ \t]*\n", body):
        match = CLAUSE.match(block.lstrip("\n"))
        if match:
            yield number, _joined(paragraphs), tuple(asked)
            number, paragraphs, asked = match["number"], [], []
        for phrasings in ASKED.findall(block):
            asked += filter(None, map(str.strip, phrasings.split("\n")))
        paragraphs.append(without_asked(block))
    yield number, _joined(paragraphs), tuple(asked)


def _joined(blocks: list[str]) -> str:
    """Blocks as paragraphs, one a line; a wrapped paragraph is one line."""
    texts = []
    for block in blocks:
        if "```" in block or "~~~" in block:
            texts.append(block)
        elif re.search(r"^\s*(?:[-*+]|\d+[.)])\s|^\s*\|", block, re.MULTILINE):
            texts.append(re.sub(r"\n\s*(?![-*+|\s]|\d+[.)])", " ", block))
        else:
            texts.append(" ".join(block.split()))
    return "\n".join(filter(None, (plain_text(text) for text in texts)))


def _free(section: str, taken: set[str]) -> str:
    name, n = section, 1
    while name in taken:
        n += 1
        name = f"{section}.{n}" if "." not in section else f"{section}({n})"
    taken.add(name)
    return name
