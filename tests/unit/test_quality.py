"""Publications are measured with the editors' questions, and refused when worse."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge.answers import Knowledge, open_knowledge
from knowledge.calibration import Correction
from knowledge.chunking import chunk
from knowledge.confidence import FEATURES, Evidence
from knowledge.database import metadata, open_engine
from knowledge.embedding import FakeEmbedder
from knowledge.errors import BadInput, Conflict, PublishRefused
from knowledge.index import open_index
from knowledge.indexes import index_folder, live_stamp, read_quality
from knowledge.operator import AnswerRules
from knowledge.pages import Page
from knowledge.publishing import Publisher, publish, rebuild, roll_back
from knowledge.quality import Checks, load_checks, unmeasured
from knowledge.question_sets import Query
from knowledge.search import Found, Hit
from knowledge.store import PageStore

GOOD = "## What does it cost? {#cost}\n\nIt is free.\n"
BAD = "## Opening hours {#hours}\n\nFrom nine to five.\n"


def make_question(**changes: Any) -> Query:
    fields = {
        "id": "q1",
        "language": "en",
        "text": "What does it cost?",
        "relevant": frozenset({"fees#cost"}),
    }
    return Query(**(fields | changes))


CHECKS = Checks(
    questions=[make_question()], rules=AnswerRules(floor={"recall_at_1": 0.9})
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PageStore]:
    engine = open_engine(f"sqlite:///{tmp_path / 'pages.sqlite3'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield PageStore(engine)
    await engine.dispose()


def make_page(language: str = "en", body: str = GOOD) -> Page:
    return Page(
        id="fees",
        title="Fees",
        kind="guide",
        language=language,
        url=f"/help/{language}/fees",
        effective_from=dt.date(2026, 9, 1),
        body=body,
    )


async def save(store: PageStore, body: str) -> None:
    await store.save_version(make_page(body=body), author="Ada")


async def put_out(
    store: PageStore, state_dir: Path, body: str, **options: Any
) -> dict[str, Any]:
    await save(store, body)
    options = {"checks": CHECKS, **options}
    manifest = await publish(store, FakeEmbedder(), state_dir, **options)
    assert manifest.quality is not None
    return manifest.quality


async def test_a_publication_is_measured(store, tmp_path) -> None:
    quality = await put_out(store, tmp_path, GOOD)

    assert quality["measures"]["all"]["recall_at_1"] == 1.0
    assert quality["answer_from"]["other"]["basis"] == "cautious"
    assert quality["risk_coverage"]["en"]
    stored = read_quality(index_folder(tmp_path))
    assert stored is not None
    assert stored.asked[0].found == "fees#cost"


async def test_the_first_publication_is_never_refused(store, tmp_path) -> None:
    quality = await put_out(store, tmp_path, BAD)

    assert quality["measures"]["all"]["recall_at_1"] == 0.0


async def test_a_worse_publication_is_refused_with_what_it_breaks(
    store, tmp_path
) -> None:
    await put_out(store, tmp_path, GOOD)
    before = live_stamp(tmp_path)

    with pytest.raises(PublishRefused, match="recall_at_1") as refused:
        await put_out(store, tmp_path, BAD)

    assert refused.value.broken == [
        {
            "id": "q1",
            "language": "en",
            "text": "What does it cost?",
            "before": "fees#cost",
            "after": "fees#hours",
        }
    ]
    assert live_stamp(tmp_path) == before
    assert await store.latest_publication() == 1


async def test_a_worse_publication_may_be_forced(store, tmp_path) -> None:
    await put_out(store, tmp_path, GOOD)

    await put_out(store, tmp_path, BAD, force=True)

    assert await store.latest_publication() == 2


async def test_what_was_below_the_floor_may_stay_there(store, tmp_path) -> None:
    await put_out(store, tmp_path, BAD)

    await put_out(store, tmp_path, BAD.replace("nine", "ten"))

    assert await store.latest_publication() == 2


async def test_rolling_back_is_never_refused(store, tmp_path) -> None:
    await put_out(store, tmp_path, BAD)
    await put_out(store, tmp_path, GOOD)

    manifest = await roll_back(store, FakeEmbedder(), tmp_path, checks=CHECKS)

    assert manifest.quality["measures"]["all"]["recall_at_1"] == 0.0


async def test_new_questions_are_asked_of_both_publications(store, tmp_path) -> None:
    await put_out(store, tmp_path, GOOD, checks=Checks(rules=CHECKS.rules))

    with pytest.raises(PublishRefused):
        await put_out(store, tmp_path, BAD)


async def test_changed_rules_measure_again_without_a_new_publication(
    store, tmp_path
) -> None:
    await put_out(store, tmp_path, GOOD)
    stamp = live_stamp(tmp_path)
    stricter = Checks(questions=CHECKS.questions, rules=AnswerRules(wrong_at_most=0.01))

    manifest = await rebuild(store, FakeEmbedder(), tmp_path, checks=stricter)

    assert manifest.quality["answer_from"]["other"]["value"] == pytest.approx(0.99)
    assert live_stamp(tmp_path) != stamp
    assert await store.latest_publication() == 1


async def test_a_publication_in_the_meantime_is_a_conflict(store, tmp_path) -> None:
    await put_out(store, tmp_path, GOOD)
    await save(store, BAD)
    pages = await store.pages()
    await publish(store, FakeEmbedder(), tmp_path)
    await save(store, GOOD.replace("free", "gratis"))

    with pytest.raises(Conflict, match="in the meantime"):
        await store.record_publication(
            [*await store.pages()], author="Bo", base=len(pages)
        )


async def test_a_running_server_follows_what_others_publish(store, tmp_path) -> None:
    await put_out(store, tmp_path, BAD)
    knowledge = open_knowledge(index_folder(tmp_path), FakeEmbedder())
    publisher = Publisher(store, knowledge, tmp_path)
    await publisher.catch_up()

    await put_out(store, tmp_path, GOOD)
    has_changed = await publisher.catch_up()

    assert has_changed
    assert knowledge.search("cost", language="en")[0].passage.section == "cost"
    assert not await publisher.catch_up()


async def test_a_replica_with_a_folder_of_its_own_follows_the_database(
    store, tmp_path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    await put_out(store, here, BAD)
    await rebuild(store, FakeEmbedder(), there)
    knowledge = open_knowledge(index_folder(there), FakeEmbedder())
    publisher = Publisher(store, knowledge, there)
    await publisher.catch_up()

    await put_out(store, here, GOOD)
    await publisher.catch_up()

    assert knowledge.search("cost", language="en")[0].passage.section == "cost"


async def test_a_crash_between_record_and_link_is_mended_by_the_watch(
    store, tmp_path
) -> None:
    await put_out(store, tmp_path, BAD)
    knowledge = open_knowledge(index_folder(tmp_path), FakeEmbedder())
    await save(store, GOOD)
    await store.record_publication(await store.pages(), author="crashed")

    await Publisher(store, knowledge, tmp_path).catch_up()

    assert knowledge.search("cost", language="en")[0].passage.section == "cost"


def test_the_rules_are_read_from_the_operators_file(tmp_path) -> None:
    (tmp_path / "operator.yml").write_text(
        "name: A\nlanguages: [en]\ntime_zone: UTC\ncountry: SE\nemail: a@b.example\n"
        "answers: {wrong_at_most: 0.1, floor: {parity: 0.5}}\n"
    )

    rules = load_checks(tmp_path).rules

    assert (rules.wrong_at_most, rules.floor) == (0.1, {"parity": 0.5})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "q", "lang": "en", "text": "?", "relevant": []}, "expected sv"),
        ({"id": "q", "lang": "sv", "text": "", "relevant": []}, "text is empty"),
    ],
)
def test_malformed_questions_are_named(tmp_path, row, message) -> None:
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "sv.jsonl").write_text(json.dumps(row))

    with pytest.raises(BadInput, match=message):
        load_checks(tmp_path)


def test_a_question_is_in_one_file_only(tmp_path) -> None:
    (tmp_path / "questions").mkdir()
    for language in ("en", "sv"):
        row = {"id": "q", "lang": language, "text": "?", "relevant": []}
        (tmp_path / "questions" / f"{language}.jsonl").write_text(json.dumps(row))

    with pytest.raises(BadInput, match="in another file"):
        load_checks(tmp_path)


async def test_a_language_without_questions_keeps_the_shipped_confidence(
    store, tmp_path
) -> None:
    await put_out(store, tmp_path, GOOD)
    quality = read_quality(index_folder(tmp_path))
    assert quality is not None
    doubting = replace(quality, correction=Correction(intercept=-5.0))
    index = open_index(index_folder(tmp_path), FakeEmbedder())
    plain, corrected = (
        Knowledge(index, FakeEmbedder(), each) for each in (quality, doubting)
    )

    def ask(knowledge: Knowledge, language: str) -> float:
        return knowledge.find("What does it cost?", language=language).confidence

    assert ask(corrected, "fi") == ask(plain, "fi")
    assert ask(corrected, "en") < ask(plain, "en")


def make_found(language: str) -> Found:
    passage = next(iter(chunk(make_page(language))))
    evidence = Evidence(**dict.fromkeys(FEATURES, 0.0))
    return Found([Hit(passage, 1.0)], 0.5, evidence)


def test_the_confidence_across_languages_has_a_correction_of_its_own() -> None:
    quality = replace(unmeasured(CHECKS), across=Correction(intercept=2.0))

    assert quality.confidence(make_found("en"), "en") == 0.5
    assert quality.confidence(make_found("en"), "de") > 0.8


async def test_kinds_of_questions_are_measured_apart(store, tmp_path) -> None:
    questions = [make_question(kind="plain"), make_question(id="q2")]

    quality = await put_out(store, tmp_path, GOOD, checks=Checks(questions=questions))

    assert list(quality["measures"]) == ["all", "en", "plain", "en plain"]
    assert quality["measures"]["plain"]["n"] == 1


async def test_parity_is_that_of_languages_with_pages(store, tmp_path) -> None:
    questions = [
        make_question(same_as="p1"),
        make_question(id="q2", language="de", text="Was kostet es?", same_as="p1"),
    ]

    quality = await put_out(store, tmp_path, GOOD, checks=Checks(questions=questions))

    assert quality["measures"]["all"]["parity"] is None
