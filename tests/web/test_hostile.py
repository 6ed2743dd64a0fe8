"""Requests that no browser makes: refused, and never the reason of a breakdown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from yarl import URL

from actions.cases.case import Case
from tests.web.conftest import Counter
from tests.web.test_access import OPEN_ROUTES, STAFF, address, origin, routes_in

FORM = "application/x-www-form-urlencoded"
LONG_NUMBER = "9" * 5000
# What a body is said to be, and what it is.
DAMAGED = {
    "a charset that nobody knows": (f"{FORM}; charset=bogus", b"a=b"),
    "a form without boundary": ("multipart/form-data", b"--x\r\n\r\n--x--"),
    "a part without name": (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
    ),
    "a form that ends too early": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc',
    ),
    "bytes that are no text": (FORM, b"a=%ff%fe"),
    "half a character": (FORM, b"email=%ED%A0%80&name=%ED%A0%80"),
    "lists without end": ("application/json", b"[" * 20_000),
    "a number without end": ("application/json", LONG_NUMBER.encode()),
    "no object": ("application/json", b"null"),
    "nothing": ("///", b""),
}
# They reach parts of which the fakes have nothing.
BEYOND_THE_FAKES = ("/publish", "/rollback", "/roll-back")
POSTS = [
    path
    for method, path in [
        *((method, path) for method, path, _ in STAFF),
        *routes_in(OPEN_ROUTES),
    ]
    if method == "POST" and path != "/sign-out" and not path.endswith(BEYOND_THE_FAKES)
]


@pytest.mark.parametrize("kind", DAMAGED)
async def test_a_damaged_body_is_no_breakdown(
    counter: Counter, file_case: Callable[..., Awaitable[Case]], kind: str
) -> None:
    visit, case = await counter.open(language="sv"), await file_case()
    await counter.sign_in("administrator")
    headers = {"Origin": origin(counter), "Content-Type": DAMAGED[kind][0]}

    for path in POSTS:
        place = path.replace("{reference}", case.reference)
        place = place.replace("{conversation}", visit.id).replace("{change}", "notes")
        is_talk = place.startswith("/api/v1/conversations/")
        response = await counter.client.post(
            address(place),
            data=DAMAGED[kind][1],
            headers={**headers, **(visit.headers if is_talk else {})},
            allow_redirects=False,
        )

        assert response.status < 500, path


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/search?q=hej&top_k={LONG_NUMBER}",
        "/api/v1/search?q=%22%28*&language=%00",
        f"/help/sv/fees?version={LONG_NUMBER}",
        "/help/sv/%ED%A0%80",
        "/desk?language=%00&q=%22NEAR%28&category=%00",
        f"/desk?page={LONG_NUMBER}",
        "/desk/cases/%00",
        "/desk/mail/99999999999999999999",
        f"/api/v1/desk/cases?page={LONG_NUMBER}",
        "/api/v1/knowledge/pages/sv/%00",
        "/people?lang=%00",
        "/sign-in?next=http://%5B",
    ],
)
async def test_an_address_that_nobody_would_follow_is_no_breakdown(
    counter: Counter, path: str
) -> None:
    await counter.sign_in("administrator")

    response = await counter.client.get(URL(path, encoded=True))

    assert response.status < 500


@pytest.mark.parametrize("id", ["99999999999999999999", LONG_NUMBER, "-1", "%C2%B2"])
async def test_no_account_has_an_impossible_number(counter: Counter, id: str) -> None:
    await counter.sign_in("administrator")

    response = await counter.client.post(
        URL(f"/people/{id}", encoded=True),
        data={"change": "open"},
        headers={"Origin": origin(counter)},
    )

    assert response.status == 400


@pytest.mark.parametrize(
    "wanted", ["http://[", "\n//elsewhere.example/desk", "/desk\r\nSet-Cookie: a=b"]
)
async def test_a_sign_in_ends_on_a_page_of_ours_whatever_was_asked_for(
    counter: Counter, wanted: str
) -> None:
    email = "kim@ruterdam.example"
    password = await counter.parts.accounts.add(email, name="Kim", role="agent")

    response = await counter.client.post(
        "/sign-in",
        params={"next": wanted},
        data={"email": email, "password": password},
        headers={"Origin": origin(counter)},
        allow_redirects=False,
    )

    assert response.status == 303
    assert response.headers["Location"].startswith("/desk")
    assert "a" not in response.cookies


async def test_a_made_up_origin_changes_nothing(counter: Counter) -> None:
    response = await counter.client.post(
        "/sign-in", data={"email": "a"}, headers={"Origin": "http://["}
    )

    assert response.status == 403


async def test_a_secret_that_is_no_text_opens_nothing(counter: Counter) -> None:
    secret: dict[str, Any] = {"Authorization": "Bearer \udcff"}
    visit = await counter.open(language="sv")

    for method, path in (
        ("GET", f"{visit.address}/messages"),
        ("GET", "/api/v1/desk/cases"),
        ("POST", "/rasa/embeddings"),
    ):
        response = await counter.client.request(method, path, headers=secret)
        assert response.status == 401, path
