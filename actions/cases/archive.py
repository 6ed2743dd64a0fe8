"""The archive of cases: filing, the queue, and what agents do with a case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.appending import customer_wrote
from actions.cases.case import (
    CATEGORIES,
    GROUNDS,
    Case,
    CaseDraft,
    Category,
    Ground,
    OutcomeKind,
    time_as_json,
)
from actions.cases.changes import Change, changing
from actions.cases.clocks import ClockRules, policy_of, settle
from actions.cases.complaint import Policy, needs_reasons
from actions.cases.filing import Rules, filed_as, insert_case
from actions.cases.holds import LegalHold, read_holds
from actions.cases.keeping_time import TimeKeeper
from actions.cases.lookup import CaseLookup, require
from actions.cases.matters import Matters
from actions.cases.queries import next_waiting
from knowledge.database import reading, writing
from knowledge.errors import BadInput, Conflict

if TYPE_CHECKING:
    # For the annotations only: the classifier's libraries are heavy.
    from actions.classification.observing import StoredObservation


class Archive(CaseLookup):
    """Every case. All methods raise ArchiveUnavailable when the database is down.

    Methods that change a case take the `version` that the caller saw, None to accept
    any, and raise NotFound for an unknown reference and Conflict when the case has
    moved on. Each change is one transaction with its events and e-mails.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        policy: Policy,
        zone: tzinfo,
        clock: Callable[[], datetime],
        *,
        prefix: str = "G",
        matters: Matters | None = None,
        policies: Mapping[str, Policy] | None = None,
    ) -> None:
        """Open the archive.

        Args:
            engine: The database, migrated.
            policy: The operator's complaint policy.
            zone: The operator's time zone.
            clock: The present moment.
            prefix: Begins every reference.
            matters: Tells what cases are about in any language; without it only the
                same words are found to be a repetition.
            policies: By name, for the cases that were filed under them.
        """
        super().__init__(engine, clock, matters=matters)
        self.policy, self.zone = policy, zone
        clocks = ClockRules(policy=policy, zone=zone, policies=policies or {})
        self._rules = Rules(
            policy=policy, zone=zone, prefix=prefix.upper(), clocks=clocks
        )
        self.clocks = TimeKeeper(engine, clocks, clock)

    # Filing

    async def file(self, draft: CaseDraft) -> Case:
        """File a case; the same `filing_key` again gives the case filed before.

        Raises:
            NotFound: The draft names a conversation that does not exist.
        """
        about = await self._about(draft.description)
        try:
            async with writing(self._engine) as connection:
                return await insert_case(
                    connection, draft, self._rules, self._clock(), about
                )
        except IntegrityError:
            # Filed at the same time by somebody else.
            async with reading(self._engine) as connection:
                filed = await filed_as(connection, draft.filing_key)
            if filed is None:
                raise
            return filed

    async def append_to_case(
        self, reference: str, text: str, *, language: str | None = None
    ) -> Case:
        """Add what a customer writes about a filed matter; its place stays the same.

        A closed case is open again, at the place that it had. The words also join
        the transcript.
        """
        async with self._changing(reference, None) as change:
            await customer_wrote(change, text, language=language)
        return change.saved

    # The desk

    async def take_next(self, agent: str) -> Case | None:
        """Give the oldest open case that nobody has to `agent`, and to no one else.

        Urgent cases (crisis only) come first; passing older ones is an event.

        Returns:
            None when no open case is waiting.
        """
        async with writing(self._engine) as connection:
            row = (await connection.execute(next_waiting())).one_or_none()
            if row is None:
                return None
            change = Change(connection, row, self._clock())
            change.move("in_progress")
            change.set(assigned_to=agent)
            position = change.case.queue_position
            change.record(agent, "taken", queue_position=position)
            await change.finish()
        return change.saved

    async def add_reply(
        self, reference: str, agent: str, text: str, *, version: int | None = None
    ) -> Case:
        """Answer the customer: in the transcript, and by e-mail if there is one.

        A case that nobody has becomes the agent's.

        Raises:
            BadInput: The text is empty.
        """
        _require_text("reply", text)
        async with self._changing(reference, version) as change:
            message = await change.say("agent", text, change.case.language)
            change.mail("reply", text=text)
            change.record(agent, "replied", message=message.id)
            if change.case.status == "open":
                change.move("in_progress")
                change.set(assigned_to=change.case.assigned_to or agent)
        return change.saved

    async def add_note(
        self, reference: str, agent: str, text: str, *, version: int | None = None
    ) -> Case:
        """Write a note that only the staff sees, into the history.

        Raises:
            BadInput: The text is empty.
        """
        _require_text("note", text)
        async with self._changing(reference, version) as change:
            change.record(agent, "noted", text=text)
        return change.saved

    async def assign(
        self,
        reference: str,
        agent: str,
        assignee: str | None,
        *,
        version: int | None = None,
    ) -> Case:
        """Give the case to `assignee`, or with None back to the queue.

        It goes back to the place that it had.
        """
        async with self._changing(reference, version) as change:
            before = change.case.assigned_to
            change.move("in_progress" if assignee else "open")
            change.set(assigned_to=assignee)
            change.record(agent, "assigned", before=before, after=assignee)
        return change.saved

    async def correct_classification(
        self,
        reference: str,
        agent: str,
        *,
        is_complaint: bool,
        ground: Ground | None,
        category: Category,
        observed: StoredObservation | None = None,
        version: int | None = None,
    ) -> Case:
        """Put the verdict right; what the machine said stays in the history.

        Args:
            reference: Of the case.
            agent: Who corrects it.
            is_complaint: The right verdict, as are ground and category.
            ground: None exactly when it is no complaint.
            category: What it is about.
            observed: The description as the classifier read it, to be learnt from;
                without it the text is read again then.
            version: Of the case that the agent saw.

        Raises:
            BadInput: An unknown code, or a ground without a complaint.
        """
        require("category", category, CATEGORIES)
        if ground is not None:
            require("ground", ground, GROUNDS)
            if not is_complaint:
                raise BadInput(
                    "a case that is no complaint has no ground", refusal="no_ground"
                )
        after = {"is_complaint": is_complaint, "ground": ground, "category": category}
        async with self._changing(reference, version) as change:
            before = {name: getattr(change.case, name) for name in after}
            change.set(**after)
            change.record(agent, "classified", before=before, after=after)
            await change.keep_for_learning(observed)
        return change.saved

    async def mark_urgent(
        self,
        reference: str,
        agent: str,
        reason: str,
        *,
        is_urgent: bool,
        version: int | None = None,
    ) -> Case:
        """Let the case be taken before all that are not urgent, or no longer.

        Raises:
            BadInput: There is no reason.
        """
        _require_text("reason", reason)
        kind = "marked_urgent" if is_urgent else "marked_not_urgent"
        async with self._changing(reference, version) as change:
            change.set(is_urgent=is_urgent)
            change.record(agent, kind, reason=reason.strip())
        return change.saved

    async def send_interim_update(
        self, reference: str, agent: str, text: str, *, version: int | None = None
    ) -> Case:
        """Keep the customer informed in writing until the final answer.

        Raises:
            BadInput: The text is empty.
        """
        _require_text("interim update", text)
        async with self._changing(reference, version) as change:
            message = await change.say("agent", text, change.case.language)
            change.mail("interim_update", text=text)
            change.record(agent, "interim_update_sent", message=message.id)
        return change.saved

    async def close(
        self,
        reference: str,
        agent: str,
        kind: OutcomeKind,
        reasons: str | None = None,
        *,
        version: int | None = None,
    ) -> Case:
        """Decide the case and tell the customer the outcome with its reasons.

        The policy that it was filed under says what a case can be closed with.

        Raises:
            BadInput: An unknown outcome, or one that needs reasons without any.
        """
        reasons = reasons.strip() if reasons and reasons.strip() else None
        async with self._changing(reference, version) as change:
            policy = await policy_of(change, self._rules.clocks)
            require("outcome", kind, policy.outcomes)
            if reasons is None and needs_reasons(kind, policy):
                raise BadInput(
                    f"outcome {kind} needs written reasons", refusal="reasons_needed"
                )
            change.move("closed")
            outcome = {
                "kind": kind,
                "reasons": reasons,
                "decided_by": agent,
                "decided_at": time_as_json(change.at),
            }
            change.set(outcome=outcome, closed_at=change.at)
            said = {}
            if reasons is not None:
                message = await change.say("agent", reasons, change.case.language)
                said["message"] = message.id
            change.mail("outcome", outcome=kind, reasons=reasons)
            change.record(agent, "closed", outcome=outcome, **said)
        return change.saved

    async def hold(
        self, reference: str, actor: str, reason: str, *, version: int | None = None
    ) -> Case:
        """Keep a case whatever its age, and whoever asks for its erasure.

        Raises:
            BadInput: There is no reason.
            Conflict: The case is under a hold already: its reason is not lost.
        """
        _require_text("reason", reason)
        async with self._changing(reference, version) as change:
            if change.case.legal_hold is not None:
                raise Conflict(
                    f"case {reference} is under a legal hold already",
                    refusal="held_already",
                )
            change.set(legal_hold=reason.strip())
            change.record(actor, "legal_hold_placed", reason=reason.strip())
        return change.saved

    async def release(
        self, reference: str, actor: str, reason: str, *, version: int | None = None
    ) -> Case:
        """End a legal hold.

        Raises:
            BadInput: There is no reason.
            Conflict: The case is under no hold.
        """
        _require_text("reason", reason)
        async with self._changing(reference, version) as change:
            if change.case.legal_hold is None:
                raise Conflict(
                    f"case {reference} is under no legal hold", refusal="not_held"
                )
            change.set(legal_hold=None)
            change.record(actor, "legal_hold_released", reason=reason.strip())
        return change.saved

    async def legal_holds(self) -> list[LegalHold]:
        """Every case that is under a legal hold, the latest first."""
        async with reading(self._engine) as connection:
            return await read_holds(connection, self._rules.clocks)

    @asynccontextmanager
    async def _changing(
        self, reference: str, version: int | None
    ) -> AsyncIterator[Change]:
        async with (
            writing(self._engine) as connection,
            self.changing(connection, reference, version) as change,
        ):
            yield change

    @asynccontextmanager
    async def changing(
        self, connection: AsyncConnection, reference: str, version: int | None = None
    ) -> AsyncIterator[Change]:
        """A change inside the caller's transaction, with what follows for the clocks.

        Raises:
            NotFound: There is no such case.
            Conflict: The case is not in `version` any more; None accepts any.
        """
        async with changing(connection, reference, version, self._clock()) as change:
            yield change
            await settle(change, self._rules.clocks)


def _require_text(name: str, text: str) -> None:
    if not text.strip():
        raise BadInput(f"the {name} is empty", refusal="empty")
