from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from typer.testing import CliRunner

from actions.cases.archive import Archive
from actions.cases.outbox import EMAIL
from actions.cases.policies import load_policy
from actions.delivery.office import POST, PostOffice
from actions.delivery.reminding import STAFF_EMAIL
from bot.cli import app as cli
from bot.dialogue.rasa import Turn
from bot.post_office import post_checks, reply_addresses
from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.errors import NotReady
from tests.factories import STOCKHOLM, FakeClock, make_draft
from tests.web.conftest import DATA, Counter

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes min").decode()


def office(counter: Counter) -> PostOffice:
    app = counter.client.app
    assert isinstance(app, web.Application)
    return app[POST]


async def test_what_was_given_up_is_shown_and_replayed(counter: Counter) -> None:
    case = await counter.parts.archive.file(make_draft())
    outbox = office(counter).outbox
    (letter,) = await outbox.claim([EMAIL])
    await outbox.mark_failed(letter, "the mail server answered 550", is_final=True)
    await counter.sign_in()

    response = await counter.client.get("/api/v1/desk/outbox?state=dead")
    (dead,) = (await response.json())["deliveries"]
    origin = {"Origin": str(counter.client.make_url("/").origin())}
    replayed = await counter.client.post(
        "/api/v1/desk/outbox/replay", json={"ids": [dead["id"]]}, headers=origin
    )

    assert dead["reference"] == case.reference
    assert dead["last_error"] == "the mail server answered 550"
    assert dead["is_configured"] is False
    assert "recipient" not in dead and "content" not in dead
    assert await replayed.json() == {"replayed": 1}
    assert len(await outbox.list("waiting")) == 1


@pytest.mark.parametrize(
    "path", ["outbox", "mail", "cases/G-2026-000001/letters", "outbox?state=lost"]
)
async def test_the_outbox_and_letters_are_for_the_desk_alone(
    counter: Counter, path: str
) -> None:
    response = await counter.client.get(f"/api/v1/desk/{path}")

    assert response.status == 401


async def test_an_unknown_state_is_refused(counter: Counter) -> None:
    await counter.sign_in()

    response = await counter.client.get("/api/v1/desk/outbox?state=lost")

    assert response.status == 400


def signed(raw: bytes, secret: str, at: float) -> Mapping[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"one.{int(at)}.".encode() + raw
    seal = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "webhook-id": "one",
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{seal}",
        "Content-Type": "message/rfc822",
    }


@pytest.fixture
async def taking(counter: Counter) -> Counter:
    """A counter to which letters may be posted."""
    object.__setattr__(office(counter), "webhook_secret", SECRET)
    return counter


async def test_a_posted_letter_joins_its_case(taking: Counter) -> None:
    case = await taking.parts.archive.file(make_draft())
    addresses = reply_addresses(taking.parts.settings, taking.parts.operator)
    raw = (
        "From: elise.morel@example.fr\r\n"
        f"To: {addresses.make('reply', case.reference)}\r\n"
        "Message-ID: <one@example.fr>\r\n"
        "Content-Type: text/plain; charset=latin-1\r\n\r\nDéjà écrit."
    ).encode("latin-1")

    response = await taking.client.post(
        "/api/v1/mail/inbound", data=raw, headers=signed(raw, SECRET, time.time())
    )

    assert await response.json() == {"result": "appended"}
    told = (await taking.parts.archive.case(case.reference)).transcript[-1]
    assert told.text == "Déjà écrit."


async def test_a_posted_letter_is_read_for_cries_for_help(taking: Counter) -> None:
    taking.assistant.script = lambda text, metadata: Turn(replies=[], intent="crisis")
    case = await taking.parts.archive.file(make_draft())
    addresses = reply_addresses(taking.parts.settings, taking.parts.operator)
    raw = (
        "From: elise.morel@example.fr\r\nMessage-ID: <one@example.fr>\r\n"
        f"To: {addresses.make('reply', case.reference)}\r\n\r\nJe veux en finir."
    ).encode()

    await taking.client.post(
        "/api/v1/mail/inbound", data=raw, headers=signed(raw, SECRET, time.time())
    )

    assert (await taking.parts.archive.case(case.reference)).is_urgent


@pytest.mark.parametrize(
    ("secret", "age"), [(SECRET, 600), ("whsec_" + "QUJD" * 10, 0)]
)
async def test_a_letter_that_is_not_signed_now_by_us_is_refused(
    taking: Counter, secret: str, age: int
) -> None:
    headers = signed(b"From: a@b.example\r\n\r\n", secret, time.time() - age)

    response = await taking.client.post(
        "/api/v1/mail/inbound", data=b"From: a@b.example\r\n\r\n", headers=headers
    )

    assert response.status == 401
    assert await office(taking).letterbook.unmatched() == []


async def test_without_a_secret_no_letter_is_taken(counter: Counter) -> None:
    response = await counter.client.post("/api/v1/mail/inbound", data=b"x")

    assert response.status == 404


async def test_staff_puts_a_letter_where_it_belongs(taking: Counter) -> None:
    case = await taking.parts.archive.file(make_draft())
    raw = b"From: elise@private.example\r\nMessage-ID: <x@y>\r\n\r\nC'est moi."
    await office(taking).mailroom.receive(raw)
    await taking.sign_in()
    origin = {"Origin": str(taking.client.make_url("/").origin())}

    listed = await (await taking.client.get("/api/v1/desk/mail")).json()
    (letter,) = listed["letters"]
    await taking.client.post(
        f"/api/v1/desk/mail/{letter['id']}/attach",
        json={"reference": case.reference},
        headers=origin,
    )

    shown = await taking.client.get(f"/api/v1/desk/cases/{case.reference}/letters")
    (kept,) = (await shown.json())["letters"]
    assert (letter["reason"], kept["state"]) == ("no_case_named", "appended")


async def test_the_outbox_is_counted_for_the_operator(counter: Counter) -> None:
    await counter.parts.archive.file(make_draft())
    courier = office(counter).courier
    assert courier._after_round is not None

    await courier._after_round()

    text = await (await counter.client.get("/metrics")).text()
    assert 'guichet_outbox{destination="email",state="waiting"} 1.0' in text


def with_deliveries(folder: Path, *entries: dict[str, Any]) -> Path:
    """The operator's files, with these deliveries."""
    for path in DATA.iterdir():
        if path.name != "operator.yml":
            (folder / path.name).symlink_to(path)
    stated = yaml.safe_load((DATA / "operator.yml").read_text("utf-8"))
    stated["deliveries"] = list(entries)
    (folder / "operator.yml").write_text(yaml.safe_dump(stated))
    return folder


HOOK = {
    "name": "crm",
    "kind": "webhook",
    "url": "http://127.0.0.1:1/hook",
    "network": "loopback",
    "events": ["filed"],
}


async def test_configured_systems_are_told_from_the_start(
    make_counter: Callable[..., Awaitable[Counter]],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    data = with_deliveries(folder, HOOK)
    settings = Settings(
        data_dir=data,
        state_dir=tmp_path,
        scheduler=False,
        delivery_secrets={"CRM": SECRET},
        smtp_host="127.0.0.1",
    )
    counter = await make_counter(settings=settings)
    await counter.parts.archive.file(make_draft())

    written = await office(counter).outbox.list()

    assert set(office(counter).carriers) == {EMAIL, STAFF_EMAIL, "crm"}
    assert [(each.destination, each.kind) for each in written] == [
        ("crm", "filed"),
        (EMAIL, "receipt"),
    ]


async def test_doctor_says_what_is_and_is_not_configured(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    settings = Settings(
        data_dir=with_deliveries(folder, HOOK),
        state_dir=tmp_path,
        delivery_secrets={"CRM": SECRET},
    )

    found = {name: await check(settings) for name, check in post_checks(settings)}

    assert found["letters out"].startswith("not configured: letters wait")
    assert found["letters in"].startswith("not configured")
    assert found["deliveries"] == "crm"
    assert found["delivery crm"] == "http://127.0.0.1:1/hook"


async def test_doctor_names_a_delivery_without_its_secret(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    settings = Settings(data_dir=with_deliveries(folder, HOOK), state_dir=tmp_path)

    checks = dict(post_checks(settings))

    with pytest.raises(NotReady, match="crm needs GUICHET_DELIVERY_CRM_SECRET"):
        await checks["deliveries"](settings)


def test_secrets_are_read_by_name_and_never_shown() -> None:
    settings = Settings.from_environment(
        {"GUICHET_DELIVERY_CRM_EU_SECRET": "s1", "GUICHET_SMTP_PASSWORD": "s2"}
    )

    assert settings.delivery_secrets == {"CRM_EU": "s1"}
    assert "s1" not in repr(settings) and "s2" not in repr(settings)


def test_the_command_says_what_waits_and_why(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'guichet.sqlite3')}"
    asyncio.run(_file(url))
    monkeypatch.setenv("GUICHET_DATABASE_URL", url)

    shown = CliRunner().invoke(cli, ["outbox", "list"], env={"COLUMNS": "120"})

    assert "G-2026-000001" in shown.output
    assert "email is not configured: what is for it waits" in shown.output


async def _file(url: str) -> None:
    engine = open_engine(url)
    await Archive(engine, load_policy(DATA), STOCKHOLM, FakeClock()).file(make_draft())
    await engine.dispose()
