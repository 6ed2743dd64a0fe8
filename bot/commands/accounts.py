"""What the operator does with staff accounts from the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from bot.migrations import upgrade
from bot.settings import Settings
from bot.staff.accounts import Accounts
from bot.staff.hashing import Hashing
from knowledge.database import open_engine


@asynccontextmanager
async def _accounts(settings: Settings) -> AsyncIterator[Accounts]:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.archive_url)
    try:
        await upgrade(engine)
        with ThreadPoolExecutor(1) as executor:
            yield Accounts(engine, settings.clock(), Hashing(executor))
    finally:
        await engine.dispose()


async def add_account(settings: Settings, email: str, *, name: str, role: str) -> str:
    """Make an account; give its random password."""
    async with _accounts(settings) as accounts:
        return await accounts.add(email, name=name, role=role)


async def add_token(settings: Settings, email: str, name: str) -> str:
    """Make an API token for the account with this e-mail; give it."""
    async with _accounts(settings) as accounts:
        return await accounts.add_api_token(email, name)
