"""Cases are found by their words in any language, alike on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Customer
from actions.cases.retention import Retention
from actions.cases.tables import case_texts
from actions.cases.words import words_of
from knowledge.database import reading
from tests.factories import NOW, STOCKHOLM, make_draft


async def found(archive: Archive, q: str) -> list[str]:
    return [case.description for case in (await archive.cases(q=q)).cases]


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("Mon retrait n'est pas arrivé", "arrive"),
        ("Min uttagsbegäran är borta", "uttagsbegaran BORTA"),
        ("Wypłata żąda wyjaśnień", "zada"),
        ("Die Auszahlung heißt WEISS", "heisst weiss"),
        ("Nostoni on myöhässä", "nosto"),
        ("Hand #88213 was dealt twice", "88213"),
        ("Вывод не пришёл", "пришел"),
    ],
)
async def test_accents_capitals_and_endings_do_not_matter(
    archive: Archive, written: str, sought: str
):
    await archive.file(make_draft(description=written))
    await archive.file(make_draft(description="Something else altogether"))

    assert await found(archive, sought) == [written]


@pytest.mark.parametrize(
    "q", ["882", "' OR 1=1 --", '"retraite', "retrait & !pas", "ret AND", "NEAR(a b)"]
)
async def test_what_is_not_there_is_not_found_and_nothing_is_an_operator(
    archive: Archive, q: str
):
    await archive.file(make_draft(description="Hand 88213, retrait"))

    assert await found(archive, q) == []


async def test_what_is_said_later_is_found(archive: Archive):
    case = await archive.file(make_draft(description="Retrait"))
    await archive.append_to_case(case.reference, "Toujours bloqué")
    await archive.add_reply(case.reference, "eva", "Nous vérifions")

    assert await found(archive, "bloque verifions") == ["Retrait"]


async def test_people_are_found_by_name_address_and_username(archive: Archive):
    who = Customer(name="Åsa Öberg", email="asa@ruterdam.example", username="as_99")
    await archive.file(make_draft(customer=who, description="Retrait"))

    for q in ("oberg", "ASA@ruterdam.example", "as_99", "åsa"):
        assert await found(archive, q) == ["Retrait"]


async def test_an_erased_case_leaves_no_words(archive: Archive, engine: AsyncEngine):
    case = await archive.file(make_draft(description="hemligheten"))
    retention = Retention(engine, archive.policy, STOCKHOLM)

    await retention.erase(NOW, reference=case.reference)

    async with reading(engine) as connection:
        assert (await connection.execute(select(case_texts))).all() == []
        if connection.dialect.name == "sqlite":
            held = text("SELECT count(*) FROM case_words WHERE case_words MATCH 'hem*'")
            assert await connection.scalar(held) == 0


def test_words_are_few_short_and_different():
    words = words_of("a " * 50, "x" * 500, " ".join(map(str, range(20_000))))

    assert len(words) == len(set(words)) == 10_000
    assert max(map(len, words)) == 40
