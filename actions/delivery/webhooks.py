"""Signed webhooks, as Standard Webhooks has them (standardwebhooks.com)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime

import aiohttp
from standardwebhooks import Webhook

from actions.cases.case import time_as_json
from actions.delivery.calling import Caller
from actions.delivery.destinations import Destination
from actions.delivery.news import NewsReader
from actions.delivery.outbox import Delivery
from knowledge.errors import NotReady

SHORTEST_SECRET_BYTES = 24


class WebhookCarrier:
    """Sends each event to one address."""

    def __init__(
        self,
        destination: Destination,
        session: aiohttp.ClientSession,
        reader: NewsReader,
        clock: Callable[[], datetime],
    ) -> None:
        """Sign with the destination's secret, or with several while one is replaced.

        Raises:
            NotReady: A secret is not `whsec_` and at least 24 bytes in base64.
        """
        self._signers = [
            _signer(destination.name, secret) for secret in destination.secret.split()
        ]
        self._url, self._clock = destination.url, clock
        self._caller = Caller(session, destination.name, clock)
        self._reader = reader

    async def deliver(self, delivery: Delivery) -> None:
        """Send it, signed anew at each attempt.

        Raises:
            DeliveryFailed: The other side did not take it.
        """
        news = await self._reader.read(delivery)
        if news is None:
            return
        payload = {
            "type": f"case.{delivery.kind}",
            "timestamp": time_as_json(news.event.at),
            "data": news.as_json(),
        }
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        now = self._clock()
        signatures = [signer.sign(delivery.key, now, body) for signer in self._signers]
        await self._caller.send(
            "POST",
            self._url,
            body=body.encode(),
            headers={
                "Content-Type": "application/json",
                "webhook-id": delivery.key,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": " ".join(signatures),
            },
            # A webhook is tried again whatever it answers, as the standard has it.
            final=(),
        )

    async def check(self) -> str:
        """Nothing can be asked of a webhook without sending one."""
        return self._url


def _signer(name: str, secret: str) -> Webhook:
    expected = (
        f"the secret of {name} must be whsec_ and at least {SHORTEST_SECRET_BYTES} "
        "bytes in base64"
    )
    try:
        key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    except ValueError as exc:
        raise NotReady(expected) from exc
    if not secret.startswith("whsec_") or len(key) < SHORTEST_SECRET_BYTES:
        raise NotReady(expected)
    return Webhook(secret)
