"""Asking a draft, and a publication that is not published yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge.answers import Knowledge, open_knowledge
from knowledge.chunking import chunk
from knowledge.database import metadata, open_engine
from knowledge.embedding import Encoding, FakeEmbedder, Progress, Side
from knowledge.index import extend_index, make_index
from knowledge.indexes import index_folder
from knowledge.operator import AnswerRules
from knowledge.pages import Page
from knowledge.publishing import publish
from knowledge.quality import Checks
from knowledge.question_sets import Query
from knowledge.rehearsing import Rehearsals
from knowledge.store import PageStore

FEES = Page(
    id="fees",
    title="Fees",
    kind="guide",
    language="en",
    url="/help/en/fees",
    effective_from=dt.date(2026, 9, 1),
    body="## What does it cost? {#cost}\n\nIt is free.\n\n<!-- asked:\nprice\n-->\n",
)
HOURS = replace(
    FEES, id="hours", body="## Opening hours {#hours}\n\nFrom nine to five.\n"
)
FRAIS = replace(FEES, language="fr", body="## Prix {#cost}\n\nC'est gratuit.\n")
DRAFT = replace(
    FEES, body=f"{FEES.body}\n## Is there a fee for paper? {{#paper}}\n\nTwo euros.\n"
)


QUESTIONS = [
    Query(id=str(n), language="en", text=text, relevant=frozenset())
    for n, text in enumerate(
        [
            "What does it cost?",
            "Is there a fee for paper?",
            "Is there a fee for paper? Two euros.",
            "Opening hours",
            "From nine to five",
            "price",
        ]
    )
]
CHECKS = Checks(questions=[replace(QUESTIONS[0], relevant=frozenset({"fees#cost"}))])
# What is as likely right as wrong is answered.
EASY = Checks(rules=AnswerRules(wrong_at_most=0.5))


class CountingEmbedder(FakeEmbedder):
    """Remembers what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.passages: list[str] = []
        self.questions: list[str] = []

    def encode(
        self, texts: Sequence[str], side: Side, *, progress: Progress | None = None
    ) -> list[Encoding]:
        (self.passages if side == "passage" else self.questions).extend(texts)
        return super().encode(texts, side, progress=progress)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PageStore]:
    engine = open_engine(f"sqlite:///{tmp_path / 'pages.sqlite3'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield PageStore(engine)
    await engine.dispose()


async def open_rehearsals(
    store: PageStore,
    embedder: FakeEmbedder,
    state_dir: Path,
    checks: Checks = EASY,
    asked: Sequence[Query] = (),
) -> Rehearsals:
    for page in (FEES, FRAIS, HOURS):
        await store.save_version(page, author="Ada")
    await publish(store, embedder, state_dir, checks=checks)
    live = open_knowledge(index_folder(state_dir), embedder)

    async def recently_answered(limit: int) -> Sequence[Query]:
        return asked

    return Rehearsals(
        store, live, embedder, state_dir, lambda: checks, recently_answered
    )


def says(knowledge: Knowledge, question: Query) -> str | None:
    answer = knowledge.answer(question.text, language="en")
    return answer.text if answer else None


async def test_a_draft_is_asked_in_place_of_what_is_published(store, tmp_path) -> None:
    rehearsals = await open_rehearsals(store, FakeEmbedder(), tmp_path)

    tried = await rehearsals.try_draft(DRAFT, "Is there a fee for paper?", "en")

    said = [tried.answer.citation] if tried.answer else tried.offered
    assert said[0].section == "paper"


async def test_nothing_that_is_embedded_already_is_embedded_for_a_draft(
    store, tmp_path
) -> None:
    embedder = CountingEmbedder()
    rehearsals = await open_rehearsals(store, embedder, tmp_path)
    embedder.passages.clear()

    await rehearsals.try_draft(DRAFT, "Is there a fee for paper?", "en")

    assert embedder.passages == ["Is there a fee for paper?\nTwo euros."]


async def test_publishing_after_a_draft_was_asked_embeds_nothing_twice(
    store, tmp_path
) -> None:
    embedder = CountingEmbedder()
    rehearsals = await open_rehearsals(store, embedder, tmp_path)
    await rehearsals.try_draft(DRAFT, "Is there a fee for paper?", "en")
    await store.save_version(DRAFT, author="Ada")
    embedder.passages.clear()

    await publish(store, embedder, tmp_path)

    assert embedder.passages == []


async def test_publishing_after_a_rehearsal_embeds_and_asks_nothing_again(
    store, tmp_path
) -> None:
    embedder = CountingEmbedder()
    rehearsals = await open_rehearsals(store, embedder, tmp_path, CHECKS)
    await store.save_version(DRAFT, author="Ada")
    rehearsed = await rehearsals.what_if(await store.pages(), lambda done, total: None)
    embedder.passages.clear()
    embedder.questions.clear()

    published = await publish(
        store, embedder, tmp_path, checks=CHECKS, pages=await store.pages()
    )

    assert embedder.passages == embedder.questions == []
    assert published.quality is not None
    assert published.quality["measures"]["all"] == rehearsed.after


async def test_a_rehearsal_finds_what_asking_both_one_by_one_finds(
    store, tmp_path
) -> None:
    embedder = FakeEmbedder()
    rehearsals = await open_rehearsals(store, embedder, tmp_path, EASY, QUESTIONS)
    live = open_knowledge(index_folder(tmp_path), embedder)
    await store.save_version(DRAFT, author="Ada")
    pages = await store.pages()

    rehearsed = await rehearsals.what_if(pages, lambda done, total: None)

    await publish(store, embedder, tmp_path, checks=EASY)
    new = open_knowledge(index_folder(tmp_path), embedder)
    before, after = ([says(each, q) for q in QUESTIONS] for each in (live, new))
    assert [
        (change.before and change.before.text, change.after and change.after.text)
        for change in rehearsed.changes
    ] == [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert before != after


def test_an_extended_index_scores_as_one_made_anew() -> None:
    embedder = FakeEmbedder()
    before = [each for page in (FEES, FRAIS, HOURS) for each in chunk(page)]
    after = [each for page in (DRAFT, FRAIS) for each in chunk(page)]
    question = embedder.embed_queries(["What does it cost?"])[0]

    extended = extend_index(make_index(before, embedder), after, embedder)

    anew = make_index(after, embedder)
    np.testing.assert_allclose(extended.dense(question), anew.dense(question), 1e-5)
    everything = np.arange(len(after))
    for ours, theirs in zip(
        extended.coverage("What does it cost?", "en", everything),
        anew.coverage("What does it cost?", "en", everything),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
