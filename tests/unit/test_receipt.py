from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from actions.cases.case import CaseDraft
from actions.filing import FileCase
from tests.unit.talking import Drawer, filled, make_services, tell

# Late in the evening of the last day of November in UTC: December where the counter is.
DUE = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)


class DueOnTheFirst(Drawer):
    """Files cases whose answer is due on the first of a month."""

    async def file(self, draft: CaseDraft) -> Any:
        case = await super().file(draft)
        case.answer_due_at = DUE
        return case


async def test_a_receipt_has_its_dates_as_the_customers_language_writes_them() -> None:
    heard = await tell(
        "oui",
        services=make_services(archive=DueOnTheFirst()),
        action=FileCase,
        language="fr",
        form=False,
        **filled(confirmed=True),
    )

    receipt = heard.custom[0]["case"]
    assert receipt["answer_due"] == "1er décembre 2026"
    assert receipt["opened"] == "22 novembre 2026"
    assert receipt["answer_due"] in heard.text
