"""What an index promises, in memory and read back from its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.chunking import Passage
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput, NotReady
from knowledge.index import PassageIndex, build_index, make_index, open_index
from knowledge.search import Searcher


def make_passage(id: str, text: str, language: str = "en", **fields: str) -> Passage:
    defaults = {"page": id, "section": "", "title": "", "heading": "", "url": ""}
    return Passage(
        id=id,
        text=text,
        language=language,
        version=1,
        **(defaults | fields),
    )


PASSAGES = [
    make_passage("withdrawals", "A withdrawal is processed within three days."),
    make_passage("cards", "A random generator shuffles the cards."),
    make_passage("klagomal", "Ett klagomål besvaras inom en månad.", "sv"),
    make_passage("retrait", "Un retrait prend trois jours.", "fr"),
]


@pytest.fixture(params=["in memory", "from its folder"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> PassageIndex:
    if request.param == "in memory":
        return make_index(PASSAGES, FakeEmbedder())
    build_index(PASSAGES, FakeEmbedder(), tmp_path / "index")
    return open_index(tmp_path / "index", FakeEmbedder())


def found(index: PassageIndex, question: str, language: str | None = "en") -> list[str]:
    searcher = Searcher(index, FakeEmbedder())
    hits = searcher.search(question, language=language, top_k=10).hits
    return [hit.passage.id for hit in hits]


def test_the_passage_that_answers_comes_first(index: PassageIndex) -> None:
    assert found(index, "when is a withdrawal processed")[0] == "withdrawals"
    assert found(index, "besvaras klagomål", "sv")[0] == "klagomal"


def test_every_passage_of_a_small_index_is_ranked(index: PassageIndex) -> None:
    assert sorted(found(index, "cards")) == sorted(p.id for p in PASSAGES)


def test_the_same_question_gets_the_same_hits(index: PassageIndex) -> None:
    assert found(index, "three days") == found(index, "three days")


def test_a_question_in_an_unknown_language_is_searched(index: PassageIndex) -> None:
    assert found(index, "withdrawal processed", None)[0] == "withdrawals"
    assert found(index, "withdrawal processed", "fi")[0] == "withdrawals"


def test_only_passages_allowed_are_found(index: PassageIndex) -> None:
    searcher = Searcher(index, FakeEmbedder())
    among = np.array([False, True, True, False])

    hits = searcher.search("withdrawal", language="en", top_k=9, among=among).hits

    assert {hit.passage.id for hit in hits} == {"cards", "klagomal"}


def test_nothing_allowed_gives_no_hits(index: PassageIndex) -> None:
    searcher = Searcher(index, FakeEmbedder())

    none = searcher.search("cards", language="en", among=np.zeros(4, dtype=np.bool_))

    assert (none.hits, none.confidence) == ([], 0.0)


def test_confidence_is_a_probability(index: PassageIndex) -> None:
    searcher = Searcher(index, FakeEmbedder())

    for question in ("cards", "?!", "a " * 5000, "🙂"):
        assert 0 <= searcher.search(question, language="en").confidence <= 1


def test_scores_fall(index: PassageIndex) -> None:
    searcher = Searcher(index, FakeEmbedder())

    scores = [h.score for h in searcher.search("cards", language="en", top_k=4).hits]

    assert scores == sorted(scores, reverse=True)


def test_top_k_below_one_is_refused(index: PassageIndex) -> None:
    with pytest.raises(BadInput, match="top_k must be at least 1, got 0"):
        Searcher(index, FakeEmbedder()).search("cards", language="en", top_k=0)


def test_the_manifest_says_what_the_index_is_made_of(index: PassageIndex) -> None:
    manifest = index.manifest.as_json()

    assert manifest["fingerprint"] == FakeEmbedder().fingerprint
    assert (manifest["dim"], manifest["metric"]) == (FakeEmbedder().dim, "cosine")
    assert manifest["n_passages"] == 4
    assert set(manifest["pages"]) == {
        "withdrawals/en",
        "cards/en",
        "klagomal/sv",
        "retrait/fr",
    }


def test_equal_passages_are_ranked_in_their_order() -> None:
    twins = [make_passage(id, "The same text.") for id in ("b", "a", "c")]

    assert found(make_index(twins, FakeEmbedder()), "same text") == ["b", "a", "c"]


def test_one_passage_is_an_index() -> None:
    assert found(make_index(PASSAGES[:1], FakeEmbedder()), "cards") == ["withdrawals"]


def test_a_heading_is_searched_too() -> None:
    passages = [
        *PASSAGES,
        make_passage("faq", "No.", heading="May I own two accounts?"),
    ]

    assert found(make_index(passages, FakeEmbedder()), "own two accounts")[0] == "faq"


def test_the_end_of_a_long_passage_is_found() -> None:
    long = make_passage("long", "filler words here. " * 300 + "Jackpots are rare.")

    index = make_index([*PASSAGES, long], FakeEmbedder())

    assert found(index, "jackpots rare")[0] == "long"


@pytest.mark.parametrize(
    ("passages", "message"),
    [
        ([], "no passages"),
        ([PASSAGES[0], PASSAGES[0]], "'withdrawals' is there twice"),
        ([make_passage("x", "  ")], "'x' has no text"),
        ([make_passage("x", "text", "")], "'x' has no language"),
    ],
)
def test_bad_passages_are_refused(passages: Sequence[Passage], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_index(passages, FakeEmbedder())


def test_a_missing_index_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="guichet knowledge publish"):
        open_index(tmp_path / "none", FakeEmbedder())


def test_an_index_of_another_model_is_refused(tmp_path: Path) -> None:
    build_index(PASSAGES, FakeEmbedder(dim=32), tmp_path / "index")

    with pytest.raises(NotReady, match=r"made with the model fake-32.*publish"):
        open_index(tmp_path / "index", FakeEmbedder())


def test_an_index_of_another_release_is_refused(tmp_path: Path) -> None:
    build_index(PASSAGES, FakeEmbedder(), tmp_path / "index")
    manifest = tmp_path / "index" / "manifest.json"
    fields = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps(fields | {"format": 0}), "utf-8")

    with pytest.raises(NotReady, match="format 0"):
        open_index(tmp_path / "index", FakeEmbedder())


@pytest.mark.parametrize("name", ["passages.jsonl", "vectors.faiss", "tokens.npz"])
def test_a_damaged_index_is_refused(tmp_path: Path, name: str) -> None:
    build_index(PASSAGES, FakeEmbedder(), tmp_path / "index")
    (tmp_path / "index" / name).write_bytes(b"")

    with pytest.raises(NotReady, match="damaged"):
        open_index(tmp_path / "index", FakeEmbedder())


def test_a_failed_build_leaves_the_earlier_index(tmp_path: Path) -> None:
    build_index(PASSAGES, FakeEmbedder(), tmp_path / "index")

    with pytest.raises(BadInput):
        build_index([], FakeEmbedder(), tmp_path / "index")

    assert open_index(tmp_path / "index", FakeEmbedder()).manifest.n_passages == 4
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_new_index_replaces_the_old_one(tmp_path: Path) -> None:
    build_index(PASSAGES, FakeEmbedder(), tmp_path / "index")

    build_index(PASSAGES[:2], FakeEmbedder(), tmp_path / "index")

    assert open_index(tmp_path / "index", FakeEmbedder()).manifest.n_passages == 2
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_large_index_is_searched_by_a_graph_with_the_same_hits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [make_passage(f"p{n}", f"subject{n} is about topic{n}") for n in range(300)]
    exact = make_index(many, FakeEmbedder())
    monkeypatch.setattr("knowledge.index.making.EXACT_SEARCH_SEGMENTS", 10)
    build_index(many, FakeEmbedder(), tmp_path / "index")

    graph = open_index(tmp_path / "index", FakeEmbedder())

    for n in (0, 7, 299):
        question = f"tell me about subject{n} topic{n}"
        assert found(graph, question)[:3] == found(exact, question)[:3]
