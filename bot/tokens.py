"""Random tokens, seals of our own, and the secret that makes them."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path


def new_token() -> str:
    """256 random bits, safe in addresses and headers."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token; it is random enough to need no salt."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def seal(text: str, key: str, *, purpose: str, until: datetime) -> str:
    """`text` as only a holder of `key` can give it out, for one purpose and a time.

    What is sealed can be read by anybody, so nothing personal belongs in it.
    """
    dated = f"{text}.{int(until.timestamp())}"
    return f"{dated}.{_mac(dated, key, purpose)}"


def unseal(sealed: str, key: str, *, purpose: str, now: datetime) -> str | None:
    """The text that was sealed; None when it is not ours, for this, or still good."""
    dated, _, mac = sealed.rpartition(".")
    if not hmac.compare_digest(_mac(dated, key, purpose).encode(), _bytes(mac)):
        return None
    text, _, until = dated.rpartition(".")
    return text if int(until) > now.timestamp() else None


def internal_token(state_dir: Path) -> str:
    """The secret that the app and Rasa share, made on first use.

    It stands in `<state_dir>/rasa/token`, readable by its owner alone.
    """
    path = state_dir / "rasa" / "token"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token := secrets.token_urlsafe(32))
    return token


def _mac(text: str, key: str, purpose: str) -> str:
    sealed = _bytes(f"{purpose}\0{text}")
    return hmac.new(key.encode(), sealed, hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    # Requests can hold lone surrogates, which are no reason to break down.
    return text.encode("utf-8", "surrogatepass")
