"""An editor's day: write, look, publish, ask the widget, roll back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bot.commands.accounts import add_account
from bot.running.instance import Instance
from tests.browser.conftest import SignIn
from tests.browser.test_accessibility import violations
from tests.browser.test_whole_job import open_widget, say
from tests.conftest import LoopThread

pytestmark = pytest.mark.browser

QUESTION = "Does Ruterdam sell playing cards with my own portrait?"
TEXT = (
    "## Does Ruterdam sell playing cards with my own portrait? {#portrait}\n\n"
    "Yes, playing cards with your own portrait cost 19 euros. See"
    " [all prices](/help/en/no-such-page).\n"
)
LONGEST_REHEARSAL_MS = 180_000


@pytest.fixture(scope="module")
def editor(counter: Instance, loop_thread: LoopThread) -> SignIn:
    email = "editor@ruterdam.example"
    password = loop_thread.run(
        add_account(counter.settings, email, name="Edda Ek", role="editor")
    )
    return SignIn(email, password)


def sign_in(page: Page, editor: SignIn) -> None:
    page.goto("/knowledge?lang=en")
    page.locator("input[name=email]").fill(editor.email)
    page.locator("input[name=password]").fill(editor.password)
    page.locator("form button[type=submit]").click()
    page.wait_for_url("**/knowledge*")


def violations_in_both_schemes(page: Page) -> list[str]:
    page.emulate_media(color_scheme="light")
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    return found + violations(page)


def write_draft(page: Page) -> list[str]:
    """Write the page, ask it, and save it as a draft; gives what axe found."""
    page.goto("/knowledge/new?language=en")
    page.locator("#title").fill("Cards with your portrait")
    page.locator("[name=id]").fill("portrait-cards")
    page.locator("[name=url]").fill("/help/en/portrait-cards")
    page.locator("#body").fill(TEXT)
    expect(page.locator("#preview")).to_contain_text("19 euros")
    expect(page.locator("#preview .notice")).to_contain_text("no such page")
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    expect(page.locator("#tried .answer")).to_contain_text("19 euros", timeout=180_000)
    found = violations_in_both_schemes(page)
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/pages/en/portrait-cards*")
    return found


def test_an_editor_writes_rehearses_publishes_asks_and_rolls_back(
    page: Page, editor: SignIn
) -> None:
    sign_in(page, editor)
    found = violations_in_both_schemes(page)
    found += write_draft(page)
    page.goto("/knowledge/publish")
    found += violations_in_both_schemes(page)

    page.get_by_role("button", name="Show what would change").click()
    figures = page.locator(".figures")
    expect(figures).to_contain_text("more answered", timeout=LONGEST_REHEARSAL_MS)
    found += violations_in_both_schemes(page)
    if (force := page.locator("[name=force]")).count():
        force.check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Published", timeout=60_000)
    widget = open_widget(page, "en")
    say(widget, QUESTION)
    answer = widget.locator("li.bot").filter(has_text="19 euros")
    expect(answer.first).to_be_visible()
    page.goto("/knowledge")
    page.get_by_role("button", name="Roll back").first.click()
    expect(page.get_by_role("status")).to_contain_text("is back", timeout=60_000)

    page.goto("/knowledge?language=en")
    expect(page.locator(".listing")).to_contain_text("Not published")
    assert found == []


def test_the_other_pages_of_the_console(page: Page, editor: SignIn) -> None:
    sign_in(page, editor)
    found = []
    for path in ("gaps", "import", "translations", "translations/fr/faq?from=sv"):
        page.goto(f"/knowledge/{path}")
        found += violations_in_both_schemes(page)

    assert found == []


def test_the_editor_works_without_scripts(page: Page, editor: SignIn) -> None:
    sign_in(page, editor)
    context = page.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False,
        base_url=page.url.split("/knowledge")[0],
        storage_state=page.context.storage_state(),
    )
    bare = context.new_page()

    bare.goto("/knowledge/new?language=en&title=Opening+hours")
    bare.locator("#body").fill("## When are you open?\n\nWe are open day and night.\n")
    bare.locator("#preview-button").click()

    expect(bare.locator("#preview")).to_contain_text("day and night")
    expect(bare.locator("#body")).to_have_value(
        "## When are you open?\n\nWe are open day and night.\n"
    )
    context.close()
