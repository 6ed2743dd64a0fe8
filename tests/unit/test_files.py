"""Names and types of attached files."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.cases.files import LONGEST_NAME, TYPES, clean_name, media_type_of
from knowledge.errors import WrongFileType
from tests.factories import GIF, JPEG, PDF, PNG, WEBP


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (GIF, "image/gif"),
        (PDF, "application/pdf"),
    ],
)
def test_the_type_is_read_from_the_bytes(content: bytes, media_type: str):
    assert media_type_of(content) == media_type


@given(st.binary(max_size=64))
def test_bytes_of_no_known_type_are_refused(content: bytes):
    try:
        media_type = media_type_of(b"\x00" + content)
    except WrongFileType:
        return
    assert media_type in TYPES


@pytest.mark.parametrize(
    ("given_name", "media_type", "shown"),
    [
        ("kvitto.png", "image/png", "kvitto.png"),
        ("Relevé bancaire.PDF", "application/pdf", "Relevé bancaire.pdf"),
        ("../../etc/passwd", "image/png", "passwd.png"),
        (r"C:\Users\eva\bild.jpeg", "image/jpeg", "bild.jpeg"),
        ("invoice.pdf.exe", "application/pdf", "invoice.pdf.exe.pdf"),
        ("gpj.\u202eexe.png", "image/png", "gpj.exe.png"),
        ('a"b\r\nX: y.gif', "image/gif", "a bX y.gif"),
        ("", "image/webp", "file.webp"),
        (".png", "image/png", "png.png"),
    ],
)
def test_names_are_made_harmless(given_name: str, media_type: str, shown: str):
    assert clean_name(given_name, media_type) == shown


@given(st.text(max_size=300), st.sampled_from(sorted(TYPES)))
def test_every_name_is_short_printable_and_has_a_true_extension(
    given_name: str, media_type: str
):
    shown = clean_name(given_name, media_type)

    assert 0 < len(shown) <= LONGEST_NAME
    assert shown.endswith(TYPES[media_type])
    assert not any(unicodedata.category(each)[0] == "C" for each in shown)
    assert not set(shown) & set('/\\"<>|:*?')
