"""Who asks too often is asked to wait, and is known by no header but our proxies'."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.settings import ROOT, Settings
from bot.web.limits import PER_MINUTE, customer_address
from tests.web.conftest import Counter

PAIR = {"reference": "G-2026-000001", "email": "someone@example.com"}


def asks(*forwarded: str, remote: str = "127.0.0.1") -> web.Request:
    headers = [("X-Forwarded-For", each) for each in forwarded]
    request = make_mocked_request("GET", "/", headers=headers)
    return request.clone(remote=remote)


@pytest.mark.parametrize(
    ("proxies", "request_", "expected"),
    [
        (0, asks(remote="9.9.9.9"), "9.9.9.9"),
        (0, asks("9.9.9.9", remote="127.0.0.1"), None),
        (0, asks("9.9.9.9", remote="1.1.1.1"), "1.1.1.1"),
        (1, asks("9.9.9.9"), "9.9.9.9"),
        (1, asks("made up", "9.9.9.9"), "9.9.9.9"),
        (1, asks("6.6.6.6, 9.9.9.9"), "9.9.9.9"),
        (2, asks("6.6.6.6, 9.9.9.9, 10.0.0.1"), "9.9.9.9"),
        (1, asks("10.1.2.3"), "10.1.2.3"),
        (1, asks("nonsense"), None),
        (1, asks(remote="9.9.9.9"), "9.9.9.9"),
        (1, asks("2001:4860:1:2:3:4:5:6"), "2001:4860:1:2::/64"),
    ],
)
def test_a_customer_is_known_by_what_our_own_proxies_say(
    proxies: int, request_: web.Request, expected: str | None
) -> None:
    assert customer_address(request_, proxies) == expected


async def test_guessing_at_cases_is_slowed_down_in_the_customers_language(
    make_counter: Callable[..., Awaitable[Counter]], tmp_path: Path
) -> None:
    settings = Settings(data_dir=ROOT / "data", state_dir=tmp_path, proxies=1)
    counter = await make_counter(settings=settings)
    headers = {"X-Forwarded-For": "9.9.9.9", "Accept-Language": "fr"}

    async def guess() -> Any:
        return await counter.client.post(
            "/api/v1/cases/status", json=PAIR, headers=headers
        )

    statuses = [(await guess()).status for _ in range(30)]
    refused = await guess()

    assert set(statuses) == {404}
    assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
    assert "tentatives" in (await refused.json())["detail"]


async def test_what_is_limited_is_served(counter: Counter) -> None:
    app = counter.client.app
    assert isinstance(app, web.Application)
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
    }

    assert set(PER_MINUTE) <= served
