from __future__ import annotations

import pytest

from actions.cases.helpfulness import Helpfulness
from actions.cases.transcripts import Transcripts
from knowledge.store import PageStore
from tests.factories import FakeClock, make_message

CITED = [{"page": "fees", "section": "cost"}]


@pytest.fixture
def pages(engine) -> PageStore:
    return PageStore(engine, FakeClock())


@pytest.fixture
async def helpfulness(engine, pages: PageStore) -> Helpfulness:
    transcripts = Transcripts(engine, FakeClock())
    await transcripts.create("c1", "hash", "sv")
    await transcripts.append(
        "c1",
        make_message(id="q1", text="Vad kostar det?"),
        make_message(id="a1", sender="bot", citations=CITED),
        make_message(id="a2", sender="bot", text="Hjälpte det?"),
    )
    return Helpfulness(engine, transcripts, pages)


async def test_a_no_a_thumb_and_a_comment_on_one_answer_are_one_gap(
    helpfulness: Helpfulness, pages: PageStore
) -> None:
    await helpfulness.note("c1", "a1", False)
    await helpfulness.note("c1", "a1", False, "Priset saknas")
    await helpfulness.note_last("c1", False)

    [gap] = await pages.gaps()
    assert (gap.question, gap.reason, gap.n_asked) == (
        "Vad kostar det?",
        "unhelpful",
        1,
    )


async def test_an_answer_that_helped_after_all_is_no_gap(
    helpfulness: Helpfulness, pages: PageStore
) -> None:
    await helpfulness.note_last("c1", True)

    assert await pages.gaps() == []


async def test_the_last_word_on_an_answer_says_whether_it_is_a_gap(
    helpfulness: Helpfulness, pages: PageStore
) -> None:
    await helpfulness.note("c1", "a1", False)
    await helpfulness.note("c1", "a1", True)

    assert await pages.gaps() == []


async def test_a_verdict_turned_and_turned_back_is_no_news_to_editors(
    helpfulness: Helpfulness, pages: PageStore
) -> None:
    await helpfulness.note("c1", "a1", False)
    [gap] = await pages.gaps()
    await pages.settle_gap(gap.question, language=gap.language)

    await helpfulness.note("c1", "a1", True)
    await helpfulness.note("c1", "a1", False)

    assert await pages.gaps() == []


async def test_what_is_said_where_nothing_was_answered_is_no_gap(
    helpfulness: Helpfulness, pages: PageStore
) -> None:
    await helpfulness.note_last("c2", False)
    await helpfulness.note("c1", "a2", False)

    assert await pages.gaps() == []
