from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import ROOT
from knowledge.chunking import MAX_CHARACTERS, Page, chunk, sentences, split_text
from knowledge.pages import read_pages, render_html


def make_page(body: str, **changes: str) -> Page:
    fields = {
        "id": "terms",
        "title": "Terms",
        "kind": "terms",
        "language": "en",
        "url": "/help/en/terms",
    }
    return Page(
        **(fields | changes),  # type: ignore[arg-type]
        effective_from=dt.date(2026, 9, 1),
        body=body,
    )


def test_a_section_is_a_passage_with_its_anchor() -> None:
    page = make_page("## Rake {#rake}\n\nFive per cent.\n\nNever more.\n")

    (passage,) = chunk(page)

    assert passage.id == "terms/en/rake"
    assert (passage.section, passage.heading) == ("rake", "Rake")
    assert passage.url == "/help/en/terms#rake"
    assert passage.text == "Five per cent.\nNever more."


def test_each_numbered_clause_is_a_passage() -> None:
    page = make_page(
        "## 4. Deposits {#deposits}\n\n4.1 By card.\n\n4.2 At least €10.\n"
    )

    passages = chunk(page)

    assert [passage.section for passage in passages] == ["4.1", "4.2"]
    assert passages[1].text == "4.2 At least €10."
    assert passages[1].url == "/help/en/terms#4.2"
    assert passages[1].heading == "4. Deposits"


def test_a_clause_keeps_the_paragraphs_below_it() -> None:
    page = make_page("## A {#a}\n\n1.1 First.\n\nMore of it.\n\n1.2 Second.\n")

    assert chunk(page)[0].text == "1.1 First.\nMore of it."


def test_text_before_any_heading_is_a_passage() -> None:
    page = make_page("An introduction.\n\n## A {#a}\n\nText.\n")

    assert [passage.section for passage in chunk(page)] == ["terms", "a"]


def test_a_heading_without_an_anchor_gets_one() -> None:
    (passage,) = chunk(make_page("## Två frågor?\n\nSvar.\n"))

    assert passage.section == "tva-fragor"


def test_sections_of_one_name_are_told_apart() -> None:
    passages = chunk(make_page("## A\n\nOne.\n\n## A\n\nTwo.\n"))

    assert [passage.section for passage in passages] == ["a", "a.2"]


def test_a_heading_in_a_code_block_is_code() -> None:
    (passage,) = chunk(make_page("## A {#a}\n\n```\n## not a heading\n```\n"))

    assert passage.text == "## not a heading"


def test_markup_is_taken_off() -> None:
    body = "## A {#a}\n\n- **Bold**: [a link](/x) and `code`\n- 5 * 3 * 2\n"

    (passage,) = chunk(make_page(body))

    assert passage.text == "Bold: a link and code\n5 * 3 * 2"


def test_a_wrapped_paragraph_is_one_line() -> None:
    (passage,) = chunk(make_page("## A {#a}\n\nOne sentence\non two lines.\n"))

    assert passage.text == "One sentence on two lines."


def test_an_empty_section_gives_no_passage() -> None:
    assert chunk(make_page("## A {#a}\n\n## B {#b}\n\nText.\n"))[0].section == "b"


def test_a_long_section_is_cut_at_sentences() -> None:
    sentence = "This sentence is as long as any other sentence here. "

    passages = chunk(make_page("## A {#a}\n\n" + sentence * 60))

    assert len(passages) > 1
    assert all(passage.text.endswith("here.") for passage in passages)
    assert [passage.section for passage in passages[:2]] == ["a", "a.2"]


@given(st.text(max_size=400), st.integers(min_value=1, max_value=60))
def test_parts_are_short_and_hold_every_word(text: str, limit: int) -> None:
    parts = split_text(text, limit)

    assert all(0 < len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.text(max_size=300))
def test_sentences_hold_every_character_but_the_blanks(text: str) -> None:
    found = sentences(text)

    assert all(sentence == sentence.strip() != "" for sentence in found)
    assert "".join("".join(found).split()) == "".join(text.split())


@given(
    st.lists(
        st.tuples(
            st.text("ab #*_`|-1.\n{}", max_size=40),
            st.sampled_from(["", "## ", "1.1 "]),
        ),
        max_size=8,
    )
)
def test_any_markdown_gives_passages_with_names_of_their_own(
    blocks: list[tuple[str, str]],
) -> None:
    page = make_page("\n\n".join(mark + text for text, mark in blocks))

    passages = chunk(page)

    assert len({passage.id for passage in passages}) == len(passages)
    assert all(passage.text.strip() for passage in passages)
    assert all(len(passage.text) <= MAX_CHARACTERS for passage in passages)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It takes 5 days. Then wait.", ["It takes 5 days.", "Then wait."]),
        ("5.3 A payout. 5.4 No.", ["5.3 A payout.", "5.4 No."]),
        ("Costs ca. 5 kr, e.g. 6. Yes.", ["Costs ca. 5 kr, e.g. 6.", "Yes."]),
        ("Mr. Smith pays 1.5 kr.", ["Mr. Smith pays 1.5 kr."]),
        ("«\u202fVraiment ?\u202f» Oui.", ["«\u202fVraiment ?\u202f»", "Oui."]),
        ("One\nTwo", ["One", "Two"]),
        ("¿Cuánto? ¡Mucho!", ["¿Cuánto?", "¡Mucho!"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_the_sample_pages_are_parallel() -> None:
    sections: dict[tuple[str, str], list[str]] = {}
    for page in read_pages(ROOT / "data" / "help"):
        sections[page.id, page.language] = [p.section for p in chunk(page)]

    for (page_id, language), found in sections.items():
        assert found == sections[page_id, "sv"], f"{page_id} in {language}"


ASKED = """## How long does it take? {#how-long}

Three days.

<!-- asked:
when is my money there
is it slow
-->

## Rules {#rules}

4.1 One account each.

<!-- asked: may my wife join -->

4.2 No sharing.
"""


def test_how_customers_ask_belongs_to_the_section_or_clause_above() -> None:
    how_long, first, second = chunk(make_page(ASKED))

    assert how_long.asked == ("when is my money there", "is it slow")
    assert first.asked == ("may my wife join",)
    assert second.asked == ()


def test_how_customers_ask_is_not_part_of_the_text() -> None:
    page = make_page(ASKED)

    assert chunk(page)[0].text == "Three days."
    assert "asked" not in render_html(page)
    assert "wife" not in render_html(page)
