"""Reminders of what must be answered soon, against a real mail server."""

from __future__ import annotations

from datetime import timedelta
from email.headerregistry import Address

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.cases.archive import Archive
from actions.delivery.courier import Courier
from actions.delivery.mailing import SmtpServer
from actions.delivery.outbox import Outbox
from actions.delivery.reminding import STAFF_EMAIL, ReminderCarrier, Reminders
from bot.settings import ROOT
from knowledge.operator import load_operator
from knowledge.workplace import load_staff_texts
from tests.factories import STOCKHOLM, FakeClock, make_draft
from tests.mail.servers import Postbox

EVA, NILS = "eva@ruterdam.example", "nils@ruterdam.example"


async def addressees() -> list[str]:
    return [EVA, NILS]


@pytest.fixture
def reminders(engine: AsyncEngine, archive: Archive) -> Reminders:
    return Reminders(engine, archive.clocks, addressees, STOCKHOLM, "sv")


@pytest.fixture
def bringing(outbox: Outbox, server: SmtpServer, clock: FakeClock) -> Courier:
    carrier = ReminderCarrier(
        server,
        Address("Ruterdam", addr_spec="support@ruterdam.example"),
        load_staff_texts(ROOT / "data"),
        load_operator(ROOT / "data").style,
        STOCKHOLM,
        "https://counter.example",
    )
    return Courier(outbox, {STAFF_EMAIL: carrier}, clock)


async def test_staff_are_reminded_of_what_is_with_them_or_with_nobody(
    archive: Archive,
    reminders: Reminders,
    bringing: Courier,
    postbox: Postbox,
    clock: FakeClock,
) -> None:
    case = await archive.file(make_draft())
    await archive.take_next(EVA)
    clock.now = case.answer_due_at - timedelta(days=2)

    await reminders.write(clock())
    await bringing.deliver_due()

    (sent,) = postbox.letters
    assert sent.recipients == [EVA]
    assert sent.message["Subject"] == "Snart dags att svara: 1"
    text = sent.part("plain")
    assert f"{case.reference}: 22 december 2026" in text
    assert f"https://counter.example/desk/cases/{case.reference}" in text
    assert "Élise" not in text


async def test_a_day_brings_one_reminder_however_many_processes_write_it(
    archive: Archive,
    reminders: Reminders,
    bringing: Courier,
    postbox: Postbox,
    clock: FakeClock,
) -> None:
    case = await archive.file(make_draft())
    clock.now = case.answer_due_at - timedelta(days=2)

    await reminders.write(clock())
    await reminders.write(clock() + timedelta(hours=1))
    await bringing.deliver_due()

    assert sorted(sent.recipients for sent in postbox.letters) == [[EVA], [NILS]]


async def test_with_nothing_due_nobody_is_written_to(
    archive: Archive, reminders: Reminders, outbox: Outbox, clock: FakeClock
) -> None:
    await archive.file(make_draft())

    await reminders.write(clock())

    assert (STAFF_EMAIL, "waiting") not in await outbox.counts()
