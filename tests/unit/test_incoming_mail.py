from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.delivery.incoming import read_mail, text_of_html
from actions.delivery.reply_addresses import ReplyAddresses
from knowledge.errors import NotReady

ADDRESSES = ReplyAddresses("reply@mail.example", "a key")


def test_an_address_is_read_back_whatever_its_capitals() -> None:
    address = ADDRESSES.make("reply", "G-2026-000123")

    assert ADDRESSES.read(address.upper()) == ("reply", "G-2026-000123")
    assert len(address.partition("@")[0]) <= 64


def test_a_bounce_address_is_no_reply_address() -> None:
    address = ADDRESSES.make("bounce", "G-2026-000123")

    assert ADDRESSES.read(address) == ("bounce", "G-2026-000123")
    assert ADDRESSES.read(address.replace("bounce.", "")) is None


def test_an_address_of_another_key_or_case_is_not_ours() -> None:
    address = ADDRESSES.make("reply", "G-2026-000123")

    assert ReplyAddresses("reply@mail.example", "another").read(address) is None
    assert ADDRESSES.read(address.replace("000123", "000124")) is None
    assert ADDRESSES.read("reply@mail.example") is None


@pytest.mark.parametrize("mailbox", ["", "reply", "re+ply@x.example", "a" * 21 + "@x"])
def test_a_mailbox_that_cannot_take_replies_is_refused(mailbox: str) -> None:
    with pytest.raises(NotReady, match="must look like"):
        ReplyAddresses(mailbox, "a key")


def test_an_html_letter_is_read_as_lines() -> None:
    html = (
        "<html><head><style>p {}</style></head><body><div>Bonjour&nbsp;!</div>"
        "<div>Rien <b>re&ccedil;u</b>.<br>Merci</div>"
        "<blockquote>Votre dossier</blockquote></body></html>"
    )

    assert text_of_html(html) == "Bonjour !\n\nRien reçu.\nMerci\n\n> Votre dossier"


def test_a_letter_in_an_unknown_charset_is_read() -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: text/plain; charset=x-none\r\n\r\nHej \xe5"
    )

    assert read_mail(raw).text == "Hej \N{REPLACEMENT CHARACTER}"


def test_a_letter_without_an_id_has_one_of_its_bytes() -> None:
    first, again = (read_mail(b"From: a@b.example\r\n\r\nHej") for _ in range(2))

    assert first.message_id == again.message_id != read_mail(b"x: y\r\n\r\n").message_id


@given(st.binary(max_size=600))
def test_no_letter_is_too_broken_to_read(raw: bytes) -> None:
    read_mail(raw)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["From", "To", "Subject", "Message-ID", "Content-Type", "References"]
            ),
            st.text(max_size=60),
        )
    ),
    st.text(max_size=100),
)
def test_no_header_is_too_broken_to_read(
    headers: list[tuple[str, str]], body: str
) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)

    read_mail(f"{head}\r\n{body}".encode("utf-8", "replace"))
