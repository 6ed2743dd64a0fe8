"""What a refused save and the saved case say, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from actions.cases.case import Case
from actions.desk.presenting import Conflicting
from knowledge.workplace import WORKPLACE, StaffTexts, interface_language

_LABELS = {
    "notes": "add_note",
    "outcome": "outcome",
    "assign": "assign",
    "urgency": "urgency",
    "hold": "hold",
    "release": "hold",
    "pause": "clocks.pause",
}
# What somebody has written, by the names of the forms' fields.
_WRITTEN = ("text", "reasons", "note", "reason")


def conflicting(
    request: web.Request,
    case: Case,
    change: str,
    fields: Mapping[str, str],
    names: Mapping[str, str],
) -> list[Conflicting]:
    """Both versions of what was to be saved, in words; `names` by e-mail address."""
    texts, language = request.app[WORKPLACE].texts, interface_language(request)
    if change == "classification":
        return _classifications(case, fields, texts, language)
    return [_words(case, change, fields, names, texts, language)]


def _classifications(
    case: Case, fields: Mapping[str, str], texts: StaffTexts, language: str
) -> list[Conflicting]:
    def named(key: str, code: object) -> str:
        return texts.text(language, f"{key}.{code}") if code else "–"

    yours = {
        "is_complaint": named("common", fields.get("is_complaint")),
        "ground": named("codes.ground", fields.get("ground")),
        "category": named("codes.category", fields.get("category")),
    }
    theirs = {
        "is_complaint": named("common", "yes" if case.is_complaint else "no"),
        "ground": named("codes.ground", case.ground),
        "category": named("codes.category", case.category),
    }
    return [
        Conflicting(
            field=texts.text(language, f"desk.{name}"),
            yours=yours[name],
            theirs=theirs[name],
        )
        for name in yours
        if name in fields
    ]


def _words(
    case: Case,
    change: str,
    fields: Mapping[str, str],
    names: Mapping[str, str],
    texts: StaffTexts,
    language: str,
) -> Conflicting:
    last = case.history[-1] if case.history else None
    theirs = ""
    if last is not None:
        key = f"desk.events.{last.kind}"
        kind = texts.text(language, key) if texts.has(language, key) else last.kind
        theirs = f"{kind} ({names.get(last.actor, last.actor)})"
        said = next(
            (m for m in case.transcript if m.id == last.details.get("message")), None
        )
        details = last.details
        words = said.text if said else details.get("text") or details.get("reason")
        theirs += f": {words}" if words else ""
    return Conflicting(
        field=texts.text(language, f"desk.{_LABELS.get(change, 'reply')}"),
        yours=next(filter(None, map(fields.get, _WRITTEN)), "–"),
        theirs=theirs,
    )
