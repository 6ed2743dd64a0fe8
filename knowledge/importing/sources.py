"""One file or answer of a website as a page."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from knowledge.importing.blocks import as_body, is_faq, is_terms, without_title
from knowledge.importing.decoding import decode
from knowledge.importing.html import HtmlPage, read_html
from knowledge.importing.naming import (
    group_address,
    id_of,
    language_in,
    longer_id,
    normal_tag,
    path_of,
)
from knowledge.importing.plain import read_plain
from knowledge.importing.reading import (
    LARGEST_FILE_BYTES,
    Note,
    Reader,
    ReadPage,
    Unreadable,
)
from knowledge.pages import Page, front_matter, page_of

MARKDOWN = frozenset({".md", ".markdown"})
HTML = frozenset({".html", ".htm", ".xhtml"})
PLAIN = frozenset({".txt", ".text"})
# Fewer words than this do not tell a language against what a page says of itself.
_ENOUGH_CHARACTERS = 300


def read_source(
    content: bytes,
    *,
    name: str,
    reader: Reader,
    address: str | None = None,
    content_type: str = "",
    charset: str | None = None,
    declared_language: str = "",
    largest: int = LARGEST_FILE_BYTES,
) -> ReadPage:
    """Read one source, whatever it is: Markdown, HTML or plain text.

    Args:
        content: All of it.
        name: Path within the folder, or the address.
        reader: What is taken for granted.
        address: Where it was found on the web.
        content_type: Such as `text/html`, when it came with one.
        charset: Of `Content-Type`.
        declared_language: `Content-Language`.
        largest: In bytes.

    Raises:
        BadInput: It cannot become a page; the message says why.
    """
    if len(content) > largest:
        raise Unreadable("too_long", size=len(content), limit=largest)
    text, notes = decode(content, charset=charset, identify=reader.identify)
    kind = _kind_of_source(name, content_type, text)
    source = _Source(name, address, reader, notes, declared_language)
    if kind == "markdown":
        return source.markdown(text)
    if kind == "html":
        return source.html(text)
    return source.plain(text)


def _kind_of_source(name: str, content_type: str, text: str) -> str:
    suffix = PurePosixPath(urlsplit(name).path).suffix.lower()
    if "html" in content_type or (not content_type and suffix in HTML):
        return "html"
    if suffix in MARKDOWN or content_type == "text/markdown":
        return "markdown"
    if re.match(r"\s*(?:<!doctype html|<html\b)", text[:500], re.IGNORECASE):
        return "html"
    return "markdown" if front_matter(text, source=name) is not None else "plain"


class _Source:
    """What is known of a source besides its text."""

    def __init__(
        self,
        name: str,
        address: str | None,
        reader: Reader,
        notes: list[Note],
        declared_language: str,
    ) -> None:
        self._name, self._address, self._reader = name, address, reader
        self._notes, self._declared = notes, declared_language
        self._path = path_of(address) if address else name

    def markdown(self, text: str) -> ReadPage:
        found = front_matter(text, source=self._name)
        if found is None and text.startswith("---\n"):
            raise Unreadable("open_front_matter")
        fields, body = found if found is not None else ({}, text)
        said = frozenset(key for key, value in fields.items() if value)
        if not said.issuperset({"id", "title", "kind", "language", "url"}):
            fields, body = self._completed(fields, body)
        fields.setdefault("effective_from", self._reader.today)
        page = page_of(fields, body, source=self._name)
        return self._read(page, said)

    def html(self, text: str) -> ReadPage:
        found = read_html(text, address=self._address)
        title = found.title or self._stem()
        blocks = without_title(found.blocks, title)
        body = as_body(blocks)
        kind = "faq" if is_faq(blocks) else "terms" if is_terms(blocks) else "guide"
        language = self._language(body, found.language or self._declared)
        page = self._page(title, kind, language, body, found)
        return self._read(page, frozenset({"effective_from"} if found.modified else ()))

    def plain(self, text: str) -> ReadPage:
        title, blocks = read_plain(text)
        body = as_body(blocks)
        if not body.strip():
            raise Unreadable("no_text")
        kind = "faq" if is_faq(blocks) else "terms" if is_terms(blocks) else "guide"
        page = self._page(
            title or self._stem(),
            kind,
            self._language(body, self._declared),
            body,
            None,
        )
        return self._read(page, frozenset())

    def _completed(
        self, fields: dict[str, Any], body: str
    ) -> tuple[dict[str, Any], str]:
        """Front matter with what it lacks, found in the text and the path."""
        heading = re.match(
            r"\s*#[ \t]+(.+?)[ \t]*(?:\{#[\w.-]+\})?[ \t]*#*[ \t]*\n", body
        )
        if heading and not fields.get("title"):
            fields["title"] = heading[1]
            body = body[heading.end() :]
        if not body.strip():
            raise Unreadable("no_text")
        fields = {key: value for key, value in fields.items() if value}
        if fields.get("language") is None:
            fields["language"] = self._language(body, self._declared)
        fields.setdefault("title", self._stem())
        fields.setdefault("id", id_of(self._path))
        asked = re.findall(r"(?m)^#{2,6}\s+(.*?)\s*(?:\{#[\w.-]+\})?\s*$", body)
        n_asking = sum(heading.rstrip().endswith("?") for heading in asked)
        is_asking = n_asking >= 2 and 2 * n_asking >= len(asked)
        fields.setdefault("kind", "faq" if is_asking else "guide")
        fields.setdefault("url", self._url(str(fields["language"]), str(fields["id"])))
        return fields, body

    def _page(
        self, title: str, kind: Any, language: str, body: str, found: HtmlPage | None
    ) -> Page:
        path = self._path
        if found is not None and self._address and found.translations:
            prefer = self._reader.prefer
            path = path_of(group_address(self._address, found.translations, prefer))
        id = id_of(path)
        address = (found.address if found else None) or self._address
        return Page(
            id=id,
            title=" ".join(title.split())[:300],
            kind=kind,
            language=language,
            url=address or self._url(language, id),
            effective_from=self._effective(found),
            body=body,
        )

    def _effective(self, found: HtmlPage | None) -> Any:
        today = self._reader.today
        return min(found.modified, today) if found and found.modified else today

    def _language(self, text: str, declared: str) -> str:
        """The language named for all, else declared, else in the path, else told."""
        reader = self._reader
        if reader.language:
            return reader.language
        said = normal_tag(declared, reader.prefer) if declared else None
        said = said or normal_tag(language_in(self._path) or "", reader.prefer)
        by_words = reader.identify(text[:20_000])
        if said is None and by_words is None:
            raise Unreadable("no_language")
        if said is None:
            assert by_words is not None
            self._note("language_guessed", language=by_words)
            return by_words
        if by_words not in (None, said) and len(text) >= _ENOUGH_CHARACTERS:
            self._note("language_differs", language=said, words=str(by_words))
        return said

    def _note(self, code: Any, **values: str) -> None:
        self._notes.append(Note(code=code, values=values))

    def _stem(self) -> str:
        stem = PurePosixPath(self._path).stem.replace("-", " ").replace("_", " ")
        return stem.strip().capitalize() or self._name

    def _url(self, language: str, id: str) -> str:
        return self._address or f"/help/{language}/{id}"

    def _read(self, page: Page, said: frozenset[str]) -> ReadPage:
        size = len(page.body.encode("utf-8"))
        if size > LARGEST_FILE_BYTES:
            raise Unreadable("too_long", size=size, limit=LARGEST_FILE_BYTES)
        return ReadPage(
            name=self._name,
            page=page,
            says=said,
            notes=tuple(self._notes),
            other_id=longer_id(self._path),
        )
