"""An earlier case about the same matter: append to it, or file this one too.

Who types an e-mail address has not shown that it is theirs, so nothing of a case is
told by address alone, not even that there is one. A case is shown when it was filed in
this very conversation, or to who gives its reference together with its address. All
others are linked for the agent when the case is filed, and only they see it.
"""

from __future__ import annotations

import re
from datetime import datetime

from actions import consent, hearing, intake
from actions.turns import Turn

APPEND = '/inform{"field": "earlier", "value": "append"}'
FILE_ANYWAY = '/inform{"field": "earlier", "value": "file"}'
REFERENCE = "reference"


def written_reference(turn: Turn) -> str | None:
    """A case's reference in the utterance."""
    prefix = re.escape(turn.services.operator.reference_prefix)
    written = re.search(rf"\b{prefix}-[\w-]*\d\w*", turn.text, re.IGNORECASE)
    return written[0].upper() if written else None


def is_offered(turn: Turn) -> bool:
    """Whether the customer has been shown an earlier case and has not chosen yet."""
    return bool((turn.get("earlier") or {}).get("reference"))


async def offer(turn: Turn) -> bool:
    """Show an open case about the same matter before the summary, once.

    Returns:
        Whether there is one, and the customer has been asked.
    """
    if turn.get("earlier") is not None:
        return False
    text = turn.get("description") or ""
    archive = turn.services.archive
    if text and turn.get("filed"):
        turn.set(earlier={})
        case = await archive.open_case_about(None, text, conversation=turn.conversation)
        if case is not None:
            _show(turn, case.reference, case.opened_at, case.queue_position)
            return True
    return await offer_by_reference(turn, turn.get("mentioned"))


async def offer_by_reference(turn: Turn, reference: str | None) -> bool:
    """Show the open case of a reference to who gave its e-mail address as well."""
    if not reference or not turn.get("email"):
        return False
    turn.set(earlier={})
    status = await turn.services.archive.status_for(reference, turn.get("email"))
    if not status.is_known or status.status == "closed" or status.opened_at is None:
        return False
    _show(turn, reference, status.opened_at, status.queue_position)
    return True


def _show(
    turn: Turn, reference: str, opened_at: datetime, position: int | None
) -> None:
    wording, zone = turn.services.wording, turn.services.operator.zone
    turn.set(earlier={"reference": reference})
    turn.say(
        "utter_duplicate",
        reference=reference,
        opened_on=wording.moment_day(turn.language, opened_at, zone),
        position=position or 1,
        choices=[
            (turn.label("choices.append"), APPEND),
            (turn.label("choices.file_anyway"), FILE_ANYWAY),
        ],
    )
    turn.has_asked = True


async def ask_reference(turn: Turn) -> None:
    """Take the answer to the question for an earlier case's reference."""
    reference = written_reference(turn)
    if reference is None and hearing.is_refusal(turn):
        turn.set(correcting=None, earlier={})
    elif reference is None and intake.count_try(turn, REFERENCE) < 2:
        turn.say("utter_status_unknown")
    else:
        turn.set(correcting=None)
        if not await offer_by_reference(turn, reference):
            turn.say("utter_status_unknown")


async def choose(turn: Turn, choice: str) -> None:
    """Append to the case that was shown, or go on to file this one as well."""
    reference = (turn.get("earlier") or {}).get("reference")
    turn.set(earlier={})
    if choice != "append" or reference is None:
        return
    await turn.services.archive.append_to_case(
        reference, turn.get("description") or "", language=turn.language
    )
    turn.set(
        filed={"reference": reference},
        case_reference=reference,
        is_appended=True,
        shown=None,
    )
    turn.marks["stage"] = "filed"
    turn.say("utter_appended", reference=reference)


async def take_answer(turn: Turn) -> bool:
    """Read what was written in answer to the case shown; whether that was one."""
    if turn.likeliest_intent == "deny" or turn.has("file_anyway"):
        await choose(turn, "file")
        return True
    if turn.has("append") or consent.confirms(turn):
        await choose(turn, "append")
        return True
    return False
