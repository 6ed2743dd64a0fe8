from __future__ import annotations

from typing import Any

import pytest

from bot.staff.attempts import FAILURES_ALLOWED
from knowledge.errors import BadInput, Conflict
from tests.web.conftest import Counter


def origin(counter: Counter) -> dict[str, str]:
    return {"Origin": str(counter.client.make_url("/").origin())}


async def post_sign_in(counter: Counter, password: str, **options: Any) -> Any:
    return await counter.client.post(
        f"/sign-in{options.pop('query', '')}",
        data={"email": "kim@ruterdam.example", "password": password},
        headers=options.pop("headers", origin(counter)),
        allow_redirects=False,
    )


async def add_kim(counter: Counter, role: str = "agent") -> str:
    return await counter.parts.accounts.add(
        "kim@ruterdam.example", name="Kim", role=role
    )


async def test_the_first_account_is_made_once_with_a_random_password(
    counter: Counter,
) -> None:
    first = await counter.parts.accounts.create_first()

    assert first is not None
    assert len(first[1]) >= 12
    assert await counter.parts.accounts.create_first() is None


async def test_signing_in_opens_the_desk(counter: Counter) -> None:
    password = await add_kim(counter)

    response = await post_sign_in(counter, password)

    assert response.status == 303
    assert response.headers["Location"] == "/desk"
    assert (await counter.client.get("/desk")).status == 200


async def test_the_cookie_is_not_for_scripts_or_other_sites(counter: Counter) -> None:
    password = await add_kim(counter)

    cookie = (await post_sign_in(counter, password)).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_a_wrong_password_opens_nothing(counter: Counter) -> None:
    await add_kim(counter)

    response = await post_sign_in(counter, "not the password")

    assert response.status == 401
    assert "Set-Cookie" not in response.headers


async def test_too_many_wrong_passwords_must_wait(counter: Counter) -> None:
    password = await add_kim(counter)
    for _ in range(FAILURES_ALLOWED):
        await post_sign_in(counter, "not the password")

    refused = await post_sign_in(counter, password)
    counter.clock.advance(minutes=16)
    accepted = await post_sign_in(counter, password)

    assert refused.status == 429
    assert accepted.status == 303


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}])
async def test_a_form_on_another_site_cannot_sign_in(
    counter: Counter, headers: dict[str, str]
) -> None:
    password = await add_kim(counter)

    assert (await post_sign_in(counter, password, headers=headers)).status == 403


async def test_a_form_on_another_site_cannot_change_anything(counter: Counter) -> None:
    await counter.sign_in()

    response = await counter.client.post(
        "/api/v1/desk/cases/take-next", headers={"Origin": "https://evil.example"}
    )

    assert response.status == 403


async def test_a_stranger_is_sent_to_sign_in_and_back(counter: Counter) -> None:
    password = await add_kim(counter)

    sent = await counter.client.get("/desk?status=open", allow_redirects=False)
    back = await post_sign_in(counter, password, query="?next=/desk?status=open")

    assert sent.headers["Location"] == "/sign-in?next=/desk?status%3Dopen"
    assert back.headers["Location"] == "/desk?status=open"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/desk", "//evil.example/desk", "/\\evil/desk", "x"]
)
async def test_signing_in_never_leads_to_another_site(
    counter: Counter, wanted: str
) -> None:
    password = await add_kim(counter)

    response = await post_sign_in(counter, password, query=f"?next={wanted}")

    assert response.headers["Location"] == "/desk"


async def test_a_stranger_gets_a_problem_from_the_api(counter: Counter) -> None:
    response = await counter.client.get("/api/v1/desk/cases")

    assert response.status == 401


async def test_an_agent_may_not_edit_and_an_editor_may_not_decide(
    counter: Counter,
) -> None:
    await counter.sign_in("agent")
    assert (await counter.client.get("/knowledge")).status == 403

    await counter.sign_in("editor")
    assert (await counter.client.get("/desk")).status == 403


async def test_a_session_ends(counter: Counter) -> None:
    await counter.sign_in()

    counter.clock.advance(hours=13)

    assert (await counter.client.get("/api/v1/desk/cases")).status == 401


async def test_signing_out_ends_the_session_on_the_server(counter: Counter) -> None:
    await counter.sign_in()
    cookie = counter.client.session.cookie_jar.filter_cookies(
        counter.client.make_url("/")
    )["guichet_session"].value

    await counter.client.post("/sign-out", headers=origin(counter))

    assert await counter.parts.sessions.of(cookie) is None


async def test_an_api_token_works_without_a_cookie(counter: Counter) -> None:
    await add_kim(counter)
    token = await counter.parts.accounts.add_api_token("Kim@ruterdam.example", "ci")

    response = await counter.client.get(
        "/api/v1/desk/cases", headers={"Authorization": f"Bearer {token}"}
    )

    assert response.status == 200


async def test_a_second_account_for_an_address_is_refused(counter: Counter) -> None:
    await add_kim(counter)

    with pytest.raises(Conflict):
        await counter.parts.accounts.add(
            "KIM@ruterdam.example", name="Kim", role="agent"
        )


async def test_an_unknown_role_and_a_short_password_are_refused(
    counter: Counter,
) -> None:
    with pytest.raises(BadInput, match="role must be one of"):
        await counter.parts.accounts.add("a@b.example", name="A", role="king")
    with pytest.raises(BadInput, match="at least 12"):
        await counter.parts.accounts.add(
            "a@b.example", name="A", role="agent", password="short"
        )
