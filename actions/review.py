"""The summary that a customer confirms, and the verdict in plain words."""

from __future__ import annotations

from actions import intake
from actions.cases.complaint import is_late
from actions.turns import Turn

_SHOWN_CHARACTERS = 600


def say_summary(turn: Turn) -> None:
    """Show verdict and summary, or ask briefly when nothing changed since."""
    signature = intake.summary_signature(turn)
    if turn.get("shown") == signature:
        turn.say("utter_ask_confirmed_again", choices=_choices(turn))
        return
    turn.set(shown=signature)
    if intake.is_complaint(turn):
        ground = _ground(turn)
        if ground:
            turn.say(
                "utter_verdict_complaint",
                ground=turn.label(f"grounds.{ground}"),
                category=turn.label(f"categories.{category(turn)}"),
                choices=_verdict_choices(turn),
            )
        else:
            turn.say(
                "utter_verdict_complaint_by_word",
                category=turn.label(f"categories.{category(turn)}"),
                choices=_verdict_choices(turn),
            )
    else:
        turn.say(
            "utter_verdict_request",
            category=turn.label(f"categories.{category(turn)}"),
            choices=_verdict_choices(turn),
        )
    turn.say("utter_ask_confirmed", summary=_lines(turn), choices=_choices(turn))


def say_change_choices(turn: Turn) -> None:
    """Nothing is sent: what should be changed, or should it be dropped?"""
    choices = [
        (turn.label(f"fields.{field}"), f'/correct{{"field": "{field}"}}')
        for field in intake.CORRECTABLE
    ]
    choices.append((turn.label("choices.cancel"), "/cancel"))
    turn.say("utter_what_to_change", choices=choices)
    turn.has_asked = True


def category(turn: Turn) -> str:
    verdict = turn.get("verdict") or {}
    chosen = verdict.get("chosen") or {}
    return str(chosen.get("category") or verdict.get("category") or "other")


def _ground(turn: Turn) -> str | None:
    verdict = turn.get("verdict") or {}
    chosen = verdict.get("chosen") or {}
    value = chosen.get("ground") or verdict.get("ground")
    return str(value) if value else None


ground = _ground


def _verdict_choices(turn: Turn) -> list[tuple[str, str]]:
    to = "false" if intake.is_complaint(turn) else "true"
    label = "choices.not_a_complaint" if to == "false" else "choices.a_complaint"
    return [
        (turn.label(label), f'/inform{{"field": "is_complaint", "value": "{to}"}}'),
        (turn.label("choices.other_category"), '/correct{"field": "category"}'),
    ]


def _choices(turn: Turn) -> list[tuple[str, str]]:
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
        (turn.label("choices.cancel"), "/cancel"),
    ]


def _has_date(turn: Turn) -> bool:
    return intake.is_complaint(turn) or bool(turn.get("event_date"))


def _lines(turn: Turn) -> str:
    services = turn.services
    day = intake.resolved_day(turn)
    description = turn.get("description") or ""
    if len(description) > _SHOWN_CHARACTERS:
        description = description[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " …"
    values = {field: turn.get(field) for field in ("name", "email", "username")}
    values["event_date"] = services.wording.day(turn.language, day) if day else None
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
    if intake.is_complaint(turn) and is_late(
        day, turn.now, services.policy, services.operator.zone
    ):
        lines.append(turn.label("late"))
    return "\n".join(lines)
