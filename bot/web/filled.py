"""What a customer filled into the contact form, and what is wrong with it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from email_validator import EmailNotValidError, validate_email

from actions.cases.files import media_type_of
from bot.web.multipart import File
from knowledge.errors import WrongFileType

LONGEST_LINE = 200
_KEY_DIGITS = 32
# As browsers send it, and as people write it where a browser has no field for times.
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?")


@dataclass
class Filled:
    """What stands in the form, and what is wrong with it: text keys by field."""

    values: dict[str, str]
    files: list[File] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)
    event_date: date | None = None
    event_time: time | None = None


def check(
    sent: Mapping[str, str], files: Sequence[File], *, now: datetime, longest: int
) -> Filled:
    """Find every trouble at once, so that the customer mends the form in one go.

    Args:
        sent: The fields as they came.
        files: What was attached.
        now: Civil date and time at the operator's.
        longest: Characters that a paragraph may have.
    """
    filled = Filled({name: value.strip() for name, value in sent.items()})
    filled.files = list(files)
    if not _is_key(filled.values.get("filing_key", "")):
        filled.values["filing_key"] = uuid.uuid4().hex
    _check_texts(filled, longest)
    _check_email(filled)
    _check_day(filled, now.date())
    _check_time(filled, now)
    _check_files(filled)
    return filled


def _check_texts(filled: Filled, longest: int) -> None:
    values, troubles = filled.values, filled.troubles
    for name in ("name", "email", "description"):
        if not values.get(name):
            troubles[name] = "missing"
    for name in ("name", "email", "username"):
        if len(values.get(name, "")) > LONGEST_LINE:
            troubles[name] = "too_long"
    for name in ("description", "remedy_sought"):
        if len(values.get(name, "")) > longest:
            troubles[name] = "too_long"


def _check_email(filled: Filled) -> None:
    if "email" in filled.troubles:
        return
    try:
        checked = validate_email(filled.values["email"], check_deliverability=False)
        filled.values["email"] = checked.normalized
    except EmailNotValidError:
        filled.troubles["email"] = "not_email"


def _check_day(filled: Filled, today: date) -> None:
    if not filled.values.get("event_date"):
        return
    try:
        filled.event_date = date.fromisoformat(filled.values["event_date"])
    except ValueError:
        filled.troubles["event_date"] = "not_date"
    else:
        if filled.event_date > today:
            filled.troubles["event_date"] = "future"


def _check_time(filled: Filled, now: datetime) -> None:
    """The time of the event: of a day that is known, and not still to come."""
    values, troubles = filled.values, filled.troubles
    if not values.get("event_time"):
        return
    filled.event_time = _read_time(values["event_time"])
    if filled.event_time is None:
        troubles["event_time"] = "not_time"
    elif not values.get("event_date"):
        troubles["event_date"] = "day_too"
    elif filled.event_date == now.date() and filled.event_time > now.time():
        troubles["event_time"] = "time_to_come"


def _read_time(text: str) -> time | None:
    match = _CLOCK.fullmatch(text)
    try:
        return time(int(match[1]), int(match[2] or 0)) if match else None
    except ValueError:
        return None


def _check_files(filled: Filled) -> None:
    try:
        for file in filled.files:
            media_type_of(file.content)
    except WrongFileType:
        filled.troubles["attachments"] = "wrong_file_type"


def _is_key(key: str) -> bool:
    return len(key) == _KEY_DIGITS and all(digit in "0123456789abcdef" for digit in key)
