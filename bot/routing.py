"""What an utterance was taken for, and how far the conversation has come."""

from __future__ import annotations

from bot.rasa import Turn

ROUTES = frozenset(
    {
        "faq",
        "case",
        "complaint_case",
        "howto_complain",
        "human",
        "smalltalk",
        "out_of_scope",
        "crisis",
    }
)
STAGES = frozenset({"answering", "intake", "review", "filed", "handed_over"})


def route_of(turn: Turn, stage_before: str) -> str | None:
    """The last route that an action named, or None inside the form."""
    named = [reply.custom["route"] for reply in turn.replies if "route" in reply.custom]
    if named and named[-1] in ROUTES:
        return str(named[-1])
    return None


def stage_after(turn: Turn, stage_before: str) -> str:
    """The stage that an action named, else by whether the form is open."""
    named = [reply.custom["stage"] for reply in turn.replies if "stage" in reply.custom]
    if named and named[-1] in STAGES:
        return str(named[-1])
    if turn.form:
        return "intake"
    return "answering" if stage_before in ("intake", "review") else stage_before
