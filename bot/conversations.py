"""Conversations: browser to Rasa and back, with everything on disk on the way."""

from __future__ import annotations

import hmac
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from actions.cases.case import Message, message_as_json
from actions.cases.transcripts import Conversation, Transcripts
from bot import routing
from bot.events import Events
from bot.languages import LanguageIdentifier
from bot.locks import Locks
from bot.metrics import Metrics
from bot.negotiation import choose
from bot.privacy import Masker
from bot.rasa import Assistant, Reply, Turn
from bot.texts import Texts
from bot.tokens import hash_token, new_token
from knowledge.errors import (
    AssistantUnavailable,
    BadInput,
    NotFound,
    NotSignedIn,
    TooLong,
)

log = logging.getLogger(__name__)

# The whole answer is kept for repetitions; older ones are read from the transcript,
# without their route.
ANSWERS_REMEMBERED = 1000
CHANGE_LANGUAGE = '/change_language{{"language":"{}"}}'


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a customer sends: words of their own, or a choice they were offered."""

    text: str | None = None
    choice: str | None = None
    client_message_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Opened:
    conversation: str
    token: str
    language: str
    messages: list[Message]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The outcome of a turn; `route` is None inside a form."""

    messages: list[Message]
    language: str
    stage: str
    route: str | None


@dataclass(frozen=True, kw_only=True)
class _Utterance:
    """An utterance made ready: masked, its language known, a choice looked up.

    Attributes:
        language: That it is answered in.
        is_other_language: It is in a language that is not offered, for the first time
            in this conversation.
    """

    shown: str
    spoken: str
    language: str
    masked: tuple[str, ...] = ()
    is_other_language: bool = False


class Conversations:
    """The conversation API without its HTTP."""

    def __init__(
        self,
        *,
        transcripts: Transcripts,
        assistant: Assistant,
        languages: LanguageIdentifier,
        masker: Masker,
        texts: Texts,
        events: Events,
        locks: Locks,
        clock: Callable[[], datetime],
        metrics: Metrics,
        operator_name: str,
        contact_url: Callable[[str, str], str],
        max_utterance_characters: int,
    ) -> None:
        self._transcripts = transcripts
        self._assistant = assistant
        self._languages = languages
        self._masker = masker
        self._texts = texts
        self._events = events
        self._locks = locks
        self._clock = clock
        self._metrics = metrics
        self._operator_name = operator_name
        self._contact_url = contact_url
        self._max_utterance_characters = max_utterance_characters
        self._answered: OrderedDict[tuple[str, str], Answered] = OrderedDict()

    async def open(self, language: str | None, accepted: Sequence[str]) -> Opened:
        """Begin a conversation; its first message says that a machine answers."""
        language = choose(self._texts.languages, [language, *accepted])
        conversation, token = new_id(), new_token()
        await self._transcripts.create(
            conversation, hash_token(token), language, accept_languages=tuple(accepted)
        )
        greeting = self._own_words(language, "conversation.greeting")
        await self._reply(conversation, [greeting])
        return Opened(
            conversation=conversation,
            token=token,
            language=language,
            messages=[greeting],
        )

    async def authenticate(self, conversation: str, token: str | None) -> Conversation:
        """The conversation that `token` opens.

        Raises:
            NotFound: There is no such conversation.
            NotSignedIn: The token is missing or another conversation's.
        """
        known = await self._transcripts.conversation(conversation)
        if known is None:
            raise NotFound("no such conversation")
        if token is None or not hmac.compare_digest(
            known.token_hash, hash_token(token)
        ):
            raise NotSignedIn("the token does not open this conversation")
        return known

    async def post(self, conversation: str, said: Said) -> Answered:
        """Take one utterance through the assistant and give the replies.

        The customer's words are stored before the assistant is asked. One turn runs
        at a time; the same `client_message_id` again gives the stored replies.

        Raises:
            BadInput: Neither or both of text and choice, or a choice never offered.
            TooLong: The text is over the limit.
        """
        if (said.text is None) == (said.choice is None):
            raise BadInput("give either text or choice")
        if said.text is not None and len(said.text) > self._max_utterance_characters:
            raise TooLong(
                f"text must be at most {self._max_utterance_characters} characters, "
                f"got {len(said.text)}"
            )
        async with self._locks.hold(conversation):
            known = await self._transcripts.conversation(conversation)
            if known is None:
                raise NotFound("no such conversation")
            earlier = None
            if said.client_message_id is not None:
                earlier = await self._transcripts.reply_to(
                    conversation, said.client_message_id
                )
                if earlier:
                    return self._repeat(known, said.client_message_id, earlier)
            answered = await self._take_turn(known, said, is_stored=earlier is not None)
            self._remember(conversation, said.client_message_id, answered)
            return answered

    def _repeat(
        self, known: Conversation, client_message_id: str, earlier: list[Message]
    ) -> Answered:
        remembered = self._answered.get((known.id, client_message_id))
        return remembered or Answered(
            messages=earlier, language=known.language, stage=known.stage, route=None
        )

    def _remember(
        self, conversation: str, client_message_id: str | None, answered: Answered
    ) -> None:
        if client_message_id is not None:
            self._answered[conversation, client_message_id] = answered
            while len(self._answered) > ANSWERS_REMEMBERED:
                self._answered.popitem(last=False)

    async def _take_turn(
        self, known: Conversation, said: Said, *, is_stored: bool
    ) -> Answered:
        history = await self._transcripts.messages(known.id)
        if said.text is not None and not said.text.strip():
            return await self._ask_for_words(known, history)
        utterance = self._read(known, history, said)
        if utterance.language != known.language:
            await self._transcripts.set_language(known.id, utterance.language)
        customers = self._message("customer", utterance.shown, utterance.language)
        if not is_stored:
            await self._transcripts.append(known.id, customers, said.client_message_id)
            await self._events.publish(known.id, message_as_json(customers))
        try:
            turn = await self._ask(known, customers, utterance)
        except AssistantUnavailable as exc:
            return await self._apologise(known, utterance, exc)
        messages = self._notices(utterance)
        messages += [self._from_reply(reply, utterance) for reply in turn.replies]
        stage = routing.stage_after(turn, known.stage)
        await self._reply(known.id, messages, stage=stage)
        return Answered(
            messages=messages,
            language=utterance.language,
            stage=stage,
            route=routing.route_of(turn, known.stage),
        )

    async def _ask(
        self, known: Conversation, customers: Message, utterance: _Utterance
    ) -> Turn:
        with self._metrics.turn_seconds.time():
            return await self._assistant.turn(
                known.id,
                utterance.spoken,
                {
                    "language": utterance.language,
                    "masked": list(utterance.masked),
                    "message_id": customers.id,
                    "now": self._clock().isoformat(),
                },
            )

    async def _apologise(
        self, known: Conversation, utterance: _Utterance, exc: AssistantUnavailable
    ) -> Answered:
        """Say that the machine is out of order, and where a case can still be left."""
        log.warning("conversation %s: %s", known.id, exc)
        self._metrics.assistant_failures.inc()
        apology = self._own_words(
            utterance.language,
            "conversation.unavailable",
            contact_url=self._contact_url(known.id, utterance.language),
        )
        await self._reply(known.id, [apology])
        return Answered(
            messages=[apology],
            language=utterance.language,
            stage=known.stage,
            route=None,
        )

    async def _ask_for_words(
        self, known: Conversation, history: Sequence[Message]
    ) -> Answered:
        """Answer an empty utterance; a question that waits is put again."""
        messages = [self._own_words(known.language, "conversation.empty")]
        waiting = next((old for old in reversed(history) if old.sender == "bot"), None)
        if waiting and known.stage in ("intake", "review"):
            again = replace(waiting, id=new_id(), sent_at=self._clock().astimezone(UTC))
            messages.append(again)
        await self._reply(known.id, messages)
        return Answered(
            messages=messages, language=known.language, stage=known.stage, route=None
        )

    def _read(
        self, known: Conversation, history: Sequence[Message], said: Said
    ) -> _Utterance:
        if said.choice is not None:
            return self._read_choice(known, history, said.choice)
        masked = self._masker.mask(said.text or "")
        language = self._languages.identify(
            masked.text, prior=known.language, accepted=known.accept_languages
        )
        default, *_ = self._texts.languages
        answered_in, is_other = language.tag, False
        if answered_in not in self._texts.languages:
            # Said once; from then on the language is the customer's choice.
            notice = self._other_language_notice(default)
            is_other = all(old.text != notice.text for old in history)
            answered_in = default if is_other else known.language
        return _Utterance(
            shown=masked.text,
            # A leading slash would be read as an intent by Rasa.
            spoken=masked.text.strip().lstrip("/").strip() or "?",
            language=answered_in,
            masked=masked.kinds,
            is_other_language=is_other,
        )

    def _read_choice(
        self, known: Conversation, history: Sequence[Message], payload: str
    ) -> _Utterance:
        for language in self._texts.languages:
            if payload == CHANGE_LANGUAGE.format(language):
                return _Utterance(
                    shown=self._texts.name(language), spoken=payload, language=language
                )
        for message in reversed(history):
            for choice in message.choices:
                if choice["payload"] == payload:
                    return _Utterance(
                        shown=choice["title"], spoken=payload, language=known.language
                    )
        raise BadInput("this choice was not offered in this conversation")

    def _notices(self, utterance: _Utterance) -> list[Message]:
        """What the app itself has to say before the assistant answers."""
        notices = []
        if utterance.is_other_language:
            notices.append(self._other_language_notice(utterance.language))
        if utterance.masked:
            notices.append(self._masking_notice(utterance))
        return notices

    def _other_language_notice(self, language: str) -> Message:
        name = self._texts.name_in(language, language)
        return self._own_words(language, "conversation.other_language", name=name)

    def _masking_notice(self, utterance: _Utterance) -> Message:
        kinds = [
            self._texts.text(utterance.language, f"masked.{kind}")
            for kind in utterance.masked
        ]
        return self._own_words(
            utterance.language, "conversation.masked", kinds=", ".join(kinds)
        )

    def _own_words(self, language: str, key: str, **values: object) -> Message:
        text = self._texts.text(language, key, operator=self._operator_name, **values)
        return self._message("bot", text, language)

    async def _reply(
        self, conversation: str, replies: Sequence[Message], *, stage: str | None = None
    ) -> None:
        """Store what one turn is answered, then tell who watches."""
        await self._transcripts.append_all(conversation, replies, stage=stage)
        for message in replies:
            await self._events.publish(conversation, message_as_json(message))

    def _message(
        self, sender: Literal["bot", "customer"], text: str, language: str
    ) -> Message:
        return Message(
            id=new_id(),
            sender=sender,
            text=text,
            language=language,
            sent_at=self._clock().astimezone(UTC),
        )

    def _from_reply(self, reply: Reply, utterance: _Utterance) -> Message:
        return replace(
            self._message("bot", reply.text, utterance.language),
            choices=reply.choices,
            citations=reply.custom.get("citations") or [],
            case=reply.custom.get("case"),
        )


def new_id() -> str:
    return uuid.uuid4().hex
