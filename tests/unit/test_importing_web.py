"""A website on a real socket: polite, bounded, and never inside our own network."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from knowledge.errors import BadInput
from knowledge.importing import Batch, Bounds, Reader, open_fetcher, read_url
from knowledge.importing.fetching import _public_socket, unpacked
from tests.factories import NOW

PAGE = "<html lang='sv'><body><main><h1>{0}</h1><p>Detta handlar om {0}.</p></main>"
READER = Reader(today=NOW.date(), prefer=("sv", "en"))


class Site:
    """A website of handlers by path; what was asked is kept."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[web.Request], web.StreamResponse]] = {}
        self.root = URL()

    def put(self, path: str, body: str | bytes, **response: Any) -> None:
        content = body.encode() if isinstance(body, str) else body
        response.setdefault("content_type", "text/html")
        self.answers[path] = lambda request: web.Response(body=content, **response)

    def put_sitemap(self, *paths: str) -> None:
        found = "".join(f"<url><loc>{self.at(path)}</loc></url>" for path in paths)
        schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
        xml = f'<?xml version="1.0"?><urlset xmlns="{schema}">{found}</urlset>'
        self.put("/sitemap.xml", xml, content_type="application/xml")

    def redirect(self, path: str, to: str) -> None:
        self.answers[path] = lambda request: web.Response(
            status=302, headers={"Location": to}
        )

    def at(self, path: str) -> str:
        return path if path.startswith("http") else str(self.root.join(URL(path)))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        answer = self.answers.get(request.path)
        return answer(request) if answer else web.Response(status=404)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.handle)
    async with TestServer(app) as server:
        site.root = server.make_url("/")
        yield site


@asynccontextmanager
async def no_wait(**bounds: Any) -> AsyncIterator[Any]:
    async with open_fetcher(
        Bounds(**{"pause_seconds": 0, **bounds}), is_private_allowed=True
    ) as fetcher:
        yield fetcher


async def read(site: Site, path: str = "/sitemap.xml", **bounds: Any) -> Batch:
    async with no_wait(**bounds) as fetcher:
        return await read_url(site.at(path), READER, fetcher)


async def test_one_page_is_read_with_its_address(site: Site) -> None:
    site.put("/hjalp/uttag", PAGE.format("uttag"))

    [found] = (await read(site, "/hjalp/uttag")).pages

    assert (found.page.id, found.page.url) == ("uttag", site.at("/hjalp/uttag"))


async def test_every_page_of_a_sitemap_is_read_and_the_broken_named(site: Site) -> None:
    site.put("/a", PAGE.format("a"))
    site.put("/bild", b"\x89PNG", content_type="image/png")
    site.put_sitemap("/a", "/borta", "/bild", "https://other.example/x")

    batch = await read(site)

    assert [page.page.id for page in batch.pages] == ["a"]
    assert {broken.name.rsplit("/", 1)[1]: broken.code for broken in batch.broken} == {
        "x": "other_host",
        "borta": "status",
        "bild": "not_a_page",
    }


async def test_a_sitemap_of_packed_sitemaps_is_followed(site: Site) -> None:
    inner = f"<urlset><url><loc>{site.at('/a')}</loc></url></urlset>"
    site.put("/one.xml.gz", gzip.compress(inner.encode()), content_type="x/y")
    index = f"<sitemapindex><sitemap><loc>{site.at('/one.xml.gz')}</loc></sitemap>"
    site.put("/sitemap.xml", f"{index}</sitemapindex>", content_type="text/xml")
    site.put("/a", PAGE.format("a"))

    assert [page.page.id for page in (await read(site)).pages] == ["a"]


async def test_what_robots_txt_closes_is_not_asked_for(site: Site) -> None:
    site.put(
        "/robots.txt", "User-agent: *\nDisallow: /inne\n", content_type="text/plain"
    )
    site.put("/a", PAGE.format("a"))
    site.put_sitemap("/inne/x", "/a")

    batch = await read(site)

    assert [broken.code for broken in batch.broken] == ["forbidden_by_robots"]
    assert "/inne/x" not in site.asked


async def test_a_site_whose_robots_txt_fails_is_left_alone(site: Site) -> None:
    site.put("/robots.txt", "", status=503)
    site.put("/a", PAGE.format("a"))

    with pytest.raises(BadInput, match=r"robots\.txt"):
        await read(site, "/a")


async def test_the_site_rests_between_two_questions(site: Site) -> None:
    site.put(
        "/robots.txt", "User-agent: *\nCrawl-delay: 2\n", content_type="text/plain"
    )
    site.put_sitemap("/a", "/b")
    rests: list[float] = []

    async with no_wait() as fetcher:

        async def rest(seconds: float) -> None:
            rests.append(seconds)

        fetcher._sleep = rest
        await read_url(site.at("/sitemap.xml"), READER, fetcher)

    assert [round(each) for each in rests] == [2, 2]


@pytest.mark.parametrize(
    ("bounds", "stopped"),
    [({"n_pages": 2}, "pages"), ({"n_bytes": 800}, "bytes"), ({"seconds": -1}, None)],
)
async def test_reading_stops_at_its_bounds(site: Site, bounds, stopped) -> None:
    paths = [f"/{n}" for n in range(9)]
    for path in paths:
        site.put(path, PAGE.format(path))
    site.put_sitemap(*paths)
    if stopped is None:
        with pytest.raises(BadInput, match="slower, than is read at once"):
            await read(site, **bounds)
        return

    batch = await read(site, **bounds)

    assert batch.stopped == stopped
    assert len(batch.pages) < 9


async def test_a_bomb_is_not_unpacked(site: Site) -> None:
    bomb = gzip.compress(b" " * 30_000_000)
    site.put("/packed.xml.gz", bomb, content_type="application/gzip")
    site.put("/encoded", bomb, headers={"Content-Encoding": "gzip"})

    for path in ("/packed.xml.gz", "/encoded"):
        with pytest.raises(BadInput, match="at most 5000000"):
            await read(site, path)


async def test_entities_of_a_sitemap_are_not_expanded(site: Site) -> None:
    xml = (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        "<urlset><url><loc>&a;</loc></url></urlset>"
    )
    site.put("/sitemap.xml", xml, content_type="text/xml")

    batch = await read(site)

    assert not batch.pages
    assert "root" not in str(batch.broken)


async def test_redirects_are_followed_but_not_for_ever(site: Site) -> None:
    site.put("/nytt", PAGE.format("nytt"))
    site.redirect("/gammalt", "/nytt")
    site.redirect("/runt", "/runt")

    [found] = (await read(site, "/gammalt")).pages
    with pytest.raises(BadInput, match="redirected more than 5 times"):
        await read(site, "/runt")

    assert found.page.url == site.at("/nytt")


async def test_a_slow_site_is_given_up(site: Site) -> None:
    async with TestServer(_silent_app()) as silent, no_wait(answer_seconds=0.1) as slow:
        with pytest.raises(BadInput, match=r"nothing within 0\.1 s"):
            await slow.fetch(str(silent.make_url("/a")))


def _silent_app() -> web.Application:
    async def wait(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/a", wait)
    return app


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
async def test_our_own_network_is_never_read(site: Site, host: str) -> None:
    site.put("/a", PAGE.format("a"))
    async with open_fetcher(Bounds(pause_seconds=0)) as fetcher:
        with pytest.raises(BadInput):
            await read_url(f"http://{host}:{site.root.port}/a", READER, fetcher)

    assert site.asked == []


@pytest.mark.parametrize("port", [22, 25, 587])
def test_a_public_host_is_asked_on_ports_of_websites_alone(port: int) -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))

    with pytest.raises(OSError, match=f"port {port} is none of a website"):
        _public_socket(info)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://x.example/a",
        "http://",
        "http://u:p@x.example/",
        "a",
    ],
)
async def test_other_addresses_than_those_of_the_web_are_refused(address: str) -> None:
    async with open_fetcher() as fetcher:
        with pytest.raises(BadInput):
            await read_url(address, READER, fetcher)


def test_a_broken_gzip_file_is_refused() -> None:
    with pytest.raises(BadInput, match="not a gzip file"):
        unpacked(b"\x1f\x8bnothing", 1_000)
