"""What a publication would answer worse than the one before it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from knowledge.errors import PublishRefused
from knowledge.operator import AnswerRules
from knowledge.quality import Quality


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A question that a publication would answer worse than the one before.

    Attributes:
        before: The section that answered rightly, as `page#section`; empty where
            nothing wrong was said.
        after: The section that would come first, or be said wrongly.
    """

    id: str
    language: str
    text: str
    before: str
    after: str


def broken_questions(before: Quality, after: Quality) -> list[Broken]:
    """Questions whose first passage was right and is not, or now answered wrongly."""
    earlier = {row.id: row for row in before.asked}
    return [
        Broken(
            id=row.id,
            language=row.language,
            text=row.text,
            before=old.found if old.is_right else "",
            after=row.found,
        )
        for row in after.asked
        if (old := earlier.get(row.id)) is not None
        and (
            (old.is_right and not row.is_right)
            or (row.is_answered and not row.is_right and not old.is_answered)
        )
    ]


def refuse_worse(before: Quality, after: Quality, rules: AnswerRules) -> None:
    """Refuse what brings a measure down to below the operator's floor.

    What is below its floor already may stay there, or rise.

    Raises:
        PublishRefused: With the measures, and the questions that break.
    """
    was, now = before.measures.get("all", {}), after.measures.get("all", {})
    fallen = {}
    for name, floor in rules.floor.items():
        old, new = was.get(name), now.get(name)
        if old is not None and new is not None and new < min(floor, old):
            fallen[name] = {"before": old, "after": new, "floor": floor}
    if fallen:
        raise PublishRefused(
            fallen, [asdict(each) for each in broken_questions(before, after)]
        )
