"""What a web page says of itself in schema.org terms: questions, answers, dates."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement  # type: ignore[import-untyped]

_DEEPEST = 20


@dataclass(kw_only=True)
class Structured:
    """What was found.

    Attributes:
        pairs: Questions and their answers, which may be HTML, in the page's order.
        modified: When the page was last changed.
    """

    pairs: list[tuple[str, str]] = field(default_factory=list)
    modified: dt.date | None = None

    @property
    def questions(self) -> list[str]:
        return [question for question, _ in self.pairs]


def read_structured(root: HtmlElement) -> Structured:
    """Read the JSON-LD and the microdata of a page; what is malformed is left out."""
    found = Structured()
    for script in root.iter("script"):
        if (script.get("type") or "").split(";")[0].strip() != "application/ld+json":
            continue
        try:
            content = json.loads(script.text_content())
        except (ValueError, RecursionError):
            continue
        for thing in _things(content):
            _take(thing, found)
    found.pairs += _microdata(root)
    return found


def _take(thing: dict[str, Any], found: Structured) -> None:
    kinds = thing.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "Question" in kinds:
        question = _text(thing.get("name"))
        answers = thing.get("acceptedAnswer") or thing.get("suggestedAnswer")
        first = answers[0] if isinstance(answers, list) and answers else answers
        answer = _text(first.get("text")) if isinstance(first, dict) else ""
        if question and answer:
            found.pairs.append((question, answer))
    elif found.modified is None and isinstance(day := thing.get("dateModified"), str):
        try:
            found.modified = dt.date.fromisoformat(day[:10])
        except ValueError:
            return


def _things(content: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every object in it, the outer before the inner."""
    if depth > _DEEPEST:
        return
    if isinstance(content, dict):
        yield content
        for value in content.values():
            yield from _things(value, depth + 1)
    elif isinstance(content, list):
        for each in content:
            yield from _things(each, depth + 1)


def _microdata(root: HtmlElement) -> Iterator[tuple[str, str]]:
    for element in root.xpath("//*[@itemscope and @itemtype]"):
        if not element.get("itemtype").rstrip("/").endswith("/Question"):
            continue
        names = element.xpath(".//*[@itemprop='name']")
        texts = element.xpath(
            ".//*[@itemprop='acceptedAnswer' or @itemprop='suggestedAnswer']"
            "//*[@itemprop='text']"
        )
        if names and texts:
            question = _text(names[0].get("content") or names[0].text_content())
            yield question, _text(texts[0].text_content())


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
