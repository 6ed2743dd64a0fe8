"""The rooms of staff, joined to the application: desk and console."""

from __future__ import annotations

from aiohttp import web

import actions.delivery.api
import actions.delivery.views
import actions.desk.api
import actions.desk.case_page
import actions.desk.downloads
import actions.desk.hold_pages
import actions.desk.live_pages
import actions.desk.template_pages
import actions.desk.views
import actions.reports.views
import knowledge.console.api
import knowledge.console.editor
import knowledge.console.history
import knowledge.console.imports
import knowledge.console.publications
import knowledge.console.views
import knowledge.console.withdrawing
from actions.desk.parts import DESK
from actions.reports.figures import Reports
from actions.reports.views import REPORTS, ReportRoom
from bot import keys
from bot.console_room import make_console
from bot.desk_room import make_desk
from bot.keys import Parts
from knowledge.console.parts import CONSOLE
from knowledge.workplace import STATIC, WORKPLACE, Workplace, load_staff_texts


def add_rooms(app: web.Application) -> None:
    """Add the routes; their parts are opened with `open_rooms`."""
    for module in (
        actions.delivery.api,
        actions.delivery.views,
        actions.desk.api,
        actions.desk.case_page,
        actions.desk.downloads,
        actions.desk.hold_pages,
        actions.desk.live_pages,
        actions.desk.template_pages,
        actions.desk.views,
        actions.reports.views,
        knowledge.console.api,
        knowledge.console.editor,
        knowledge.console.history,
        knowledge.console.imports,
        knowledge.console.publications,
        knowledge.console.views,
        knowledge.console.withdrawing,
    ):
        app.add_routes(module.routes)
    app.router.add_static("/staff", STATIC)


def open_rooms(app: web.Application, parts: Parts) -> None:
    """Give the rooms their parts, when the application starts."""
    app[WORKPLACE] = Workplace(
        texts=load_staff_texts(parts.settings.data_dir),
        zone=parts.operator.zone,
        clock=parts.clock,
        operator_name=parts.operator.name,
        languages=tuple(parts.operator.languages),
        is_https=parts.settings.is_https,
        style=parts.operator.style,
    )
    app[DESK] = make_desk(parts, app[keys.CONVERSATIONS])
    app[REPORTS] = ReportRoom(reports=Reports(parts.engine), executor=parts.executor)
    app[CONSOLE] = make_console(parts)
