"""A real Chromium and a real counter: app, Rasa, model and archive of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.commands.accounts import add_account
from bot.running.instance import Instance
from tests.conftest import LoopThread

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Two busy cores may take a while for a turn; nothing here waits longer than it must.
expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class SignIn:
    email: str
    password: str


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed after each module: while it is open its loop keeps others from running."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here: `apt install chromium`, or put one on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, counter: Instance) -> Iterator[Page]:
    """A fresh visitor's tab; an error in the page's scripts fails the test."""
    context = chromium.new_context(
        base_url=counter.settings.address, viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(20_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors


@pytest.fixture(scope="session")
def agent(counter: Instance, loop_thread: LoopThread) -> SignIn:
    email = "agent@ruterdam.example"
    password = loop_thread.run(
        add_account(counter.settings, email, name="Astrid", role="agent")
    )
    return SignIn(email, password)
