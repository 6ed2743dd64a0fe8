"""Pages from a web address: one page, or all that a sitemap names."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urldefrag, urljoin

from lxml import etree  # type: ignore[import-untyped]

from knowledge.errors import BadInput
from knowledge.importing.fetching import Answer, Fetcher, Spent, host_of
from knowledge.importing.folders import Progress, no_progress
from knowledge.importing.reading import Batch, BrokenFile, Reader, Unreadable
from knowledge.importing.sources import read_source

MOST_SITEMAPS = 50
_PAGES = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown")


async def read_url(
    address: str,
    reader: Reader,
    fetcher: Fetcher,
    progress: Progress = no_progress,
) -> Batch:
    """Read the page at `address`, or every page of the sitemap there.

    A sitemap's pages are read from its own host alone, politely and within bounds;
    one that fails is reported and the rest goes on.

    Raises:
        Unreadable: The address itself cannot be read.
    """
    try:
        answer = await fetcher.fetch(address)
    except Spent as exc:
        raise Unreadable("over_bound") from exc
    walk = _Walk(fetcher, reader, host_of(answer.address))
    listed = _locations(answer)
    if listed is None:
        await walk.take(answer.address, answer)
        return walk.batch
    stopped: Literal["pages", "bytes", "seconds"] | None = None
    try:
        await walk.follow(listed, answer.address)
        n_pages = min(len(walk.addresses), fetcher.bounds.n_pages)
        if n_pages < len(walk.addresses):
            stopped = "pages"
        for done, each in enumerate(list(walk.addresses)[:n_pages], start=1):
            await walk.visit(each)
            progress(done, n_pages)
    except Spent as exc:
        stopped = exc.bound
    return replace(walk.batch, stopped=stopped)


@dataclass
class _Walk:
    """A way through a site.

    Attributes:
        addresses: Of pages, in the sitemap's order, each once.
    """

    fetcher: Fetcher
    reader: Reader
    host: str
    batch: Batch = field(default_factory=Batch)
    addresses: dict[str, None] = field(default_factory=dict)
    n_sitemaps: int = 1

    async def follow(self, listed: _Listed, base: str) -> None:
        """Collect the addresses of a sitemap and of those that it names."""
        for location in listed.pages:
            address = urldefrag(urljoin(base, location)).url
            if host_of(address) == self.host:
                self.addresses[address] = None
            else:
                self._broken(address, Unreadable("other_host", host=host_of(address)))
        for location in listed.sitemaps:
            if self.n_sitemaps >= MOST_SITEMAPS:
                return
            if len(self.addresses) > self.fetcher.bounds.n_pages:
                return
            self.n_sitemaps += 1
            address = urljoin(base, location)
            try:
                if host_of(address) != self.host:
                    raise Unreadable("other_host", host=host_of(address))
                answer = await self.fetcher.fetch(address, host=self.host)
                inner = _locations(answer)
                if inner is None:
                    raise Unreadable("no_sitemap")
            except BadInput as exc:
                self._broken(address, exc)
                continue
            await self.follow(inner, address)

    async def visit(self, address: str) -> None:
        """Read one page of the site."""
        try:
            answer = await self.fetcher.fetch(address, host=self.host)
        except BadInput as exc:
            self._broken(address, exc)
        else:
            await self.take(address, answer)

    async def take(self, address: str, answer: Answer) -> None:
        """Read what was answered into the batch."""
        try:
            if answer.content_type and answer.content_type not in _PAGES:
                raise Unreadable("not_a_page", kind=answer.content_type)
            read = await asyncio.to_thread(
                read_source,
                answer.content,
                name=address,
                reader=self.reader,
                address=answer.address,
                content_type=answer.content_type,
                charset=answer.charset,
                declared_language=answer.language,
                largest=self.fetcher.bounds.answer_bytes,
            )
        except BadInput as exc:
            self._broken(address, exc)
        else:
            self.batch.add(read)

    def _broken(self, address: str, error: BadInput) -> None:
        self.batch.broken.append(BrokenFile.of(address, error))


@dataclass(frozen=True)
class _Listed:
    pages: list[str]
    sitemaps: list[str]


def _locations(answer: Answer) -> _Listed | None:
    """What a sitemap names; None when the answer is no sitemap."""
    content = answer.content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if content.startswith((b"http://", b"https://")):
        lines = content.decode("utf-8", "replace").split()
        return _Listed(lines, [])
    if b"<urlset" not in content[:2000] and b"<sitemapindex" not in content[:2000]:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True
    )
    try:
        root = etree.fromstring(content, parser=parser)
    except etree.XMLSyntaxError:
        return None
    if root is None:
        return None
    found = [(each.text or "").strip() for each in root.iterfind("./{*}*/{*}loc")]
    found = [each for each in found if each]
    is_index = etree.QName(root).localname == "sitemapindex"
    return _Listed([], found) if is_index else _Listed(found, [])
