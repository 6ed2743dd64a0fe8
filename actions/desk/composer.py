"""The composer of a case page: what an agent wrote, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from actions.cases.case import OUTCOME_KINDS, Case
from actions.cases.complaint import Policy, needs_reasons
from actions.delivery.letters import Letter
from actions.delivery.office import POST
from actions.desk.answer_templates import PURPOSES, blanks
from actions.desk.composing import letter_of, other_language
from actions.desk.parts import DESK
from actions.desk.template_store import Offered
from knowledge.errors import BadInput
from knowledge.workplace import WORKPLACE, interface_language

# Who wrote no longer ago than this is still in the chat, for all we know.
IS_THERE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer that was checked.

    Attributes:
        faults: Keys of `desk.composer.faults`; with one it is not sent.
        blanks: Placeholders that are still in it.
        language: The language that it is surely in, if the customer uses another.
        may_be_sent: Nothing is wrong, or the agent said to send it all the same.
        letter: As it would be sent; None while something is wrong.
    """

    purpose: str
    text: str
    faults: tuple[str, ...]
    blanks: Sequence[str]
    language: str | None
    may_be_sent: bool
    letter: Letter | None


@dataclass(frozen=True, kw_only=True)
class Composer:
    """What the form shows.

    Attributes:
        purposes: What an answer may be for; `with_reasons` of them need words.
        is_customer_there: They see it in the chat at once.
    """

    purpose: str
    text: str
    answer: Answer | None
    purposes: Sequence[str]
    outcomes: Sequence[str]
    with_reasons: Sequence[str]
    templates: Sequence[Offered]
    is_customer_there: bool


def check_answer(
    request: web.Request, case: Case, policy: Policy, fields: Mapping[str, str]
) -> Answer:
    """Say what is wrong with an answer, and what its letter would be.

    Args:
        request: With the desk's parts.
        case: Which is answered.
        policy: That it was filed under.
        fields: Of the form.

    Raises:
        BadInput: There is no such purpose.
    """
    desk, purpose = request.app[DESK], fields.get("purpose", "")
    if purpose not in PURPOSES:
        raise BadInput(f"purpose must be one of {', '.join(PURPOSES)}")
    text = fields.get("text", "").replace("\r\n", "\n").strip()
    needs_words = purpose not in OUTCOME_KINDS or needs_reasons(purpose, policy)
    left = blanks(text)
    faults = []
    if not text and needs_words:
        faults.append("reasons" if purpose in OUTCOME_KINDS else "empty")
    if left:
        faults.append("blanks")
    language = other_language(text, case, desk.identify)
    return Answer(
        purpose=purpose,
        text=text,
        faults=tuple(faults),
        blanks=left,
        language=language,
        may_be_sent=not faults and (language is None or "all_the_same" in fields),
        letter=None if faults else _letter(request, case, purpose, text),
    )


async def composer(
    request: web.Request,
    case: Case,
    policy: Policy,
    draft: Mapping[str, str],
    answer: Answer | None,
) -> Composer:
    """The form with what was written so far, or with the template of the address.

    It offers the outcomes of the policy that the case was filed under.
    """
    desk = request.app[DESK]
    templates = await desk.templates.offered(case, interface_language(request))
    chosen = next(
        (each for each in templates if each.id == request.query.get("template")), None
    )
    return Composer(
        purpose=draft.get("purpose") or (chosen.purpose if chosen else "reply"),
        text=draft.get("text") or (chosen.text if chosen else ""),
        answer=answer,
        purposes=[each for each in PURPOSES if each not in OUTCOME_KINDS],
        outcomes=policy.outcomes,
        with_reasons=[kind for kind in OUTCOME_KINDS if needs_reasons(kind, policy)],
        templates=[
            each
            for each in templates
            if each.purpose not in OUTCOME_KINDS or each.purpose in policy.outcomes
        ],
        is_customer_there=is_there(case, request.app[WORKPLACE].clock()),
    )


def is_there(case: Case, now: datetime) -> bool:
    """Whether the customer has just written in the chat; a form has no assistant."""
    if not any(each.sender == "bot" for each in case.transcript):
        return False
    wrote = [each.sent_at for each in case.transcript if each.sender == "customer"]
    return bool(wrote) and now - wrote[-1] < IS_THERE


def _letter(request: web.Request, case: Case, purpose: str, text: str) -> Letter | None:
    kind, values = letter_of(purpose, text)
    return request.app[POST].letters.render_letter(kind, case.language, case, values)
