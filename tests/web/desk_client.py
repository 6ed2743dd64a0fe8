"""Pages and changes of the desk, as a browser or a program asks for them."""

from __future__ import annotations

import re
from typing import Any

from tests.web.conftest import Counter

CASES = "/api/v1/desk/cases"


async def get_page(counter: Counter, path: str, **headers: str) -> str:
    response = await counter.client.get(path, headers=headers)
    assert response.status == 200, await response.text()
    return await response.text()


async def send(counter: Counter, path: str, *, status: int = 303, **fields: Any) -> str:
    response = await counter.client.post(
        path,
        data=fields,
        headers={"Origin": str(counter.client.make_url("/").origin())},
        allow_redirects=False,
    )
    text = await response.text()
    assert response.status == status, text
    return text


async def call(counter: Counter, path: str, **body: Any) -> Any:
    return await counter.client.post(
        path,
        json=body,
        headers={"Origin": str(counter.client.make_url("/").origin())},
    )


def references(page: str) -> list[str]:
    return re.findall(r'href="/desk/cases/([^"/]+)"', page)
