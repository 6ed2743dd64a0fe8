"""Settings, read once from the environment and frozen."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from knowledge.errors import BadInput

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, each read from `GUICHET_<NAME>`.

    Attributes:
        data_dir: The operator's own files (`data/`).
        state_dir: What Guichet builds and stores: models, index, database, secrets.
        database_url: `sqlite:///…` or `postgresql://…`; default SQLite in `state_dir`.
        redis_url: Fan-out of live messages between replicas, their limits by address,
            and Rasa's lock store; empty for one process.
        host, port: Where the app listens.
        rasa_port: Where Rasa listens, on loopback.
        public_url: The address customers see, without a trailing slash.
        proxies: So many proxies stand in front and add to `X-Forwarded-For`. Who asks
            too often is then known by it; with 0 no such header is believed.
        embedding_model: `bundled`, a Hugging Face id or a folder.
        embedding_backend: `onnx` or `torch`.
        now: The clock starts at this moment, for evaluations; empty for the real one.
        rasa_timeout_seconds: After this the customer is given the contact form.
        max_utterance_characters: Longer utterances are refused with a clear answer.
        burst_milliseconds: So long a message that looks unfinished waits for the rest
            before it is answered; longer while the customer is typing. 0 never waits.
        agent_idle_minutes: After this without a word from the agent who took over a
            conversation, the assistant answers again.
        max_attachment_bytes: Larger files are refused.
        max_attachments: As many files may one conversation have.
        oidc_issuer, oidc_client_id, oidc_client_secret: The company's OpenID provider,
            for staff to sign in with; empty for passwords alone.
        second_factor_required: Roles that cannot work without a second factor, such as
            `lead,administrator`; `all`, or empty for none. Whoever lacks one sets it up
            at the next sign-in; the company's own sign-in counts as one.
        scheduler: `on`, or `off` for a process that does no jobs by itself: another
            one must then.
        smtp_host, smtp_port, smtp_username, smtp_password, smtp_tls: The server that
            sends letters; `smtp_tls` is `starttls`, `tls` or `none`. Without a host
            letters wait in the outbox.
        import_from_private_networks: Editors may import pages from an intranet.
        mail_from: Whom letters are from; the operator's address unless given.
        mail_reply_address: The mailbox that takes replies, `reply@mail.example`; mail
            to `reply+anything@mail.example` must reach it. `mail_from` unless given.
        mail_secret: Seals the addresses of replies; one of this machine's own unless
            given. The same for all replicas, and kept: older addresses depend on it.
        imap_host, imap_port, imap_username, imap_password, imap_tls, imap_folder:
            Where replies are fetched; `imap_tls` is `tls` or `none`.
        mail_webhook_secret: `whsec_…`: signs letters that are posted to
            `/api/v1/mail/inbound`; without it none are taken there.
        delivery_secrets: Of the `deliveries` in `operator.yml`, each read from
            `GUICHET_DELIVERY_<NAME>_SECRET`.
    """

    data_dir: Path = ROOT / "data"
    state_dir: Path = ROOT / "var"
    # Addresses of databases may hold a password.
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    rasa_port: int = 5005
    public_url: str = ""
    proxies: int = 0
    embedding_model: str = "bundled"
    embedding_backend: str = "onnx"
    now: datetime | None = None
    rasa_timeout_seconds: float = 15.0
    max_utterance_characters: int = 10_000
    burst_milliseconds: int = 300
    agent_idle_minutes: int = 15
    max_attachment_bytes: int = 10 * 1024 * 1024
    max_attachments: int = 10
    scheduler: bool = True
    import_from_private_networks: bool = False
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    second_factor_required: str = ""

    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_tls: str = "starttls"
    mail_from: str = ""
    mail_reply_address: str = ""
    mail_secret: str = field(default="", repr=False)
    imap_host: str = ""
    imap_port: int = 993
    imap_username: str = ""
    imap_password: str = field(default="", repr=False)
    imap_tls: str = "tls"
    imap_folder: str = "INBOX"
    mail_webhook_secret: str = field(default="", repr=False)
    delivery_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read every `GUICHET_*` variable; an unknown or malformed one is an error."""
        environment = os.environ if environment is None else environment
        known = {f"GUICHET_{each.name.upper()}": each for each in fields(cls)}
        del known["GUICHET_DELIVERY_SECRETS"]
        secrets: dict[str, str] = {}
        values: dict[str, object] = {"delivery_secrets": secrets}
        for name, text in environment.items():
            # GUICHET_TEST_* name the servers that tests should use.
            if not name.startswith("GUICHET_") or name.startswith("GUICHET_TEST_"):
                continue
            if secret := re.fullmatch(r"GUICHET_DELIVERY_(\w+)_SECRET", name):
                secrets[secret[1]] = text
                continue
            if name not in known:
                raise BadInput(f"unknown setting {name}; known: {', '.join(known)}")
            values[known[name].name] = _parse(name, str(known[name].type), text)
        return cls(**values)  # type: ignore[arg-type]

    def clock(self) -> Callable[[], datetime]:
        """The source of the present moment, aware and in UTC."""
        if self.now is None:
            return lambda: datetime.now(UTC)
        start, started = self.now, time.monotonic()
        return lambda: start + timedelta(seconds=time.monotonic() - started)

    @property
    def archive_url(self) -> str:
        return self.database_url or f"sqlite:///{self.state_dir / 'guichet.sqlite3'}"

    @property
    def address(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def is_https(self) -> bool:
        return self.address.startswith("https:")

    @property
    def rasa_url(self) -> str:
        return f"http://127.0.0.1:{self.rasa_port}"


def _parse(name: str, kind: str, text: str) -> object:
    try:
        match kind:
            case "Path":
                return Path(text).resolve()
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return {"on": True, "off": False}[text]
            case "datetime | None":
                return datetime.fromisoformat(text).astimezone(UTC) if text else None
            case _:
                return text
    except KeyError as exc:
        raise BadInput(f"{name} must be on or off, got {text!r}") from exc
    except ValueError as exc:
        known = {"int": "a whole number", "float": "a number"}
        expected = known.get(kind, "a time like 2026-11-22T09:00+01:00")
        raise BadInput(f"{name} must be {expected}, got {text!r}") from exc
