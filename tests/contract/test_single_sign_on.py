from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.staff.accounts import Accounts
from bot.staff.hashing import Hashing
from bot.staff.single_sign_on import Provider, SingleSignOn
from knowledge.errors import NotAllowed, NotSignedIn
from tests.factories import FakeClock

RETURN = "https://counter.example/sign-in/company/return"
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})


@dataclass
class FakeProvider:
    """Answers as OpenID Connect Core 1.0 and Discovery 1.0 describe."""

    clock: FakeClock
    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: KEY)
    claims: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self.metadata)
        app.router.add_get("/keys", self.keys)
        app.router.add_post("/token", self.token)
        return app

    async def metadata(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def keys(self, request: web.Request) -> web.Response:
        return web.json_response({"keys": [KEY.as_dict(private=False)]})

    async def token(self, request: web.Request) -> web.Response:
        self.asked = dict(await request.post())
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": "guichet",
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "email": "Kim@x.example",
            "email_verified": True,
            **self.claims,
        }
        return web.json_response(
            {
                "access_token": "abc",
                "token_type": "Bearer",
                "id_token": jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key),
            }
        )


@pytest.fixture
async def provider(aiohttp_server: Any, clock: FakeClock) -> FakeProvider:
    provider = FakeProvider(clock)
    server = await aiohttp_server(provider.app())
    provider.issuer = str(server.make_url("")).rstrip("/")
    return provider


@pytest.fixture
def company(
    engine: AsyncEngine, clock: FakeClock, provider: FakeProvider
) -> SingleSignOn:
    settings = Provider(issuer=provider.issuer, client_id="guichet", client_secret="s")
    return SingleSignOn(engine, clock, settings, RETURN)


@pytest.fixture
async def accounts(engine: AsyncEngine, clock: FakeClock) -> Any:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with ThreadPoolExecutor(1) as executor:
        yield Accounts(engine, clock, Hashing(executor, hasher=cheap))


async def come_back(company: SingleSignOn, provider: FakeProvider, **changes: str):
    start = await company.begin("/desk")
    sent = {k: v[0] for k, v in parse_qs(urlsplit(start.address).query).items()}
    provider.nonce = sent["nonce"]
    state = changes.get("state", sent["state"])
    finished = await company.finish(start.remembered, f"{RETURN}?code=x&state={state}")
    return sent, finished


async def test_somebody_with_an_account_is_let_in(company, provider, accounts):
    await accounts.add("kim@x.example", name="Kim", role="agent")

    sent, (person, destination) = await come_back(company, provider)

    assert (person.name, destination) == ("Kim", "/desk")
    assert sent["code_challenge_method"] == "S256"
    assert provider.asked["code_verifier"]


async def test_the_identity_stays_when_the_address_changes(company, provider, accounts):
    await accounts.add("kim@x.example", name="Kim", role="agent")
    await come_back(company, provider)
    provider.claims = {"email": "kim.new@x.example"}

    _, (person, _) = await come_back(company, provider)

    assert person.email == "kim@x.example"


async def test_somebody_without_an_account_is_not_let_in(company, provider, accounts):
    with pytest.raises(NotAllowed, match="no account"):
        await come_back(company, provider)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another application"},
        {"iss": "https://another.example"},
        {"nonce": "of another browser"},
        {"exp": 1_000_000_000},
    ],
    ids=["audience", "issuer", "nonce", "expired"],
)
async def test_a_token_that_is_not_ours_is_refused(company, provider, accounts, claims):
    await accounts.add("kim@x.example", name="Kim", role="agent")
    provider.claims = claims

    with pytest.raises(NotSignedIn):
        await come_back(company, provider)


async def test_a_token_signed_by_somebody_else_is_refused(company, provider, accounts):
    await accounts.add("kim@x.example", name="Kim", role="agent")
    provider.key = OTHER_KEY

    with pytest.raises(NotSignedIn):
        await come_back(company, provider)


async def test_an_address_that_was_not_verified_is_refused(company, provider, accounts):
    await accounts.add("kim@x.example", name="Kim", role="agent")
    provider.claims = {"email_verified": False}

    with pytest.raises(NotAllowed, match="not verified"):
        await come_back(company, provider)


async def test_another_state_is_refused(company, provider, accounts):
    await accounts.add("kim@x.example", name="Kim", role="agent")

    with pytest.raises(NotSignedIn):
        await come_back(company, provider, state="of another browser")


async def test_a_provider_that_is_down_is_one_clear_error(engine, clock):
    settings = Provider(issuer="http://127.0.0.1:9", client_id="g", client_secret="s")

    with pytest.raises(NotSignedIn, match="did not work"):
        await SingleSignOn(engine, clock, settings, RETURN).begin("/desk")
