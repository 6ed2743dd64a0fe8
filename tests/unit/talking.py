"""A form without Rasa: the actions with fakes, one utterance at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.cases.case import CaseDraft, Verdict
from actions.cases.policies import load_policy
from actions.cases.queries import CaseStatus
from actions.form import ValidateCaseForm
from actions.helplines import load_help_lines
from actions.phrases import load_phrases
from actions.turns import FORM, Services
from actions.wording import load_wording
from bot.settings import ROOT
from knowledge.errors import ArchiveUnavailable
from knowledge.operator import load_operator

DATA = ROOT / "data"
SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
PHRASES = load_phrases(DATA)
OPERATOR = load_operator(DATA)
POLICY = load_policy(DATA, OPERATOR.policy)
WORDING = load_wording(DATA, "sv", OPERATOR.style)
HELP_LINES = load_help_lines(DATA)
STORY = (
    "My withdrawal of 300 euro asked for long ago has still not arrived on my account"
)


class Judge:
    """A classifier that takes everything for the same."""

    def __init__(self, *, is_complaint: bool = True, sure: float = 0.98) -> None:
        self.is_complaint, self.sure = is_complaint, sure
        self.judged: list[str] = []

    def classify(self, text: str, language: str | None = None) -> Verdict:
        self.judged.append(text)
        return Verdict(
            is_complaint=self.is_complaint,
            probability=self.sure if self.is_complaint else 1 - self.sure,
            ground="service_not_delivered" if self.is_complaint else None,
            grounds=[],
            category="withdrawal",
            categories=[],
        )


class Silence:
    """Help pages that answer nothing."""

    def answer(self, question: str, *, language: str | None) -> None:
        return None

    def offer(self, question: str, *, language: str | None) -> list[Any]:
        return []

    def open_passage(
        self, page: str, section: str, question: str, *, language: str | None
    ) -> None:
        return None

    def suggest(
        self, question: str, *, language: str | None, top_k: int = 3
    ) -> list[Any]:
        return []


class Drawer:
    """An archive that keeps the drafts, or is away."""

    policy = POLICY

    def __init__(self, *, is_away: bool = False, same: Any = None) -> None:
        self.drafts: list[CaseDraft] = []
        self.appended: list[tuple[str, str]] = []
        self.is_away = is_away
        self.same = same

    async def open_case_about(
        self, email: str | None, text: str, *, conversation: str | None = None
    ) -> Any:
        return self.same

    async def append_to_case(
        self, reference: str, text: str, *, language: str | None = None
    ) -> None:
        self.appended.append((reference, text))

    async def status_for(self, reference: str, email: str) -> CaseStatus:
        if (reference, email) != ("G-2026-000001", "sofia@example.se"):
            return CaseStatus(is_known=False)
        return CaseStatus(
            is_known=True, status="open", opened_at=SUNDAY, queue_position=4
        )

    async def file(self, draft: CaseDraft) -> Any:
        if self.is_away:
            raise ArchiveUnavailable
        self.drafts.append(draft)
        return SimpleNamespace(
            reference="G-2026-00001",
            description=draft.description,
            is_complaint=draft.is_complaint,
            is_urgent=draft.is_urgent,
            opened_at=SUNDAY,
            answer_due_at=datetime(2026, 12, 22, 12, tzinfo=UTC),
            queue_position=1,
        )


def make_services(**overrides: Any) -> Services:
    values: dict[str, Any] = {
        "knowledge": Silence(),
        "classifier": Judge(),
        "archive": Drawer(),
        "operator": OPERATOR,
        "policy": POLICY,
        "phrases": PHRASES,
        "wording": WORDING,
        "help_lines": HELP_LINES,
        "clock": lambda: SUNDAY,
    }
    return Services(**{**values, **overrides})


class Heard:
    """What one utterance led to; `slots` are those that it changed."""

    def __init__(
        self, events: list[dict[str, Any]], said: list[dict[str, Any]]
    ) -> None:
        self.events = events
        self.slots = {e["name"]: e["value"] for e in events if e["event"] == "slot"}
        self.is_rejected = any(
            e["event"] == "action_execution_rejected" for e in events
        )
        self.opens_form = any(
            e["event"] == "active_loop" and e["name"] == FORM for e in events
        )
        self.followup = next(
            (e["name"] for e in events if e["event"] == "followup"), None
        )
        self.said = [item["text"] or "" for item in said]
        self.text = "\n".join(item["text"] or "" for item in said)
        self.custom = [item["custom"] or {} for item in said]
        self.payloads = [b["payload"] for item in said for b in item["buttons"]]


def make_tracker(
    text: str,
    *,
    intent: str = "inform",
    confidence: float = 0.9,
    entities: dict[str, str] | None = None,
    language: str = "en",
    form: bool = True,
    now: datetime = SUNDAY,
    next_intent: str | None = None,
    **slots: Any,
) -> Tracker:
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "intent_ranking": [
            {"name": name, "confidence": confidence / place}
            for place, name in enumerate(filter(None, (intent, next_intent)), start=1)
        ],
        "entities": [
            {"entity": name, "value": value} for name, value in (entities or {}).items()
        ],
        "message_id": "m1",
        "metadata": {"language": language, "now": now.isoformat()},
    }
    return Tracker(
        sender_id="c1",
        slots=slots,
        latest_message=message,
        events=[{"event": "user", "text": text}],
        paused=False,
        followup_action=None,
        active_loop={"name": FORM} if form else {},
        latest_action_name="action_listen",
    )


async def tell(
    text: str, *, services: Services | None = None, action: Any = None, **about: Any
) -> Heard:
    """Say one utterance to an action; to the form's validation by default."""
    dispatcher = CollectingDispatcher()
    chosen = (action or ValidateCaseForm)(services or make_services())
    events = await chosen.run(dispatcher, make_tracker(text, **about), {})
    return Heard(events, dispatcher.messages)


def filled(**overrides: Any) -> dict[str, Any]:
    """The slots of a form that is full, waiting for confirmation."""
    values: dict[str, Any] = {
        "name": "Sofia Lind",
        "email": "sofia@example.se",
        "username": "river_rat",
        "event_date": date(2026, 11, 3).isoformat(),
        "details": "",
        "description": STORY,
        "verdict": {
            "is_complaint": True,
            "probability": 0.9,
            "ground": "service_not_delivered",
            "category": "withdrawal",
            "chosen": {},
        },
        "matter": {"key": "m0", "begun_at": "2026-11-20T09:00:00+00:00"},
        "missing": [],
        "attempts": {},
        "requested_slot": "confirmed",
    }
    return {**values, **overrides}
