"""Take the pictures of the widget in `docs/`: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import asyncio
import shutil
import sys

from playwright.async_api import Browser, Locator, async_playwright, expect

from bot.running.instance import run_instance
from bot.settings import ROOT, Settings
from tests.browser.conftest import CHROMIUM_FLAGS

DOCS = ROOT / "docs"
# A question or a report, as the help pages of the language allow.
QUESTIONS = {
    "sv": "Hur lång tid har jag på mig att klaga?",
    "fr": "Combien de temps ai-je pour déposer une réclamation ?",
    "de": "Meine Auszahlung von 300 € vom 3. November ist nicht angekommen.",
}
SIZES = {"320": (320, 640), "desktop": (1280, 900)}
README = ("sv", "desktop")

# Two busy cores may take a while for a turn.
expect.set_options(timeout=20_000)


async def take(browser: Browser, address: str) -> None:
    """One picture a language and size, and that of the README."""
    for language, question in QUESTIONS.items():
        for name, (width, height) in SIZES.items():
            context = await browser.new_context(
                base_url=address,
                viewport={"width": width, "height": height},
                reduced_motion="reduce",
            )
            page = await context.new_page()
            await page.goto(f"/?language={language}")
            await page.locator("guichet-widget .launcher").click()
            await ask(page.locator("guichet-widget"), question)
            file = DOCS / f"widget-{language}-{name}.png"
            await page.screenshot(path=file)
            if (language, name) == README:
                shutil.copy(file, DOCS / "widget.png")
            await context.close()


async def ask(widget: Locator, question: str) -> None:
    """Say it and wait for the answer."""
    await expect(widget.locator("li.bot").first).to_be_visible()
    await widget.locator("textarea").fill(question)
    await widget.locator("textarea").press("Enter")
    await expect(widget.locator("li.bot").nth(1)).to_be_visible()
    await expect(widget.locator(".typing")).to_be_empty()


async def main(address: str | None) -> None:
    """Of the counter at `address`, or of one started for this."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        if address is not None:
            await take(browser, address)
        else:
            async with run_instance(Settings()) as running:
                await take(browser, running.settings.address)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
