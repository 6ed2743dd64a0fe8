"""Cries for help in what did not come through the chat: the form, letters."""

from __future__ import annotations

import logging

from actions.turns import SURE_OF_CRISIS
from bot.dialogue.rasa import Assistant
from knowledge.errors import AssistantUnavailable

log = logging.getLogger(__name__)


async def is_cry_for_help(assistant: Assistant, text: str) -> bool:
    """Whether the assistant would have stopped everything for these words.

    Failing open: while it is away what was written is taken all the same, in its turn.
    """
    try:
        intent, confidence = await assistant.intent(text)
    except AssistantUnavailable:
        log.warning("not read for a cry for help: the assistant is away")
        return False
    return intent == "crisis" and confidence >= SURE_OF_CRISIS
