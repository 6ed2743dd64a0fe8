from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.texts import load_texts
from tests.web.conftest import DATA, Counter


async def test_the_browser_decides_the_language_when_none_is_asked_for(
    counter: Counter,
) -> None:
    response = await counter.client.post(
        "/api/v1/conversations", headers={"Accept-Language": "pl,en-GB;q=0.8,sv;q=0.5"}
    )

    assert (await response.json())["language"] == "en"


async def test_another_language_is_answered_in_that_language(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    answered = await visit.say("Combien de temps dure le traitement d'un retrait ?")

    assert answered["language"] == "fr"
    assert counter.assistant.heard[0][2]["language"] == "fr"


async def test_a_name_does_not_change_the_language(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    answered = await visit.say("Jean-Baptiste Kergoat")

    assert answered["language"] == "sv"


async def test_the_language_menu_changes_the_language(counter: Counter) -> None:
    visit = await counter.open(language="sv")

    response = await visit.post(choice='/change_language{"language":"en"}')

    assert (await response.json())["language"] == "en"
    assert (await visit.transcript())[1]["text"] == "English"


@pytest.fixture
async def nordic_counter(
    make_counter: Callable[..., Awaitable[Counter]],
) -> Counter:
    """A counter whose operator speaks Swedish and English only."""
    return await make_counter(texts=load_texts(DATA, ("sv", "en")))


async def test_a_language_that_is_not_offered_is_answered_in_the_operators_own(
    nordic_counter: Counter,
) -> None:
    visit = await nordic_counter.open(language="en")

    answered = await visit.say("Warum ist meine Auszahlung noch nicht angekommen?")

    assert answered["language"] == "sv"
    assert "svenska" in answered["messages"][0]["text"]
    assert len(answered["messages"]) == 2


async def test_that_a_language_is_not_offered_is_said_once(
    nordic_counter: Counter,
) -> None:
    visit = await nordic_counter.open(language="en")
    await visit.say("Warum ist meine Auszahlung noch nicht angekommen?")
    await visit.post(choice='/change_language{"language":"en"}')

    answered = await visit.say("Ich warte schon seit drei Wochen auf mein Geld.")

    assert answered["language"] == "en"
    assert len(answered["messages"]) == 1


async def test_who_is_answered_in_a_foreign_language_may_choose_their_own(
    nordic_counter: Counter,
) -> None:
    visit = await nordic_counter.open(language="en")

    answered = await visit.say("Warum ist meine Auszahlung noch nicht angekommen?")

    choices = answered["messages"][0]["choices"]
    assert [choice["title"] for choice in choices] == ["English"]
    chosen = await visit.post(choice=choices[0]["payload"])
    assert (await chosen.json())["language"] == "en"
