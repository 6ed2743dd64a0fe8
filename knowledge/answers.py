"""Answers: a passage that an editor approved, the sentence that says it, and where."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from knowledge.chunking import Passage


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer stands, as the customer sees it.

    Attributes:
        page: The page's id.
        version: The version of the page, from 1.
        section: Anchor or clause number; the link is `url`, with the anchor.
        title: Title of the page, and of the section where it has one.
        url: Address of the section.
        language: Language of the page, which need not be the question's.
        quote: The sentence that answers, as it stands on the page.
    """

    page: str
    version: int
    section: str
    title: str
    url: str
    language: str
    quote: str

    def as_json(self) -> dict[str, str | int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is confident enough to give.

    Attributes:
        text: What is said: the whole passage.
        quote: The sentence in it that answers.
        confidence: Calibrated probability, 0 to 1, that the passage is the right one.
        citation: Where it stands.
        passage: The passage itself.
    """

    text: str
    quote: str
    confidence: float
    citation: Citation
    passage: Passage


def cite(passage: Passage, quote: str) -> Citation:
    """Cite a passage, quoting one of its sentences."""
    title = passage.title
    if passage.heading and passage.heading != title:
        title = f"{title}: {passage.heading}" if title else passage.heading
    return Citation(
        page=passage.page,
        version=passage.version,
        section=passage.section,
        title=title,
        url=passage.url,
        language=passage.language,
        quote=quote,
    )
