"""What the policy's periods come to today, as days in the customer's words."""

from __future__ import annotations

from typing import Any

from actions import intake
from actions.cases import complaint
from actions.turns import Turn


def is_late(turn: Turn) -> bool:
    """Whether the matter is a complaint about a day before the filing window."""
    services = turn.services
    return intake.is_complaint(turn) and complaint.is_late(
        intake.resolved_day(turn), turn.now, services.policy, services.operator.zone
    )


def window(turn: Turn) -> dict[str, Any]:
    """`since`: the first day that a complaint made now may concern."""
    services = turn.services
    first = complaint.filing_window_starts_on(
        turn.now, services.policy, services.operator.zone
    )
    return {"since": services.wording.long_day(turn.language, first)}


def answer_due(turn: Turn) -> dict[str, Any]:
    """`due_on`: the day by which a complaint made now is answered."""
    services = turn.services
    zone = services.operator.zone
    due_at = complaint.answer_due_at(turn.now, services.policy, zone)
    return {"due_on": services.wording.moment_day(turn.language, due_at, zone)}
