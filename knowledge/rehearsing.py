"""What would be answered from pages that are not published, found the same way.

The index of a whole publication is built where publishing would build it, so that
publishing after a look is instant. That of one draft lives in memory, and takes over
from what is live all but the draft.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from knowledge.answers import Answer, Citation, Knowledge
from knowledge.chunking import Passage, chunk
from knowledge.embedding import Embedder, Progress
from knowledge.embedding_cache import open_embedding_cache
from knowledge.errors import PublishRefused
from knowledge.index import extend_index, open_index
from knowledge.indexes import ensure_index, index_folder, read_quality, write_quality
from knowledge.measuring import measure_index
from knowledge.pages import Page
from knowledge.quality import (
    Checks,
    Measures,
    Quality,
    place,
    unmeasured,
)
from knowledge.regressions import Broken, broken_questions, refuse_worse
from knowledge.store import PageStore
from knowledge.threads import in_turn

MOST_QUESTIONS = 300
_KEPT_DRAFTS = 4

Effect = Literal["answered", "changed", "broken"]


class Question(Protocol):
    """What a customer asked, numbers masked."""

    @property
    def text(self) -> str: ...

    @property
    def language(self) -> str: ...


RecentlyAnswered = Callable[[int], Awaitable[Sequence[Question]]]


async def nothing_answered(limit: int) -> Sequence[Question]:
    """No conversations to look into."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """A question that would be answered differently."""

    question: str
    language: str
    before: Answer | None
    after: Answer | None

    @property
    def effect(self) -> Effect:
        if self.before is None:
            return "answered"
        return "broken" if self.after is None else "changed"


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What publishing some pages would do.

    Attributes:
        n_asked: Stored questions that were replayed.
        changes: Those that would be answered differently, in their order.
        broken: Questions of the editors' own set that would be answered worse.
        before, after: What was measured over that set.
        fallen: Measures below the operator's floor: publishing is refused.
    """

    n_asked: int
    changes: list[Change]
    broken: list[Broken]
    before: Measures
    after: Measures
    fallen: dict[str, dict[str, float]]

    def of(self, effect: Effect) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.effect == effect]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a customer would be told: an answer, else passages to choose from."""

    answer: Answer | None
    offered: list[Citation]


class Rehearsals:
    """Asks what is not published.

    Args:
        store: Holds pages and gaps.
        live: What customers are answered from.
        state_dir: Where the indexes are kept.
        load_checks: Reads the editors' questions and the operator's rules.
        recently_answered: Questions that customers were answered lately.
        executor: Runs what keeps a processor busy.
    """

    def __init__(
        self,
        store: PageStore,
        live: Knowledge,
        embedder: Embedder,
        state_dir: Path,
        load_checks: Callable[[], Checks],
        recently_answered: RecentlyAnswered = nothing_answered,
        executor: Executor | None = None,
    ) -> None:
        self._store, self._live, self._embedder = store, live, embedder
        self._state_dir, self._load_checks = state_dir, load_checks
        self._recently_answered, self._executor = recently_answered, executor
        self._drafts: OrderedDict[str, Knowledge] = OrderedDict()
        self._lock = threading.Lock()

    async def what_if(self, pages: Sequence[Page], progress: Progress) -> WhatIf:
        """Replay stored questions over `pages`, as if exactly these were published.

        Raises:
            BadInput: There are no pages.
        """
        gaps = await self._store.gaps(limit=MOST_QUESTIONS)
        answered = await self._recently_answered(MOST_QUESTIONS)
        asked = {(gap.question, gap.language): None for gap in gaps}
        asked |= {(each.text, each.language): None for each in answered}
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._compare, pages, list(asked), progress
        )

    async def try_draft(
        self, draft: Page, question: str, language: str | None
    ) -> Tried:
        """Ask the published pages with `draft` in place of its published version.

        Raises:
            BadInput: An empty question.
        """
        published = await self._store.published_pages()
        pages = {(page.id, page.language): page for page in published}
        # In the place of its published version, so that the others stay as they are.
        pages[draft.id, draft.language] = draft
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._try, list(pages.values()), question, language
        )

    def _try(self, pages: Sequence[Page], question: str, language: str | None) -> Tried:
        knowledge = self._drafted([each for page in pages for each in chunk(page)])
        answer = knowledge.answer(question, language=language)
        offered = [] if answer else knowledge.offer(question, language=language)
        return Tried(answer=answer, offered=offered)

    def _drafted(self, passages: Sequence[Passage]) -> Knowledge:
        """Answers from these passages, measured as what is live was."""
        key = hashlib.sha256(repr(passages).encode("utf-8")).hexdigest()
        with self._lock:
            if key not in self._drafts:
                quality = read_quality(index_folder(self._state_dir))
                with open_embedding_cache(
                    self._embedder, self._state_dir, keep_unused=True
                ) as cached:
                    index = extend_index(self._live.index, passages, cached)
                self._drafts[key] = Knowledge(
                    index,
                    self._embedder,
                    quality or unmeasured(self._load_checks()),
                    self._live.courtesies,
                )
            self._drafts.move_to_end(key)
            while len(self._drafts) > _KEPT_DRAFTS:
                self._drafts.popitem(last=False)
            return self._drafts[key]

    def _compare(
        self,
        pages: Sequence[Page],
        asked: Sequence[tuple[str, str]],
        progress: Progress,
    ) -> WhatIf:
        checks = self._load_checks()
        knowledge, quality = self._rehearsed(pages, checks, progress)
        changes = []

        def is_same(question: tuple[str, str]) -> bool:
            before, after = (
                _said(each.answering_passage(question[0], language=question[1]))
                for each in (self._live, knowledge)
            )
            return before == after

        for n, ((question, language), same) in enumerate(in_turn(is_same, asked), 1):
            if not same:
                changes.append(
                    Change(
                        question=question,
                        language=language,
                        before=self._live.answer(question, language=language),
                        after=knowledge.answer(question, language=language),
                    )
                )
            progress(n, len(asked))
        live = read_quality(index_folder(self._state_dir))
        if live is not None and live.key != checks.key:
            live = None
        return WhatIf(
            n_asked=len(asked),
            changes=changes,
            broken=broken_questions(live, quality) if live else [],
            before=live.measures.get("all", {}) if live else {},
            after=quality.measures.get("all", {}),
            fallen=_fallen(live, quality, checks) if live else {},
        )

    def _rehearsed(
        self, pages: Sequence[Page], checks: Checks, progress: Progress
    ) -> tuple[Knowledge, Quality]:
        passages = [each for page in pages for each in chunk(page)]
        folder = ensure_index(passages, self._embedder, self._state_dir, progress)
        index = open_index(folder, self._embedder)
        quality = read_quality(folder)
        if quality is None or quality.key != checks.key:
            quality = measure_index(
                index, self._embedder, self._state_dir, checks, progress
            )
            write_quality(folder, quality)
        knowledge = Knowledge(index, self._embedder, quality, checks.courtesies)
        return knowledge, quality


def _said(passage: Passage | None) -> tuple[str, str] | None:
    """What tells two answers apart: the place, and the words that stand there."""
    return None if passage is None else (place(passage), passage.text)


def _fallen(
    before: Quality, after: Quality, checks: Checks
) -> dict[str, dict[str, float]]:
    try:
        refuse_worse(before, after, checks.rules)
    except PublishRefused as refused:
        return refused.fallen
    return {}
