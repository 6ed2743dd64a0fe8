"""Every job that the counter does by itself: one entry each."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from aiohttp import web

from actions.cases.case import Message, message_as_json
from actions.cases.retention import Retention
from actions.delivery.office import POST
from actions.delivery.reminding import STAFF_EMAIL, Reminders
from bot import keys
from bot.dialogue.trackers import open_trackers
from bot.keys import Parts
from bot.post_office import list_post_jobs
from bot.scheduling.informing import InterimUpdates
from bot.scheduling.scheduler import Daily, Every, Job
from knowledge.console.parts import CONSOLE
from knowledge.scheduling import publish_due
from knowledge.workplace import load_staff_texts


def list_jobs(app: web.Application, parts: Parts) -> list[Job]:
    """The jobs, over the application's parts."""
    archive, zone = parts.archive, parts.operator.zone
    retention = Retention(
        parts.engine,
        archive.policy,
        zone,
        policies=archive.clocks.rules.policies,
        attachments=parts.attachments,
        memory=open_trackers(parts.settings),
    )
    updates = InterimUpdates(parts.texts, parts.operator.default_language)

    async def announce(conversation: str, message: Message) -> None:
        await parts.events.publish(conversation, message_as_json(message))

    async def follow_clocks(now: datetime) -> None:
        await archive.clocks.run_due(now, updates.compose, announce)

    async def publish_pages(now: datetime) -> None:
        console = app[CONSOLE]
        await publish_due(console.schedule, console.store, console.publisher, now)

    async def embed_cases(now: datetime) -> None:
        await archive.embed_missing()

    async def addressees() -> list[str]:
        found = await parts.accounts.everybody()
        return [each.email for each in found if each.is_active and each.can_use_desk()]

    languages = load_staff_texts(parts.settings.data_dir).languages
    own = parts.operator.default_language
    reminders = Reminders(
        parts.engine,
        archive.clocks,
        addressees,
        zone,
        own if own in languages else languages[0],
    )
    reminding = [
        Job(name="reminders", timetable=Daily(time(7), zone), run=reminders.write)
    ]

    return [
        # Without a mail server nobody could be told.
        *(reminding if STAFF_EMAIL in app[POST].carriers else ()),
        Job(name="embeddings", timetable=Every(timedelta(minutes=10)), run=embed_cases),
        Job(name="clocks", timetable=Every(timedelta(minutes=1)), run=follow_clocks),
        Job(name="publish", timetable=Every(timedelta(minutes=1)), run=publish_pages),
        Job(
            name="purge",
            timetable=Daily(time(3, 30), zone),
            run=retention.purge,
        ),
        *list_post_jobs(app[POST], app[keys.METRICS], zone),
    ]
