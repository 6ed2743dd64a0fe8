from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.delivery.destinations import EVENTS, load_destinations
from knowledge.errors import NotReady

WEBHOOK = {"name": "crm-eu", "kind": "webhook", "url": "https://crm.example/hook/"}
SECRETS = {"CRM_EU": "whsec_x"}


def write(folder: Path, *entries: dict[str, Any]) -> Path:
    (folder / "operator.yml").write_text(yaml.safe_dump({"deliveries": [*entries]}))
    return folder


def test_a_system_is_told_of_everything_that_may_leave_unless_it_says(
    tmp_path: Path,
) -> None:
    (crm,) = load_destinations(write(tmp_path, WEBHOOK), SECRETS)

    assert (crm.name, crm.url, crm.events) == (
        "crm-eu",
        "https://crm.example/hook",
        EVENTS,
    )
    assert "noted" not in crm.events


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    (crm,) = load_destinations(write(tmp_path, WEBHOOK), SECRETS)

    assert "whsec_x" not in repr(crm)


def test_an_operator_without_deliveries_has_none(tmp_path: Path) -> None:
    (tmp_path / "operator.yml").write_text("name: Ruterdam\n")

    assert load_destinations(tmp_path, {}) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "CRM"}, "needs a name of small letters"),
        ({"name": "email"}, "other than email"),
        ({"kind": "fax"}, "kind must be one of webhook, zammad, zendesk, chatwoot"),
        ({"kind": "zammad"}, "a zammad needs group"),
        ({"kind": "chatwoot", "account": 1}, "a chatwoot needs inbox"),
        ({"group": "Users"}, "a webhook has no group"),
        ({"events": ["noted"]}, "events must be among filed"),
        ({"url": "http://crm.example"}, "must begin with https://"),
        ({"network": "all"}, "network must be public, private or loopback"),
    ],
)
def test_a_malformed_delivery_is_refused_with_a_sentence(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    folder = write(tmp_path, WEBHOOK | changes)

    with pytest.raises(NotReady, match=sentence):
        load_destinations(folder, SECRETS)


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="needs GUICHET_DELIVERY_CRM_EU_SECRET"):
        load_destinations(write(tmp_path, WEBHOOK), {})


def test_a_secret_for_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="GUICHET_DELIVERY_CRN_SECRET belongs to no"):
        load_destinations(write(tmp_path, WEBHOOK), {**SECRETS, "CRN": "x"})
