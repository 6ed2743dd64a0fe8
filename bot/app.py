"""The one place where the parts are joined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial

from aiohttp import web

import actions.server
from actions.cases.channel import Channel
from actions.cases.turns import Turns
from bot import keys
from bot.assistant_services import open_action_server
from bot.console_room import open_workshop
from bot.conversations import Conversations
from bot.dialogue.bursts import Bursts
from bot.dialogue.utterances import Listener
from bot.dialogue.voice import Voice
from bot.keys import Parts
from bot.metrics import Metrics, count_requests
from bot.post_office import open_post_office
from bot.rooms import add_rooms, open_rooms
from bot.scheduling.jobs import list_jobs
from bot.scheduling.scheduler import Scheduler
from bot.settings import Settings
from bot.staff import own_account, people, sign_in
from bot.staff.second_factor import required_roles
from bot.web import api, contact, public, resuming, saving, uploads
from bot.web.limits import limit
from bot.web.pages import STATIC, set_up_templates
from bot.web.problems import answer_errors
from bot.web.security import harden
from knowledge.console.parts import CONSOLE

Opener = Callable[[Settings], AbstractAsyncContextManager[Parts]]
LARGEST_BODY_BYTES = 1024 * 1024
# Besides the rooms of staff.
WITH_ROUTES = (
    api,
    uploads,
    resuming,
    saving,
    public,
    contact,
    sign_in,
    own_account,
    people,
    actions.server,
)


def build_app(settings: Settings, *, opener: Opener | None = None) -> web.Application:
    """The whole application; parts are opened when it starts.

    Args:
        settings: Read once by the caller.
        opener: Opens and closes the parts; tests give fakes.

    Raises:
        BadInput: A setting is none of those that there are.
        NotReady: At start, when a part is missing or stale; says what to run.
    """
    required_roles(settings.second_factor_required)
    app = web.Application(
        middlewares=[
            harden,
            count_requests,
            answer_errors,
            limit,
            sign_in.guard_staff,
        ],
        client_max_size=LARGEST_BODY_BYTES,
    )
    app[keys.METRICS] = Metrics()
    app[keys.SOCKETS] = set()
    open_all = opener or _open_real_parts
    app.cleanup_ctx.append(lambda app: _joined(app, settings, open_all))
    app.on_shutdown.append(api.close_sockets)
    set_up_templates(app)
    for module in WITH_ROUTES:
        app.add_routes(module.routes)
    add_rooms(app)
    app.router.add_static("/static", STATIC)
    return app


async def _joined(
    app: web.Application, settings: Settings, open_all: Opener
) -> AsyncIterator[None]:
    """The parts are in the application, and their work goes on, until it stops."""
    async with open_all(settings) as parts:
        app[keys.PARTS] = parts
        app[keys.VOICE] = Voice(
            parts.texts,
            parts.clock,
            operator_name=parts.operator.name,
            contact_url=partial(contact.url, parts.settings),
        )
        app[keys.CONVERSATIONS] = _conversations(app, parts)
        open_rooms(app, parts)
        open_action_server(app, parts)
        async with (
            open_post_office(app, parts),
            app[CONSOLE].publisher.watching(),
            open_workshop(app),
            _scheduler(app, parts),
        ):
            yield


def _open_real_parts(settings: Settings) -> AbstractAsyncContextManager[Parts]:
    # Imported late: the real parts bring the embedding model's libraries.
    from bot.parts import open_parts

    return open_parts(settings)


@asynccontextmanager
async def _scheduler(app: web.Application, parts: Parts) -> AsyncIterator[None]:
    """Jobs run while this is open, if this process does any."""
    scheduler = Scheduler(
        parts.engine, parts.clock, list_jobs(app, parts), app[keys.METRICS]
    )
    app[keys.SCHEDULER] = scheduler
    if not parts.settings.scheduler:
        yield
        return
    async with scheduler.running():
        yield


def _conversations(app: web.Application, parts: Parts) -> Conversations:
    return Conversations(
        transcripts=parts.transcripts,
        turns=Turns(parts.engine),
        channel=Channel(parts.engine, parts.clock),
        assistant=parts.assistant,
        listener=Listener(parts.masker, parts.languages, parts.texts),
        voice=app[keys.VOICE],
        languages=parts.texts.languages,
        events=parts.events,
        locks=parts.locks,
        bursts=Bursts(parts.settings.burst_milliseconds / 1000),
        clock=parts.clock,
        metrics=app[keys.METRICS],
        max_utterance_characters=parts.settings.max_utterance_characters,
        agent_idle=timedelta(minutes=parts.settings.agent_idle_minutes),
    )
