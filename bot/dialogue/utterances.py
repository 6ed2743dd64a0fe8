"""What customers say, made ready for the assistant: masked, its language known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actions.cases.case import Message
from actions.cases.transcripts import Conversation
from actions.cases.turns import Utterance
from bot.languages import LanguageIdentifier
from bot.privacy import Masker
from bot.texts import Texts
from knowledge.errors import BadInput

CHANGE_LANGUAGE = '/change_language{{"language":"{}"}}'


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a customer sends: words of their own, or a choice they were offered."""

    text: str | None = None
    choice: str | None = None
    client_message_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One utterance as it is stored.

    Attributes:
        language: That it is written in, which need not be one that is offered.
        details: What its turn must know beside the text; JSON.
    """

    text: str
    language: str
    details: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What the assistant is asked in one turn.

    Attributes:
        messages: Ids of the utterances that are read together, at least one.
        language: That it is answered in.
        masked: The kinds of what was hidden in it.
        is_other_language: It is in a language that is not offered.
        changes_language: It is answered in another language than what came before, or
            asks for the one that it is answered in.
    """

    messages: list[str]
    text: str
    language: str
    masked: tuple[str, ...] = ()
    is_other_language: bool = False
    changes_language: bool = True


class Listener:
    """Reads utterances, alone when they arrive and together when their turn comes."""

    def __init__(
        self, masker: Masker, languages: LanguageIdentifier, texts: Texts
    ) -> None:
        self._masker = masker
        self._languages = languages
        self._texts = texts

    def hear(
        self, known: Conversation, said: Said, history: Sequence[Message]
    ) -> Heard:
        """Make one utterance ready to be stored.

        Args:
            known: The conversation.
            said: A choice, or a text that is not empty.
            history: What was said so far; needed for a choice only.

        Raises:
            BadInput: The choice was never offered in this conversation.
        """
        if said.choice is not None:
            return self._hear_choice(known, said.choice, history)
        masked = self._masker.mask(said.text or "")
        language = self._languages.identify(
            masked.text, prior=known.language, accepted=known.accept_languages
        )
        details: dict[str, Any] = {"masked": list(masked.kinds)}
        if language.is_requested:
            details["requested"] = language.tag
        return Heard(text=masked.text, language=language.tag, details=details)

    def _hear_choice(
        self, known: Conversation, payload: str, history: Sequence[Message]
    ) -> Heard:
        for language in self._texts.languages:
            if payload == CHANGE_LANGUAGE.format(language):
                return Heard(
                    text=self._texts.name(language),
                    language=language,
                    details={"payload": payload, "requested": language},
                )
        for message in reversed(history):
            for choice in message.choices:
                if choice["payload"] == payload:
                    return Heard(
                        text=choice["title"],
                        language=known.language,
                        details={"payload": payload},
                    )
        raise BadInput("this choice was not offered in this conversation")

    def join(self, known: Conversation, waiting: Sequence[Utterance]) -> Spoken:
        """What the next turn is about: a choice alone, or all texts up to a choice."""
        first = waiting[0]
        if "payload" in first.heard:
            return Spoken(
                messages=[first.message.id],
                text=first.heard["payload"],
                language=first.heard.get("requested", known.language),
            )
        burst: list[Utterance] = []
        for utterance in waiting:
            if "payload" in utterance.heard:
                break
            burst.append(utterance)
        text = "\n".join(each.message.text.strip() for each in burst)
        language, is_offered = self._language(known, burst, text)
        masked = [kind for each in burst for kind in each.heard.get("masked", ())]
        return Spoken(
            messages=[each.message.id for each in burst],
            # A leading slash would be read as an intent by Rasa.
            text=text.lstrip("/").strip() or "?",
            language=language,
            masked=tuple(dict.fromkeys(masked)),
            is_other_language=not is_offered,
            changes_language=language != known.language
            or any("requested" in each.heard for each in burst),
        )

    def _language(
        self, known: Conversation, burst: Sequence[Utterance], text: str
    ) -> tuple[str, bool]:
        """The language to answer in, and whether the customer's own is offered."""
        requested = [each.heard.get("requested") for each in burst]
        wanted = next((each for each in reversed(requested) if each), None)
        if wanted is None:
            wanted = self._languages.identify(
                text, prior=known.language, accepted=known.accept_languages
            ).tag
        if wanted in self._texts.languages:
            return wanted, True
        return self._texts.languages[0], False
