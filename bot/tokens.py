"""Random tokens, and what is stored in their place."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """256 random bits, safe in addresses and headers."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token; it is random enough to need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
