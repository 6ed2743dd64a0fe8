"""Every job that the counter does by itself: one entry each."""

from __future__ import annotations

from datetime import time

from aiohttp import web

from actions.cases.retention import Retention
from bot.keys import Parts
from bot.scheduler import Daily, Job


def list_jobs(app: web.Application, parts: Parts) -> list[Job]:
    """The jobs, over the application's parts."""
    archive, zone = parts.archive, parts.operator.zone
    retention = Retention(parts.engine, archive.policy, zone)
    return [
        Job(
            name="purge",
            timetable=Daily(time(3, 30), zone),
            run=retention.purge,
        ),
    ]
