"""One utterance as the actions see it, and the ways to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, ParamSpec, Protocol, TypeVar

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.cases.case import Case, CaseDraft, Verdict
from actions.cases.complaint import Policy
from actions.cases.helpfulness import Gaps
from actions.facts import FactReader
from actions.helplines import HelpLines
from actions.markup import has_words, without_markup
from actions.phrases import PhraseBook, fold, whole_words
from actions.wording import Wording
from knowledge.answers import Answer, Citation
from knowledge.citing import PageHistory
from knowledge.courtesies import sentences_told_and_asked
from knowledge.operator import Operator

FORM = "case_form"
SURE_OF_CRISIS = 0.6

P = ParamSpec("P")
T = TypeVar("T")


class Classifier(Protocol):
    def classify(self, text: str, language: str | None = None) -> Verdict:
        """Whether a text is a complaint, of what ground and category."""


class Knowledge(Protocol):
    def answer(self, question: str, *, language: str | None) -> Answer | None:
        """The answer, or None when none is sure enough."""

    def offer(self, question: str, *, language: str | None) -> list[Citation]:
        """Passages to choose from, where no answer is sure but one of them likely."""

    def open_passage(
        self, page: str, section: str, question: str, *, language: str | None
    ) -> Answer | None:
        """The passage that was chosen, or None when it is no longer published."""

    def suggest(
        self, question: str, *, language: str | None, top_k: int = 3
    ) -> list[Citation]:
        """Passages that staff may find useful."""


class CaseStatus(Protocol):
    """What a customer may know of a case."""

    @property
    def is_known(self) -> bool: ...
    @property
    def status(self) -> str | None: ...
    @property
    def opened_at(self) -> datetime | None: ...
    @property
    def answer_due_at(self) -> datetime | None: ...
    @property
    def queue_position(self) -> int | None: ...


class Archive(Protocol):
    policy: Policy

    async def file(self, draft: CaseDraft) -> Case:
        """File a case, once for each filing key."""

    async def append_to_case(
        self, reference: str, text: str, *, language: str | None = None
    ) -> Case:
        """Add the customer's words to a filed case."""

    async def open_case_about(
        self, email: str | None, text: str, *, conversation: str | None = None
    ) -> Case | None:
        """The open case of a person or a conversation about the same matter."""

    async def status_for(self, reference: str, email: str) -> CaseStatus:
        """How a case stands, for who knows both."""


class WhatHelped(Protocol):
    async def note_last(self, conversation: str, helpful: bool) -> None:
        """Record whether the latest answer of a conversation helped."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the actions work with, joined once when the app starts."""

    knowledge: Knowledge
    classifier: Classifier
    archive: Archive
    operator: Operator
    policy: Policy
    phrases: PhraseBook
    wording: Wording
    help_lines: HelpLines
    clock: Callable[[], datetime]
    gaps: Gaps | None = None
    helpfulness: WhatHelped | None = None
    page_history: PageHistory | None = None

    @cached_property
    def facts(self) -> FactReader:
        return FactReader(self.phrases, self.operator.username_pattern)

    async def in_thread(
        self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run what keeps a processor busy, without holding up the event loop."""
        return await asyncio.to_thread(work, *args, **kwargs)


def statements_of(folded: str) -> str:
    """The sentences of a text that are no questions."""
    return " ".join(sentences_told_and_asked(folded)[0])


@dataclass
class Turn:
    """The utterance being answered, and what has been decided about it so far.

    Actions read slots through `get` and change them through `set`, so that a later
    step of the same action sees what an earlier one decided; `events` tells Rasa.
    """

    services: Services
    dispatcher: CollectingDispatcher
    tracker: Tracker
    changes: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, Any] = field(default_factory=dict)
    """Goes to the customer API with everything said: `route` and `stage`."""
    has_asked: bool = False
    """Whether a question has been put that the form must not follow by its own."""

    @property
    def conversation(self) -> str:
        return str(self.tracker.sender_id)

    @cached_property
    def message(self) -> Mapping[str, Any]:
        return self.tracker.latest_message or {}

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        return self.message.get("metadata") or {}

    @cached_property
    def is_choice(self) -> bool:
        """Whether a button was pressed, rather than something written."""
        return str(self.message.get("text") or "").startswith("/")

    @cached_property
    def text(self) -> str:
        """What was written, without markup; empty for a button."""
        if self.is_choice:
            return ""
        return without_markup(str(self.message.get("text") or ""))

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @property
    def is_question(self) -> bool:
        return "?" in self.text

    @property
    def question(self) -> str:
        """The sentences that ask, or all of it where none does."""
        return " ".join(sentences_told_and_asked(self.text)[1]) or self.text

    @cached_property
    def told(self) -> str:
        """The sentences that are no questions, as they were written."""
        told, _ = sentences_told_and_asked(self.text)
        return " ".join(sentence for sentence in told if has_words(sentence))

    @cached_property
    def statements(self) -> str:
        """The sentences that are no questions, folded."""
        return statements_of(self.folded)

    def states(self, phrases: str) -> bool:
        """Whether one of these phrases stands in a sentence that is no question."""
        return self.services.phrases.has(phrases, self.statements)

    @cached_property
    def intent(self) -> str:
        return str((self.message.get("intent") or {}).get("name") or "")

    @cached_property
    def _likeliest(self) -> Mapping[str, Any]:
        ranking = self.message.get("intent_ranking") or ()
        named = [item for item in ranking if item["name"] != "nlu_fallback"]
        if self.intent == "nlu_fallback" and named:
            # What comes first for safety's sake was not sure enough to be acted on.
            return max(named, key=lambda item: float(item["confidence"]))
        return next(iter(named), self.message.get("intent") or {})

    @property
    def likeliest_intent(self) -> str:
        """The best intent, also where Rasa fell back for want of confidence."""
        return str(self._likeliest.get("name") or "")

    @property
    def is_doubtful_crisis(self) -> bool:
        """Whether it was taken for a cry for help only because that comes first.

        Another intent is likelier, or nothing is likely at all.
        """
        return self.intent == "crisis" and self.confidence < SURE_OF_CRISIS

    def likelier_of(self, intents: Collection[str]) -> str | None:
        """The best of these intents, or None where none is among the likely ones."""
        ranking = self.message.get("intent_ranking") or ()
        return next((i["name"] for i in ranking if i["name"] in intents), None)

    def probability_of(self, intents: Collection[str]) -> float:
        """That it is one of these intents, 0 to 1."""
        ranking = self.message.get("intent_ranking") or ()
        return sum(float(i["confidence"]) for i in ranking if i["name"] in intents)

    @property
    def confidence(self) -> float:
        """How sure the likeliest intent is, 0 to 1."""
        return float(self._likeliest.get("confidence") or 0.0)

    @cached_property
    def entities(self) -> dict[str, Any]:
        return {e["entity"]: e["value"] for e in self.message.get("entities") or ()}

    @property
    def language(self) -> str:
        """That of the utterance, which the app has identified."""
        return self.services.wording.known(self.metadata.get("language"))

    @cached_property
    def now(self) -> datetime:
        given = self.metadata.get("now")
        return datetime.fromisoformat(given) if given else self.services.clock()

    @cached_property
    def today(self) -> date:
        """The civil date at the operator's."""
        return self.now.astimezone(self.services.operator.zone).date()

    def written_day(self, moment: datetime) -> str:
        """The civil date of a moment at the operator's, in the customer's language."""
        zone = self.services.operator.zone
        return self.services.wording.moment_day(self.language, moment, zone)

    @property
    def is_in_form(self) -> bool:
        return (self.tracker.active_loop or {}).get("name") == FORM

    @cached_property
    def negates(self) -> bool:
        """Whether a negation of its own language stands in the utterance.

        Of that language alone: "no" is "in the" in Portuguese, and "en" one in Swedish.
        """
        own = self.services.phrases.starting_with(self.language)[0]
        return whole_words(own.words("not")).search(self.folded) is not None

    def has(self, phrases: str) -> bool:
        """Whether the utterance holds one of these phrases, in any language."""
        return self.services.phrases.has(phrases, self.folded)

    def get(self, slot: str) -> Any:
        if slot in self.changes:
            return self.changes[slot]
        return self.tracker.slots.get(slot)

    def set(self, **slots: Any) -> None:
        self.changes.update(slots)

    def add_missing(self, field_name: str) -> None:
        missing = list(self.get("missing") or [])
        if field_name not in missing:
            self.set(missing=[*missing, field_name])

    def remove_missing(self, field_name: str) -> None:
        missing = [name for name in self.get("missing") or [] if name != field_name]
        self.set(missing=missing)

    def say(
        self,
        response: str,
        *,
        choices: Sequence[tuple[str, str]] = (),
        custom: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> None:
        """Say a response of `data/responses/` in the customer's language.

        Args:
            response: Name of the response, beginning with `utter_`.
            choices: Labels (keys of the wording) or titles, each with its payload;
                they follow the response's own buttons.
            custom: Goes to the customer API beside the text.
            **values: For the placeholders of the response.
        """
        text, buttons = self.services.wording.response(
            self.language, response, values, turn=len(self.tracker.events)
        )
        buttons += [{"title": title, "payload": payload} for title, payload in choices]
        self.dispatcher.utter_message(
            text=text, buttons=buttons, json_message={**self.marks, **(custom or {})}
        )

    def label(self, key: str, **values: Any) -> str:
        return self.services.wording.label(self.language, key, **values)

    def events(self) -> list[dict[str, Any]]:
        """What Rasa is told: every change of a slot, and always what is asked for."""
        return [
            {"event": "slot", "timestamp": None, "name": name, "value": value}
            for name, value in self.changes.items()
            if name == "requested_slot" or value != self.tracker.slots.get(name)
        ]
