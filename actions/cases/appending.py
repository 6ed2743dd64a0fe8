"""What a customer writes about a case that is filed, by whichever way it came."""

from __future__ import annotations

from actions.cases.case import CRY_FOR_HELP, Message
from actions.cases.changes import Change


async def customer_wrote(
    change: Change,
    text: str,
    *,
    language: str | None = None,
    letter: str | None = None,
    is_cry_for_help: bool = False,
) -> Message:
    """Add the words to the case; its place in the queue stays the same.

    A case that waited for the customer goes on, and a closed one is open again.

    Args:
        change: Of the case.
        text: What was written.
        language: What it is written in; the case's language when it is not known.
        letter: Message id of the e-mail that it came with.
        is_cry_for_help: The case is taken before others, and the customer is told by
            letter who listens now; not again while it is urgent.
    """
    case = change.case
    message = await change.say("customer", text, language or case.language)
    origin = {"letter": letter} if letter else {}
    change.record("customer", "customer_wrote", message=message.id, **origin)
    if is_cry_for_help and not case.is_urgent:
        change.set(is_urgent=True)
        change.record("system", "marked_urgent", because=CRY_FOR_HELP)
        change.mail("in_need")
    if case.status in ("waiting", "closed"):
        change.move("in_progress" if case.assigned_to else "open")
    if case.status == "closed":
        change.set(outcome=None, closed_at=None)
        change.record("customer", "reopened", outcome=case.outcome)
    return message
