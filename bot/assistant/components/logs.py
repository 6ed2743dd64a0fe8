"""Keeps the customer's words out of Rasa's log."""

import json
import logging


class WordlessFilter(logging.Filter):
    """Leaves of a warning or an error only what happened and where.

    Rasa puts the utterance, and with an exception every local variable, into some of
    what it logs.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Reduce the record; it is always logged."""
        if record.levelno >= logging.WARNING:
            record.msg = self._reduce(record)
            record.args = None
            record.exc_info = record.exc_text = None
        return True

    def _reduce(self, record: logging.LogRecord) -> str:
        what = f"see {record.pathname}:{record.lineno}"
        raised = record.exc_info[0].__name__ if record.exc_info else ""
        try:
            # What comes by way of structlog is one JSON object.
            logged = json.loads(str(record.msg))
            what = logged["event"]
            (raised,) = {each["exc_type"] for each in logged["exception"][:1]}
        except (ValueError, LookupError, TypeError):
            pass
        return f"{what} {raised} (details withheld)"
