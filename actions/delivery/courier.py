"""Takes what is due from the outbox and hands it to whoever carries it there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Protocol

from actions.delivery.outbox import Delivery, Outbox
from knowledge.errors import ArchiveUnavailable, DeliveryFailed
from knowledge.logs import place_of

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
AT_ONCE = 8


class Carrier(Protocol):
    """Brings deliveries to one destination."""

    async def deliver(self, delivery: Delivery) -> None:
        """Bring it there; a repetition does no harm.

        Raises:
            DeliveryFailed: It is not there.
        """

    async def check(self) -> str:
        """What `guichet doctor` shows of it.

        Raises:
            DeliveryFailed: Nothing would be taken now; says why.
        """


class Courier:
    """Delivers, in this process, what is due; other replicas may do the same.

    Args:
        observe: Told of each attempt: destination and `sent`, `failed` or `dead`.
    """

    def __init__(
        self,
        outbox: Outbox,
        carriers: Mapping[str, Carrier],
        clock: Callable[[], datetime],
        *,
        observe: Callable[[str, str], None] = lambda destination, result: None,
        after_round: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._outbox, self._carriers, self._clock = outbox, carriers, clock
        self._observe, self._after_round = observe, after_round
        self._wake = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep delivering inside this context."""
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def wake(self) -> None:
        """Look into the outbox at once."""
        self._wake.set()

    async def deliver_due(self) -> int:
        """Try all that is due, and what becomes due by it; how many tries."""
        n_tried = 0
        while taken := await self._outbox.claim(list(self._carriers), AT_ONCE):
            await asyncio.gather(*[self._try(delivery) for delivery in taken])
            n_tried += len(taken)
        return n_tried

    async def _keep(self) -> None:
        while True:
            try:
                await self.deliver_due()
                if self._after_round is not None:
                    await self._after_round()
            except ArchiveUnavailable:
                log.warning("the archive does not answer: nothing is delivered")
            except Exception as exc:
                log.error("nothing could be delivered %s", place_of(exc))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
            self._wake.clear()

    async def _try(self, delivery: Delivery) -> None:
        try:
            await self._carriers[delivery.destination].deliver(delivery)
        except DeliveryFailed as failure:
            await self._fail(delivery, failure)
        except ArchiveUnavailable:
            # The claim runs out by itself: no attempt of the receiver's is spent.
            log.warning("the archive failed while delivering %s", delivery.key)
        except Exception as exc:
            # A fault of ours: its text may hold a customer's words.
            log.error("delivering %s failed %s", delivery.key, place_of(exc))
            await self._fail(delivery, DeliveryFailed(type(exc).__name__))
        else:
            await self._outbox.mark_sent(delivery)
            self._observe(delivery.destination, "sent")

    async def _fail(self, delivery: Delivery, failure: DeliveryFailed) -> None:
        if failure.holds:
            wait = failure.retry_after
            until = None if wait is None else self._clock() + wait
            await self._outbox.hold(delivery.destination, until, str(failure))
        is_dead = await self._outbox.mark_failed(
            delivery,
            str(failure),
            retry_after=failure.retry_after,
            is_final=failure.is_final,
        )
        self._observe(delivery.destination, "dead" if is_dead else "failed")
        log.warning(
            "%s of %s to %s: %s",
            delivery.kind,
            delivery.reference,
            delivery.destination,
            failure,
        )
