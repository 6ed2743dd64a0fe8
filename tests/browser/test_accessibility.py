"""No page and no state of the widget breaks a rule that axe-core can check."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from actions.cases.outbox import EMAIL
from actions.delivery.letterbook import insert_letter
from actions.delivery.outbox import Outbox
from bot.running.instance import Instance
from bot.settings import Settings
from knowledge.database import open_engine, writing
from tests.browser.conftest import SignIn
from tests.browser.test_whole_job import open_widget, say, sign_in
from tests.conftest import LoopThread
from tests.web.test_channel import PNG

pytestmark = pytest.mark.browser

QUESTIONS = {
    "sv": "Hur lång tid har jag på mig att klaga?",
    "fr": "Puis-je avoir deux comptes ?",
    "en": "Can I have two accounts?",
}
REPORTS = {
    "sv": "Mitt uttag på 300 kr från den 3 november har inte kommit.",
    "fr": "Mon retrait de 300 € demandé le 3 novembre n'est pas arrivé.",
    "en": "My withdrawal of €300 from 3 November has not arrived.",
}
languages = pytest.mark.parametrize("language", QUESTIONS)


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is shown now: rule and element."""
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url} {rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def file_case(page: Page, language: str) -> str:
    """File a case by the contact form; gives its reference."""
    page.goto(f"/contact?language={language}")
    page.locator("[name=description]").fill("My withdrawal has not arrived.")
    page.locator("[name=name]").fill("Élise Morel")
    page.locator("[name=email]").fill("elise.morel@example.fr")
    page.locator("form button[type=submit]").click()
    reference = re.search(r"G-\d{4}-\d+", page.locator(".ticket").inner_text())
    assert reference is not None
    return reference[0]


@languages
def test_the_widget_with_an_answer(page: Page, language: str) -> None:
    widget = open_widget(page, language)

    say(widget, QUESTIONS[language])

    expect(widget.locator(".citation").first).to_be_visible()
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    assert found + violations(page) == []


@languages
def test_the_widget_in_a_form_with_a_file_an_error_and_a_question(
    page: Page, language: str
) -> None:
    widget = open_widget(page, language)
    say(widget, REPORTS[language])
    say(widget, QUESTIONS[language])
    widget.locator(".thumb").nth(1).click()
    found = violations(page)
    widget.locator("input[type=file]").set_input_files(
        {"name": "1.png", "mimeType": "image/png", "buffer": PNG}
    )
    expect(widget.locator(".file")).to_be_visible()
    found += violations(page)
    page.route("**/messages", lambda route: route.abort())
    widget.locator("textarea").fill("?")
    widget.locator("textarea").press("Enter")
    expect(widget.locator(".state button")).to_be_visible()
    found += violations(page)
    widget.locator(".tool").nth(1).click()
    expect(widget.locator(".ending")).to_be_visible()

    assert found + violations(page) == []


@languages
def test_the_page_of_a_link_that_has_expired(page: Page, language: str) -> None:
    page.goto(f"/resume?language={language}#resume:nothing")
    expect(page.locator("guichet-widget .notice a")).to_be_visible()

    assert violations(page) == []


@languages
def test_the_help_pages(page: Page, language: str) -> None:
    page.goto(f"/help/{language}")
    page.locator("details.languages summary").click()
    found = violations(page)
    page.locator("main li a").first.click()

    assert found + violations(page) == []


@languages
def test_the_contact_form_with_its_troubles_and_the_receipt(
    page: Page, language: str
) -> None:
    page.goto(f"/contact?language={language}")
    found = violations(page)
    page.locator("form button[type=submit]").click()
    expect(page.locator(".troubles")).to_be_visible()
    found += violations(page)
    page.emulate_media(color_scheme="dark")
    found += violations(page)
    file_case(page, language)

    assert found + violations(page) == []


@languages
def test_the_status_of_a_case(page: Page, language: str) -> None:
    reference = file_case(page, language)
    page.goto(f"/status?language={language}")
    found = violations(page)
    page.locator("[name=reference]").fill(reference)
    page.locator("[name=email]").fill("elise.morel@example.fr")
    page.locator("form button[type=submit]").click()
    expect(page.locator(".ticket")).to_be_visible()

    assert found + violations(page) == []


@languages
def test_the_desk_in_light_and_in_dark(
    page: Page, agent: SignIn, language: str
) -> None:
    reference = file_case(page, language)
    page.goto(f"/sign-in?language={language}")
    found = violations(page)
    sign_in(page, agent)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"/desk?lang={language}")
        found += violations(page)
        with page.expect_navigation():
            page.get_by_text(reference).first.click()
        found += violations(page)

    assert found == []


async def make_post(settings: Settings) -> None:
    """A letter without a case, and one that was given up."""
    engine, clock = open_engine(settings.archive_url), settings.clock()
    async with writing(engine) as connection:
        await insert_letter(
            connection,
            direction="in",
            kind="reply",
            state="unmatched",
            reason="stranger",
            message_id="<one@private.example>",
            sender="elise.morel@a-rather-long-domain.private.example",
            recipient="support@ruterdam.example",
            subject="Mon retrait",
            text="Où est mon retrait ? " * 9,
            source="",
            language="fr",
            at=clock(),
        )
    outbox = Outbox(engine, clock)
    for letter in await outbox.claim([EMAIL]):
        await outbox.mark_failed(letter, "the server said 550", is_final=True)
    await engine.dispose()


def test_the_room_of_post_in_light_and_in_dark_and_on_a_phone(
    page: Page, agent: SignIn, counter: Instance, loop_thread: LoopThread
) -> None:
    file_case(page, "fr")
    loop_thread.run(make_post(counter.settings))
    sign_in(page, agent)
    page.set_viewport_size({"width": 400, "height": 800})
    found, overflow = [], []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path in ("/desk/mail", "/desk/mail/1", "/desk/outbox"):
            page.goto(f"{path}?lang=fr")
            found += violations(page)
            overflow.append(page.evaluate("document.body.scrollWidth"))

    assert found == []
    assert max(overflow) <= 400
