import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import chunk
from knowledge.errors import BadInput
from knowledge.importing.blocks import as_body
from knowledge.importing.decoding import decode
from knowledge.importing.plain import read_plain
from knowledge.importing.reading import Reader, ReadPage
from knowledge.importing.sources import read_source
from tests.factories import NOW

TERMS = """Politique de réclamation

Toute personne peut déposer une réclamation. Elle est gratuite.

Une réclamation est recevable dans les cas suivants :
défaut technique du site ;
décision non conforme aux conditions ;
service non rendu.

Délais
La réponse est donnée sous un mois.
"""


def body(text: str) -> str:
    return as_body(read_plain(text)[1])


def read(content: bytes, name: str = "page.txt", language: str = "en") -> ReadPage:
    return read_source(
        content, name=name, reader=Reader(today=NOW.date(), language=language)
    )


def test_the_first_line_that_stands_alone_is_the_title() -> None:
    assert read_plain(TERMS)[0] == "Politique de réclamation"


def test_lines_after_a_colon_are_a_list() -> None:
    assert (
        "suivants :\n\n- défaut technique du site ;\n- décision non conforme aux"
        " conditions ;\n- service non rendu." in body(TERMS)
    )


def test_a_list_after_an_empty_line_belongs_to_its_colon_too() -> None:
    text = "Title\n\nWe need:\n\nyour name;\nyour address;\nthe date.\n"

    assert body(text) == "We need:\n\n- your name;\n- your address;\n- the date.\n"


@pytest.mark.parametrize("mark", ["-", "*", "•", "–", "1.", "a)"])
def test_marked_lines_are_a_list(mark: str) -> None:
    text = f"Title\n\nBring these:\n{mark} your card\n{mark} your\n   passport\n"

    listed = body(text)

    assert "your card" in listed
    assert "your passport" in listed
    assert listed.count("\n- ") == 2


def test_wrapped_lines_are_one_paragraph() -> None:
    text = "Title\n\nA withdrawal is paid within\ntwo days, also on\nholidays.\n"

    assert body(text) == "A withdrawal is paid within two days, also on holidays.\n"


def test_a_paragraph_a_line_is_a_paragraph_each() -> None:
    text = "Fees are due at once.\nRefunds take a week.\nCards are accepted.\n"

    assert body(text).count("\n\n") == 2


def test_underlined_and_bare_headings_are_headings() -> None:
    text = "Title\n=====\n\nFees\n----\nNone at all.\n\nRefunds\n\nWithin a week.\n"

    title, _ = read_plain(text)

    assert title == "Title"
    assert body(text) == "## Fees\n\nNone at all.\n\n## Refunds\n\nWithin a week.\n"


def test_questions_and_answers_with_labels_are_pairs() -> None:
    text = (
        "Help\n\nQ: Is it free?\nA: Yes.\n\nQ: How long does it take?\nA: Two days.\n"
    )

    page = read(text.encode()).page

    assert page.kind == "faq"
    assert [(p.heading, p.text) for p in chunk(page)] == [
        ("Is it free?", "Yes."),
        ("How long does it take?", "Two days."),
    ]


def test_clauses_without_empty_lines_are_one_each() -> None:
    text = "Terms\n\n1. Scope\n1.1 These terms hold.\n1.2 They are free\nof charge.\n"

    sections = {p.section: p.text for p in chunk(read(text.encode()).page)}

    assert sections["1.2"] == "1.2 They are free of charge."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Uttag görs på två dagar, även när det är helg.", "cp1252"),
        ("Uttag görs på två dagar, även när det är helg.", "utf-8-sig"),
        ("Uttag görs på två dagar, även när det är helg.", "utf-16"),
        ("Wypłata trwa najwyżej dwa dni, również w święta.", "cp1250"),
    ],
)
def test_old_encodings_are_read(text: str, encoding: str) -> None:
    language = {"cp1250": "pl"}.get(encoding, "sv")

    read, _ = decode(text.encode(encoding), identify=lambda text: language)

    assert read == text


def test_a_declared_encoding_is_believed() -> None:
    html = '<html lang="pl"><meta charset="iso-8859-2"><p>Wypłata trwa dwa dni.</p>'

    page = read(html.encode("iso-8859-2"), "a.html").page

    assert "Wypłata" in page.body


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        ("på".encode() + b" " + "på".encode("latin-1") + b" t", "mixes UTF-8"),
        (b"x" * 2_000_001, "at most 2000000"),
    ],
)
def test_what_cannot_be_a_page_is_refused_with_its_reason(content, reason) -> None:
    with pytest.raises(BadInput, match=reason):
        read(content)


def test_a_paragraph_of_nearly_two_megabytes_is_read_and_cut() -> None:
    text = "A long title\n\n" + "Words that go on and on. " * 78_000

    passages = chunk(read(text.encode()).page)

    assert len(passages) > 1_500
    assert max(len(passage.text) for passage in passages) <= 1_200


def test_markdown_without_front_matter_is_completed() -> None:
    text = "# Fees\n\n## Is it free? {#free}\n\nYes.\n\n## Always?\n\nYes.\n"

    page = read(text.encode(), "sv/fees.md").page

    assert (page.id, page.title, page.kind) == ("fees", "Fees", "faq")
    assert page.body.startswith("## Is it free? {#free}")


def test_a_page_whose_language_nothing_tells_is_refused() -> None:
    with pytest.raises(BadInput, match="language cannot be told"):
        read_source(
            b"Title\n\nSome words.", name="a.txt", reader=Reader(today=NOW.date())
        )


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab1.:;?-*#•§ \n\t|åß", max_size=200))
def test_no_word_of_a_plain_text_is_lost(text: str) -> None:
    title, _ = read_plain(text)

    said = title + body(text)

    for letter in "abåß":
        assert said.count(letter) == text.count(letter)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    try:
        text, _ = decode(content)
    except BadInput:
        return

    assert "\r" not in text
