"""What is counted and timed, for Prometheus: no words, names or addresses."""

from __future__ import annotations

import time

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from bot import keys
from bot.web.problems import Handler


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "guichet_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "guichet_request_seconds",
            "Time to answer a request.",
            ["route"],
            registry=self.registry,
        )
        self.turn_seconds = Histogram(
            "guichet_turn_seconds",
            "Time the assistant took for one utterance.",
            registry=self.registry,
        )
        self.assistant_failures = Counter(
            "guichet_assistant_failures",
            "Utterances that the assistant did not answer.",
            registry=self.registry,
        )
        self.job_last_run = Gauge(
            "guichet_job_last_run_timestamp_seconds",
            "When the last run of a job that went well was started, in this process.",
            ["job"],
            registry=self.registry,
        )
        self.job_failures = Counter(
            "guichet_job_failures",
            "Runs of a job that failed.",
            ["job"],
            registry=self.registry,
        )
        self.deliveries = Counter(
            "guichet_deliveries",
            "Attempts to deliver, by destination and result: sent, failed or dead.",
            ["destination", "result"],
            registry=self.registry,
        )
        self.outbox = Gauge(
            "guichet_outbox",
            "What is in the outbox and not sent: waiting, or dead (given up).",
            ["destination", "state"],
            registry=self.registry,
        )
        self.letters_received = Counter(
            "guichet_letters_received",
            "Letters received, by what became of them.",
            ["result"],
            registry=self.registry,
        )


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and time each request under its route, never under its address."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    metrics = request.app[keys.METRICS]
    started, status = time.perf_counter(), 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as exc:
        status = exc.status
        raise
    finally:
        metrics.requests.labels(request.method, route, status).inc()
        metrics.request_seconds.labels(route).observe(time.perf_counter() - started)


async def show(request: web.Request) -> web.Response:
    figures = generate_latest(request.app[keys.METRICS].registry)
    return web.Response(
        body=figures, headers={"Content-Type": "text/plain; version=0.0.4"}
    )
