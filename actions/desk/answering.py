"""Two answers that also move the case: asking the customer, and opening it again."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.case import Case
from actions.cases.keeping_time import set_aside
from knowledge.database import writing
from knowledge.errors import BadInput, Conflict


class Answering:
    """Each is one transaction. Methods raise what those of `Archive` raise."""

    def __init__(self, engine: AsyncEngine, archive: Archive) -> None:
        self._engine, self._archive = engine, archive

    async def request_information(
        self, reference: str, agent: str, text: str, *, version: int | None = None
    ) -> Case:
        """Ask the customer for what is missing, and wait for it.

        The clocks stand still where the case's policy lets them. A case that nobody
        has becomes the agent's.

        Raises:
            BadInput: The text is empty.
        """
        if not text.strip():
            raise BadInput("the request is empty", refusal="empty")
        async with (
            writing(self._engine) as connection,
            self._archive.changing(connection, reference, version) as change,
        ):
            message = await change.say("agent", text, change.case.language)
            change.mail("information_request", text=text)
            change.record(agent, "waiting_for_customer", message=message.id)
            change.set(assigned_to=change.case.assigned_to or agent)
            rules = self._archive.clocks.rules
            await set_aside(change, rules, agent, "waiting_for_customer", text)
        return change.saved

    async def reopen(
        self,
        reference: str,
        agent: str,
        text: str | None = None,
        *,
        version: int | None = None,
    ) -> Case:
        """Open a closed case again, at the place that it had, and tell the customer.

        Args:
            reference: Of the case.
            agent: Who opens it, and has it from then on.
            text: Why, for the customer; None for no words beside the letter's own.
            version: Of the case that the agent saw.

        Raises:
            Conflict: The case is not closed.
        """
        async with (
            writing(self._engine) as connection,
            self._archive.changing(connection, reference, version) as change,
        ):
            if change.case.status != "closed":
                raise Conflict(f"case {reference} is not closed")
            change.move("in_progress")
            change.set(assigned_to=agent, outcome=None, closed_at=None)
            said = {}
            if text is not None:
                message = await change.say("agent", text, change.case.language)
                said["message"] = message.id
            change.mail("reopened", text=text)
            change.record(agent, "reopened", outcome=change.case.outcome, **said)
        return change.saved
