"""The widget's promises about networks, keyboards, small screens and other devices."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.running.instance import Instance
from tests.browser.test_whole_job import open_widget, say
from tests.web.test_channel import PNG

pytestmark = pytest.mark.browser

MAKE_LINK = """async () => {
  const kept = JSON.parse(localStorage.getItem(`guichet:${location.origin}`));
  const answer = await fetch(`/api/v1/conversations/${kept.conversation}/link`, {
    method: "POST", headers: {Authorization: `Bearer ${kept.token}`},
  });
  return (await answer.json()).url;
}"""


@pytest.fixture
def other_page(chromium: Browser, counter: Instance) -> Iterator[Page]:
    """A tab on another device of the same customer."""
    context = chromium.new_context(base_url=counter.settings.address)
    yield context.new_page()
    context.close()


def write(widget: Locator, text: str) -> None:
    """Write and send, without waiting for an answer."""
    widget.locator("textarea").fill(text)
    widget.locator("textarea").press("Enter")


def mine(widget: Locator, text: str) -> Locator:
    return widget.locator("li.customer").filter(has_text=text)


def test_what_was_said_offline_is_sent_once_when_the_network_is_back(
    page: Page,
) -> None:
    widget = open_widget(page, "en")
    page.context.set_offline(True)
    write(widget, "Can I have two accounts?")
    expect(mine(widget, "two accounts")).to_have_attribute("data-state", "queued")

    page.context.set_offline(False)

    expect(widget.locator(".citation").first).to_be_visible()
    expect(mine(widget, "two accounts")).to_have_attribute("data-state", "sent")
    expect(mine(widget, "two accounts")).to_have_count(1)


def test_what_could_not_be_sent_survives_a_reload_and_is_sent_once(
    page: Page,
) -> None:
    widget = open_widget(page, "en")
    page.route("**/messages", lambda route: route.abort())
    write(widget, "Can I have two accounts?")
    expect(mine(widget, "two accounts")).to_have_attribute("data-state", "failed")
    page.unroute_all()

    page.reload()

    expect(widget.locator(".citation").first).to_be_visible()
    expect(mine(widget, "two accounts")).to_have_count(1)


def test_an_answer_in_another_language_says_so_and_is_marked_as_such(
    page: Page,
) -> None:
    widget = open_widget(page, "de")
    say(widget, "Wie lange dauert eine Auszahlung?")

    answer = widget.locator("li.bot:has(.citation)")
    expect(answer.locator("figcaption")).to_have_text("Aus den Hilfeseiten (Englisch)")
    expect(answer.locator(".words")).to_have_attribute("lang", "en")


def test_a_burst_is_answered_once(page: Page) -> None:
    widget = open_widget(page, "en")
    n_before = widget.locator("li.bot").count()

    for text in ("hello", "one question", "can I have two accounts"):
        write(widget, text)

    expect(widget.locator("li.customer[data-state=sent]")).to_have_count(3)
    # The answer, and whether it helped.
    expect(widget.locator("li.bot")).to_have_count(n_before + 2)
    expect(widget.locator(".citation")).to_have_count(1)
    expect(widget.locator(".typing")).to_be_empty()
    order = widget.locator("li.customer, li.bot").evaluate_all(
        "entries => entries.map(entry => entry.className)"
    )
    assert order[n_before:] == ["customer", "customer", "customer", "bot", "bot"]


def test_a_link_goes_on_with_the_conversation_on_another_device(
    page: Page, other_page: Page
) -> None:
    widget = open_widget(page, "en")
    say(widget, "Can I have two accounts?")

    other_page.goto(page.evaluate(MAKE_LINK))

    other = other_page.locator("guichet-widget")
    expect(mine(other, "two accounts")).to_be_visible()
    assert urlsplit(other_page.url).fragment == ""
    say(other, "Thank you!")
    expect(mine(widget, "Thank you!")).to_be_visible()


def test_without_a_websocket_live_messages_are_asked_for(
    page: Page, other_page: Page
) -> None:
    page.route_web_socket("**/events", lambda socket: socket.close())
    widget = open_widget(page, "en")
    other_page.goto(page.evaluate(MAKE_LINK))

    other = other_page.locator("guichet-widget")
    expect(other.locator("li.bot").first).to_be_visible()
    say(other, "Can I have two accounts?")

    expect(mine(widget, "two accounts")).to_be_visible()


def test_a_picture_is_attached_and_saved_again(page: Page) -> None:
    widget = open_widget(page, "en")

    widget.locator("input[type=file]").set_input_files(
        {"name": "receipt.png", "mimeType": "image/png", "buffer": PNG}
    )

    expect(widget.locator("li.bot").last).to_contain_text("receipt.png")
    with page.expect_download() as saving:
        widget.get_by_role("button", name="receipt.png").click()
    assert saving.value.path().read_bytes() == PNG


def test_a_wrong_file_is_refused_with_words(page: Page) -> None:
    widget = open_widget(page, "en")

    widget.locator("input[type=file]").set_input_files(
        {"name": "run.png", "mimeType": "image/png", "buffer": b"#!/bin/sh"}
    )

    expect(widget.locator(".notice")).to_contain_text("type of file")
    expect(widget.locator("li.customer")).to_have_count(0)


def test_an_answer_is_asked_about_once_and_what_is_said_counts(page: Page) -> None:
    widget = open_widget(page, "en")
    say(widget, "Can I have two accounts?")
    expect(widget.locator(".thumb")).to_have_count(0)

    with page.expect_response("**/feedback") as rating:
        widget.get_by_role("button", name="No", exact=True).click()

    assert rating.value.ok
    assert '"helpful":false' in (rating.value.request.post_data or "")
    expect(widget.locator("li.bot").last).to_contain_text("Shall I pass your question")


def test_an_answer_within_a_form_is_rated_with_a_comment(page: Page) -> None:
    widget = open_widget(page, "en")
    say(widget, "My withdrawal of 300 euro from 3 November has not arrived.")
    say(widget, "Can I have two accounts?")

    widget.get_by_role("button", name="No, it did not help").click()
    widget.get_by_label("What was missing?").fill("The reason")
    widget.get_by_label("What was missing?").press("Enter")

    expect(widget.locator(".thanks").first).to_contain_text("Thank you")


def test_at_its_end_the_conversation_is_rated_once(page: Page) -> None:
    widget = open_widget(page, "en")
    say(widget, "hello")

    widget.get_by_role("button", name="New conversation").click()
    expect(widget.locator(".rating")).to_have_count(1)
    widget.get_by_role("button", name="Very good").click()
    expect(widget.locator(".ending")).to_contain_text("that helps us improve")
    widget.get_by_role("button", name="Carry on").click()
    widget.get_by_role("button", name="New conversation").click()

    expect(widget.locator(".rating")).to_have_count(0)
    widget.locator(".ending").get_by_role("button", name="New conversation").click()
    expect(widget.locator("li.customer")).to_have_count(0)


def test_enter_that_ends_a_word_being_composed_sends_nothing(page: Page) -> None:
    widget = open_widget(page, "en")
    box = widget.locator("textarea")
    box.fill("にほんご")

    for how in ("isComposing: true", "keyCode: 229"):
        box.evaluate(
            "(box) => box.dispatchEvent(new KeyboardEvent('keydown', "
            f"{{key: 'Enter', bubbles: true, cancelable: true, {how}}}))"
        )

    expect(widget.locator("li.customer")).to_have_count(0)
    expect(box).to_have_value("にほんご")


def test_a_second_click_sends_nothing_more(page: Page) -> None:
    widget = open_widget(page, "en")
    widget.locator("textarea").fill("hello")

    widget.locator(".send").dblclick()

    expect(widget.locator("li.customer[data-state=sent]")).to_have_count(1)
    expect(widget.locator("li.customer")).to_have_count(1)


def test_long_and_right_to_left_text_stays_within_its_bounds(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    widget = open_widget(page, "en")

    write(widget, "My name is محمد عبد الله, and " + "unbreakable" * 60)

    words = widget.locator("li.customer .words")
    box = words.bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    expect(words).to_have_attribute("dir", "auto")


def test_a_screen_reader_is_told_each_message_once(page: Page) -> None:
    widget = open_widget(page, "en")
    say(widget, "hello")

    log = widget.get_by_role("log", name="The conversation")
    expect(log).to_match_aria_snapshot("- log:\n  - list")
    # Whether it was sent is shown, not told; what failed is an alert of its own.
    expect(log.locator(".state").first).to_have_attribute("aria-live", "off")
    expect(widget.locator(".typing")).to_have_attribute("role", "status")
    assert log.locator(".typing").count() == 0
    languages = log.locator("li").evaluate_all("all => all.map((each) => each.lang)")
    assert set(languages) == {"en"}


def test_a_dark_page_has_a_dark_widget(page: Page) -> None:
    page.emulate_media(color_scheme="dark")

    widget = open_widget(page, "en")

    shade = widget.locator(".panel").evaluate(
        "el => getComputedStyle(el).backgroundColor"
    )
    assert shade == "rgb(16, 26, 23)"


def test_the_keyboard_is_enough(page: Page) -> None:
    widget = open_widget(page, "en")
    focused = "document.querySelector('guichet-widget').shadowRoot.activeElement"
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focused}.className") == "launcher"

    page.keyboard.press("Enter")
    page.keyboard.type("Can I have two accounts?")
    page.keyboard.press("Enter")

    expect(widget.locator(".citation").first).to_be_visible()
    assert page.evaluate(f"{focused}.tagName") == "TEXTAREA"


def test_on_a_small_screen_the_focus_stays_inside(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    open_widget(page, "en")

    for _ in range(20):
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.tagName")
        assert inside == "GUICHET-WIDGET"


@pytest.mark.parametrize("size", [(320, 640), (320, 256)], ids=["phone", "zoom-400"])
def test_nothing_is_cut_off_on_a_small_screen(
    page: Page, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    widget = open_widget(page, "de")
    say(widget, "Wie lange dauert eine Auszahlung?")

    wide = widget.locator("*").evaluate_all(
        """(elements, width) => elements
          .filter((each) => each.checkVisibility() && !each.closest(".hidden, svg"))
          .filter((each) => each.getBoundingClientRect().right > width + 0.5)
          .map((each) => each.className || each.tagName)""",
        size[0],
    )

    assert wide == []
    expect(widget.locator("textarea")).to_be_in_viewport()


def test_every_target_is_large_enough(page: Page) -> None:
    widget = open_widget(page, "en")
    say(widget, "Can I have two accounts?")

    small = widget.locator("button, select, textarea, input").evaluate_all(
        """(elements) => elements
          .filter((each) => each.checkVisibility())
          .map((each) => [each.className, each.getBoundingClientRect()])
          .filter(([, box]) => box.width < 24 || box.height < 24)
          .map(([name]) => name)"""
    )

    assert small == []


def test_the_widget_moves_nothing_for_who_wants_no_motion(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    widget = open_widget(page, "en")

    names = widget.locator(".panel, .typing").evaluate_all(
        "elements => elements.map((each) => getComputedStyle(each).animationName)"
    )

    assert set(names) == {"none"}


def test_the_widget_keeps_to_its_policy_and_asks_no_third_party(page: Page) -> None:
    complaints: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda line: complaints.append(line.text))
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))

    say(open_widget(page, "en"), "Can I have two accounts?")

    assert asked == {urlsplit(page.url).netloc}
    assert not [line for line in complaints if "Content Security Policy" in line]
