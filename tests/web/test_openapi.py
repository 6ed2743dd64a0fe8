"""The description of the API says what the application serves, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from aiohttp import web

from actions.cases.case import CATEGORIES, GROUNDS, OUTCOME_KINDS
from actions.delivery.mailroom import Result
from actions.desk.queue import STATES
from actions.desk.saving import SAVES
from bot.web.public import openapi
from tests.web.conftest import Counter

OTHERS = ("/healthz", "/readyz", "/metrics")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description, with the parameters of the path among its own."""
    for path, item in openapi()["paths"].items():
        shared = item.get("parameters", [])
        for method in item.keys() - {"parameters"}:
            operation = dict(item[method])
            operation["parameters"] = [*shared, *operation.get("parameters", [])]
            yield method, path, operation


def resolve(pointer: str) -> Any:
    found: Any = openapi()
    for name in pointer.removeprefix("#/").split("/"):
        found = found[name]
    return found


def references(tree: Any) -> Iterator[str]:
    """Every `$ref` anywhere in it."""
    if isinstance(tree, dict):
        if "$ref" in tree:
            yield tree["$ref"]
        tree = list(tree.values())
    for branch in tree if isinstance(tree, list) else []:
        yield from references(branch)


async def test_every_route_is_described_and_every_description_has_a_route(
    counter: Counter,
) -> None:
    app = counter.client.app
    assert isinstance(app, web.Application)
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
        and route.method not in ("HEAD", "OPTIONS")
        and route.resource.canonical.startswith(("/api/", *OTHERS))
    }

    described = {(method, path) for method, path, _ in operations()}

    assert served == described


def test_every_parameter_in_a_path_is_described() -> None:
    for method, path, operation in operations():
        named = [
            resolve(each["$ref"]) if "$ref" in each else each
            for each in operation["parameters"]
        ]
        in_path = [each["name"] for each in named if each["in"] == "path"]

        assert sorted(in_path) == sorted(re.findall(r"{(\w+)}", path)), (method, path)


def test_every_operation_of_the_api_says_how_it_fails() -> None:
    for method, path, operation in operations():
        if path.startswith("/api/"):
            problem = {"$ref": "#/components/responses/Problem"}
            assert operation["responses"]["default"] == problem, (method, path)


def test_what_staff_may_do_says_that_one_must_be_signed_in() -> None:
    for method, path, operation in operations():
        is_staffs = path.startswith(("/api/v1/desk", "/api/v1/knowledge"))
        schemes = {name for each in operation.get("security", []) for name in each}

        assert ({"staffToken", "staffSession"} == schemes) is is_staffs, (method, path)


def test_every_reference_leads_somewhere_and_everything_shared_is_used() -> None:
    used = set(references(openapi()))

    for pointer in used:
        resolve(pointer)

    components = openapi()["components"]
    shared = {
        f"#/components/{kind}/{name}"
        for kind in ("parameters", "responses", "schemas")
        for name in components[kind]
    }
    assert shared == used


@pytest.mark.parametrize(
    ("pointer", "codes"),
    [
        ("components/schemas/Category", CATEGORIES),
        ("components/schemas/Ground", GROUNDS),
        ("components/schemas/OutcomeKind", OUTCOME_KINDS),
    ],
)
def test_the_codes_are_those_of_the_application(
    pointer: str, codes: tuple[str, ...]
) -> None:
    assert resolve(pointer)["enum"] == list(codes)


def test_the_choices_are_those_of_the_application() -> None:
    paths = openapi()["paths"]
    change = paths["/api/v1/desk/cases/{reference}/{change}"]["parameters"][1]
    [status] = [
        each
        for each in paths["/api/v1/desk/cases"]["get"]["parameters"]
        if each["name"] == "status"
    ]
    answer = paths["/api/v1/mail/inbound"]["post"]["responses"]["200"]
    received = answer["content"]["application/json"]["schema"]["properties"]["result"]

    assert set(change["schema"]["enum"]) == set(SAVES)
    assert set(status["schema"]["enum"]) == set(STATES)
    assert set(received["enum"]) == set(get_args(Result))
