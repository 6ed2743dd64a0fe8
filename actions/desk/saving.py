"""What an agent does to a case, from a form or from JSON alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from actions.cases.case import Case, Category, Ground, OutcomeKind, message_as_json
from actions.cases.complaint import PauseReason
from actions.desk.answer_templates import blanks
from actions.desk.composing import other_language
from actions.desk.parts import Desk
from knowledge.errors import BadInput

Fields = Mapping[str, Any]
Save = Callable[[Desk, str, str, Fields], Awaitable[Case]]

LONGEST_TEXT = 20_000


async def reply(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Answer the customer with `text`."""
    case = await desk.archive.add_reply(
        reference, agent, _answer(fields, "text"), version=_version(fields)
    )
    await _announce(desk, case)
    return case


async def information_request(
    desk: Desk, reference: str, agent: str, fields: Fields
) -> Case:
    """Ask the customer with `text` for what is missing, and wait for it."""
    case = await desk.answering.request_information(
        reference, agent, _answer(fields, "text"), version=_version(fields)
    )
    await _announce(desk, case)
    return case


async def reopen(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Open a closed case again; `text` says why, if anything."""
    text = _answer(fields, "text", may_be_empty=True) if "text" in fields else ""
    case = await desk.answering.reopen(
        reference, agent, text or None, version=_version(fields)
    )
    if text:
        await _announce(desk, case)
    return case


async def interim_update(
    desk: Desk, reference: str, agent: str, fields: Fields
) -> Case:
    """Tell the customer with `text` where the matter stands."""
    case = await desk.archive.send_interim_update(
        reference, agent, _answer(fields, "text"), version=_version(fields)
    )
    await _announce(desk, case)
    return case


async def note(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Write the internal note `text`."""
    return await desk.archive.add_note(
        reference, agent, _text(fields, "text"), version=_version(fields)
    )


async def classification(
    desk: Desk, reference: str, agent: str, fields: Fields
) -> Case:
    """Correct `is_complaint`, `ground` and `category`; what is not given stays.

    A ground makes a complaint of it, unless `is_complaint` says otherwise.
    """
    case = await desk.archive.case(reference)
    version = _version(fields)
    ground = fields.get("ground", case.ground) or None
    if "is_complaint" in fields:
        is_complaint = _yes_or_no(fields, "is_complaint")
    else:
        is_complaint = case.is_complaint or ground is not None
    return await desk.archive.correct_classification(
        reference,
        agent,
        is_complaint=is_complaint,
        # A form sends its last ground along; without a complaint there is none.
        ground=cast(Ground | None, ground) if is_complaint else None,
        category=cast(Category, fields.get("category", case.category)),
        observed=await desk.observe(case.description, case.language),
        version=case.version if version is None else version,
    )


async def outcome(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Close the case with outcome `kind` and its `reasons`."""
    reasons = fields.get("reasons")
    if reasons is not None:
        reasons = _answer(fields, "reasons", may_be_empty=True) or None
    # Another language than the customer's goes out only when `any_language` says so.
    if reasons and not fields.get("any_language"):
        case = await desk.archive.case(reference)
        if found := other_language(reasons, case, desk.identify):
            raise BadInput(
                f"the reasons seem to be in {found}, the customer's language is "
                f"{case.language}; with any_language they are sent all the same",
                refusal="other_language",
            )
    case = await desk.archive.close(
        reference,
        agent,
        cast(OutcomeKind, fields.get("kind")),
        reasons,
        version=_version(fields),
    )
    if reasons:
        await _announce(desk, case)
    return case


async def assign(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Give the case to `assignee`: `me`, an agent's e-mail, or nobody when empty."""
    assignee = fields.get("assignee") or None
    if assignee is not None and not isinstance(assignee, str):
        raise BadInput(f"assignee must be text or null, got {assignee!r}")
    return await desk.archive.assign(
        reference,
        agent,
        agent if assignee == "me" else assignee,
        version=_version(fields),
    )


async def urgency(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Have the case taken before others or, with `is_urgent` no, in its turn.

    For a `reason`, which the history keeps.
    """
    return await desk.archive.mark_urgent(
        reference,
        agent,
        _text(fields, "reason"),
        is_urgent=_yes_or_no(fields, "is_urgent"),
        version=_version(fields),
    )


async def pause(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Set the case aside for `reason`; `note` says what is waited for."""
    await desk.archive.clocks.pause(
        reference,
        agent,
        cast(PauseReason, fields.get("reason")),
        _text(fields, "note"),
        version=_version(fields),
    )
    return await desk.archive.case(reference)


async def resume(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Take up again a case that was set aside."""
    await desk.archive.clocks.resume(reference, agent, version=_version(fields))
    return await desk.archive.case(reference)


async def hold(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """Keep the case whatever its age, for a `reason`."""
    reason = _text(fields, "reason")
    return await desk.archive.hold(reference, agent, reason, version=_version(fields))


async def release(desk: Desk, reference: str, agent: str, fields: Fields) -> Case:
    """End a legal hold, for a `reason`."""
    reason = _text(fields, "reason")
    return await desk.archive.release(
        reference, agent, reason, version=_version(fields)
    )


SAVES: dict[str, Save] = {
    "hold": hold,
    "release": release,
    "replies": reply,
    "interim-update": interim_update,
    "information-request": information_request,
    "reopen": reopen,
    "notes": note,
    "classification": classification,
    "outcome": outcome,
    "assign": assign,
    "urgency": urgency,
    "pause": pause,
    "resume": resume,
}


async def _announce(desk: Desk, case: Case) -> None:
    said = [each for each in case.transcript if each.sender == "agent"]
    if said:
        await desk.announce(case.conversation, message_as_json(said[-1]))


def _answer(fields: Fields, name: str, *, may_be_empty: bool = False) -> str:
    """A text for the customer."""
    text = _text(fields, name, may_be_empty=may_be_empty)
    if left := blanks(text):
        raise BadInput(
            f"{name} has blanks left: {', '.join(left)}", refusal="blanks_left"
        )
    return text


def _text(fields: Fields, name: str, *, may_be_empty: bool = False) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not (value.strip() or may_be_empty):
        raise BadInput(f"{name} must be text and not empty", refusal="empty")
    if len(value) > LONGEST_TEXT:
        raise BadInput(
            f"{name} has {len(value)} characters, at most {LONGEST_TEXT} are taken",
            refusal="too_long",
        )
    return value.replace("\r\n", "\n").strip()


def _version(fields: Fields) -> int | None:
    value = fields.get("version")
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as exc:
        raise BadInput("version must be a whole number") from exc


def _yes_or_no(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if value in (True, "yes", "true"):
        return True
    if value in (False, "no", "false"):
        return False
    raise BadInput(f"{name} must be true or false")
