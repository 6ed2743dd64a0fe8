"""Answers: a passage that an editor approved, the sentence that says it, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import Passage, sentences
from knowledge.confidence import SAME
from knowledge.courtesies import Courtesies, sentences_told_and_asked
from knowledge.embedding import Embedder
from knowledge.errors import BadInput
from knowledge.index import Manifest, PassageIndex, open_index
from knowledge.quality import MOST_OFFERED, Checks, Quality, unmeasured
from knowledge.search import Found, Hit, Searcher

HEAD_START = 0.05
QUESTION_MARKS = ("?", "？", "؟", ";")
# Difference of scores up to which the answer to a question goes first.
TWIN_NEAR = 2.0


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


class Knowledge:
    """What the company has published, ready to be asked.

    Safe to share between threads. It keeps a processor busy: call it in an executor.

    Args:
        index: What is searched.
        embedder: The model that the index was made with.
        quality: What says when to answer; by default that in the index's manifest.
        courtesies: What is not searched for.
    """

    def __init__(
        self,
        index: PassageIndex,
        embedder: Embedder,
        quality: Quality | None = None,
        courtesies: Courtesies | None = None,
    ) -> None:
        self.embedder = embedder
        self.courtesies = courtesies or Courtesies()
        self._opened = _Opened(index, embedder, quality)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that pages are published in."""
        return self.manifest.languages

    @property
    def manifest(self) -> Manifest:
        return self._opened.index.manifest

    @property
    def index(self) -> PassageIndex:
        """What is searched."""
        return self._opened.index

    def reopen(self, folder: Path) -> None:
        """Go on with the index in `folder`; questions under way end with the old one.

        Raises:
            NotReady: As for `open_knowledge`; the old index stays in use.
        """
        self._opened = _Opened(open_index(folder, self.embedder), self.embedder, None)

    def search(
        self, question: str, *, language: str | None, top_k: int = 5
    ) -> list[Hit]:
        """Find passages, best first, each section once.

        A section that is published in the question's language is found in that
        language, any other in the language that it has.

        Args:
            question: As the customer wrote it.
            language: The question's language; `None` when unknown.
            top_k: At least 1.

        Raises:
            BadInput: An empty question, or `top_k` below 1.
        """
        return self.find(question, language=language, top_k=top_k).hits

    def find(self, question: str, *, language: str | None, top_k: int = 5) -> Found:
        """As `search`, with the confidence that the first passage answers."""
        if not question.strip():
            raise BadInput("the question is empty")
        opened, top = self._opened, max(top_k, MOST_OFFERED)
        bare = self.courtesies.without(question, language)
        found = opened.find(bare, language, top)
        asked = " ".join(sentences_told_and_asked(bare)[1])
        is_sure = opened.quality.answers(found.confidence, language)
        if not is_sure and asked not in ("", bare):
            # What is told beside a question may be about it, or about something else.
            alone = opened.find(asked, language, top)
            if alone.confidence > found.confidence and _agree(alone, found):
                found = alone
        return replace(found, hits=found.hits[:top_k])

    def answer(self, question: str, *, language: str | None) -> Answer | None:
        """Answer a question; `None` when no passage is likely enough to be right.

        From which confidence on was measured when the pages were published.

        Raises:
            BadInput: An empty question.
        """
        found = self._found(question, language)
        if found is None:
            return None
        return self._answer(question, language, found.hits[0].passage, found.confidence)

    def answering_passage(
        self, question: str, *, language: str | None
    ) -> Passage | None:
        """The passage that `answer` would give, found without looking for its quote."""
        found = self._found(question, language)
        return found.hits[0].passage if found else None

    def _found(self, question: str, language: str | None) -> Found | None:
        """What is found, where it is sure enough to answer with."""
        found = self.find(question, language=language, top_k=1)
        is_sure = self._opened.quality.answers(found.confidence, language)
        return found if found.hits and is_sure else None

    def offer(self, question: str, *, language: str | None) -> list[Citation]:
        """Passages to choose from, best first, where no answer is sure.

        Empty when it is not likely enough that one of them answers.

        Raises:
            BadInput: An empty question.
        """
        found = self.find(question, language=language, top_k=MOST_OFFERED)
        if not self._opened.quality.offers(found.confidence, language):
            return []
        return [
            cite(hit.passage, self._quote(question, language, hit.passage))
            for hit in found.hits
        ]

    def open_passage(
        self, page: str, section: str, question: str, *, language: str | None
    ) -> Answer | None:
        """The passage that a customer chose; None when it is no longer published.

        Args:
            page: Id of the page.
            section: Of the passage, as cited.
            question: Marks the sentence that answers it; may be empty.
            language: Of the customer.
        """
        opened = self._opened
        among = opened.visible.get(language, opened.visible[None])
        for i in np.flatnonzero(among):
            passage = opened.index.passages[i]
            if (passage.page, passage.section) == (page, section):
                return self._answer(question, language, passage, 1.0)
        return None

    def suggest(
        self, question: str, *, language: str | None, top_k: int = 3
    ) -> list[Citation]:
        """The passages found first, however unlikely: for staff to look at."""
        hits = self.search(question, language=language, top_k=top_k)
        return [
            cite(hit.passage, self._quote(question, language, hit.passage))
            for hit in hits
        ]

    def _answer(
        self, question: str, language: str | None, passage: Passage, confidence: float
    ) -> Answer:
        quote = self._quote(question, language, passage)
        return Answer(
            text=passage.text,
            quote=quote,
            confidence=confidence,
            citation=cite(passage, quote),
            passage=passage,
        )

    def _quote(self, question: str, language: str | None, passage: Passage) -> str:
        """The sentence of a passage that answers best.

        Under a heading that asks, the first sentence has a head start.
        """
        candidates = sentences(passage.text)
        if len(candidates) == 1 or not question.strip():
            return candidates[0]
        opened = self._opened
        bare = self.courtesies.without(question, language)
        (encoding,) = self.embedder.encode([bare], "query")
        # The index holds the tokens of the heading, then those of the text.
        heading = [passage.heading] if passage.heading else []
        lengths = [self.embedder.count_tokens(text) for text in heading + candidates]
        closeness = opened.index.tokens.match_stretches(
            encoding, language, opened.positions[passage.id], lengths
        )[len(heading) :]
        if _asks(passage):
            closeness[0] += HEAD_START
        return candidates[int(np.argmax(closeness))]


class _Opened:
    """An index and what is worked out from it; replaced as one."""

    def __init__(
        self, index: PassageIndex, embedder: Embedder, quality: Quality | None
    ) -> None:
        self.index = index
        stored = index.manifest.quality
        self.quality = quality or (
            Quality.from_json(stored) if stored else unmeasured(Checks())
        )
        self.searcher = Searcher(index, embedder)
        self.positions = {passage.id: i for i, passage in enumerate(index.passages)}
        self.visible = {
            language: _preferring(index.passages, language)
            for language in (*index.manifest.languages, None)
        }

    def find(self, question: str, language: str | None, top_k: int) -> Found:
        """What is found for exactly these words, with its confidence."""
        found = self.searcher.search(
            question,
            language=language,
            top_k=top_k,
            among=self.visible.get(language, self.visible[None]),
        )
        return replace(
            found,
            hits=self._question_first(found.hits),
            confidence=self.quality.confidence(found, language),
        )

    def _question_first(self, hits: Sequence[Hit]) -> list[Hit]:
        """Let the answer to a question stand before a clause that says the same.

        Which of the two is found first differs by a hair, and by language. A customer
        is better served by the one that was written as an answer.
        """
        if not hits or _asks(hits[0].passage):
            return list(hits)
        places = np.array([self.positions[hit.passage.id] for hit in hits])
        likeness = self.index.likeness(places)
        for i, hit in enumerate(hits[:MOST_OFFERED]):
            is_near = hits[0].score - hit.score <= TWIN_NEAR
            if is_near and likeness[i] >= SAME and _asks(hit.passage):
                return [hit, *hits[:i], *hits[i + 1 :]]
        return list(hits)


def _agree(alone: Found, whole: Found) -> bool:
    """Whether what a question finds by itself is likely with all that was said, too.

    "I sent my passport. How long does it take?" alone is about something else.
    """
    likely = {hit.passage.id for hit in whole.hits[:MOST_OFFERED]}
    return bool(alone.hits) and alone.hits[0].passage.id in likely


def _asks(passage: Passage) -> bool:
    return passage.heading.rstrip().endswith(QUESTION_MARKS)


def open_knowledge(
    folder: Path, embedder: Embedder, courtesies: Courtesies | None = None
) -> Knowledge:
    """Open the knowledge that an index folder holds.

    Raises:
        NotReady: There is no index, or it was made with another model; the message
            says what to run.
    """
    return Knowledge(open_index(folder, embedder), embedder, courtesies=courtesies)


def _preferring(passages: Sequence[Passage], language: str | None) -> NDArray[np.bool_]:
    """Which passages may be found: of each section, one translation.

    The one in the language asked for, else in English, else the first.
    """
    chosen: dict[tuple[str, str], int] = {}
    for i, passage in enumerate(passages):
        key = (passage.page, passage.section)
        rival = chosen.get(key)
        if rival is None or _rank(passage, language) < _rank(passages[rival], language):
            chosen[key] = i
    mask = np.zeros(len(passages), dtype=np.bool_)
    mask[list(chosen.values())] = True
    return mask


def _rank(passage: Passage, language: str | None) -> int:
    return [language, "en", passage.language].index(passage.language)
