"""The sample operator's questions measure the pages only if no page repeats them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.settings import ROOT
from knowledge.chunking import chunk
from knowledge.lexical import words
from knowledge.pages import read_pages
from knowledge.quality import load_checks, place

DATA = Path(ROOT) / "data"
QUESTIONS = load_checks(DATA).questions
PASSAGES = [each for page in read_pages(DATA / "help") for each in chunk(page)]
# Share of common words from which a phrasing repeats a question.
SAME = 0.8


def test_no_phrasing_of_a_page_repeats_a_question() -> None:
    phrasings = {line: set(words(line)) for each in PASSAGES for line in each.asked}
    holders = defaultdict(list)
    for line, its_words in phrasings.items():
        for word in its_words:
            holders[word].append(line)

    repeated = []
    for question in QUESTIONS:
        asked = set(words(question.text))
        # More than that many words cannot differ: one of the rarest is shared.
        rarest = sorted(asked, key=lambda word: len(holders[word]))
        n = 1 + math.floor((1 - SAME) * len(asked))
        for line in {line for word in rarest[:n] for line in holders[word]}:
            common = asked & phrasings[line]
            if len(common) > SAME * len(asked | phrasings[line]):
                repeated.append((question.id, line))

    assert repeated == []


def test_a_question_is_answered_by_sections_that_there_are() -> None:
    sections = {place(passage) for passage in PASSAGES}

    named = {section for question in QUESTIONS for section in question.relevant}

    assert named - sections == set()


@pytest.mark.parametrize("kind", ["hard", "plain"])
@pytest.mark.parametrize("language", ["sv", "fr", "en"])
def test_near_a_third_of_the_questions_have_no_answer(language, kind) -> None:
    asked = [q for q in QUESTIONS if (q.language, q.kind) == (language, kind)]

    shares = Counter(bool(question.relevant) for question in asked)

    assert len(asked) >= 90
    assert 0.28 <= shares[False] / len(asked) <= 0.36


def test_questions_with_one_name_have_the_same_answers() -> None:
    answers = defaultdict(set)
    for question in QUESTIONS:
        if question.same_as:
            answers[question.same_as].add(question.relevant)

    assert [name for name, each in answers.items() if len(each) > 1] == []
