"""Conversations: browser to Rasa and back, with everything on disk on the way."""

from __future__ import annotations

import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from actions.cases.case import Message, message_as_json, time_as_json
from actions.cases.channel import Channel
from actions.cases.transcripts import Conversation, Transcripts
from actions.cases.turns import Turns
from bot.dialogue import routing
from bot.dialogue.bursts import Bursts, looks_whole
from bot.dialogue.events import Events
from bot.dialogue.locks import Locks
from bot.dialogue.rasa import Assistant, Turn
from bot.dialogue.utterances import Listener, Said, Spoken
from bot.dialogue.voice import Voice, new_id
from bot.metrics import Metrics
from bot.offered_languages import choose
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


@dataclass(frozen=True, kw_only=True)
class Opened:
    conversation: str
    token: str
    language: str
    messages: list[Message]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The outcome of a turn; `route` is None inside a form.

    Attributes:
        utterance: Id of the message that was sent; None where none was stored.
    """

    messages: list[Message]
    language: str
    stage: str
    route: str | None
    utterance: str | None = None


class Conversations:
    """The conversation API without its HTTP."""

    def __init__(
        self,
        *,
        transcripts: Transcripts,
        turns: Turns,
        channel: Channel,
        assistant: Assistant,
        listener: Listener,
        voice: Voice,
        languages: Sequence[str],
        events: Events,
        locks: Locks,
        bursts: Bursts,
        clock: Callable[[], datetime],
        metrics: Metrics,
        max_utterance_characters: int,
        agent_idle: timedelta,
    ) -> None:
        self._transcripts = transcripts
        self._turns = turns
        self._channel = channel
        self._assistant = assistant
        self._listener = listener
        self._voice = voice
        self._offered = languages
        self._events = events
        self._locks = locks
        self._bursts = bursts
        self._clock = clock
        self._metrics = metrics
        self._max_utterance_characters = max_utterance_characters
        self._agent_idle = agent_idle
        # By the turn's id.
        self._answered: OrderedDict[str, Answered] = OrderedDict()

    async def open(self, language: str | None, accepted: Sequence[str]) -> Opened:
        """Begin a conversation; its first message says that a machine answers."""
        language = choose(self._offered, [language, *accepted])
        conversation, token = new_id(), new_token()
        await self._transcripts.create(
            conversation, hash_token(token), language, accept_languages=tuple(accepted)
        )
        greeting = self._voice.own_words(language, "conversation.greeting")
        await self.say(conversation, greeting)
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
            NotSignedIn: The token is missing, another conversation's or expired.
        """
        known = await self._transcripts.conversation(conversation)
        if known is None:
            raise NotFound("no such conversation")
        now = time_as_json(self._clock())
        hashes = [known.token_hash] + [
            device["hash"] for device in known.devices if device["expires_at"] > now
        ]
        given = hash_token(token) if token else ""
        if not given or not any(hmac.compare_digest(each, given) for each in hashes):
            raise NotSignedIn("the token does not open this conversation")
        return known

    async def post(self, conversation: str, said: Said) -> Answered:
        """Take one utterance through the assistant and give the replies.

        The customer's words are stored before the assistant is asked. One turn runs
        at a time; it reads everything that waits then, and whoever sent part of that
        gets the same replies. The same `client_message_id` again acts once.

        Raises:
            BadInput: Neither or both of text and choice, or a choice never offered.
            TooLong: The text is over the limit.
        """
        self._check(said)
        known = await self._known(conversation)
        if said.text is not None and not said.text.strip():
            async with self._locks.hold(conversation):
                return await self._ask_for_words(known)
        utterance = await self._hear(known, said)
        await self._bursts.settle(
            conversation,
            is_whole=said.text is None
            or known.agent is not None
            or known.stage in routing.IN_FORM
            or looks_whole(said.text),
        )
        async with self._locks.hold(conversation):
            while True:
                found = await self._turns.answer_to(conversation, utterance)
                if found is not None:
                    answered = await self._repeat(conversation, *found)
                    return replace(answered, utterance=utterance)
                await self._take_turn(conversation)

    def note_typing(self, conversation: str) -> None:
        """The customer is writing: what they sent last may be only the beginning."""
        self._bursts.note_typing(conversation)

    async def take_over(self, conversation: str, staff: str) -> None:
        """Let a person of the staff speak with the customer; the assistant is silent.

        Args:
            conversation: Its id.
            staff: Their name, as the customer is told it.

        Raises:
            NotFound: There is no such conversation.
            Conflict: Somebody else is in it.
        """
        async with self._locks.hold(conversation):
            known = await self._known(conversation)
            if await self._channel.take_over(conversation, staff):
                joined = self._voice.own_words(
                    known.language, "conversation.agent_joined", name=staff
                )
                await self.say(conversation, joined)

    async def hand_back(self, conversation: str, summary: str = "") -> None:
        """Let the assistant answer again, and tell the customer so.

        Args:
            conversation: Its id.
            summary: What was agreed, in the staff's words; shown to the customer as
                theirs. Empty for none.

        Raises:
            NotFound: There is no such conversation.
        """
        async with self._locks.hold(conversation):
            known = await self._known(conversation)
            if known.agent is None:
                return
            said = []
            if summary.strip():
                said = [self._voice.message("agent", summary.strip(), known.language)]
            await self._leave(known, said)

    async def say(self, conversation: str, *messages: Message) -> None:
        """Store messages that answer no utterance, then tell who watches."""
        await self._transcripts.append(conversation, *messages)
        await self._publish(conversation, messages)

    def _check(self, said: Said) -> None:
        if (said.text is None) == (said.choice is None):
            raise BadInput("give either text or choice")
        if said.text is not None and len(said.text) > self._max_utterance_characters:
            raise TooLong(
                f"text must be at most {self._max_utterance_characters} characters, "
                f"got {len(said.text)}"
            )

    async def _known(self, conversation: str) -> Conversation:
        known = await self._transcripts.conversation(conversation)
        if known is None:
            raise NotFound("no such conversation")
        return known

    async def _hear(self, known: Conversation, said: Said) -> str:
        """Store an utterance; gives its id, or that of the one it repeats."""
        history: Sequence[Message] = ()
        if said.choice is not None:
            history = await self._transcripts.messages(known.id)
        heard = self._listener.hear(known, said, history)
        message = self._voice.message("customer", heard.text, heard.language)
        stored = await self._turns.hear(
            known.id, message, said.client_message_id, heard.details
        )
        if stored == message.id:
            content = message_as_json(message)
            if said.client_message_id is not None:
                # The sender knows its own message by it, and that it is stored.
                content["client_message_id"] = said.client_message_id
            await self._events.publish(known.id, content)
        return stored

    async def _repeat(
        self, conversation: str, turn: str, messages: list[Message]
    ) -> Answered:
        if turn in self._answered:
            return self._answered[turn]
        known = await self._known(conversation)
        return Answered(
            messages=messages,
            language=known.language,
            stage="handed_over" if known.agent else known.stage,
            route=None,
        )

    async def _take_turn(self, conversation: str) -> None:
        """Read what waits, ask the assistant, store what it says."""
        known = await self._known(conversation)
        spoken = self._listener.join(known, await self._turns.waiting(conversation))
        if known.agent is not None and not await self._has_left(known):
            await self._turns.answer(conversation, spoken.messages, [])
            return
        spoken, notices = await self._notices(known, spoken)
        stage, route = known.stage, None
        try:
            turn = await self._ask(conversation, spoken)
        except AssistantUnavailable as exc:
            log.warning("conversation %s: %s", conversation, exc)
            self._metrics.assistant_failures.inc()
            replies = [self._voice.apology(conversation, spoken.language)]
        else:
            replies = notices + [
                self._voice.from_reply(reply, spoken.language) for reply in turn.replies
            ]
            stage = routing.stage_after(turn, known.stage)
            route = routing.route_of(turn, known.stage)
        await self._turns.answer(
            conversation,
            spoken.messages,
            replies,
            stage=stage,
            language=spoken.language,
        )
        if route in routing.LEAVING_THE_FORM:
            await self._channel.ask_for_human(conversation)
        await self._publish(conversation, replies)
        self._answered[spoken.messages[0]] = Answered(
            messages=replies, language=spoken.language, stage=stage, route=route
        )
        while len(self._answered) > ANSWERS_REMEMBERED:
            self._answered.popitem(last=False)

    async def _ask(self, conversation: str, spoken: Spoken) -> Turn:
        with self._metrics.turn_seconds.time():
            return await self._assistant.turn(
                conversation,
                spoken.text,
                {
                    "language": spoken.language,
                    "masked": list(spoken.masked),
                    "changes_language": spoken.changes_language,
                    "message_id": spoken.messages[0],
                    "now": self._clock().isoformat(),
                },
            )

    async def _ask_for_words(self, known: Conversation) -> Answered:
        """Answer an empty utterance; a question that waits is put again."""
        stage = "handed_over" if known.agent else known.stage
        messages = [self._voice.own_words(known.language, "conversation.empty")]
        history = await self._transcripts.messages(known.id)
        asked = next((old for old in reversed(history) if old.sender == "bot"), None)
        if asked and stage in routing.IN_FORM:
            messages.append(self._voice.again(asked))
        await self.say(known.id, *messages)
        return Answered(
            messages=messages, language=known.language, stage=stage, route=None
        )

    async def _has_left(self, known: Conversation) -> bool:
        """Whether the agent has been silent for too long; then the assistant is back.

        Somebody who forgot to hand back leaves no customer without an answer.
        """
        history = await self._transcripts.messages(known.id)
        spoke = [each.sent_at for each in history if each.sender == "agent"]
        since = max([*spoke[-1:], *filter(None, [known.agent_since])])
        if self._clock() - since < self._agent_idle:
            return False
        await self._leave(known, [])
        return True

    async def _leave(self, known: Conversation, said: Sequence[Message]) -> None:
        await self._channel.hand_back(known.id)
        back = self._voice.own_words(
            known.language, "conversation.bot_back", name=known.agent
        )
        await self.say(known.id, *said, back)

    async def _notices(
        self, known: Conversation, spoken: Spoken
    ) -> tuple[Spoken, list[Message]]:
        """What the app itself has to say before the assistant answers."""
        notices = []
        if spoken.is_other_language:
            others = self._languages_beside(spoken.language, known)
            notice = self._voice.other_language(spoken.language, others)
            history = await self._transcripts.messages(known.id)
            if any(old.text == notice.text for old in history):
                # Said once; from then on the language is the customer's choice.
                spoken = replace(spoken, language=known.language)
            else:
                notices.append(notice)
        if spoken.masked:
            notices.append(self._voice.masked(spoken.language, spoken.masked))
        return spoken, notices

    def _languages_beside(self, language: str, known: Conversation) -> list[str]:
        """What else the customer may read: what they had, their browser's, or all."""
        wanted = [known.language, *known.accept_languages]
        bases = dict.fromkeys(tag.split("-")[0] for tag in wanted)
        others = [tag for tag in self._offered if tag != language]
        return [tag for tag in others if tag in bases] or others

    async def _publish(self, conversation: str, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._events.publish(conversation, message_as_json(message))
