from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.lexical import LexicalIndex, character_grams, stemmer, stems, words

TEXTS = ["Klagomål besvaras inom en månad.", "Korten blandas slumpmässigt.", "🙂"]


def test_words_are_folded() -> None:
    assert words("ÄR  Kontot-låst?") == ["är", "kontot", "låst"]


def test_each_language_has_its_stemmer() -> None:
    assert stems("klagomålet", "sv") == stems("klagomål", "sv")
    assert stems("comptes", "fr") == stems("compte", "fr")


def test_a_regional_tag_uses_the_languages_stemmer() -> None:
    assert stems("retiradas", "pt-BR") == stems("retiradas", "pt")


def test_a_language_without_a_stemmer_keeps_its_words() -> None:
    assert stems("výběry peněz", "xx") == ["výběry", "peněz"]


def test_runs_of_characters_cross_words() -> None:
    assert character_grams("ab cd") == [" ab c", "ab cd", "b cd "]


def test_a_part_of_a_compound_is_found() -> None:
    index = LexicalIndex.build(TEXTS, character_grams)

    assert int(np.argmax(index.scores("slumpgenerator"))) == 1


def test_coverage_is_a_share_of_the_question() -> None:
    index = LexicalIndex.build(TEXTS, stemmer("sv"))

    whole = index.coverage("klagomål månad")[0]
    half = index.coverage("klagomål obekant")[0]

    assert 0 < half < whole < 1


def test_a_question_without_words_covers_nothing() -> None:
    index = LexicalIndex.build(TEXTS, character_grams)

    assert not index.coverage("?!").any()
    assert not index.coverage("").any()


def test_texts_without_words_can_be_indexed() -> None:
    index = LexicalIndex.build(["🙂", "!"], character_grams)

    assert index.coverage("hej").tolist() == [0, 0]


def test_an_index_reads_back_as_it_was_written(tmp_path: Path) -> None:
    index = LexicalIndex.build(TEXTS, character_grams)
    index.save(tmp_path / "sv")

    loaded = LexicalIndex.load(tmp_path / "sv", character_grams, len(TEXTS))

    assert np.array_equal(index.coverage("korten"), loaded.coverage("korten"))


@given(st.text(max_size=200))
def test_any_question_has_a_coverage_from_0_to_1(question: str) -> None:
    index = LexicalIndex.build(TEXTS, character_grams)

    coverage = index.coverage(question)

    assert coverage.shape == (3,)
    assert np.all((coverage >= 0) & (coverage <= 1))


@given(st.text(max_size=60))
def test_coverage_of_some_texts_is_that_of_all(question: str) -> None:
    index = LexicalIndex.build(TEXTS, character_grams)
    some = np.array([0, 2])

    assert np.allclose(
        index.coverage(question, some), index.coverage(question)[some], atol=1e-6
    )


def test_the_best_texts_are_those_that_share_most() -> None:
    index = LexicalIndex.build(TEXTS, character_grams)

    assert index.best("klagomål och korten blandas", 1).tolist() == [1]
    assert index.best("klagomål och korten", 3).tolist() == [0, 1]
    assert not len(index.best("🙂", 3))


def test_only_texts_that_are_allowed_are_found() -> None:
    index = LexicalIndex.build(TEXTS, character_grams)

    found = index.best("klagomål och korten", 3, np.array([True, False, True]))

    assert found.tolist() == [0]


def test_common_tokens_are_passed_over_in_a_large_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("knowledge.lexical.MOST_POSTINGS", 2)
    index = LexicalIndex.build(["to be", "to go", "to see", "to win"], stemmer("xx"))

    assert index.best("to win", 4).tolist() == [3]
