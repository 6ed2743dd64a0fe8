"""Finds cases: by reference, person, conversation, words, state and matter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.case import Case, Status
from actions.cases.case_rows import case_from
from actions.cases.checking import find_altered_content
from actions.cases.duplicates import find_original
from actions.cases.filing import About
from actions.cases.history import (
    ChainHead,
    find_faults,
    head_faults,
    read_head,
    read_sealed,
)
from actions.cases.matters import Matters
from actions.cases.preceding import unclosed_matters
from actions.cases.queries import (
    CasePage,
    CaseStatus,
    email_key,
    ids_of,
    read_case,
    select_cases,
)
from actions.cases.similar import SimilarCase, SimilarCases
from actions.cases.tables import cases, customers
from actions.cases.words import matching, search_by_index
from knowledge.database import reading
from knowledge.errors import BadInput, NotFound

PAGE_SIZE = 25


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What checking found: a sentence for each fault, and how far the chain reaches."""

    faults: list[str]
    head: ChainHead


class CaseLookup:
    """Reads cases. All methods raise ArchiveUnavailable when the database is down."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        *,
        matters: Matters | None = None,
    ) -> None:
        """Read from a migrated database; see `Archive`."""
        self._engine, self._clock = engine, clock
        self._matters = matters
        self._similar = (
            SimilarCases(engine, clock, matters.model) if matters is not None else None
        )

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
            require("status", each, get_args(Status))
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
            if has_words is not None:
                await search_by_index(connection)
            total = (await connection.execute(count)).scalar_one()
            found = [case_from(row) for row in await connection.execute(query)]
        return CasePage(cases=found, total=total, page=page, page_size=page_size)

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
            found = find_original(text, candidates, about.vector, about.language_free)
            if found is None:
                return None
            query = select_cases().where(cases.c.reference == found)
            return case_from((await connection.execute(query)).one())

    async def similar_cases(
        self,
        reference: str | None = None,
        *,
        text: str | None = None,
        closed_only: bool = True,
        limit: int = 5,
    ) -> list[SimilarCase]:
        """Cases of anybody about something similar, in whatever language.

        Among the newest fifty thousand; what is new in other processes is known
        within a minute.

        Args:
            reference: Of the case that others are to be like; itself is left out.
            text: What they are to be like, where there is no case.
            closed_only: Only those with an outcome.
            limit: At most as many.

        Returns:
            The most similar first; none without a model.

        Raises:
            NotFound: There is no such case.
            BadInput: Neither `reference` nor `text`, or `limit` is below 1.
        """
        if (reference is None) == (text is None) or limit < 1:
            raise BadInput("expected a reference or a text, and a limit of at least 1")
        if self._similar is None:
            return []
        vector = None
        if reference is not None:
            vector = await self._similar.stored(reference)
            if vector is None:
                text = (await self.case(reference)).description
        if vector is None:
            about = await self._about(text or "")
            vector = about.vector if about else None
        if vector is None:
            return []
        return await self._similar.nearest(
            vector, limit=limit, closed_only=closed_only, leaving_out=reference
        )

    async def embed_missing(self) -> int:
        """Embed some of the cases that were filed without a model; how many."""
        return await self._matters.catch_up(self._engine) if self._matters else 0

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
        """Check all cases, or one, against their history; one sentence for each fault.

        Raises:
            NotFound: There never was such a case.
        """
        return (await self.check(reference)).faults

    async def check(
        self, reference: str | None = None, noted: ChainHead | None = None
    ) -> Checked:
        """Check all cases, or one, against their history, as they stand at one moment.

        Args:
            reference: Of one case; all of them without it.
            noted: A head of the chain from before: what stood then must still stand.

        Raises:
            NotFound: There never was such a case.
        """
        async with reading(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                # Whoever writes meanwhile.
                await connection.execution_options(isolation_level="REPEATABLE READ")
            if reference is not None and not await read_sealed(connection, reference):
                raise NotFound(f"no case {reference}")
            faults = await find_faults(connection, reference)
            if noted is not None:
                faults += await head_faults(connection, noted)
            return Checked(
                faults=faults + await find_altered_content(connection, reference),
                head=await read_head(connection),
            )

    async def _about(self, text: str) -> About | None:
        if self._matters is None or not text.strip():
            return None
        (vector,) = await self._matters.embed([text])
        return About(
            model=self._matters.model,
            vector=vector,
            language_free=self._matters.language_free,
        )


def require(name: str, value: object, known: Sequence[object]) -> None:
    """Refuse what is none of the known codes.

    Raises:
        BadInput: Names what was given and what is known.
    """
    if value not in known:
        codes = ", ".join(map(str, known))
        raise BadInput(f"{name} must be one of {codes}", refusal="unknown_code")
