"""What an editor does in the tests, by forms and by the API."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from knowledge.console.parts import CONSOLE
from knowledge.pages import Page

if TYPE_CHECKING:
    from tests.web.conftest import Counter

API = "/api/v1/knowledge"


def make_page(**changes: Any) -> Page:
    values: dict[str, Any] = {
        "id": "fees",
        "title": "Avgifter",
        "kind": "guide",
        "language": "sv",
        "url": "/help/sv/fees",
        "effective_from": dt.date(2026, 9, 1),
        "body": "## Vad kostar ett uttag? {#cost}\n\nEtt uttag är gratis.\n",
    }
    return Page(**(values | changes))


async def get_page(counter: Counter, path: str, **headers: str) -> str:
    response = await counter.client.get(path, headers=headers)
    assert response.status == 200, await response.text()
    return await response.text()


def origin(counter: Counter) -> dict[str, str]:
    return {"Origin": str(counter.client.make_url("/").origin())}


async def send(counter: Counter, path: str, *, status: int = 303, **fields: Any) -> str:
    response = await counter.client.post(
        path, data=fields, headers=origin(counter), allow_redirects=False
    )
    text = await response.text()
    assert response.status == status, text
    return text


async def call(counter: Counter, path: str, **body: Any) -> Any:
    return await counter.client.post(path, json=body, headers=origin(counter))


async def get(counter: Counter, path: str) -> Any:
    response = await counter.client.get(path)
    assert response.status == 200
    return await response.json()


async def wait_for(console: Counter, path: str, words: str) -> str:
    """The page of a piece of work once it has ended."""
    await console.client.app[CONSOLE].workshop.ended()
    page = await get_page(console, path)
    assert words in page
    return page


async def begin(console: Counter, path: str, **fields: Any) -> str:
    """Begin a piece of work by a form; gives the address of its page."""
    response = await console.client.post(
        path, data=fields, headers=origin(console), allow_redirects=False
    )
    assert response.status == 303, await response.text()
    return str(response.headers["Location"])
