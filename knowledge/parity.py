"""Whether the help pages say the same in every language.

The same question in two languages should reach the same section; translations should
be there, be made from the newest version of their source, and state the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from knowledge.chunking import chunk
from knowledge.contradictions import Contradiction, Reader, compare
from knowledge.pages import Page
from knowledge.quality import Asked, pairs, place
from knowledge.translations import StaleTranslation, stale_translations
from knowledge.versions import PageState


@dataclass(frozen=True, kw_only=True)
class PartedPair:
    """The same question in two languages that reaches two sections."""

    same_as: str
    languages: tuple[str, str]
    questions: tuple[str, str]
    found: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A section that one translation lacks, or that says something else there.

    Attributes:
        section: `page#section`.
        language: Of the translation.
        missing_in: The language that lacks the section; None when both have it.
        contradiction: What differs; None when the section is missing.
    """

    section: str
    source_language: str
    language: str
    missing_in: str | None = None
    contradiction: Contradiction | None = None


@dataclass(frozen=True, kw_only=True)
class ParityReport:
    """What was found.

    Attributes:
        parity: Share of pairs of questions that reach the same section; None without
            such questions.
        n_pairs: How many pairs there are.
        parted: The pairs that do not.
        stale: Translations missing, or older than their source.
        differences: Between the sections of translations.
    """

    parity: float | None
    n_pairs: int
    parted: Sequence[PartedPair]
    stale: Sequence[StaleTranslation]
    differences: Sequence[Difference]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare_translations(
    states: Sequence[PageState],
    languages: Sequence[str],
    readers: Mapping[str, Reader],
    asked: Sequence[Asked] = (),
) -> ParityReport:
    """Compare what is published, by its questions and by its text.

    Args:
        states: Every page in every language, in its newest version.
        languages: The operator's; the first is the source.
        readers: By language; one without a reader is not read.
        asked: The questions as they were last measured.
    """
    compared = pairs(asked)
    parted = [
        PartedPair(
            same_as=str(first.same_as),
            languages=(first.language, second.language),
            questions=(first.text, second.text),
            found=(first.found, second.found),
        )
        for first, second in compared
        if first.found != second.found
    ]
    n_pairs = len(compared)
    return ParityReport(
        parity=(n_pairs - len(parted)) / n_pairs if n_pairs else None,
        n_pairs=n_pairs,
        parted=parted,
        stale=stale_translations(states, languages),
        differences=_differences(states, languages, readers),
    )


def _differences(
    states: Sequence[PageState],
    languages: Sequence[str],
    readers: Mapping[str, Reader],
) -> list[Difference]:
    by_page: dict[str, dict[str, PageState]] = {}
    for state in states:
        by_page.setdefault(state.newest.page.id, {})[state.newest.page.language] = state
    found = []
    for versions in by_page.values():
        order = [each for each in languages if each in versions]
        if not order:
            continue
        source, *others = [versions[language] for language in order]
        for page in (each.newest.page for each in others):
            # What was made from other words is stale, and differs on purpose.
            if page.translates is None or source.is_said_by(page):
                found += _compare_pages(source.newest.page, page, readers)
    return found


def _compare_pages(
    source: Page, page: Page, readers: Mapping[str, Reader]
) -> list[Difference]:
    ours, theirs = _sections(source), _sections(page)
    about = partial(Difference, source_language=source.language, language=page.language)
    found = [
        about(section=name, missing_in=page.language)
        for name in ours
        if name not in theirs
    ]
    found += [
        about(section=name, missing_in=source.language)
        for name in theirs
        if name not in ours
    ]
    if source.language in readers and page.language in readers:
        for name in ours.keys() & theirs.keys():
            read = readers[source.language].read(ours[name])
            other = readers[page.language].read(theirs[name])
            found += [
                about(section=name, contradiction=contradiction)
                for contradiction in compare(read, other)
            ]
    return sorted(found, key=lambda each: each.section)


def _sections(page: Page) -> dict[str, str]:
    sections: dict[str, str] = {}
    for passage in chunk(page):
        text = f"{passage.heading}\n{passage.text}"
        name = place(passage)
        sections[name] = f"{sections[name]}\n{text}" if name in sections else text
    return sections
