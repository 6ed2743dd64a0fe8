"""Rasa's own memory of conversations, so that it can be made to forget them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from bot.settings import Settings


class Trackers:
    """The events that Rasa keeps of each conversation, in a SQLite file of its own."""

    def __init__(self, file: Path) -> None:
        """Use `file`, which Rasa makes when it first needs it."""
        self._file = file

    async def forget(self, conversations: Collection[str]) -> int:
        """Remove everything about these conversations; how many entries there were."""
        return await asyncio.to_thread(self._forget, sorted(conversations))

    def _forget(self, conversations: list[str]) -> int:
        if not self._file.exists():
            return 0
        # Rasa writes to the file at the same time: wait for it.
        with closing(sqlite3.connect(self._file, timeout=10)) as connection:
            known = "SELECT 1 FROM sqlite_master WHERE name = 'events'"
            if connection.execute(known).fetchone() is None:
                return 0
            # Overwritten on disk, and not only unlinked.
            connection.execute("PRAGMA secure_delete = ON")
            removed = 0
            for conversation in conversations:
                removed += connection.execute(
                    "DELETE FROM events WHERE sender_id = ?", (conversation,)
                ).rowcount
            connection.commit()
        return removed


def open_trackers(settings: Settings) -> Trackers:
    """What this installation's Rasa remembers."""
    return Trackers(settings.state_dir / "rasa" / "trackers.sqlite3")
