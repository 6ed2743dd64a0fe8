"""The intake: what the form does with an utterance, and what it asks next.

Rasa tries the form first on every utterance. `validate_case_form` takes the facts that
are in it, whatever was asked for; then either asks for the next field, or rejects the
utterance as no answer, so that the rule for its intent takes it and the form goes on.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Any

from actions.cases.case import Verdict
from actions.correcting import is_correction
from actions.dates import Mention, event_date, find_dates
from actions.facts import Facts
from actions.hours import time_of_day, times_of_day
from actions.phrases import any_of, fold
from actions.turns import Turn, statements_of

FIELDS = ("name", "email", "username", "event_date", "details")
CORRECTABLE = ("name", "email", "username", "event_date", "description")
TRIES_BEFORE_EXAMPLE = 2
TRIES_BEFORE_GOING_ON = 3

_LONGEST_DATE_WORDS = 16
_LONGEST_TIME_WORDS = {"confirmed": 8, "details": 8}
_ALONE_WORDS = 3
_THIN_WORDS = 6
_ACCOUNT_WORDS = 12


def begin(turn: Turn) -> None:
    """Take everything from the utterance that opens a case."""
    turn.set(
        matter={
            "key": str(turn.metadata.get("message_id") or len(turn.tracker.events)),
            "begun_at": turn.now.isoformat(),
        },
        missing=[],
        attempts={},
        explained=[],
        shown=None,
        confirmed=None,
        earlier=None,
        mentioned=None,
        is_appended=False,
        details=None,
        event_time=None,
        date_options=None,
        correcting=None,
        remedy_sought=None,
        verdict=None,
        customer_says_complaint=False,
    )
    for field in ("name", "email", "username"):
        # What the customer said of themselves holds for the whole conversation.
        turn.set(**{field: turn.get(field)})
    turn.set(event_date=None, description=None)


async def take_facts(turn: Turn, *, asked_for: str | None = None) -> list[str]:
    """Store every fact of the utterance.

    Returns:
        The fields that changed, in the order of the form.
    """
    facts = turn.services.facts.read(turn.text, asked_for=asked_for)
    is_corrected = is_correction(turn)
    changed = _take_person(turn, facts, asked_for, is_corrected)
    if _take_date(turn, asked_for, is_corrected):
        changed.append("event_date")
    return changed


def _take_person(
    turn: Turn, facts: Facts, asked_for: str | None, is_correction: bool
) -> list[str]:
    changed = []
    for field in ("name", "email", "username"):
        value, current = getattr(facts, field), turn.get(field)
        renamed = None
        if field == "name" and current and asked_for != "name":
            is_slip = asked_for == "username" and turn.has("slip")
            is_aside = asked_for == "email" or is_slip
            renamed = turn.services.facts.renamed(turn.text, current, is_aside=is_aside)
        if value is None and renamed is None:
            value = _put_right(turn, facts, field, asked_for, is_correction)
        others = len(turn.text.split()) - len((facts.name or "").split())
        is_alone = field == "email" and others <= _ALONE_WORDS
        may_replace = (
            not current
            or field in facts.stated
            or field == asked_for
            or is_correction
            or is_alone
            or renamed is not None
        )
        value = renamed or value
        if value and value != current and may_replace:
            turn.set(**{field: value})
            turn.remove_missing(field)
            changed.append(field)
    return changed


def _put_right(
    turn: Turn, facts: Facts, field: str, asked_for: str | None, is_correction: bool
) -> str | None:
    """A value that only what was given before makes one: a misspelling mended."""
    reader, current = turn.services.facts, turn.get(field)
    if is_correction and current:
        if field == "name":
            return reader.looks_like_same_name(turn.text, current)
        if field == "username" and not facts.email:
            return reader.username_after(turn.text, current)
    is_late = field == "username" and asked_for == "details" and not current
    if is_late and len(turn.text.split()) <= _ALONE_WORDS:
        # It came to mind after it had been left out.
        return reader.username_after(turn.text, None)
    return None


def _take_date(turn: Turn, asked_for: str | None, is_correction: bool) -> bool:
    """Store the day of the event, and the time with it; whether either changed."""
    asked = asked_for == "event_date"
    current = turn.get("event_date")
    is_answer = asked or bool(turn.get("date_options")) or bool(current)
    found = mentions(turn, is_answer=is_answer and (asked or is_correction))
    if chosen := _choose_option(turn, found) if asked else None:
        _store_day(turn, chosen)
        return bool(chosen != current)
    best = event_date(found, turn.today)
    may_replace = asked or is_correction or _names_date(turn)
    if best is None or (current and not may_replace):
        # A time alone mends that of a day that is known; by itself it dates nothing.
        longest = _LONGEST_TIME_WORDS.get(asked_for or "", 0) if current else 0
        is_alone = len(turn.text.split()) <= longest and not turn.is_question
        is_named = is_correction or (longest > 0 and turn.has("time"))
        is_day = best is not None and best.value == resolved_day(turn)
        is_added = is_day and not turn.get("event_time")
        is_mended = asked or is_alone or is_added or (is_named and _is_short(turn))
        return is_mended and _take_time(turn) and bool(current)
    if best.value is None:
        options = [day.isoformat() for day in best.options]
        narrowed = [day for day in turn.get("date_options") or [] if day in options]
        if len(narrowed) != 1:
            turn.set(date_options=options)
            _take_time(turn)
            return False
        value = narrowed[0]
    else:
        value = _in_month_of(current, best).isoformat()
    has_time = _store_day(turn, value)
    return has_time or bool(value != current)


def _store_day(turn: Turn, iso: str) -> bool:
    """Store the day that is certain; whether a new time stands with it."""
    turn.set(event_date=iso, date_options=None)
    turn.remove_missing("event_date")
    return _take_time(turn)


def take_told_day(turn: Turn, text: str) -> bool:
    """Store the day that an earlier utterance told, with its time; whether it did."""
    best = event_date(mentions_in(turn, text, is_answer=False), turn.today)
    if best is None or best.value is None or turn.get("event_date"):
        return False
    at = time_of_day(text, turn.services.phrases, turn.language)
    turn.set(event_date=best.value.isoformat())
    turn.set(event_time=at.isoformat("minutes") if at else None)
    return True


def _in_month_of(current: str | None, found: Mention) -> date:
    """The day that was named; by its number alone it is of the month known so far."""
    assert found.value is not None
    if not current or not found.is_bare:
        return found.value
    same_month = date.fromisoformat(current).replace(day=1)
    same_month += timedelta(days=found.value.day - 1)
    return same_month if same_month.day == found.value.day else found.value


def _choose_option(turn: Turn, found: list[Mention]) -> str | None:
    """The day meant by "the first one", "in March" or "14" of those asked about."""
    options = [date.fromisoformat(day) for day in turn.get("date_options") or []]
    if len(options) == 2:
        for day, place in zip(options, ("first_of_two", "second_of_two"), strict=True):
            if turn.has(place):
                return day.isoformat()
        months = {m.month.month for m in found if m.month}
        fitting = [day for day in options if day.month in months]
    else:
        numbers = re.findall(r"(?<![\d.:/-])\d{1,2}(?![\d:/-]|\.\d)", turn.text)
        fitting = [day for day in options if numbers == [str(day.day)]]
    return fitting[0].isoformat() if len(fitting) == 1 else None


def _names_date(turn: Turn) -> bool:
    """Whether the utterance says what the date is: "the date should be …"."""
    words = turn.services.phrases.words
    is_or_was = any_of(words("links") + words("was"))
    said = rf"(?<!\w){any_of(words('date'))}\W+{is_or_was}(?!\w)"
    return _is_short(turn) and re.search(said, turn.folded) is not None


def _is_short(turn: Turn) -> bool:
    """Whether an utterance may tell of a date alone."""
    return len(turn.text.split()) <= _LONGEST_DATE_WORDS


def _take_time(turn: Turn) -> bool:
    """Store the time of day; of several in a story none is sure to be the event's."""
    found = times_of_day(
        turn.text,
        turn.services.phrases,
        turn.language,
        with_limits=is_correction(turn) and _is_short(turn),
    )
    times = list(dict.fromkeys(at.isoformat("minutes") for at in found))
    current = turn.get("event_time")
    if current and _is_short(turn):
        # "Not at nine, at half past."
        times = [at for at in times if at != current]
    if not times or times[0] == current or (len(times) > 1 and not _is_short(turn)):
        return False
    turn.set(event_time=times[0])
    return True


def mentions(turn: Turn, *, is_answer: bool) -> list[Mention]:
    """The dates in the utterance."""
    return mentions_in(turn, turn.text, is_answer=is_answer)


def mentions_in(turn: Turn, text: str, *, is_answer: bool) -> list[Mention]:
    """The dates in a text of the customer's."""
    return find_dates(
        text,
        today=turn.today,
        language=turn.language,
        phrases=turn.services.phrases,
        is_answer=is_answer,
    )


def keep_words(turn: Turn, text: str) -> None:
    """Add the customer's words to the description."""
    text = text.strip()
    before = turn.get("description") or ""
    if text and fold(text) not in fold(before):
        turn.set(description=f"{before}\n{text}".strip())


async def add_description(turn: Turn, text: str) -> None:
    """Add the customer's words to the description and classify all of it anew."""
    keep_words(turn, text)
    description = turn.get("description")
    if not description:
        return
    before_verdict = turn.get("verdict") or {}
    matter = before_verdict.get("matter") or _matter(turn, description)
    verdict = await turn.services.in_thread(
        turn.services.classifier.classify, matter, turn.language
    )
    turn.set(
        verdict={
            # The first full account decides; what is added later is detail.
            "matter": matter if len(matter.split()) >= _ACCOUNT_WORDS else None,
            "is_complaint": verdict.is_complaint,
            "probability": verdict.probability,
            "ground": verdict.ground or _likeliest_ground(verdict),
            "category": verdict.category,
            "chosen": before_verdict.get("chosen", {}),
        }
    )
    said = statements_of(fold(text))
    phrases = turn.services.phrases
    if phrases.has("complaint", said) and not phrases.has("no_complaint", said):
        turn.set(customer_says_complaint=True)


def _matter(turn: Turn, description: str) -> str:
    """The description without what only says who is writing, and without masks."""
    values = [turn.get(field) for field in ("name", "email", "username")]
    return turn.services.facts.without_person(description, filter(None, values))


def _likeliest_ground(verdict: Verdict) -> str | None:
    """The ground where the customer says complaint and the classifier does not."""
    likeliest = max(verdict.grounds, key=lambda g: g["probability"], default=None)
    return str(likeliest["ground"]) if likeliest else None


def is_complaint(turn: Turn) -> bool:
    """Whether the case is taken as a complaint: by choice, word or classifier."""
    verdict = turn.get("verdict") or {}
    chosen = verdict.get("chosen", {}).get("is_complaint")
    if chosen is not None:
        return bool(chosen)
    return bool(verdict.get("is_complaint") or turn.get("customer_says_complaint"))


def is_thin(description: str | None) -> bool:
    """Whether a description is too short to examine anything by."""
    return len((description or "").split()) < _THIN_WORDS


def next_field(turn: Turn) -> str:
    """What to ask for now; `confirmed` when nothing else is open."""
    correcting = turn.get("correcting")
    if correcting:
        return "details" if correcting == "description" else str(correcting)
    missing = turn.get("missing") or []
    if turn.get("date_options") and not turn.get("event_date"):
        return "event_date"
    for field in FIELDS:
        if _is_asked_for(turn, field) and turn.get(field) is None:
            if field not in missing:
                return field
    return "confirmed"


def _is_asked_for(turn: Turn, field: str) -> bool:
    policy = turn.services.policy
    if field == "event_date" and not _needs_date(turn):
        return False
    asked_for = {*policy.details_needed, *policy.details_optional}
    return field == "details" or field in asked_for


def may_be_skipped(turn: Turn, field: str) -> bool:
    """Whether a field may be left out at once, by the policy."""
    policy = turn.services.policy
    is_optional = field in policy.details_optional
    return field == "details" or (is_optional and field not in policy.details_needed)


def _needs_date(turn: Turn) -> bool:
    verdict = turn.get("verdict")
    # After a restart nothing is known of the matter yet: ask, as for a complaint.
    return is_complaint(turn) if verdict and turn.get("description") else True


def go_on_without(turn: Turn, field: str) -> None:
    """Leave a field out, marked as missing in the case.

    One that is only being corrected keeps the value that it has.
    """
    turn.set(correcting=None)
    if field == "event_date":
        turn.set(date_options=None)
    if field == "details":
        turn.set(details=turn.get("details") or "")
    elif not turn.get(field):
        turn.add_missing(field)


def count_try(turn: Turn, field: str) -> int:
    """Count a failed answer to the question for `field`."""
    attempts = dict(turn.get("attempts") or {})
    attempts[field] = attempts.get(field, 0) + 1
    turn.set(attempts=attempts)
    return int(attempts[field])


def explain_once(turn: Turn, field: str) -> bool:
    """Note that the customer is told what a field is for; whether it is new to them."""
    explained = list(turn.get("explained") or [])
    if field in explained:
        return False
    turn.set(explained=[*explained, field])
    return True


def resolved_day(turn: Turn) -> date | None:
    value = turn.get("event_date")
    return date.fromisoformat(value) if value else None


def resolved_time(turn: Turn) -> time | None:
    value = turn.get("event_time")
    return time.fromisoformat(value) if value else None


def summary_signature(turn: Turn) -> list[Any]:
    """What the summary showed, to tell whether it must be shown again."""
    shown = (*FIELDS, "event_time", "description", "missing")
    return [verdict_signature(turn), *(turn.get(field) for field in shown)]


def verdict_signature(turn: Turn) -> list[Any]:
    """What the verdict said, and in which language."""
    verdict = turn.get("verdict") or {}
    kept = {key: verdict.get(key) for key in ("ground", "category", "chosen")}
    return [turn.language, is_complaint(turn), kept]
