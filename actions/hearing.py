"""What an utterance is beside its facts: an order, a refusal, part of the story."""

from __future__ import annotations

import re
import unicodedata

from actions.markup import has_words
from actions.phrases import whole_words
from actions.turns import Turn

# How sure the classifier of intents must be before a command is obeyed.
COMMANDS = {"cancel": 0.75, "start_over": 0.4}
# Before the summary is sent nothing is thrown away on a guess.
_SURE_BEFORE_SENDING = 0.85
_LONGEST_COMMAND_WORDS = 20
# These tell nothing of the matter.
_ASIDES = frozenset(
    "ask_question how_to_complain ask_human case_status change_language why_needed"
    " greet thank goodbye bot_challenge abuse out_of_scope praise skip deny affirm"
    " crisis correct".split()
)
REPORTS = ("complaint", "report_problem")
_SURE = 0.5
# Of the reports that only ask, none was less sure than 0.76 where it was measured.
_SURE_OF_REPORT = 0.7
_CERTAIN_OF_WHY = 0.85
_LONGEST_WHY_WORDS = 9
_BARE_WHY_WORDS = 3
_LONGEST_RESUMING_WORDS = 8
_STATEMENT_WORDS = 8


def is_wordless(turn: Turn) -> bool:
    """Whether nothing was said: an empty utterance, or only signs; 👍 is a yes."""
    return not (turn.is_choice or has_words(turn.text) or turn.has("agree"))


def is_silent(turn: Turn) -> bool:
    """Whether there is nothing but punctuation, not even an emoji."""
    signs = {unicodedata.category(sign)[0] for sign in turn.text}
    return not turn.is_choice and not signs - {"P", "Z", "C"}


def command(turn: Turn) -> str | None:
    """The order in the utterance: `cancel`, `start_over` or none.

    The customer's own words for it decide before the classifier of intents does.
    """
    words = len(turn.text.split())
    if turn.has("keep"):
        # "Leave it as it is."
        return None
    if turn.is_choice or words <= _LONGEST_COMMAND_WORDS:
        for name in COMMANDS:
            longest = 12 if name == "cancel" else _LONGEST_COMMAND_WORDS
            if turn.states(name) and words <= longest:
                return name
        needed = COMMANDS.get(turn.likeliest_intent)
        if needed is not None and turn.get("requested_slot") == "confirmed":
            needed = 1.0 if turn.has("submit") else _SURE_BEFORE_SENDING
        if needed is not None and (turn.is_choice or turn.confidence >= needed):
            return turn.likeliest_intent
    return None


def is_statement(turn: Turn) -> bool:
    """Whether the utterance tells more of the matter."""
    intent = turn.likeliest_intent
    words = len(turn.text.split())
    if turn.is_question or intent in _ASIDES or intent in COMMANDS:
        return False
    if intent in REPORTS:
        return words >= _STATEMENT_WORDS // 2
    return words >= _STATEMENT_WORDS


def rather_asks(turn: Turn) -> bool:
    """Whether what was taken for a report only asks, and may well be a question."""
    if turn.intent not in REPORTS or turn.has("complaint"):
        return False
    is_sure = turn.probability_of(REPORTS) >= _SURE_OF_REPORT
    return turn.is_question and not turn.told and not is_sure


def resumes(turn: Turn) -> bool:
    """Whether the customer takes up again what was put aside."""
    if not turn.get("parked") or turn.is_choice:
        return False
    if turn.get("pause"):
        facts = turn.services.facts.read(turn.text)
        if facts.email or facts.stated:
            return True
    if turn.negates:
        return False
    is_short = len(turn.text.split()) <= _LONGEST_RESUMING_WORDS
    return turn.states("resume") and (is_short or turn.states("complaint"))


def asks_why(turn: Turn) -> bool:
    """Whether the customer asks what the field is needed for."""
    words = len(turn.text.split())
    if not turn.is_question and turn.states("refuse"):
        return False
    if turn.intent == "why_needed" and turn.confidence >= _SURE:
        # "Is it too late for that?" is taken for one as well, if less surely.
        is_said = turn.has("why") or turn.confidence >= _CERTAIN_OF_WHY
        return is_said and words <= _LONGEST_WHY_WORDS
    found = turn.services.phrases.pattern("why").match(turn.folded)
    if found is None or words > _LONGEST_WHY_WORDS:
        return False
    # A bare "why" may begin any question; "why do you need" asks about the field.
    return " " in found[0].strip() or words <= _BARE_WHY_WORDS


def is_refusal(turn: Turn) -> bool:
    """Whether the customer will not or cannot give what was asked for."""
    if turn.likeliest_intent in REPORTS and turn.confidence >= _SURE:
        # "My withdrawal has not come", though "have not" refuses elsewhere.
        return False
    if turn.states("refuse") or turn.states("unknown"):
        return True
    return turn.likeliest_intent in ("skip", "deny") and not turn.is_question


def _denial(turn: Turn) -> re.Pattern[str]:
    """A no of the language at hand, or an English one: "en" is one in Finnish alone."""
    own, english = (
        turn.services.phrases.starting_with(language)[0]
        for language in (turn.language, "en")
    )
    return whole_words(own.words("deny") + english.words("deny"))


def is_nothing_more(turn: Turn) -> bool:
    """Whether the customer has nothing to add."""
    words = turn.folded.split()
    if turn.has("nothing_more") and len(words) <= 16:
        return True
    begins_with_no = _denial(turn).match(turn.folded)
    is_short = len(words) <= 10 and not any(c.isdigit() for c in turn.text)
    return bool(turn.likeliest_intent in ("skip", "deny") and is_short) or bool(
        begins_with_no and is_short and not turn.is_question
    )
