from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.dialogue.rasa import Turn
from bot.web.problems import STATUSES
from knowledge import errors
from tests.web.conftest import Counter


def every_error(kind: type[errors.GuichetError]) -> list[type[errors.GuichetError]]:
    return [kind] + [each for sub in kind.__subclasses__() for each in every_error(sub)]


@pytest.mark.parametrize("error", every_error(errors.GuichetError)[1:])
async def test_every_error_has_a_status_and_words_in_each_language(
    counter: Counter, error: type[errors.GuichetError]
) -> None:
    from bot.web.problems import _snake_case

    assert any(issubclass(error, kind) for kind in STATUSES)
    for language in counter.parts.texts.languages:
        assert counter.parts.texts.text(
            language, f"errors.{_snake_case(error.__name__)}"
        )


async def test_a_problem_document_speaks_the_conversations_language(
    counter: Counter,
) -> None:
    visit = await counter.open(language="fr")

    response = await visit.post(text="x" * 20_000)

    problem = await response.json()
    assert response.status == 413
    assert response.content_type == "application/problem+json"
    assert problem["type"] == "urn:guichet:problem:too-long"
    assert problem["status"] == 413
    assert problem["detail"].startswith("Le texte est trop long")
    assert len(await visit.transcript()) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"text": 1}',
        b"{}",
        b'{"text": "a", "choice": "/b"}',
        b"\xff",
    ],
)
async def test_a_malformed_body_is_a_problem_and_stores_nothing(
    counter: Counter, body: bytes
) -> None:
    visit = await counter.open(language="sv")

    response = await counter.client.post(
        f"{visit.address}/messages", data=body, headers=visit.headers
    )

    assert response.status == 400
    assert (await response.json())["type"] == "urn:guichet:problem:bad-input"
    assert len(await visit.transcript()) == 1


async def test_an_unknown_conversation_is_not_found(counter: Counter) -> None:
    response = await counter.client.post(
        "/api/v1/conversations/nope/messages",
        json={"text": "Hej"},
        headers={"Authorization": "Bearer x"},
    )

    assert response.status == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_a_wrong_token_opens_nothing(
    counter: Counter, headers: dict[str, str]
) -> None:
    visit = await counter.open(language="sv")

    response = await counter.client.get(f"{visit.address}/messages", headers=headers)

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_an_unexpected_error_shows_and_logs_no_words(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(text: str, metadata: Mapping[str, Any]) -> Turn:
        raise RuntimeError(f"cannot handle {text}")

    counter.assistant.script = break_down
    visit = await counter.open(language="sv")

    response = await visit.post(text="Mitt hemliga ärende")

    assert response.status == 500
    assert "hemliga" not in await response.text()
    assert "RuntimeError" in caplog.text
    assert "hemliga" not in caplog.text


async def test_an_unknown_page_is_a_page_to_a_browser(counter: Counter) -> None:
    response = await counter.client.get("/nowhere", headers={"Accept": "text/html"})

    assert response.status == 404
    assert response.content_type == "text/html"


async def test_staff_are_told_in_their_own_room_and_language(counter: Counter) -> None:
    await counter.sign_in("agent")
    as_page = {"Accept": "text/html", "Accept-Language": "fi"}

    missing = await counter.client.get("/desk/cases/G-2026-999999", headers=as_page)
    closed = await counter.client.get("/desk/report?lang=sv", headers=as_page)

    assert (missing.status, closed.status) == (404, 403)
    page = await missing.text()
    assert "What you are looking for is not here." in page
    assert '<a class="button" href="/desk"' in page
    assert "Det gick inte" in await closed.text()
