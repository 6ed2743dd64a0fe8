"""Sign-in with the company's own accounts: OpenID Connect, code flow with PKCE."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from joserfc.jws import JWSRegistry
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.staff.accounts import Staff, email_key, staff_from
from bot.tables import staff, staff_identities
from knowledge.database import writing
from knowledge.errors import NotAllowed, NotSignedIn

SCOPE = "openid email"
# Registered at the provider, behind the public address of the counter.
RETURN_PATH = "/sign-in/company/return"
TIMEOUT_SECONDS = 10
LEEWAY_SECONDS = 120
# Signed with the provider's own key: never with a secret, never unsigned.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"})


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The company's OpenID provider, from the settings."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Start:
    """Where to send the browser, and what must come back with it.

    Attributes:
        address: The provider's page.
        remembered: For a signed cookie of this browser.
    """

    address: str
    remembered: str


class SingleSignOn:
    """Lets people in who have an account here and one at the provider.

    Args:
        return_address: The page of ours that the provider sends the browser to.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        provider: Provider,
        return_address: str,
    ) -> None:
        self._engine, self._clock = engine, clock
        self._provider, self._return_address = provider, return_address

    async def begin(self, destination: str) -> Start:
        """Start a sign-in that ends at `destination`, a page of ours.

        Raises:
            NotSignedIn: The provider does not answer.
        """
        metadata = await self._ask(self._metadata)
        verifier, nonce = generate_token(48), generate_token(24)
        address, state = self._client().create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        remembered = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "destination": destination,
        }
        return Start(address, json.dumps(remembered))

    async def finish(self, remembered: str, returned: str) -> tuple[Staff, str]:
        """Who came back, and where they wanted to go.

        Args:
            remembered: From `begin`, of the same browser.
            returned: The whole address that the provider sent the browser to.

        Raises:
            NotSignedIn: The provider refused, or what it sent proves nothing.
            NotAllowed: The person has no account here.
        """
        kept = json.loads(remembered)
        claims = await self._ask(lambda: self._claims(kept, returned))
        if not claims.get("email_verified"):
            raise NotAllowed("the provider has not verified this e-mail address")
        person = await self._person(str(claims["sub"]), str(claims.get("email", "")))
        return person, str(kept["destination"])

    async def _person(self, subject: str, email: str) -> Staff:
        """The account of this identity; the first time it is found by its e-mail."""
        known = (staff_identities.c.issuer == self._provider.issuer) & (
            staff_identities.c.subject == subject
        )
        async with writing(self._engine) as connection:
            row = (
                await connection.execute(
                    select(staff).join(staff_identities).where(known)
                )
            ).first()
            if row is None:
                row = (
                    await connection.execute(
                        select(staff).where(staff.c.email == email_key(email))
                    )
                ).first()
                if row is not None:
                    await connection.execute(
                        insert(staff_identities).values(
                            issuer=self._provider.issuer,
                            subject=subject,
                            staff_id=row.id,
                        )
                    )
        if row is None or not row.is_active:
            raise NotAllowed("this person has no account at the counter")
        return staff_from(row)

    async def _ask(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Talk to the provider in a thread; all that goes wrong is one error."""
        try:
            return await asyncio.to_thread(work)
        except (requests.RequestException, AuthlibBaseError, JoseError) as exc:
            raise NotSignedIn("the company's sign-in did not work") from exc
        except (ValueError, KeyError) as exc:
            raise NotSignedIn("the company's sign-in answered nonsense") from exc

    def _claims(self, kept: dict[str, str], returned: str) -> dict[str, Any]:
        metadata = self._metadata()
        token = self._client(state=kept["state"]).fetch_token(
            metadata["token_endpoint"],
            authorization_response=returned,
            code_verifier=kept["verifier"],
            timeout=TIMEOUT_SECONDS,
        )
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        decoded = jwt.decode(
            token["id_token"],
            KeySet.import_key_set(
                cast(KeySetSerialization, self._get(metadata["jwks_uri"]))
            ),
            registry=JWSRegistry(
                algorithms=sorted(ALGORITHMS & set(offered)), strict_check_header=False
            ),
        )
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {"iss": {"values": [self._provider.issuer]}},
            {
                "nonce": kept["nonce"],
                "client_id": self._provider.client_id,
                "access_token": token["access_token"],
            },
        )
        audience = claims["aud"]
        if self._provider.client_id not in (
            audience if isinstance(audience, list) else [audience]
        ):
            raise ValueError("the token is for another application")
        claims.validate(now=int(self._clock().timestamp()), leeway=LEEWAY_SECONDS)
        return dict(claims)

    def _metadata(self) -> dict[str, Any]:
        root = self._provider.issuer.rstrip("/")
        metadata = self._get(f"{root}/.well-known/openid-configuration")
        if metadata["issuer"] != self._provider.issuer:
            raise ValueError("the provider names another issuer")
        return metadata

    def _get(self, address: str) -> dict[str, Any]:
        response = requests.get(address, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        answered: dict[str, Any] = response.json()
        return answered

    def _client(self, **options: Any) -> OAuth2Session:
        return OAuth2Session(
            self._provider.client_id,
            self._provider.client_secret,
            scope=SCOPE,
            redirect_uri=self._return_address,
            code_challenge_method="S256",
            **options,
        )
