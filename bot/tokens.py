"""Random tokens, and what is stored in their place."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits, safe in addresses and headers."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token; it is random enough to need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign(text: str, key: str) -> str:
    """`text` with a seal that only a holder of `key` can make."""
    seal = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{text}.{seal}"


def unsign(signed: str, key: str) -> str | None:
    """The text that was signed, or None when the seal is not right."""
    text, _, _ = signed.rpartition(".")
    is_right = hmac.compare_digest(sign(text, key).encode(), signed.encode())
    return text if is_right else None
