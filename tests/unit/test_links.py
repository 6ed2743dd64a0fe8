import datetime as dt
from typing import Any

import pytest

from knowledge.links import dead_links
from knowledge.pages import Page


def make_page(id: str, body: str, **changes: Any) -> Page:
    values: dict[str, Any] = {
        "id": id,
        "title": id,
        "kind": "guide",
        "language": "en",
        "url": f"/help/en/{id}",
        "effective_from": dt.date(2026, 9, 1),
        "body": body,
    }
    return Page(**{**values, **changes})


FEES = make_page("fees", "## Cost {#cost}\n\n4.2 A withdrawal is free.\n")


@pytest.mark.parametrize(
    ("target", "trouble"),
    [
        ("/help/en/fees", None),
        ("/help/en/fees#cost", None),
        ("/help/en/fees#4.2", None),
        ("#here", None),
        ("https://elsewhere.example/page", None),
        ("mailto:help@ruterdam.example", None),
        ("/contact", None),
        ("/help/en/fees#price", "no_section"),
        ("/help/en/prices", "no_page"),
        ("/help/sv/fees", "no_page"),
        ("#there", "no_section"),
    ],
)
def test_links_that_lead_nowhere_are_told(target: str, trouble: str | None) -> None:
    page = make_page("help", f"## Here {{#here}}\n\nSee [the **fees**]({target}).\n")

    found = dead_links([FEES, page])

    assert [each.trouble for each in found] == ([trouble] if trouble else [])


def test_a_dead_link_names_its_page_and_its_words() -> None:
    page = make_page("help", "See [the **fees**](/help/en/prices).\n")

    [found] = dead_links([FEES, page])

    assert (found.id, found.text, found.target) == (
        "help",
        "the fees",
        "/help/en/prices",
    )
