"""Which systems are told of cases: `deliveries` in `data/operator.yml`.

    deliveries:
      - name: crm
        kind: webhook            # webhook, zammad, zendesk or chatwoot
        url: https://crm.example/hooks/guichet
        events: [filed, closed]  # every event that leaves the house unless stated
        network: public          # private: in our own network; loopback: this machine

Its secret is `GUICHET_DELIVERY_<NAME>_SECRET` in the environment, never in a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from actions.cases.outbox import EMAIL
from actions.delivery.addresses import Network, check_url
from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

Kind = Literal["webhook", "zammad", "zendesk", "chatwoot"]

# Every event that may leave the house. Notes, and who works on a case, may not.
EVENTS = (
    "filed",
    "marked_urgent",
    "classified",
    "customer_wrote",
    "replied",
    "interim_update_sent",
    "waiting_for_customer",
    "closed",
    "reopened",
    "erased",
)
# What each kind must be told beside its address, and what it may be.
_NEEDS: dict[Kind, tuple[str, ...]] = {
    "webhook": (),
    "zammad": ("group",),
    "zendesk": (),
    "chatwoot": ("account", "inbox"),
}
_MAY: dict[Kind, tuple[str, ...]] = {
    "webhook": (),
    "zammad": ("language", "reference_field"),
    "zendesk": ("language", "user", "group"),
    "chatwoot": ("language",),
}
_COMMON = ("name", "kind", "url", "events", "network")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """One system that is told of cases.

    Attributes:
        events: Kinds of events that it is told of.
        options: What its kind needs beside: see `_NEEDS` and `_MAY`.
        secret: Signing secret or access token.
    """

    name: str
    kind: Kind
    url: str
    events: tuple[str, ...]
    network: Network
    options: Mapping[str, str]
    secret: str = field(repr=False)


def load_destinations(data_dir: Path, secrets: Mapping[str, str]) -> list[Destination]:
    """Read them, each with its secret.

    Args:
        data_dir: Where `operator.yml` lies.
        secrets: By the name in capitals, `-` written as `_`: `CRM` for `crm`.

    Raises:
        NotReady: An entry is malformed, unsafe or without its secret, or a secret
            belongs to none.
    """
    path = data_dir / "operator.yml"
    stated = parse_yaml(path.read_text("utf-8")).get("deliveries") or []
    if not isinstance(stated, list):
        raise NotReady(f"{path}: deliveries must be a list")
    found = [_destination(path, each, secrets) for each in stated]
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        raise NotReady(f"{path}: two deliveries share a name: {', '.join(names)}")
    if unknown := secrets.keys() - {_secret_name(name) for name in names}:
        raise NotReady(
            f"GUICHET_DELIVERY_{min(unknown)}_SECRET belongs to no delivery of {path}"
        )
    return found


def _destination(path: Path, entry: Any, secrets: Mapping[str, str]) -> Destination:
    name = str(entry.get("name", "")) if isinstance(entry, dict) else ""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", name) or name == EMAIL:
        raise NotReady(
            f"{path}: each delivery needs a name of small letters, digits and hyphens, "
            f"other than {EMAIL}, got {name!r}"
        )
    kind = entry.get("kind")
    if kind not in get_args(Kind):
        raise NotReady(
            f"{path}: {name}: kind must be one of {', '.join(get_args(Kind))}"
        )
    _check_fields(path, name, kind, entry)
    network = entry.get("network", "public")
    try:
        check_url(str(entry.get("url", "")), network)
    except NotReady as exc:
        raise NotReady(f"{path}: {name}: {exc}") from exc
    secret = secrets.get(_secret_name(name), "")
    if not secret:
        raise NotReady(f"{name} needs GUICHET_DELIVERY_{_secret_name(name)}_SECRET")
    return Destination(
        name=name,
        kind=kind,
        url=str(entry["url"]).rstrip("/"),
        events=tuple(entry.get("events") or EVENTS),
        network=network,
        options={
            option: str(entry[option])
            for option in (*_NEEDS[kind], *_MAY[kind])
            if entry.get(option) is not None
        },
        secret=secret,
    )


def _check_fields(path: Path, name: str, kind: Kind, entry: Mapping[str, Any]) -> None:
    lacking = [each for each in _NEEDS[kind] if not entry.get(each)]
    if lacking:
        raise NotReady(f"{path}: {name}: a {kind} needs {', '.join(lacking)}")
    unknown: Sequence[str] = sorted(
        entry.keys() - {*_COMMON, *_NEEDS[kind], *_MAY[kind]}
    )
    if unknown:
        raise NotReady(f"{path}: {name}: a {kind} has no {', '.join(unknown)}")
    events = entry.get("events") or []
    strange = [each for each in events if each not in EVENTS]
    if not isinstance(events, list) or strange:
        raise NotReady(f"{path}: {name}: events must be among {', '.join(EVENTS)}")


def _secret_name(name: str) -> str:
    return name.upper().replace("-", "_")
