"""What is logged of an error: its type and its place, never a customer's words.

The text of an exception may quote what somebody wrote, and so may the libraries that
log what they work on.
"""

from __future__ import annotations

import logging
import sys
from types import TracebackType

# These log parameters, statements, letters or what somebody searched for when asked
# for details.
_TALKATIVE = (
    "aiohttp.access",
    "aioimaplib",
    "aiosqlite",
    "asyncio",
    "psycopg",
    "rasa_sdk",
    "sqlalchemy",
)

_ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
)


def place_of(exc: BaseException) -> str:
    """Type of an exception and of its causes, each with the line that raised it."""
    text = f"{type(exc).__name__} at {_line(exc.__traceback__)}"
    cause = exc.__cause__ or exc.__context__
    return text if cause is None else f"{text}, after {place_of(cause)}"


class WordlessFormatter(logging.Formatter):
    """Formats an exception by its place instead of by its text."""

    def formatException(self, ei: _ExcInfo) -> str:
        return "" if ei[1] is None else place_of(ei[1])


def set_up_logging() -> None:
    """Log warnings to standard error, without a word of a customer's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(WordlessFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _line(trace: TracebackType | None) -> str:
    place = "nowhere"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
