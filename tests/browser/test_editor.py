"""An editor's day: write, look, publish, ask the widget, roll back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bot.commands.accounts import add_account
from bot.running.instance import Instance
from tests.browser.conftest import SignIn
from tests.browser.test_accessibility import file_case, violations
from tests.browser.test_whole_job import open_widget, say
from tests.browser.test_whole_job import sign_in as sign_in_agent
from tests.conftest import LoopThread

pytestmark = pytest.mark.browser

QUESTION = "Does Ruterdam sell playing cards with my own portrait?"
TEXT = (
    "## Does Ruterdam sell playing cards with my own portrait? {#portrait}\n\n"
    "Yes, playing cards with your own portrait cost 19 euros. See"
    " [how to order](/help/en/contact).\n"
)
LONGEST_REHEARSAL_MS = 400_000


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
    with page.expect_navigation():
        page.locator("form button[type=submit]").click()


def violations_in_both_schemes(page: Page) -> list[str]:
    page.emulate_media(color_scheme="light")
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    return found + violations(page)


def write_draft(page: Page) -> list[str]:
    """Write the page, ask it, and save it as a draft; gives what axe found."""
    page.goto("/knowledge/new?language=en")
    page.locator("#title").fill("Portrait cards")
    expect(page.locator("[name=url]")).to_have_value("/help/en/portrait-cards")
    page.locator("#body").fill(TEXT.replace("contact", "no-such-page"))
    expect(page.locator("#preview")).to_contain_text("19 euros")
    expect(page.locator("#preview .notice")).to_contain_text("no such page")
    page.locator("#body").fill(TEXT)
    expect(page.locator("#preview .notice")).to_have_count(0)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    expect(page.locator("#tried .answer")).to_contain_text("19 euros", timeout=180_000)
    found = violations_in_both_schemes(page)
    with page.expect_navigation():
        page.locator("#body").press("Control+Enter")
    return found


def withdraw_and_put_back(page: Page) -> list[str]:
    """Take the page down and publish it again; gives what axe found."""
    page.goto("/knowledge/pages/en/portrait-cards")
    with page.expect_navigation():
        page.get_by_role("link", name="Withdraw").click()
    found = violations_in_both_schemes(page)
    page.get_by_role("button", name="Withdraw", exact=True).click()
    status = page.get_by_role("status")
    expect(status).to_contain_text("The page is withdrawn.", timeout=60_000)
    assert page.request.get("/help/en/portrait-cards").status == 410
    assert page.request.get("/help/en/portrait-cards?version=1").status == 200
    found += violations_in_both_schemes(page)
    page.get_by_role("button", name="Publish it again").click()
    expect(status).to_contain_text("Published", timeout=60_000)
    assert page.request.get("/help/en/portrait-cards").status == 200
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
    page.wait_for_load_state()
    widget = open_widget(page, "en")
    say(widget, QUESTION)
    answer = widget.locator("li.bot").filter(has_text="19 euros")
    expect(answer.first).to_be_visible()
    found += withdraw_and_put_back(page)
    page.goto("/knowledge")
    page.get_by_role("button", name="Roll back").first.click()
    expect(page.get_by_role("status")).to_contain_text("is back", timeout=60_000)

    page.goto("/knowledge?language=en")
    row = page.get_by_role("row").filter(has_text="portrait-cards")
    expect(row).to_contain_text("Withdrawn")
    assert found == []


def test_the_other_pages_of_the_console(page: Page, editor: SignIn) -> None:
    sign_in(page, editor)
    found = []
    for path in (
        "gaps",
        "import",
        "translations",
        "translations/fr/faq?from=sv",
        "changes",
        "templates",
        "templates/fr/solved",
        "templates/new",
    ):
        page.goto(f"/knowledge/{path}")
        found += violations_in_both_schemes(page)

    assert found == []


def test_a_template_is_previewed_as_it_is_written_and_offered_at_once(
    page: Page, editor: SignIn, agent: SignIn
) -> None:
    sign_in(page, editor)
    page.goto("/knowledge/templates?language=fr")
    with page.expect_navigation():
        page.get_by_role("link", name="We are looking into it").click()
    page.locator("#text").fill("Merci, nous regardons cela, ")
    page.get_by_role("button", name="{reference}").click()

    letter = page.frame_locator("iframe.mail").locator("body")
    expect(letter).to_contain_text("Merci, nous regardons cela, G-2026-000123")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("The desk offers it now.")
    filed = file_case(page, "fr")
    page.context.clear_cookies()
    sign_in_agent(page, agent)
    page.goto(f"/desk/cases/{filed}?lang=en")
    page.get_by_label("Template…").select_option("looking_into_it")
    expect(page.locator("#reply-text")).to_have_value(
        f"Merci, nous regardons cela, {filed}"
    )


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
