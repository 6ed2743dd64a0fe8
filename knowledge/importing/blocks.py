"""The pieces that a page is read into, and the Markdown made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from knowledge.chunking import CLAUSE, inline_text

# A heading that asks: Latin, full-width, Arabic, and the Greek question mark.
QUESTION = re.compile(r"[?？؟]\s*$|\w;\s*$")
_ANCHOR = re.compile(r"[\w.-]+")
_NUMBER_ALONE = re.compile(r"(?:\d+(?:\.\d+)+\.?)")
_EMPHASISED_NUMBER = re.compile(r"^(\*\*|\*)\s*(\d+(?:\.\d+)+\.?)\s*\1[ \t]*")
_EMPHASISED_START = re.compile(r"^(\*\*|\*)(\d+(?:\.\d+)+\.?)[ \t]+(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page.

    Attributes:
        text: Markdown; of a heading, its words alone.
        level: Of a heading, 1 to 6 and beyond; 0 else.
        anchor: Of a heading, empty when the source gives none.
        asks: The source itself says that this heading is a question.
    """

    kind: Literal["heading", "paragraph", "list", "table", "other"]
    text: str
    level: int = 0
    anchor: str = ""
    asks: bool = False


def escape(text: str) -> str:
    """Plain text that Markdown takes literally."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", text)


def escape_start(text: str) -> str:
    """A paragraph whose first characters begin no list, heading or quotation."""
    text = re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", text)
    return re.sub(r"^([#>+-])(?=\s|$|#|-)", r"\\\1", text)


def as_body(blocks: Sequence[Block]) -> str:
    """Markdown of a page: its headings from level 2, its clauses as paragraphs."""
    blocks = _levelled(_clauses(blocks))
    parts = []
    taken: set[str] = set()
    for block in blocks:
        if block.kind != "heading":
            parts.append(block.text)
            continue
        line = f"{'#' * block.level} {block.text}"
        if _ANCHOR.fullmatch(block.anchor) and block.anchor not in taken:
            taken.add(block.anchor)
            line += f" {{#{block.anchor}}}"
        parts.append(line)
    return "\n\n".join(parts) + "\n" if parts else ""


def without_title(blocks: Sequence[Block], title: str) -> list[Block]:
    """Blocks less the heading that only repeats the page's title."""
    for place, block in enumerate(blocks[:3]):
        if block.kind == "heading" and folded(block.text) == folded(title):
            return [*blocks[:place], *blocks[place + 1 :]]
    return list(blocks)


def is_faq(blocks: Sequence[Block]) -> bool:
    """Whether most sections of a page are a question and its answer."""
    n_sections = n_questions = 0
    for block, following in pairwise(blocks):
        if block.kind == "heading" and following.kind != "heading":
            n_sections += 1
            n_questions += block.asks or bool(QUESTION.search(block.text))
    return n_questions >= 2 and 2 * n_questions >= n_sections


def is_terms(blocks: Iterable[Block]) -> bool:
    """Whether a page is made of numbered clauses."""
    numbered = [
        block.kind == "paragraph" and bool(CLAUSE.match(block.text))
        for block in blocks
        if block.kind != "heading"
    ]
    return sum(numbered) >= 3 and 2 * sum(numbered) >= len(numbered)


def folded(text: str) -> str:
    """Text without markup, case and punctuation, to compare by."""
    return " ".join(re.findall(r"\w+", inline_text(text).casefold()))


def _clauses(blocks: Sequence[Block]) -> list[Block]:
    """Clauses as the house writes them: `4.2 Text`, its number bare, in one block."""
    found: list[Block] = []
    for block in blocks:
        if block.kind == "paragraph":
            text = _EMPHASISED_NUMBER.sub(r"\2 ", block.text)
            text = _EMPHASISED_START.sub(r"\2 \1\3", text)
            block = replace(block, text=text.strip())
        if (
            found
            and block.kind == "paragraph"
            and found[-1].kind == "paragraph"
            and _NUMBER_ALONE.fullmatch(found[-1].text)
        ):
            found[-1] = replace(block, text=f"{found[-1].text} {block.text}")
        else:
            found.append(block)
    return found


def _levelled(blocks: Sequence[Block]) -> list[Block]:
    """Headings without gaps between their levels, the highest at 2."""
    levels = sorted({block.level for block in blocks if block.kind == "heading"})
    new = {level: min(2 + place, 6) for place, level in enumerate(levels)}
    return [
        replace(block, level=new[block.level]) if block.kind == "heading" else block
        for block in blocks
    ]
