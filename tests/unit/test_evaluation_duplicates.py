from __future__ import annotations

import json
from pathlib import Path

from bot.evaluation.duplicates import Pair, evaluate_duplicates
from bot.evaluation.rows import read_rows
from bot.settings import ROOT
from knowledge.embedding import FakeEmbedder
from tests.factories import plain_cosines

LANGUAGE_FREE = plain_cosines(FakeEmbedder().dim)
SHIPPED = ROOT / "data" / "evaluation" / "duplicates.jsonl"


def make_pair(name: str, first: str, second: str, *, same: bool) -> str:
    told = [{"lang": "en", "text": text} for text in (first, second)]
    pair = {"id": name, "lang": "en", "first": told[0], "second": told[1], "same": same}
    return json.dumps(pair)


def test_pairs_are_judged_as_filing_judges_them(tmp_path: Path):
    file = tmp_path / "pairs.jsonl"
    # The fake embedder compares words: in another order they mean the same.
    file.write_text(
        "\n".join(
            (
                make_pair("a", "where is my money", "my money is where", same=True),
                make_pair("b", "where is my money", "a lost ticket", same=True),
                make_pair("c", "money 400 here", "here money 250", same=False),
                make_pair("d", "no code comes", "code comes no", same=False),
            )
        )
    )

    measured = evaluate_duplicates(
        file, FakeEmbedder(), LANGUAGE_FREE, lambda done, total: None
    )

    assert (measured.overall["precision"], measured.overall["recall"]) == (0.5, 0.5)
    assert [each["id"] for each in measured.details["wrong"]] == ["b", "d"]


def test_the_shipped_pairs_are_of_many_languages_and_of_both_kinds():
    pairs = read_rows(SHIPPED, Pair)

    assert len(pairs) == 120
    assert {pair.same for pair in pairs} == {True, False}
    assert len({pair.first.lang for pair in pairs}) == 12
