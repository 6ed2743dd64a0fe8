"""The dossier of a case: all that the customer may take to a dispute body.

One JSON file that can be checked without Guichet's database, and the same as a PDF in
the customer's language. Internal notes are not part of it: that there was one stays
in the history, sealed, and what it says is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from typing import Any, Protocol

from babel import Locale
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Case, case_as_json, time_as_json
from actions.cases.history import read_sealed
from actions.cases.post_tables import letters
from actions.cases.queries import email_key
from actions.cases.sealing import SealedEvent
from actions.cases.verifying import FORMAT
from knowledge.database import reading
from knowledge.operator import Operator

# What the staff tells itself.
WITHHELD = ("noted",)


class Texts(Protocol):
    """Strings by language: see `data/texts/`."""

    @property
    def languages(self) -> tuple[str, ...]: ...

    def text(self, language: str, key: str, **values: object) -> str: ...

    def section(self, language: str, key: str) -> dict[str, str]: ...

    def locale(self, language: str) -> Locale: ...

    def day(self, language: str, day: date, at: time | None = None) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Everything that stands in a dossier.

    Attributes:
        dates: Every date of the case, as its clocks give it.
        letters: Sent and received ones with their words, oldest first.
        events: The history with its seals; notes without what they say.
        public_url: Begins the addresses of our own pages, without a trailing slash.
    """

    case: Case
    made_at: datetime
    operator: Operator
    rule: str
    dates: dict[str, Any]
    letters: Sequence[dict[str, Any]]
    attachments: Sequence[dict[str, Any]]
    events: Sequence[SealedEvent]
    public_url: str

    @property
    def filed(self) -> dict[str, Any]:
        """What was sealed when the case was filed."""
        return self.events[0].details or {}

    def as_json(self) -> dict[str, Any]:
        """The file that `guichet dossier verify` reads."""
        case = case_as_json(self.case)
        del case["history"]
        return {
            "format": FORMAT,
            "made_at": time_as_json(self.made_at),
            "operator": {
                "name": self.operator.name,
                "legal_name": self.operator.legal_name,
                "address": self.operator.address,
                "time_zone": str(self.operator.zone),
            },
            "case": case,
            "order": {
                "rule": self.rule,
                "received_at": time_as_json(self.case.received_at),
                "queue_position_when_filed": self.filed.get("queue_position"),
                "is_urgent": self.case.is_urgent,
            },
            "dates": self.dates,
            "letters": list(self.letters),
            "attachments": list(self.attachments),
            "history": [_event_as_json(event) for event in self.events],
        }


class Dossiers:
    """Makes dossiers. All methods raise ArchiveUnavailable."""

    def __init__(
        self,
        engine: AsyncEngine,
        archive: Archive,
        attachments: Attachments,
        texts: Texts,
        operator: Operator,
        clock: Callable[[], datetime],
        public_url: str,
    ) -> None:
        """Make them from the archive; `public_url` is the address customers see."""
        self._engine, self._archive = engine, archive
        self._public_url = public_url
        self.attachments = attachments
        self.texts, self.operator, self._clock = texts, operator, clock

    async def of_case(self, reference: str) -> Dossier:
        """The dossier of a case.

        Raises:
            NotFound: There is no such case.
        """
        case = await self._archive.case(reference)
        language = self.language(case)
        sent = (
            select(letters)
            .where(letters.c.reference == reference)
            .order_by(letters.c.id)
        )
        async with reading(self._engine) as connection:
            events = await read_sealed(connection, reference)
            kept = [_letter(row) for row in await connection.execute(sent)]
        return Dossier(
            case=case,
            made_at=self._clock(),
            operator=self.operator,
            rule=self.texts.text(language, "dossier.order_rule"),
            dates=(await self._archive.clocks.dates(reference)).as_json(),
            letters=kept,
            attachments=[
                each.as_json() for each in await self.attachments.of_case(reference)
            ],
            events=[
                replace(event, details=None, salt=None)
                if event.kind in WITHHELD
                else event
                for event in events
            ],
            public_url=self._public_url,
        )

    async def other_letters(self, email: str) -> list[dict[str, Any]]:
        """What came from an address and belongs to no case, with its files."""
        theirs = (
            select(letters)
            .where(
                letters.c.reference.is_(None),
                func.lower(letters.c.sender) == email_key(email),
            )
            .order_by(letters.c.id)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(theirs)).all()
        found = []
        for row in rows:
            files = await self.attachments.of_conversation(row.conversation or "")
            kept = [each.as_json() for each in files]
            found.append({**_letter(row), "attachments": kept})
        return found

    def language(self, case: Case) -> str:
        """The customer's language, or the operator's first when it has no texts."""
        known = self.texts.languages
        return case.language if case.language in known else known[0]


def _event_as_json(event: SealedEvent) -> dict[str, Any]:
    # To the microsecond, as it was sealed.
    return {**asdict(event), "at": event.at.isoformat(timespec="microseconds")}


def _letter(row: Any) -> dict[str, Any]:
    return {
        "direction": row.direction,
        "kind": row.kind,
        "at": time_as_json(row.at),
        "message_id": row.message_id,
        "subject": row.subject,
        "text": row.text,
        "language": row.language,
    }
