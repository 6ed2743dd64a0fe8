import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser

WITHDRAWAL = "Mon retrait de 300 € demandé le 3 novembre n'est toujours pas arrivé"


def open_widget(page: Page, language: str) -> Locator:
    page.goto(f"/?language={language}")
    page.locator("guichet-widget .launcher").click()
    widget = page.locator("guichet-widget")
    expect(widget.locator("li.bot").first).to_be_visible()
    return widget


def say(widget: Locator, text: str) -> None:
    """Write, send, and wait until the bot has answered."""
    n_before = widget.locator("li.bot").count()
    widget.locator("textarea").fill(text)
    widget.locator("textarea").press("Enter")
    expect(widget.locator("li.bot").nth(n_before)).to_be_visible()
    expect(widget.locator(".typing")).to_be_empty()


def sign_in(page: Page, agent: SignIn) -> None:
    page.goto("/desk")
    page.locator("input[name=email]").fill(agent.email)
    page.locator("input[name=password]").fill(agent.password)
    with page.expect_navigation():
        page.locator("form button[type=submit]").click()


@pytest.mark.parametrize(
    ("language", "question", "section"),
    [
        ("sv", "Hur lång tid har jag på mig att klaga?", r"complaint|terms"),
        ("fr", "Puis-je avoir deux comptes ?", r"faq|terms"),
        ("en", "Can I have two accounts?", r"faq|terms"),
    ],
)
def test_a_question_is_answered_with_a_link_to_its_clause(
    page: Page, language: str, question: str, section: str
) -> None:
    widget = open_widget(page, language)

    say(widget, question)

    link = widget.locator("li.bot a[href*='/help/']").first
    expect(link).to_have_attribute(
        "href", re.compile(rf"/help/{language}/.*({section})")
    )


def test_a_report_becomes_a_case_on_the_desk(page: Page, agent: SignIn) -> None:
    widget = open_widget(page, "fr")

    say(widget, WITHDRAWAL)
    for answer in ("Élise Morel", "elise.morel@example.fr", "elise_m"):
        say(widget, answer)
    for _ in range(4):
        if widget.locator(".receipt").count():
            break
        say(widget, "oui, c'est juste, envoyez")
    expect(widget.locator(".receipt")).to_be_visible()
    # A verdict with its clause is no answer to be judged.
    expect(widget.locator(".thumb")).to_have_count(0)
    reference = re.search(r"G-\d{4}-\d+", widget.locator(".receipt").inner_text())
    assert reference is not None
    sign_in(page, agent)
    page.get_by_text(reference[0]).first.click()

    expect(page.locator("body")).to_contain_text("Élise Morel")
    expect(page.locator("body")).to_contain_text(WITHDRAWAL)


def test_a_conversation_goes_on_after_a_reload(page: Page) -> None:
    widget = open_widget(page, "en")
    say(widget, "Can I have two accounts?")

    page.reload()

    expect(widget.locator("li.customer")).to_contain_text("Can I have two accounts?")


def test_the_widget_changes_language_from_its_menu(page: Page) -> None:
    widget = open_widget(page, "en")

    widget.locator("select.language").select_option("sv")

    expect(widget.locator(".root")).to_have_attribute("lang", "sv")


def test_the_widget_fits_a_small_phone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    widget = open_widget(page, "fr")

    say(widget, "Puis-je avoir deux comptes ?")

    overflow = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0
    panel = widget.locator("#panel").bounding_box()
    assert panel is not None
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 320


def test_the_conversation_can_be_saved_as_text(page: Page) -> None:
    widget = open_widget(page, "en")
    say(widget, "Can I have two accounts?")

    with page.expect_download() as saving:
        widget.locator("button[title='Save the conversation as a text file']").click()

    saved = saving.value.path().read_text(encoding="utf-8")
    assert "You\nCan I have two accounts?" in saved
    assert re.search(r"→ .+: http://127\.0\.0\.1:\d+/help/en/", saved)


def test_the_sentence_that_answers_is_marked_in_its_passage(page: Page) -> None:
    widget = open_widget(page, "sv")

    say(widget, "Hur lång tid har jag på mig att klaga?")

    citation = widget.locator(".citation").first
    expect(widget.locator("li.bot mark")).to_contain_text("tre månader")
    expect(citation.locator("blockquote")).to_have_count(0)
    expect(widget.locator("li.bot").last.locator(".choices")).to_be_visible()
    expect(citation.locator(".choices")).to_have_count(0)
