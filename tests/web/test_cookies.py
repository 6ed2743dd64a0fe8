"""What browsers keep of staff, and over which connections they send it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import pytest

from bot.settings import ROOT, Settings
from tests.web.conftest import Counter
from tests.web.test_access import origin

Cookies = dict[str, Morsel[str]]


async def cookies_of_a_day(counter: Counter) -> tuple[Cookies, Any]:
    """Every cookie that signing in and choosing a language sets, and a response."""
    email = "kim@ruterdam.example"
    password = await counter.parts.accounts.add(email, name="Kim", role="agent")
    entered = await counter.client.post(
        "/sign-in",
        data={"email": email, "password": password},
        headers={"Origin": origin(counter)},
        allow_redirects=False,
    )
    token = entered.cookies["guichet_session"].value
    shown = await counter.client.get(
        "/desk", params={"lang": "fr"}, headers={"Cookie": f"guichet_session={token}"}
    )
    return {**entered.cookies, **shown.cookies}, shown


@pytest.mark.parametrize("address", ["https://counter.example", ""])
async def test_cookies_and_browsers_are_kept_to_https_where_that_is_the_address(
    make_counter: Callable[..., Awaitable[Counter]], tmp_path: Path, address: str
) -> None:
    settings = Settings(
        data_dir=ROOT / "data", state_dir=tmp_path, public_url=address, scheduler=False
    )
    counter = await make_counter(settings=settings)

    cookies, response = await cookies_of_a_day(counter)

    assert set(cookies) == {
        "guichet_session",
        "guichet_device",
        "guichet_staff_language",
    }
    for cookie in cookies.values():
        assert bool(cookie["secure"]) == bool(address)
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
    assert ("Strict-Transport-Security" in response.headers) == bool(address)


async def test_signing_in_and_proving_who_one_is_give_a_token_of_their_own(
    counter: Counter,
) -> None:
    planted = {"Cookie": "guichet_session=planted-by-somebody-else"}
    email = "kim@ruterdam.example"
    password = await counter.parts.accounts.add(email, name="Kim", role="agent")

    response = await counter.client.post(
        "/sign-in",
        data={"email": email, "password": password},
        headers={"Origin": origin(counter), **planted},
        allow_redirects=False,
    )
    counter.client.session.cookie_jar.clear()
    stale = await counter.client.get("/api/v1/desk/cases", headers=planted)

    assert response.cookies["guichet_session"].value != "planted-by-somebody-else"
    assert stale.status == 401
