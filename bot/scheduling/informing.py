"""What the counter writes by itself while a case has no final answer."""

from __future__ import annotations

from datetime import datetime

from actions.cases.case import Case
from actions.cases.clocks import CaseClocks
from bot.texts import Texts


class InterimUpdates:
    """Interim updates in the customer's language."""

    def __init__(self, texts: Texts, default_language: str) -> None:
        """Write with `texts`; in the default language where one has none."""
        self._texts, self._default = texts, default_language

    def compose(
        self, case: Case, clocks: CaseClocks, now: datetime, next_at: datetime
    ) -> str:
        """Tell what has become of the answer, when the next word comes, who else helps.

        Args:
            case: The case.
            clocks: Its clocks.
            now: The present moment.
            next_at: When the customer is written to next.
        """
        language = self._default
        if case.language in self._texts.languages:
            language = case.language
        dates = clocks.dates

        def day(moment: datetime) -> str:
            local = moment.astimezone(clocks.zone)
            return self._texts.day(language, local.date())

        paragraphs = [
            self._texts.text(
                language,
                "dates.interim_update",
                reference=case.reference,
                due_on=day(dates.answer_due_at),
                next_on=day(next_at),
            )
        ]
        body = clocks.policy.dispute_body
        if body and dates.mediator_from and dates.mediator_from <= now:
            paragraphs.append(self._texts.text(language, "dates.body_now", body=body))
        elif body and dates.mediator_from is None and dates.dispute_body_until:
            until = day(dates.dispute_body_until)
            paragraphs.append(
                self._texts.text(language, "dates.body_until", body=body, until=until)
            )
        return "\n\n".join(paragraphs)
