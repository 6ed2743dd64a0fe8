from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from knowledge.answers import Knowledge, cite, open_knowledge
from knowledge.chunking import Page, chunk
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput, NotReady
from knowledge.index import build_index, make_index


def make_page(id: str, language: str, body: str, **changes: object) -> Page:
    fields: dict[str, object] = {
        "title": f"Title of {id}",
        "kind": "faq",
        "url": f"/help/{language}/{id}",
        "effective_from": dt.date(2026, 9, 1),
        "version": 3,
    }
    return Page(id=id, language=language, body=body, **(fields | changes))  # type: ignore[arg-type]


PAGES = [
    make_page(
        "faq",
        "en",
        "## How long does a withdrawal take? {#withdrawal-time}\n\n"
        "A withdrawal takes five days. The bank needs two of them.\n\n"
        "## How are cards shuffled? {#shuffle}\n\nBy a random generator.\n",
    ),
    make_page(
        "faq",
        "sv",
        "## Hur lång tid tar ett uttag? {#withdrawal-time}\n\n"
        "Ett uttag tar fem dagar. Banken behöver två av dem.\n\n"
        "## Hur blandas korten? {#shuffle}\n\nAv en slumpgenerator.\n",
    ),
    make_page("only-swedish", "sv", "## Pausa {#pause}\n\nDu kan ta en paus.\n"),
]
PASSAGES = [passage for page in PAGES for passage in chunk(page)]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    embedder = FakeEmbedder()
    return Knowledge(make_index(PASSAGES, embedder), embedder)


def test_a_section_is_found_in_the_questions_language(knowledge: Knowledge) -> None:
    hits = knowledge.search("hur lång tid tar ett uttag", language="sv")

    assert hits[0].passage.id == "faq/sv/withdrawal-time"
    assert {hit.passage.language for hit in hits} == {"sv"}


def test_a_page_that_lacks_a_translation_is_found_all_the_same(
    knowledge: Knowledge,
) -> None:
    hits = knowledge.search("paus", language="en", top_k=9)

    assert "only-swedish/sv/pause" in [hit.passage.id for hit in hits]


def test_each_section_is_found_once(knowledge: Knowledge) -> None:
    hits = knowledge.search("cards", language="en", top_k=9)

    sections = [(hit.passage.page, hit.passage.section) for hit in hits]
    assert len(sections) == len(set(sections)) == 3


@pytest.mark.parametrize("language", [None, "fi"])
def test_other_languages_are_answered_in_english(
    knowledge: Knowledge, language: str | None
) -> None:
    hits = knowledge.search("withdrawal", language=language)

    assert hits[0].passage.id == "faq/en/withdrawal-time"


def test_an_answer_quotes_and_cites(knowledge: Knowledge) -> None:
    answer = knowledge.answer("How long does a withdrawal take?", language="en")

    assert answer is not None
    assert answer.text == "A withdrawal takes five days. The bank needs two of them."
    assert answer.quote == "A withdrawal takes five days."
    assert answer.citation.as_json() == {
        "page": "faq",
        "version": 3,
        "section": "withdrawal-time",
        "title": "Title of faq: How long does a withdrawal take?",
        "url": "/help/en/faq#withdrawal-time",
        "language": "en",
        "quote": "A withdrawal takes five days.",
    }


def test_a_later_sentence_is_quoted_when_it_answers(knowledge: Knowledge) -> None:
    (citation, *_) = knowledge.suggest(
        "withdrawal, how many does the bank needs of them", language="en"
    )

    assert citation.quote == "The bank needs two of them."


def test_what_nothing_answers_gets_no_answer(knowledge: Knowledge) -> None:
    assert knowledge.answer("zebra umbrella yesterday", language="en") is None


def test_what_is_told_beside_a_question_makes_it_no_less_sure(
    knowledge: Knowledge,
) -> None:
    question = "How long does a withdrawal take?"

    beside = knowledge.find(f"A neighbour told me about you. {question}", language="en")

    assert beside == knowledge.find(question, language="en")


def test_a_question_is_not_answered_apart_from_what_it_is_about() -> None:
    headings = ("My passport", "A sent passport", "Lost passport", "How long is it?")
    body = "\n\n".join(f"## {heading}\n\nYes.\n" for heading in headings)
    embedder = FakeEmbedder()
    knowledge = Knowledge(
        make_index(chunk(make_page("p", "en", body)), embedder), embedder
    )

    told = "My sent passport, my lost passport, a passport. How long is it?"

    assert knowledge.answer("How long is it?", language="en")
    assert knowledge.answer(told, language="en") is None


def test_suggestions_are_few_and_best_first(knowledge: Knowledge) -> None:
    citations = knowledge.suggest("cards shuffled", language="en", top_k=2)

    assert citations[0].section == "shuffle"
    assert len(citations) == 2


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_is_refused(knowledge: Knowledge, question: str) -> None:
    with pytest.raises(BadInput, match="empty"):
        knowledge.search(question, language="en")


@pytest.mark.parametrize("question", ["?!", "🙂", "x " * 5000])
def test_an_odd_question_is_not_answered(knowledge: Knowledge, question: str) -> None:
    assert knowledge.answer(question, language="en") is None


def test_languages_are_those_of_the_pages(knowledge: Knowledge) -> None:
    assert knowledge.languages == ("en", "sv")


def test_knowledge_goes_on_with_a_new_index(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    build_index(PASSAGES, embedder, tmp_path / "old")
    build_index(PASSAGES[:1], embedder, tmp_path / "new")
    knowledge = open_knowledge(tmp_path / "old", embedder)

    knowledge.reopen(tmp_path / "new")

    assert len(knowledge.search("cards", language="en", top_k=9)) == 1


def test_a_missing_new_index_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    knowledge = Knowledge(make_index(PASSAGES, embedder), embedder)

    with pytest.raises(NotReady):
        knowledge.reopen(tmp_path / "none")

    assert knowledge.search("cards", language="en")


def test_a_title_is_not_said_twice() -> None:
    (passage,) = chunk(make_page("rake", "en", "## Rake {#r}\n\nFive.\n", title="Rake"))

    assert cite(passage, "Five.").title == "Rake"


def test_the_answer_to_a_question_goes_before_a_clause_that_says_the_same() -> None:
    fee = "Every withdrawal by bank transfer costs ten euros, whatever its amount"
    pages = [
        make_page("terms", "en", f"## Withdrawal by transfer {{#fee}}\n\n{fee}.\n"),
        make_page("faq", "en", f"## Withdrawal by transfer? {{#fee}}\n\n{fee} is.\n"),
        make_page("guide", "en", "## May I play chess? {#chess}\n\nOnly poker.\n"),
        make_page("other", "en", "## Opening hours {#hours}\n\nFrom nine to five.\n"),
    ]
    embedder = FakeEmbedder()
    passages = [passage for page in pages for passage in chunk(page)]
    knowledge = Knowledge(make_index(passages, embedder), embedder)

    hits = knowledge.search("withdrawal by transfer", language="en")

    assert [hit.passage.page for hit in hits[:2]] == ["faq", "terms"]
    assert hits[0].score < hits[1].score
