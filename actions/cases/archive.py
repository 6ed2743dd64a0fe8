"""The archive of cases: filing, the queue, and what agents do with a case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, get_args

from sqlalchemy import ColumnElement, func, select
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
    Status,
    time_as_json,
)
from actions.cases.changes import Change, changing
from actions.cases.clocks import ClockRules, settle
from actions.cases.complaint import Policy, needs_reasons
from actions.cases.duplicates import find_original
from actions.cases.filing import (
    About,
    Rules,
    filed_as,
    insert_case,
    unclosed_matters,
)
from actions.cases.history import find_faults, read_sealed
from actions.cases.keeping_time import TimeKeeper
from actions.cases.matters import Matters
from actions.cases.queries import (
    CasePage,
    CaseStatus,
    case_from,
    email_key,
    ids_of,
    next_waiting,
    read_case,
    select_cases,
    unclosed,
)
from actions.cases.tables import cases, customers
from actions.cases.words import matching
from knowledge.database import reading, writing
from knowledge.errors import BadInput, Conflict, NotFound

if TYPE_CHECKING:
    # For the annotations only: the classifier's libraries are heavy.
    from actions.classification.observing import StoredObservation

PAGE_SIZE = 25


class Archive:
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
        self._engine, self._clock = engine, clock
        self.policy, self.zone = policy, zone
        self._matters = matters
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

    # Reading

    async def case(self, reference: str) -> Case:
        """The case with its transcript and history.

        Raises:
            NotFound: There is no such case.
        """
        async with reading(self._engine) as connection:
            case = await read_case(connection, reference)
        if case is None:
            raise NotFound(f"no case {reference}")
        return case

    async def cases(
        self,
        status: Status | Collection[Status] | None = None,
        q: str | None = None,
        page: int = 1,
        *,
        page_size: int = PAGE_SIZE,
    ) -> CasePage:
        """Cases in a state or in several, oldest first.

        Every word of `q`, or one that begins so, must occur in the reference, the
        customer's name, e-mail address or username, the description, or what was
        said since; capitals and accents do not matter.

        Raises:
            BadInput: `page` or `page_size` is below 1, or a status is unknown.
        """
        if page < 1 or page_size < 1:
            raise BadInput(f"page must be at least 1, got {page} of {page_size}")
        wanted = [status] if isinstance(status, str) else list(status or ())
        for each in wanted:
            _require("status", each, get_args(Status))
        conditions: list[ColumnElement[bool]] = []
        if wanted:
            conditions.append(cases.c.status.in_(wanted))
        if (has_words := matching(q or "")) is not None:
            conditions.append(has_words)
        query = (
            select_cases()
            .where(*conditions)
            .order_by(cases.c.received_at, cases.c.id)
            .limit(page_size)
            .offset((page - 1) * page_size)
        )
        count = select(func.count()).select_from(cases).where(*conditions)
        async with reading(self._engine) as connection:
            total = (await connection.execute(count)).scalar_one()
            found = [case_from(row) for row in await connection.execute(query)]
        return CasePage(cases=found, total=total, page=page, page_size=page_size)

    async def open_cases_of(
        self, email: str | None = None, conversation: str | None = None
    ) -> list[Case]:
        """Cases of a person or conversation that are not closed, oldest first.

        With both given, a case of either counts; with neither, none.
        """
        query = (
            select_cases()
            .where(unclosed(), cases.c.id.in_(ids_of(email, conversation)))
            .order_by(cases.c.received_at, cases.c.id)
        )
        async with reading(self._engine) as connection:
            return [case_from(row) for row in await connection.execute(query)]

    async def open_case_about(
        self, email: str | None, text: str, *, conversation: str | None = None
    ) -> Case | None:
        """The unclosed case of this person that is about the same matter as `text`.

        Compared across conversations and languages, also with how the person told it
        then. An address that somebody only typed proves nothing: show the customer
        no more of the case than reference, date and place in the queue.

        Args:
            email: The person's address; None looks at the conversation alone.
            text: What they write now.
            conversation: Whose cases count as well.

        Returns:
            The case without transcript and history, or None.
        """
        about = await self._about(text)
        async with reading(self._engine) as connection:
            if about is None:
                return None
            candidates = await unclosed_matters(
                connection, email, conversation, about.model
            )
            found = find_original(text, candidates, about.vector)
            if found is None:
                return None
            query = select_cases().where(cases.c.reference == found)
            return case_from((await connection.execute(query)).one())

    async def references_of(self, email: str) -> list[str]:
        """The references of all cases of a person, closed ones too, oldest first."""
        query = (
            select(cases.c.reference)
            .where(cases.c.id.in_(ids_of(email, None)))
            .order_by(cases.c.received_at, cases.c.id)
        )
        async with reading(self._engine) as connection:
            return list((await connection.scalars(query)).all())

    async def status_for(self, reference: str, email: str) -> CaseStatus:
        """What the customer may know; a wrong pair reveals nothing, not even which.

        Capitals and surrounding spaces do not matter in either.
        """
        query = select_cases().where(
            cases.c.reference == reference.strip().upper(),
            # Never `IS NULL`: a case without an address is shown to nobody.
            customers.c.email_key == (email_key(email) or ""),
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return CaseStatus(is_known=False)
        case = case_from(row)
        return CaseStatus(
            is_known=True,
            status=case.status,
            opened_at=case.opened_at,
            answer_due_at=case.answer_due_at,
            queue_position=case.queue_position,
            outcome=case.outcome["kind"] if case.outcome else None,
        )

    async def find_faults(self, reference: str | None = None) -> list[str]:
        """Check the history of all cases, or of one; one sentence for each break.

        Raises:
            NotFound: There never was such a case.
        """
        async with reading(self._engine) as connection:
            if reference is not None and not await read_sealed(connection, reference):
                raise NotFound(f"no case {reference}")
            return await find_faults(connection, reference)

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
            await change.mail("reply", text=text)
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
        _require("category", category, CATEGORIES)
        if ground is not None:
            _require("ground", ground, GROUNDS)
            if not is_complaint:
                raise BadInput("a case that is no complaint has no ground")
        after = {"is_complaint": is_complaint, "ground": ground, "category": category}
        async with self._changing(reference, version) as change:
            before = {name: getattr(change.case, name) for name in after}
            change.set(**after)
            change.record(agent, "classified", before=before, after=after)
            await change.keep_for_learning(observed)
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
            await change.mail("interim_update", text=text)
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

        Raises:
            BadInput: An unknown outcome, or one that needs reasons without any.
        """
        _require("outcome", kind, self.policy.outcomes)
        reasons = reasons.strip() if reasons and reasons.strip() else None
        if reasons is None and needs_reasons(kind, self.policy):
            raise BadInput(f"outcome {kind} needs written reasons")
        async with self._changing(reference, version) as change:
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
            await change.mail("outcome", outcome=kind, reasons=reasons)
            change.record(agent, "closed", outcome=outcome, **said)
        return change.saved

    async def hold(
        self, reference: str, actor: str, reason: str, *, version: int | None = None
    ) -> Case:
        """Keep a case whatever its age, and whoever asks for its erasure.

        Raises:
            BadInput: There is no reason.
        """
        _require_text("reason", reason)
        async with self._changing(reference, version) as change:
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
                raise Conflict(f"case {reference} is under no legal hold")
            change.set(legal_hold=None)
            change.record(actor, "legal_hold_released", reason=reason.strip())
        return change.saved

    async def _about(self, text: str) -> About | None:
        if self._matters is None or not text.strip():
            return None
        (vector,) = await self._matters.embed([text])
        return About(model=self._matters.model, vector=vector)

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


def _require(name: str, value: object, known: Sequence[object]) -> None:
    if value not in known:
        raise BadInput(f"{name} must be one of {', '.join(map(str, known))}")


def _require_text(name: str, text: str) -> None:
    if not text.strip():
        raise BadInput(f"the {name} is empty")
