"""What customers asked and no page answered, as the database keeps it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, select

from knowledge.tables import gaps

GapReason = Literal["unanswered", "unhelpful"]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A question that the help pages did not answer, with how often it was asked."""

    question: str
    language: str
    reason: GapReason
    n_asked: int
    first_asked_at: datetime
    last_asked_at: datetime


def question_key(question: str) -> str:
    """What is left of a question without case, punctuation and spacing."""
    return " ".join(re.findall(r"\w+", question.casefold())) or question.strip()


def unsettled_gaps(language: str | None) -> Select[Any]:
    """Gaps not yet settled, most often asked first; of one language, or of all."""
    n_asked = func.count().label("n_asked")
    last = func.max(gaps.c.asked_at).label("last_asked_at")
    query: Select[Any] = (
        select(
            func.min(gaps.c.question).label("question"),
            gaps.c.language,
            # "unhelpful" sorts after "unanswered": shown when both occur.
            func.max(gaps.c.reason).label("reason"),
            n_asked,
            func.min(gaps.c.asked_at).label("first_asked_at"),
            last,
        )
        .where(gaps.c.settled_at.is_(None))
        .group_by(gaps.c.question_key, gaps.c.language)
        .order_by(n_asked.desc(), last.desc(), gaps.c.language)
    )
    if language is not None:
        query = query.where(gaps.c.language == language)
    return query
