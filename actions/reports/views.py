"""The pages of reports, under `/desk/report`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web
from babel import Locale
from babel.dates import format_skeleton

from actions.cases.case import CATEGORIES, GROUNDS, OUTCOME_KINDS
from actions.reports.charts import Chart, bars, stacked
from actions.reports.figures import Figures, Reports
from actions.reports.period import Period, month_from, period_from
from actions.reports.tables import cases_csv, complaints_csv, days_taken
from knowledge.workplace import WORKPLACE, interface_language, page_locale, render

routes = web.RouteTableDef()


@dataclass(frozen=True, kw_only=True)
class ReportRoom:
    """What the pages work with.

    Attributes:
        executor: Draws the charts.
    """

    reports: Reports
    executor: Executor


REPORTS = web.AppKey("reports", ReportRoom)


@routes.get("/desk/report")
async def show(request: web.Request) -> web.Response:
    """The period in charts and tables."""
    room, place = request.app[REPORTS], request.app[WORKPLACE]
    period = period_from(request.query, today=_today(request), zone=place.zone)
    figures = await room.reports.figures(period, place.clock())
    language = interface_language(request)

    def name(kind: str, code: str) -> str:
        return place.texts.text(language, f"codes.{kind}.{code}")

    drawn = await asyncio.get_running_loop().run_in_executor(
        room.executor, _charts, figures, name, page_locale(request)
    )
    return render(
        request,
        "reports/period.html",
        {
            "period": period,
            "figures": figures,
            "charts": drawn,
            "categories": CATEGORIES,
            "languages_seen": _languages(figures),
            "presets": _presets(_today(request)),
        },
    )


@routes.get("/desk/report/cases.csv")
async def cases_file(request: web.Request) -> web.Response:
    zone = request.app[WORKPLACE].zone
    period = period_from(request.query, today=_today(request), zone=zone)
    rows = await request.app[REPORTS].reports.rows(period)
    return _file(cases_csv(rows), f"cases-{period.first}-{period.last}.csv")


@routes.get("/desk/report/complaints")
async def show_month(request: web.Request) -> web.Response:
    """The monthly report of complaints."""
    zone = request.app[WORKPLACE].zone
    month = month_from(request.query, today=_today(request), zone=zone)
    rows = [
        row
        for row in await request.app[REPORTS].reports.rows(month)
        if row.is_complaint
    ]
    days = [taken for row in rows if (taken := days_taken(row)) is not None]
    return render(
        request,
        "reports/complaints.html",
        {
            "month": month,
            "month_name": format_skeleton(
                "yMMMM",
                month.first,
                locale=page_locale(request),
            ),
            "rows": rows,
            "counts": {
                "category": Counter(row.category for row in rows),
                "ground": Counter(row.ground for row in rows if row.ground),
                "outcome": Counter(row.outcome for row in rows if row.outcome),
            },
            "codes": {
                "category": CATEGORIES,
                "ground": GROUNDS,
                "outcome": OUTCOME_KINDS,
            },
            "n_closed": len(days),
            "mean_days": sum(days) / len(days) if days else None,
            "n_late": sum(row.was_overdue for row in rows),
            "days_taken": days_taken,
        },
    )


@routes.get("/desk/report/complaints.csv")
async def month_file(request: web.Request) -> web.Response:
    zone = request.app[WORKPLACE].zone
    month = month_from(request.query, today=_today(request), zone=zone)
    rows = await request.app[REPORTS].reports.rows(month)
    return _file(complaints_csv(rows), f"complaints-{month.first:%Y-%m}.csv")


@routes.get("/api/v1/desk/report")
async def report(request: web.Request) -> web.Response:
    """The figures of a period as JSON."""
    place = request.app[WORKPLACE]
    period = period_from(request.query, today=_today(request), zone=place.zone)
    figures = await request.app[REPORTS].reports.figures(period, place.clock())
    return web.json_response(
        {"from": str(period.first), "to": str(period.last), **figures.as_json()}
    )


def _charts(
    figures: Figures, name: Callable[[str, str], str], locale: Locale
) -> dict[str, Chart]:
    days = list(figures.by_day)
    used = [code for code in CATEGORIES if figures.by_category[code]]
    charts = {
        "days": stacked(
            [format_skeleton("MMMd", day, locale=locale) for day in days],
            {
                name("category", code): [figures.by_day[day][code] for day in days]
                for code in used
            },
        ),
        "categories": bars(
            {name("category", code): n for code, n in figures.by_category.most_common()}
        ),
    }
    return charts


def _languages(figures: Figures) -> list[str]:
    """Those of the cases, most first, then those of which only ratings came."""
    counted = [tag for tag, _ in figures.by_language.most_common()]
    return [*dict.fromkeys([*counted, *figures.satisfaction_by_language])]


def _presets(today: date) -> dict[str, Period | tuple[date, date]]:
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return {
        "week": (today - timedelta(days=6), today),
        "days": (today - timedelta(days=29), today),
        "month": (month, today),
        "last_month": (before.replace(day=1), before),
        "quarter": (today - timedelta(days=89), today),
    }


def _today(request: web.Request) -> date:
    place = request.app[WORKPLACE]
    return place.clock().astimezone(place.zone).date()


def _file(text: str, name: str) -> web.Response:
    # The mark tells spreadsheets that it is UTF-8.
    return web.Response(
        body=text.encode("utf-8-sig"),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
