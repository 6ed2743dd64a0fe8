"""What somebody in need is given: whom to call, and a person who is told at once."""

from __future__ import annotations

import logging
from typing import Any

from actions.cases.case import CaseDraft, Customer, receipt_as_json
from actions.turns import Turn
from knowledge.errors import Unavailable

logger = logging.getLogger(__name__)


def crisis_values(turn: Turn) -> dict[str, Any]:
    """Placeholders of the texts for somebody in need."""
    operator = turn.services.operator
    line = turn.services.help_lines.for_customer(turn.language, operator.country)
    return {**line.placeholders(), "email": operator.email}


def say_after_crisis(turn: Turn) -> None:
    """That help is still there; said to whatever is not understood after a crisis."""
    if turn.has("complaint") and (turn.negates or turn.has("wait")):
        # "I can't manage the complaint today."
        turn.say("utter_no_pressure")
        return
    turn.set(offer="urgent")
    turn.say(
        "utter_after_crisis",
        **crisis_values(turn),
        choices=[(turn.label("choices.contact_me"), "/ask_human")],
    )


async def file_urgent_case(turn: Turn) -> None:
    """Tell a person at once: an urgent case of the words that were said, no questions.

    Where the archive is away the customer is told how to reach a person themselves.
    """
    services = turn.services
    customer = Customer(
        name=turn.get("name"), email=turn.get("email"), username=turn.get("username")
    )
    known = {"description", *(n for n, v in vars(customer).items() if v)}
    draft = CaseDraft(
        filing_key=f"{turn.conversation}:urgent",
        received_at=turn.now,
        conversation=turn.conversation,
        language=turn.language,
        customer=customer,
        description=turn.get("distress") or turn.text,
        category="responsible_gaming",
        is_urgent=True,
        wants_human=True,
        fields_missing=tuple(
            each for each in services.policy.details_needed if each not in known
        ),
    )
    turn.set(offer=None)
    try:
        case = await services.archive.file(draft)
    except Unavailable:
        logger.warning("conversation %s: the archive is away", turn.conversation)
        turn.say("utter_human_in_crisis", **crisis_values(turn))
        return
    turn.set(case_reference=case.reference)
    turn.say(
        "utter_urgent_filed",
        reference=case.reference,
        custom={"case": receipt_as_json(case, turn.written_day)},
        **crisis_values(turn),
    )
