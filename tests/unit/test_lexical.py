from __future__ import annotations

from pathlib import Path

import numpy as np
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
