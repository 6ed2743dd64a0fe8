from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.errors import BadInput, NotReady


def test_settings_are_read_from_the_environment() -> None:
    settings = Settings.from_environment(
        {
            "GUICHET_PORT": "9000",
            "GUICHET_NOW": "2026-11-22T10:00+01:00",
            "GUICHET_SCHEDULER": "off",
            "GUICHET_DELIVERY_CRM_SECRET": "whsec_1",
            "GUICHET_TEST_POSTGRESQL": "for the tests alone",
            "HOME": "/root",
        }
    )

    assert (settings.port, settings.scheduler) == (9000, False)
    assert settings.now == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert settings.delivery_secrets == {"CRM": "whsec_1"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GUICHET_PRT", "9000", "unknown setting GUICHET_PRT; known: .*GUICHET_PORT"),
        ("GUICHET_PORT", "many", "GUICHET_PORT must be a whole number, got 'many'"),
        ("GUICHET_RASA_TIMEOUT_SECONDS", "long", "must be a number, got 'long'"),
        ("GUICHET_NOW", "today", "must be a time like 2026-11-22"),
        ("GUICHET_SCHEDULER", "yes", "must be on or off, got 'yes'"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_what_was_expected(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        Settings.from_environment({name: value})


def test_every_setting_is_explained() -> None:
    explained = Settings.__doc__ or ""

    assert [each.name for each in fields(Settings) if each.name not in explained] == []


def test_secrets_are_not_shown_with_the_settings() -> None:
    secrets = {
        each.name: "hidden"
        for each in fields(Settings)
        if each.name.endswith(("secret", "password", "database_url", "redis_url"))
    }

    assert secrets
    assert "hidden" not in repr(Settings(**secrets))  # type: ignore[arg-type]


def test_the_address_is_that_of_the_public_or_where_the_app_listens() -> None:
    public = Settings(public_url="https://counter.example")
    local = Settings(host="127.0.0.1", port=9000, state_dir=Path("/srv"))

    assert (public.address, public.is_https) == ("https://counter.example", True)
    assert (local.address, local.is_https) == ("http://127.0.0.1:9000", False)
    assert local.archive_url == "sqlite:////srv/guichet.sqlite3"


@pytest.mark.parametrize("url", ["mysql://kim:secret@db/x", "no address: secret"])
def test_another_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(NotReady, match="sqlite:///path or postgresql://") as refused:
        open_engine(url)

    assert "secret" not in str(refused.value)
