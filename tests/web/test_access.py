"""Who may enter where: every route of the application, by every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from bot.staff.accounts import ROLES
from tests.web.conftest import Counter

NOBODY: frozenset[str] = frozenset()
DESK = frozenset({"agent", "lead", "administrator"})
LEADS = frozenset({"lead", "administrator"})
EDITORS = frozenset({"editor", "administrator"})
ADMINISTRATORS = frozenset({"administrator"})
EVERYBODY = frozenset(ROLES)

CASE, API_CASE = "/desk/cases/{reference}", "/api/v1/desk/cases/{reference}"
TALK = "/api/v1/conversations/{conversation}"
PAGE, API_PAGE = (
    "/knowledge/pages/{language}/{id}",
    "/api/v1/knowledge/pages/{language}/{id}",
)
# A route that is not here has not been thought about, and fails the first test.
STAFF_ROUTES = {
    DESK: f"""
        GET /desk
        POST /desk/take-next
        GET /desk/changes
        GET /desk/live
        GET /desk/live/{{conversation}}
        POST /desk/live/{{conversation}}/{{act}}
        GET {CASE}
        GET {CASE}/attachments/{{attachment}}
        POST {CASE}/presence
        POST {CASE}/compose
        POST {CASE}/{{change}}
        GET /desk/mail
        GET /desk/mail/{{number}}
        POST /desk/mail/{{number}}/attach
        POST /desk/mail/{{number}}/dismiss
        POST /desk/mail/{{number}}/take-up
        GET /desk/mail/{{number}}/files/{{attachment}}
        GET /desk/outbox
        POST /desk/outbox/replay
        GET /api/v1/desk/cases
        GET /api/v1/desk/cases/similar
        POST /api/v1/desk/cases/take-next
        GET {API_CASE}
        POST {API_CASE}/{{change}}
        GET {API_CASE}/letters
        GET {API_CASE}/dossier.json
        GET {API_CASE}/dossier.pdf
        GET {API_CASE}/attachments
        GET {API_CASE}/attachments/{{attachment}}
        GET /api/v1/desk/conversations
        POST /api/v1/desk/conversations/{{conversation}}/{{act}}
        GET /api/v1/desk/mail
        POST /api/v1/desk/mail/{{number}}/attach
        POST /api/v1/desk/mail/{{number}}/dismiss
        GET /api/v1/desk/outbox
        POST /api/v1/desk/outbox/replay
    """,
    LEADS: f"""
        GET {API_CASE}/reads
        GET /desk/holds
        POST /desk/holds/{{act}}
        GET /api/v1/desk/holds
        GET /desk/report
        GET /desk/report/cases.csv
        GET /desk/report/complaints
        GET /desk/report/complaints.csv
        GET /api/v1/desk/report
    """,
    EDITORS: f"""
        GET /knowledge
        GET /knowledge/new
        POST /knowledge/pages
        GET {PAGE}
        GET {PAGE}/edit
        GET {PAGE}/diff
        POST {PAGE}/restore
        GET {PAGE}/withdraw
        POST {PAGE}/withdraw
        GET /knowledge/changes
        GET /knowledge/translations
        GET /knowledge/translations/{{language}}/{{id}}
        POST /knowledge/preview
        POST /knowledge/try
        GET /knowledge/import
        POST /knowledge/import
        GET /knowledge/import/{{key}}
        POST /knowledge/import/{{key}}
        GET /knowledge/publish
        POST /knowledge/publish
        POST /knowledge/what-if
        GET /knowledge/what-if/{{key}}
        POST /knowledge/scheduled/{{id}}/cancel
        POST /knowledge/roll-back
        GET /knowledge/templates
        GET /knowledge/templates/new
        POST /knowledge/templates
        GET /knowledge/templates/{{language}}/{{id}}
        POST /knowledge/templates/{{language}}/{{id}}/{{deed}}
        GET /knowledge/gaps
        POST /knowledge/gaps/settle
        GET /api/v1/knowledge/pages
        POST /api/v1/knowledge/pages
        GET {API_PAGE}
        GET {API_PAGE}/versions
        POST /api/v1/knowledge/publish
        POST /api/v1/knowledge/rollback
        GET /api/v1/knowledge/publications
        GET /api/v1/knowledge/gaps
        GET /api/v1/knowledge/parity
        GET /api/v1/knowledge/quality
        GET /api/v1/knowledge/stale
    """,
    ADMINISTRATORS: """
        GET /people
        POST /people
        POST /people/{id}
    """,
    EVERYBODY: """
        GET /account
        POST /account/password
        POST /account/second-factor
        POST /account/second-factor/set-up
        POST /account/second-factor/off
    """,
}
# Open to anybody, or guarded by a secret of their own: a conversation's token, a
# signature, the token between the two processes.
OPEN_ROUTES = f"""
    GET /
    GET /demo
    GET /help/{{language}}
    GET /help/{{language}}/{{page}}
    GET /contact
    POST /contact
    GET /status
    POST /status
    GET /resume
    GET /widget.js
    GET /widget.css
    GET /widget/texts/{{language}}
    GET /static
    GET /staff
    GET /healthz
    GET /readyz
    GET /metrics
    GET /openapi.json
    GET /sign-in
    POST /sign-in
    GET /sign-in/code
    POST /sign-in/code
    GET /sign-in/company
    GET /sign-in/company/return
    POST /sign-out
    POST /api/v1/conversations
    POST /api/v1/conversations/resume
    GET {TALK}/messages
    POST {TALK}/messages
    POST {TALK}/feedback
    GET {TALK}/events
    POST {TALK}/attachments
    GET {TALK}/attachments/{{attachment}}
    POST {TALK}/link
    GET {TALK}/transcript
    GET /api/v1/search
    POST /api/v1/classify
    POST /api/v1/cases/status
    POST /api/v1/mail/inbound
    POST /rasa/webhook
    POST /rasa/embeddings
"""


def routes_in(table: str) -> Iterator[tuple[str, str]]:
    for line in filter(None, map(str.strip, table.splitlines())):
        method, path = line.split()
        yield method, path


STAFF = [
    (method, path, allowed)
    for allowed, table in STAFF_ROUTES.items()
    for method, path in routes_in(table)
]


def address(path: str) -> str:
    """A path of this form that leads to nothing in particular."""
    return re.sub(r"\{\w+\}", "0", path)


async def ask(counter: Counter, method: str, path: str, **headers: str) -> Any:
    return await counter.client.request(
        method, address(path), headers=headers, allow_redirects=False
    )


def origin(counter: Counter) -> str:
    return str(counter.client.make_url("/").origin())


async def test_every_route_has_its_place_in_the_table(counter: Counter) -> None:
    app = counter.client.app
    assert isinstance(app, web.Application)
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method not in ("HEAD", "OPTIONS")
    }

    expected = {(method, path) for method, path, _ in STAFF}
    expected |= set(routes_in(OPEN_ROUTES))

    assert served == expected


async def test_nobody_enters_without_signing_in(counter: Counter) -> None:
    for method, path, _ in STAFF:
        response = await ask(counter, method, path, Origin=origin(counter))

        if method == "GET" and not path.startswith("/api/"):
            assert response.status == 302, path
            assert response.headers["Location"].startswith("/sign-in?"), path
        else:
            assert response.status == 401, path


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_enters_its_rooms_and_no_others(
    counter: Counter, role: str
) -> None:
    await counter.sign_in(role)

    for method, path, allowed in STAFF:
        response = await ask(counter, method, path, Origin=origin(counter))

        if role not in allowed:
            assert response.status == 403, (method, path)
            continue
        assert response.status not in (401, 403), (method, path)
        assert response.headers["Cache-Control"].endswith("no-store"), (method, path)


@pytest.mark.parametrize("role", ROLES)
async def test_a_token_opens_the_api_as_its_role_does_and_no_page(
    counter: Counter, role: str
) -> None:
    email = f"{role}@ruterdam.example"
    await counter.parts.accounts.add(email, name="Kim", role=role)
    token = await counter.parts.accounts.add_api_token(email, "test")

    for method, path, allowed in STAFF:
        response = await ask(counter, method, path, Authorization=f"Bearer {token}")

        if not path.startswith("/api/"):
            assert response.status in (302, 401, 403), (method, path)
        elif role not in allowed:
            assert response.status == 403, (method, path)
        else:
            assert response.status not in (401, 403), (method, path)


@pytest.mark.parametrize("sent", [{}, {"Origin": "https://elsewhere.example"}])
async def test_no_other_site_can_change_anything(
    counter: Counter, sent: dict[str, str]
) -> None:
    await counter.sign_in("administrator")

    for method, path, _ in STAFF:
        if method != "GET":
            assert (await ask(counter, method, path, **sent)).status == 403, path
