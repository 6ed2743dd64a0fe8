"""What the app itself says in a conversation, and how messages are made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from actions.cases.case import Message, Sender
from bot.dialogue.rasa import Reply
from bot.dialogue.utterances import CHANGE_LANGUAGE
from bot.texts import Texts


class Voice:
    """Makes messages, in the language of the conversation."""

    def __init__(
        self,
        texts: Texts,
        clock: Callable[[], datetime],
        *,
        operator_name: str,
        contact_url: Callable[[str, str, datetime], str],
    ) -> None:
        self._texts = texts
        self._clock = clock
        self._operator_name = operator_name
        self._contact_url = contact_url

    def message(self, sender: Sender, text: str, language: str) -> Message:
        """A new message, said now."""
        return Message(
            id=new_id(),
            sender=sender,
            text=text,
            language=language,
            sent_at=self._clock().astimezone(UTC),
        )

    def own_words(self, language: str, key: str, **values: object) -> Message:
        """A message of the app itself, from `data/texts/`."""
        text = self._texts.text(language, key, operator=self._operator_name, **values)
        return self.message("bot", text, language)

    def from_reply(self, reply: Reply, language: str) -> Message:
        """What the assistant says."""
        return replace(
            self.message("bot", reply.text, language),
            choices=reply.choices,
            citations=reply.custom.get("citations") or [],
            case=reply.custom.get("case"),
        )

    def again(self, message: Message) -> Message:
        """The same message, said once more."""
        return replace(message, id=new_id(), sent_at=self._clock().astimezone(UTC))

    def apology(self, conversation: str, language: str) -> Message:
        """That the assistant is out of order, and where a case can still be left."""
        return self.own_words(
            language,
            "conversation.unavailable",
            contact_url=self._contact_url(conversation, language, self._clock()),
        )

    def other_language(self, language: str, others: Sequence[str]) -> Message:
        """That the customer is understood, and answered in `language` all the same.

        Args:
            language: That of the answers.
            others: Languages that they may like better, to choose from.
        """
        name = self._texts.name_in(language, language)
        said = self.own_words(language, "conversation.other_language", name=name)
        choices = [
            {"title": self._texts.name(each), "payload": CHANGE_LANGUAGE.format(each)}
            for each in others
        ]
        return replace(said, choices=choices)

    def masked(self, language: str, kinds: Sequence[str]) -> Message:
        """What was hidden before anything was stored."""
        names = [self._texts.text(language, f"masked.{kind}") for kind in kinds]
        return self.own_words(language, "conversation.masked", kinds=", ".join(names))


def new_id() -> str:
    """An id of a conversation or a message."""
    return uuid.uuid4().hex
