"""What the application answers is what the description of the API promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aiohttp import ClientResponse

from actions.cases.case import Case
from bot.web.public import openapi
from tests.web.conftest import Counter
from tests.web.test_access import TALK, origin
from tests.web.test_channel import PNG, attach
from tests.web.test_openapi import resolve

KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def is_of_kind(value: Any, kind: str) -> bool:
    is_flag = isinstance(value, bool) and kind in ("integer", "number")
    return isinstance(value, KINDS[kind]) and not is_flag


def differences(value: Any, schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """Where a value is not as a schema says; keys that it does not name count too."""
    if "$ref" in schema:
        yield from differences(value, resolve(schema["$ref"]), place)
        return
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        found = [list(differences(value, each, place)) for each in choices]
        if all(found):
            yield from min(found, key=len)
        return
    for part in schema.get("allOf", ()):
        yield from (
            each
            for each in differences(value, part, place)
            if not each.endswith("is not described")
        )
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_of_kind(value, kind) for kind in kinds):
        yield f"{place}: {value!r} is no {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from differences(item, schema["items"], f"{place}[{number}]")
    if isinstance(value, dict):
        yield from _differences_of_keys(value, schema, place)


def _differences_of_keys(
    value: dict[str, Any], schema: dict[str, Any], place: str
) -> Iterator[str]:
    named = schema.get("properties", {})
    others = schema.get("additionalProperties")
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{place}.{name} is missing"
    for name, item in value.items():
        if name in named:
            yield from differences(item, named[name], f"{place}.{name}")
        elif isinstance(others, dict):
            yield from differences(item, others, f"{place}.{name}")
        elif named and others is not True and "allOf" not in schema:
            yield f"{place}.{name} is not described"


@dataclass
class Reader:
    """Asks, and compares each answer with its description."""

    counter: Counter
    headers: dict[str, str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, status: int, **sent: Any) -> Any:
        values = sent.pop("of", {})
        response = await self.counter.client.request(
            method, path.format(**values), headers=self.headers, **sent
        )
        assert response.status == status, (path, await response.text())
        return await self.compare(method, path, response)

    async def compare(self, method: str, path: str, response: ClientResponse) -> Any:
        described = openapi()["paths"][path][method.lower()]["responses"]
        answer = described.get(str(response.status)) or described["default"]
        if "$ref" in answer:
            answer = resolve(answer["$ref"])
        [content] = answer["content"].values()
        body = await response.json(content_type=None)
        self.found += differences(body, content.get("schema", {}), f"{method} {path}")
        return body


async def test_a_customer_is_answered_as_described(counter: Counter) -> None:
    reader = Reader(counter)
    opened = await reader.ask("POST", "/api/v1/conversations", 201, json={})
    visit = {"conversation": opened["conversation"]}
    reader.headers = {"Authorization": f"Bearer {opened['token']}"}

    for text in ("Hej!", ""):
        await reader.ask("POST", f"{TALK}/messages", 200, of=visit, json={"text": text})
    await reader.ask("GET", f"{TALK}/messages", 200, of=visit)
    link = await reader.ask("POST", f"{TALK}/link", 200, of=visit, json={})
    await reader.ask(
        "POST",
        "/api/v1/conversations/resume",
        200,
        json={"ticket": link["url"].partition("#resume:")[2]},
    )
    await reader.ask("GET", "/api/v1/search", 200, params={"q": "Hur länge?"})
    await reader.ask("GET", "/api/v1/search", 200, params={"q": "okänt"})
    await reader.ask("GET", "/api/v1/search", 400)
    await reader.ask("POST", "/api/v1/classify", 200, json={"text": "Pengarna!"})
    await reader.ask("POST", f"{TALK}/messages", 400, of=visit, json={})

    assert reader.found == []


async def test_a_customers_files_and_case_are_described(
    counter: Counter, file_case: Callable[..., Awaitable[Case]]
) -> None:
    case, visit = await file_case(), await counter.open(language="sv")
    reader = Reader(counter)

    await reader.compare("POST", f"{TALK}/attachments", await attach(visit, PNG))
    pair = {"reference": case.reference, "email": case.customer.email}
    await reader.ask("POST", "/api/v1/cases/status", 200, json=pair)
    pair["email"] = "somebody.else@example.com"
    await reader.ask("POST", "/api/v1/cases/status", 404, json=pair)

    assert reader.found == []


async def test_the_desk_is_answered_as_described(
    counter: Counter, file_case: Callable[..., Awaitable[Case]]
) -> None:
    for _ in range(2):
        case = await file_case()
    await counter.sign_in("lead")
    reader = Reader(counter, {"Origin": origin(counter)})
    cases, this = "/api/v1/desk/cases", {"reference": case.reference}

    await reader.ask("GET", cases, 200)
    await reader.ask("POST", f"{cases}/take-next", 200)
    for change, fields in {
        "notes": {"text": "Ringde banken."},
        "assign": {"assignee": "lead@ruterdam.example"},
        "classification": {
            "is_complaint": True,
            "ground": "technical_fault",
            "category": "technical",
        },
        "interim-update": {"text": "Nous cherchons encore."},
        "replies": {"text": "Votre argent est en route."},
        "outcome": {"kind": "solution"},
    }.items():
        place = {**this, "change": change}
        await reader.ask("POST", f"{cases}/{{reference}}/{{change}}", 200, of=place,
                         json=fields)  # fmt: skip
    for part in ("", "/reads", "/letters", "/dossier.json", "/attachments"):
        await reader.ask("GET", f"{cases}/{{reference}}{part}", 200, of=this)
    for place in ("conversations", "mail", "outbox", "report"):
        await reader.ask("GET", f"/api/v1/desk/{place}", 200)
    await reader.ask("GET", f"{cases}/{{reference}}", 404, of={"reference": "G-1"})

    assert reader.found == []


async def test_the_console_is_answered_as_described(counter: Counter) -> None:
    await counter.sign_in("editor")
    reader = Reader(counter, {"Origin": origin(counter)})
    root = "/api/v1/knowledge"
    page = {
        "id": "fees",
        "title": "Avgifter",
        "kind": "guide",
        "language": "sv",
        "url": "/help/sv/fees",
        "effective_from": date(2026, 11, 1).isoformat(),
        "body": "## Kostar det?\n\nNej.",
    }

    await reader.ask("POST", f"{root}/pages", 201, json=page)
    await reader.ask("POST", f"{root}/pages", 200, json=page)
    await reader.ask("POST", f"{root}/pages", 400, json={})
    for part in ("pages", "publications", "gaps", "stale"):
        await reader.ask("GET", f"{root}/{part}", 200)
    for part in ("", "/versions"):
        this = {"language": "sv", "id": "fees"}
        await reader.ask("GET", f"{root}/pages/{{language}}/{{id}}{part}", 200, of=this)

    assert reader.found == []
