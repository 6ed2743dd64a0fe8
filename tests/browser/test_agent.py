"""An agent's day in a real browser; two agents at once; the desk held to axe."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.commands.accounts import add_account
from bot.running.instance import Instance
from tests.browser.conftest import SignIn
from tests.browser.test_accessibility import file_case, violations
from tests.browser.test_whole_job import open_widget, say, sign_in
from tests.conftest import LoopThread

pytestmark = pytest.mark.browser

Colleague = Callable[[SignIn], Page]


@pytest.fixture(scope="module")
def other_agent(counter: Instance, loop_thread: LoopThread) -> SignIn:
    email = "bo@ruterdam.example"
    password = loop_thread.run(
        add_account(counter.settings, email, name="Bo", role="agent")
    )
    return SignIn(email, password)


@pytest.fixture
def browser_of(chromium: Browser, counter: Instance) -> Iterator[Colleague]:
    """Opens a browser of their own for somebody, signed in at the desk."""
    contexts = []

    def open_for(person: SignIn) -> Page:
        contexts.append(
            chromium.new_context(
                base_url=counter.settings.address,
                viewport={"width": 1280, "height": 900},
                locale="en",
            )
        )
        contexts[-1].set_default_timeout(20_000)
        page = contexts[-1].new_page()
        sign_in(page, person)
        return page

    yield open_for
    for context in contexts:
        context.close()


def empty_the_queue(page: Page) -> None:
    """Take everything that waits, so that the next case is the test's own."""
    page.goto("/desk")
    while True:
        with page.expect_navigation():
            page.keyboard.press("n")
        if "nothing_to_take" in page.url:
            return


def reference_of(page: Page) -> str:
    return page.locator(".crumbs .reference").inner_text()


def test_an_agent_takes_reads_corrects_answers_and_closes(
    browser_of: Colleague, agent: SignIn
) -> None:
    page = browser_of(agent)
    empty_the_queue(page)
    filed = file_case(page, "fr")

    page.goto("/desk")
    with page.expect_navigation():
        page.keyboard.press("n")
    assert filed in page.url
    with page.expect_navigation():
        page.get_by_role("button", name="Technical fault").click()
    expect(page.get_by_role("status").first).to_contain_text("corrected")
    page.get_by_label("Template…").select_option("decision_changed")
    text = page.get_by_label("Your answer to the customer")
    with page.expect_navigation():
        text.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Fill in {date}, {motifs}")
    text.fill("Nous avons corrigé notre erreur et versé la somme.")
    with page.expect_navigation():
        page.get_by_role("button", name="Preview").click()
    expect(page.locator(".letter .words")).to_contain_text("Bonjour Élise Morel")
    as_mail = page.frame_locator("iframe.mail")
    expect(as_mail.get_by_text("Nous avons corrigé notre erreur")).to_be_visible()
    with page.expect_navigation():
        page.get_by_label("Your answer to the customer").press("Control+Enter")

    expect(page.get_by_role("heading", name="Closed with")).to_be_visible()
    expect(page.locator(".transcript li.agent")).to_contain_text("versé la somme")
    assert reference_of(page) == filed


def test_a_case_is_answered_by_keys_alone(browser_of: Colleague, agent: SignIn) -> None:
    page = browser_of(agent)
    empty_the_queue(page)
    file_case(page, "sv")
    page.goto("/desk")
    answer = page.get_by_label("Your answer to the customer")
    keys = page.keyboard

    with page.expect_navigation():
        keys.press("n")
    keys.press("c")
    keys.press("Tab")
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.locator(".verdicts [aria-pressed=true]:focus")).to_be_visible()
    keys.press("t")
    for key in ("ArrowDown", "Enter"):
        keys.press(key)
    expect(answer).to_be_focused()
    expect(answer).to_have_value(re.compile(r"\{"))
    with page.expect_navigation():
        keys.press("Control+Enter")
    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(answer).to_be_focused()
    keys.press("Control+A")
    keys.type("Vi har bett banken att söka efter pengarna.")
    keys.press("Escape")
    with page.expect_navigation():
        keys.press("p")
    expect(page.locator(".letter")).to_be_focused()
    with page.expect_navigation():
        keys.press("Control+Enter")

    expect(page.get_by_text("The answer was sent.")).to_be_in_viewport()
    expect(page.locator(".transcript li.agent")).to_contain_text("söka efter")


def test_single_keys_can_be_turned_off(browser_of: Colleague, agent: SignIn) -> None:
    page = browser_of(agent)
    page.goto("/desk")
    page.evaluate("document.addEventListener('submit', (e) => e.preventDefault())")
    page.evaluate("document.addEventListener('submit', () => (window.taken = true))")
    page.keyboard.press("?")
    page.get_by_label("React to single keys").uncheck()
    page.keyboard.press("Escape")

    page.keyboard.press("n")

    assert page.evaluate("window.taken") is None


def test_two_agents_who_race_for_one_case_never_both_get_it(
    browser_of: Colleague, agent: SignIn, other_agent: SignIn
) -> None:
    one, other = browser_of(agent), browser_of(other_agent)
    empty_the_queue(one)
    for page in (one, other):
        page.goto("/desk")
    filed = file_case(one.context.new_page(), "sv")

    # Sent off before either answer is waited for.
    for page in (one, other):
        page.evaluate("document.querySelector('[data-key=n]').click()")
    for page in (one, other):
        page.wait_for_url(re.compile("notice="))

    got = [page for page in (one, other) if filed in page.url]
    assert len(got) == 1
    [late] = {one, other} - set(got)
    expect(late.get_by_role("status").first).to_contain_text("The queue is empty")


def test_two_agents_on_a_case_see_each_other_and_what_moved(
    browser_of: Colleague, agent: SignIn, other_agent: SignIn
) -> None:
    one = browser_of(agent)
    filed = file_case(one, "en")
    one.goto(f"/desk/cases/{filed}")
    one.get_by_label("Your answer to the customer").fill("We looked into it and")
    other = browser_of(other_agent)
    other.goto(f"/desk/cases/{filed}")
    expect(other.locator("#presence")).to_contain_text("Astrid", timeout=15_000)
    other.get_by_label("Only colleagues see this").fill("Called the bank.")
    with other.expect_navigation():
        other.get_by_role("button", name="Add note").click()

    one.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(one.locator("#presence")).to_contain_text("Bo", timeout=15_000)
    expect(one.locator("#moved-on")).to_be_visible()
    one.on("dialog", lambda dialog: dialog.accept())
    with one.expect_navigation():
        one.get_by_role("link", name="Show what is new").click()

    expect(one.get_by_text("Called the bank.")).to_be_visible()
    answer = one.get_by_label("Your answer to the customer")
    expect(answer).to_have_value("We looked into it and")


def test_a_refused_save_is_brought_into_view_with_both_versions(
    browser_of: Colleague, agent: SignIn, other_agent: SignIn
) -> None:
    one, other = browser_of(agent), browser_of(other_agent)
    filed = file_case(one, "en")
    for page in (one, other):
        page.goto(f"/desk/cases/{filed}")
    other.get_by_label("Only colleagues see this").fill("Called the bank.")
    with other.expect_navigation():
        other.keyboard.press("Control+Enter")

    one.get_by_label("Your answer to the customer").fill("It is on its way.")
    with one.expect_navigation():
        one.keyboard.press("Control+Enter")

    refused = one.get_by_role("alert")
    expect(refused).to_be_in_viewport()
    expect(refused).to_contain_text("It is on its way.")
    expect(refused).to_contain_text("Note (Bo): Called the bank.")


def test_a_new_case_comes_into_the_queue_without_a_reload(
    browser_of: Colleague, agent: SignIn
) -> None:
    page = browser_of(agent)
    page.goto("/desk")
    page.evaluate("window.wasNotReloaded = true")

    filed = file_case(page.context.new_page(), "fr")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_text(filed)).to_be_visible()
    assert page.evaluate("window.wasNotReloaded")


def conversation_of(page: Page) -> str:
    """The conversation that the widget of a page goes on with."""
    stored = page.evaluate(
        "Object.entries(localStorage).find(([key]) => key.startsWith('guichet:'))[1]"
    )
    return str(json.loads(stored)["conversation"])


def test_an_agent_speaks_with_a_customer_and_hands_back(
    browser_of: Colleague, agent: SignIn, page: Page
) -> None:
    widget = open_widget(page, "en")
    say(widget, "I want to talk to a human")
    desk = browser_of(agent)
    desk.goto("/desk/live")
    expect(desk.get_by_role("row").filter(has_text="Wants a person")).not_to_have_count(
        0
    )
    # Other tests leave conversations that want a person, too: open this one.
    desk.goto(f"/desk/live/{conversation_of(page)}")
    desk.get_by_role("button", name="Take over").click()
    desk.get_by_label("Write to the customer").fill("Hello, this is Astrid.")
    desk.keyboard.press("Enter")

    expect(widget.locator("li.agent")).to_contain_text("Hello, this is Astrid.")
    widget.locator("textarea").fill("Hello Astrid!")
    widget.locator("textarea").press("Enter")
    expect(desk.get_by_role("log")).to_contain_text("Hello Astrid!")
    desk.get_by_label("Summary").fill("Your bonus is back.")
    desk.get_by_role("button", name="Hand back").click()
    expect(widget.locator("li.agent").last).to_contain_text("Your bonus is back.")


@pytest.fixture(scope="module")
def lead(counter: Instance, loop_thread: LoopThread) -> SignIn:
    email = "lead@ruterdam.example"
    password = loop_thread.run(
        add_account(counter.settings, email, name="Lena", role="lead")
    )
    return SignIn(email, password)


def test_a_lead_sees_the_month_and_takes_it_away(
    browser_of: Colleague, lead: SignIn
) -> None:
    page = browser_of(lead)
    filed = file_case(page, "sv")
    page.goto("/desk/report")
    found = violations(page)
    with page.expect_navigation():
        page.get_by_role("link", name="Monthly report of complaints").click()
    page.get_by_label("Month").fill(f"{date.today():%Y-%m}")
    with page.expect_navigation():
        page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text(filed)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    rows = download.value.path().read_text("utf-8-sig").splitlines()
    page.emulate_media(color_scheme="dark")
    found += violations(page)

    assert found == []
    assert rows[0].startswith("reference,player_id")
    assert any(row.startswith(filed) for row in rows[1:])


@pytest.mark.parametrize("language", ["sv", "fr", "en"])
def test_the_desk_breaks_no_rule_of_axe(
    browser_of: Colleague, agent: SignIn, page: Page, language: str
) -> None:
    open_widget(page, language)
    filed = file_case(page, language)
    desk = browser_of(agent)
    desk.goto("/desk/live")
    talk = desk.locator("[data-row] a").first.get_attribute("href")
    found = []
    for scheme, width in (("light", 1280), ("dark", 820)):
        desk.set_viewport_size({"width": width, "height": 900})
        desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path in ("/desk", "/desk/live", talk, f"/desk/cases/{filed}"):
            desk.goto(f"{path}?lang={language}")
            found += violations(desk)
        desk.locator("#reply-text").fill("{date}")
        with desk.expect_navigation():
            desk.locator("[name=step][value=send]").click()
        desk.locator(".notice.bad").wait_for()
        found += violations(desk)
        desk.locator("#reply-text").fill("Pengarna är på väg. Die Auszahlung ist da.")
        with desk.expect_navigation():
            desk.locator("[name=step][value=preview]").click()
        desk.locator(".letter").wait_for()
        desk.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
        found += violations(desk)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert desk.evaluate(wide) <= 0

    assert found == []
