from datetime import UTC, datetime, timedelta

import pytest

from bot.tokens import hash_token, seal, unseal

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = "the key of this counter"
SEALED = seal("0a1b", KEY, purpose="resume", until=NOW + timedelta(days=1))


def test_what_was_sealed_comes_back_until_it_expires() -> None:
    until = NOW + timedelta(days=1)

    assert unseal(SEALED, KEY, purpose="resume", now=NOW) == "0a1b"
    assert unseal(SEALED, KEY, purpose="resume", now=until) is None


def test_a_seal_is_good_for_its_own_purpose_and_key_only() -> None:
    assert unseal(SEALED, KEY, purpose="contact", now=NOW) is None
    assert unseal(SEALED, "another key", purpose="resume", now=NOW) is None


@pytest.mark.parametrize(
    "forged",
    [
        "",
        ".",
        "0a1b",
        SEALED[:-1],
        SEALED.replace("0a1b", "0a1c"),
        SEALED.replace(".17", ".99", 1),
        f"{SEALED}\ud800",
    ],
)
def test_what_was_not_sealed_here_is_nothing(forged: str) -> None:
    assert unseal(forged, KEY, purpose="resume", now=NOW) is None


def test_any_text_that_a_request_can_hold_has_a_hash() -> None:
    assert len(hash_token("\ud800")) == 64
