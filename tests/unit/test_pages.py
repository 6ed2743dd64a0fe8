from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from knowledge.errors import BadInput
from knowledge.pages import parse_page, read_pages, render_html

FIELDS = """id: rake
title: Rake
kind: guide
language: en
url: /help/en/rake
effective_from: 2026-09-01
"""


def make_text(fields: str = FIELDS, body: str = "Five per cent.\n") -> str:
    return f"---\n{fields}---\n\n{body}"


def test_a_page_is_read_with_its_fields() -> None:
    page = parse_page(make_text(FIELDS + "translates: {version: 3}\n"), source="x.md")

    assert (page.id, page.title, page.kind, page.language) == (
        "rake",
        "Rake",
        "guide",
        "en",
    )
    assert page.effective_from == dt.date(2026, 9, 1)
    assert (page.version, page.translates) == (1, 3)
    assert page.body == "Five per cent.\n"


def test_line_ends_and_byte_order_marks_of_windows_are_read() -> None:
    page = parse_page("\ufeff" + make_text().replace("\n", "\r\n"), source="x.md")

    assert page.body == "Five per cent.\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Just text", "front matter"),
        (make_text("id: [\n"), "not YAML"),
        (make_text("- id\n"), "mapping"),
        (make_text("id: rake\n"), "lacks title, kind, language, url, effective_from"),
        (make_text(FIELDS.replace("guide", "blog")), "kind must be one of"),
        (make_text(FIELDS.replace("id: rake", "id: ../etc")), "id must look like"),
        (make_text(FIELDS.replace("en\n", "English!\n", 1)), "language must look like"),
        (
            make_text(FIELDS.replace("2026-09-01", "soon")),
            "effective_from must be a date",
        ),
        (make_text(FIELDS + "version: 0\n"), "version must be a whole number"),
        (make_text(FIELDS + "translates: 1\n"), "translates must look like"),
        (make_text(body="\n \n"), "no text"),
    ],
)
def test_a_malformed_page_says_where_and_what(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        parse_page(text, source="help/rake.md")

    assert str(caught.value).startswith("help/rake.md: ")


def test_pages_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.md").write_text(
            make_text(FIELDS.replace("rake", name, 1)), "utf-8"
        )

    assert [page.id for page in read_pages(tmp_path)] == ["a", "b"]


def test_a_page_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(make_text(), "utf-8")

    with pytest.raises(BadInput, match="there twice in en"):
        read_pages(tmp_path)


def test_a_page_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(make_text(body="är").encode("latin-1"))

    with pytest.raises(BadInput, match=r"a\.md: not UTF-8"):
        read_pages(tmp_path)


def test_a_folder_without_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no pages"):
        read_pages(tmp_path)


def render(body: str) -> str:
    return render_html(parse_page(make_text(body=body), source="x.md"))


def test_headings_and_clauses_carry_their_anchors() -> None:
    html = render("## 1. Rake {#rake}\n\n1.1 Five per cent.\n\n## Two words\n")

    assert '<h2 id="rake">1. Rake</h2>' in html
    assert '<p id="1.1">1.1 Five per cent.</p>' in html
    assert '<h2 id="two-words">Two words</h2>' in html


def test_raw_html_is_shown_as_text() -> None:
    html = render('<script>alert(1)</script>\n\n<b onclick="x">Hi</b>\n')

    assert "<script" not in html
    assert "<b" not in html


def test_an_address_that_runs_code_is_no_link() -> None:
    assert "<a" not in render("[click](javascript:alert(1))\n")


def test_tables_are_rendered() -> None:
    assert "<td>1</td>" in render("| a |\n|---|\n| 1 |\n")
