"""How a filed case stands, for who knows its reference and e-mail address."""

from __future__ import annotations

from actions.base import Events, TurnAction
from actions.earlier import written_reference
from actions.turns import CaseStatus, Turn


class TellCaseStatus(TurnAction):
    """Status, due date and place; a wrong pair reveals nothing."""

    action_name = "action_case_status"

    async def act(self, turn: Turn) -> Events | None:
        reference = written_reference(turn) or turn.get("case_reference")
        facts = self.services.facts.read(turn.text)
        email = facts.email or turn.get("email")
        if reference:
            turn.set(case_reference=reference)
        if facts.email and not turn.is_in_form:
            turn.set(email=facts.email)
        if not reference or not email:
            turn.set(offer="status")
            turn.say(
                "utter_status_needs", prefix=self.services.operator.reference_prefix
            )
            return None
        turn.set(offer=None)
        status = await self.services.archive.status_for(reference, email)
        self._tell(turn, reference, status)
        return None

    def _tell(self, turn: Turn, reference: str, status: CaseStatus) -> None:
        wording, zone = self.services.wording, self.services.operator.zone
        if not status.is_known:
            turn.set(case_reference=None, offer="status")
            turn.say("utter_status_unknown")
            return
        if status.status == "closed" or status.answer_due_at is None:
            turn.say("utter_status_closed", reference=reference)
            return
        turn.say(
            "utter_status",
            reference=reference,
            status=turn.label(f"statuses.{status.status}"),
            due_on=wording.moment_day(turn.language, status.answer_due_at, zone),
            position=status.queue_position or 1,
        )
