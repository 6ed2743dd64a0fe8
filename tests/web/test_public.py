from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.texts import load_texts
from tests.web.conftest import CITATION, DATA, PASSAGE, Counter


async def test_search_gives_hits_and_an_answer(counter: Counter) -> None:
    response = await counter.client.get(
        "/api/v1/search", params={"q": "Hur länge?", "language": "sv", "top_k": "1"}
    )

    found = await response.json()
    assert found["hits"][0]["passage"] == PASSAGE.id
    assert found["hits"][0]["score"] == 0.87
    assert found["answer"] == {
        "confidence": 0.93,
        "quote": CITATION.quote,
        "citation": CITATION.as_json(),
    }


async def test_without_a_confident_answer_there_is_none(counter: Counter) -> None:
    response = await counter.client.get("/api/v1/search", params={"q": "okänt"})

    assert (await response.json())["answer"] is None


@pytest.mark.parametrize(
    "query", ["", "q=", "q=a&top_k=0", "q=a&top_k=x", "q=a&top_k=999"]
)
async def test_a_malformed_search_is_a_problem(counter: Counter, query: str) -> None:
    response = await counter.client.get(f"/api/v1/search?{query}")

    assert response.status == 400


async def test_a_text_is_classified(counter: Counter) -> None:
    response = await counter.client.post(
        "/api/v1/classify", json={"text": "Mitt uttag kom aldrig"}
    )

    verdict = await response.json()
    assert verdict["is_complaint"] is True
    assert verdict["category"] == "withdrawal"
    assert set(verdict) == {
        "is_complaint",
        "probability",
        "ground",
        "grounds",
        "category",
        "categories",
    }


async def test_a_help_page_is_served_with_its_anchors(counter: Counter) -> None:
    (page, *_) = await counter.parts.pages.published_pages()

    response = await counter.client.get(page.url)

    text = await response.text()
    assert response.status == 200
    assert page.title in text
    assert re.search(r'<h2[^>]* id="', text)


async def test_an_unknown_help_page_or_version_is_not_found(counter: Counter) -> None:
    (page, *_) = await counter.parts.pages.published_pages()

    assert (await counter.client.get("/help/sv/nothing")).status == 404
    assert (await counter.client.get("/help/xx")).status == 404
    assert (await counter.client.get(f"{page.url}?version=99")).status == 404
    assert (await counter.client.get(f"{page.url}?version=a")).status == 400


async def test_a_page_is_shown_as_it_stood(counter: Counter) -> None:
    store, client = counter.parts.pages, counter.client
    (page, *others) = await store.published_pages()
    await store.save_version(replace(page, body="Den nya lydelsen."), author="test")
    newer = await store.page(page.id, page.language, 2)
    await store.record_publication([newer, *others], author="test")

    by_version = await (await client.get(f"{page.url}?version=1")).text()
    by_day = await (await client.get(f"{page.url}?on=2026-09-02")).text()
    now = await (await client.get(page.url)).text()

    assert 'role="note"' in by_version
    assert "Den nya lydelsen." not in by_version
    assert "2026" in by_day
    assert 'role="note"' not in now


@pytest.mark.parametrize(("on", "status"), [("1999-01-01", 404), ("then", 400)])
async def test_a_day_without_a_version_is_refused(
    counter: Counter, on: str, status: int
) -> None:
    (page, *_) = await counter.parts.pages.published_pages()

    assert (await counter.client.get(f"{page.url}?on={on}")).status == status


async def test_only_what_was_once_published_is_shown(counter: Counter) -> None:
    store = counter.parts.pages
    (page, *others) = await store.published_pages()
    for body in ("Den andra lydelsen.", "Utkastet."):
        await store.save_version(replace(page, body=body), author="test")
    second = await store.page(page.id, page.language, 2)
    await store.record_publication([second, *others], author="test")

    shown = {
        version: await counter.client.get(page.url, params={"version": version})
        for version in (1, 2, 3)
    }

    assert [response.status for response in shown.values()] == [200, 200, 404]
    assert "Den andra lydelsen." not in await shown[1].text()
    assert "Den andra lydelsen." in await shown[2].text()


@pytest.mark.parametrize("language", ["sv", "fr", "en"])
async def test_the_demo_page_carries_the_widget(
    counter: Counter, language: str
) -> None:
    response = await counter.client.get(f"/?language={language}")

    page = await response.text()
    assert f'<html lang="{language}">' in page
    assert f'src="/widget.js" data-language="{language}"' in page


async def test_every_page_has_a_strict_policy_and_no_inline_code(
    counter: Counter,
) -> None:
    for path in ("/", "/contact", "/status", "/sign-in", "/help/sv"):
        response = await counter.client.get(path)
        page = await response.text()

        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script>", page)


async def test_the_widget_may_stand_on_another_site(counter: Counter) -> None:
    preflight = await counter.client.options("/api/v1/conversations")
    script = await counter.client.get("/widget.js")

    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_the_staff_api_is_closed_to_other_sites(counter: Counter) -> None:
    response = await counter.client.get("/api/v1/desk/cases")

    assert "Access-Control-Allow-Origin" not in response.headers


async def test_the_widget_finds_its_strings_in_the_browsers_language(
    counter: Counter,
) -> None:
    response = await counter.client.get(
        "/widget/texts/default", headers={"Accept-Language": "fr"}
    )

    found = await response.json()
    assert found["language"] == "fr"
    assert found["texts"]["send"] == "Envoyer"
    assert [each["tag"] for each in found["languages"]] == ["sv", "fr", "en"]


async def test_the_app_says_that_it_lives_and_that_it_is_ready(
    counter: Counter,
) -> None:
    alive = await counter.client.get("/healthz")
    ready = await counter.client.get("/readyz")

    assert (await alive.json())["status"] == "ok"
    assert (await ready.json())["checks"] == {"archive": True, "assistant": True}


async def test_without_the_assistant_the_app_is_not_ready(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_ready() -> bool:
        return False

    monkeypatch.setattr(counter.assistant, "is_ready", is_ready)

    response = await counter.client.get("/readyz")

    assert response.status == 503
    assert (await response.json())["checks"]["assistant"] is False


async def test_requests_are_counted_by_route_and_never_by_address(
    counter: Counter,
) -> None:
    visit = await counter.open(language="sv")
    await visit.say("Hej!")

    figures = await (await counter.client.get("/metrics")).text()

    route = "/api/v1/conversations/{conversation}/messages"
    assert f'route="{route}",status="200"' in figures
    assert visit.id not in figures


@pytest.mark.parametrize("path", ["/help/de", "/?language=de"])
async def test_help_pages_are_offered_in_another_language_where_there_are_none(
    make_counter: Callable[..., Awaitable[Counter]], path: str
) -> None:
    counter = await make_counter(texts=load_texts(DATA, ("sv", "de", "en")))

    response = await counter.client.get(path)

    text = await response.text()
    assert '<html lang="de">' in text
    assert "Hier sind sie auf Englisch" in text
    assert 'href="/help/en/' in text
    assert 'href="/help/sv/' not in text


async def test_help_pages_in_the_language_asked_for_need_no_word(
    counter: Counter,
) -> None:
    response = await counter.client.get("/help/en")

    assert 'class="elsewhere"' not in await response.text()


async def test_an_operator_may_offer_all_twelve_languages(
    make_counter: Callable[..., Awaitable[Counter]],
) -> None:
    twelve = tuple(path.stem for path in sorted((DATA / "texts").glob("*.yml")))
    counter = await make_counter(texts=load_texts(DATA, twelve))

    texts = await (await counter.client.get("/widget/texts/de")).json()
    for path in ("/", "/contact", "/status", "/sign-in"):
        response = await counter.client.get(path, params={"language": "de"})
        assert '<html lang="de">' in await response.text()

    assert len(twelve) == 12
    assert [each["tag"] for each in texts["languages"]] == list(twelve)
    assert {"tag": "pt", "name": "Português"} in texts["languages"]
    assert texts["locale"] == "de"
