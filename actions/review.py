"""The summary that a customer confirms, and the verdict in plain words."""

from __future__ import annotations

import logging
from datetime import date

from actions import intake, policy_days
from actions.cases.case import Category, Ground
from actions.turns import Turn
from knowledge.answers import Answer
from knowledge.errors import Unavailable

logger = logging.getLogger(__name__)

EARLIER_CASE = '/inform{"field": "earlier_case"}'
_SHOWN_CHARACTERS = 600


async def say_summary(turn: Turn) -> None:
    """Show verdict and summary, or ask briefly when nothing changed since."""
    signature = intake.summary_signature(turn)
    if turn.get("shown") == signature:
        choices = _choices(turn, _verdict_choices(turn))
        turn.say("utter_ask_confirmed_again", choices=choices)
        return
    is_told = (turn.get("shown") or [None])[0] == signature[0]
    turn.set(shown=signature)
    if not is_told:
        await _say_verdict(turn)
    # Said once: what it offered to change stands with the rest from then on.
    choices = _choices(turn, _verdict_choices(turn) if is_told else [])
    turn.say("utter_ask_confirmed", summary=_lines(turn), choices=choices)


async def _say_verdict(turn: Turn) -> None:
    """What the matter is taken for, with the clause of the help pages that says so."""
    about = turn.label(f"categories.{category(turn)}")
    choices = _verdict_choices(turn)
    if not intake.is_complaint(turn):
        turn.say("utter_verdict_request", category=about, choices=choices)
        return
    code = ground(turn)
    if code is None:
        turn.say("utter_verdict_complaint_by_word", category=about, choices=choices)
        return
    clause = await _clause(turn, code)
    quote, custom = "", None
    if clause is not None:
        citation = clause.citation
        custom = {"citations": [citation.as_json()]}
        if citation.language == turn.language:
            stated = turn.label("clause", quote=clause.quote, title=citation.title)
            quote = f"\n\n{stated}"
    turn.say(
        "utter_verdict_complaint",
        ground=turn.label(f"grounds.{code}"),
        category=about,
        quote=quote,
        custom=custom,
        choices=choices,
    )


async def _clause(turn: Turn, code: Ground) -> Answer | None:
    """The clause by which a ground makes a complaint, where it is published."""
    policy = turn.services.policy
    clauses = policy.grounds_stated_in or {}
    page = policy.sources["grounds_stated_in"].page if clauses else None
    if page is None or code not in clauses:
        return None
    try:
        return await turn.services.in_thread(
            turn.services.knowledge.open_passage,
            page,
            clauses[code],
            "",
            language=turn.language,
        )
    except Unavailable as exc:
        # The verdict can be put without its clause.
        logger.warning("conversation %s: no clause: %s", turn.conversation, exc)
        return None


def say_change_choices(turn: Turn) -> None:
    """Nothing is sent: what should be changed, or should it be dropped?"""
    choices = [
        (turn.label(f"fields.{field}"), f'/correct{{"field": "{field}"}}')
        for field in intake.CORRECTABLE
    ]
    choices.append((turn.label("choices.cancel"), "/cancel"))
    turn.say("utter_what_to_change", choices=choices)
    turn.has_asked = True
    # A yes to this is none to the summary, which is shown again first.
    turn.set(shown=(turn.get("shown") or [None])[:1])


def date_in_words(turn: Turn, *, is_listed: bool = False) -> str:
    """The day of the event, with its time where that is known.

    Args:
        turn: The utterance.
        is_listed: It stands by itself, and not inside a sentence.
    """
    day = date.fromisoformat(turn.get("event_date"))
    at = intake.resolved_time(turn)
    return turn.services.wording.day(turn.language, day, at, is_listed=is_listed)


def category(turn: Turn) -> Category:
    verdict = turn.get("verdict") or {}
    chosen = verdict.get("chosen") or {}
    value: Category = chosen.get("category") or verdict.get("category") or "other"
    return value


def ground(turn: Turn) -> Ground | None:
    verdict = turn.get("verdict") or {}
    chosen = verdict.get("chosen") or {}
    value: Ground | None = chosen.get("ground") or verdict.get("ground")
    return value


def _verdict_choices(turn: Turn) -> list[tuple[str, str]]:
    to = "false" if intake.is_complaint(turn) else "true"
    label = "choices.not_a_complaint" if to == "false" else "choices.a_complaint"
    return [
        (turn.label(label), f'/inform{{"field": "is_complaint", "value": "{to}"}}'),
        (turn.label("choices.other_category"), '/correct{"field": "category"}'),
    ]


def _choices(turn: Turn, of_verdict: list[tuple[str, str]]) -> list[tuple[str, str]]:
    earlier = []
    if not turn.get("earlier") and turn.get("email"):
        earlier = [(turn.label("choices.earlier_case"), EARLIER_CASE)]
    fields = [f for f in intake.CORRECTABLE if f != "event_date" or _has_date(turn)]
    return [
        (turn.label("choices.send"), "/affirm"),
        *[
            (
                turn.label("choices.change", field=turn.label(f"fields.{field}")),
                f'/correct{{"field": "{field}"}}',
            )
            for field in fields
        ],
        *of_verdict,
        *earlier,
        (turn.label("choices.cancel"), "/cancel"),
    ]


def _has_date(turn: Turn) -> bool:
    return intake.is_complaint(turn) or bool(turn.get("event_date"))


def _lines(turn: Turn) -> str:
    day = intake.resolved_day(turn)
    description = turn.get("description") or ""
    if len(description) > _SHOWN_CHARACTERS:
        description = description[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " …"
    values = {field: turn.get(field) for field in ("name", "email", "username")}
    values["event_date"] = date_in_words(turn, is_listed=True) if day else None
    if not _has_date(turn):
        del values["event_date"]
    values["description"] = description
    lines = [
        turn.label("line", field=turn.label(f"fields.{field}"), value=value)
        if value
        else turn.label(
            "line",
            field=turn.label(f"fields.{field}"),
            value=turn.label("not_given"),
        )
        for field, value in values.items()
    ]
    if policy_days.is_late(turn):
        after_date = list(values).index("event_date") + 1
        lines.insert(after_date, turn.label("late", **policy_days.window(turn)))
    return "\n".join(lines)
