"""What reading gives: pages ready to be stored, and what could not be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from knowledge.errors import BadInput
from knowledge.pages import Page

LARGEST_FILE_BYTES = 2_000_000

# BCP 47 tag of a text; None when it cannot be told.
IdentifyLanguage = Callable[[str], str | None]

NoteCode = Literal["encoding", "language_guessed", "language_differs"]
ReasonCode = Literal[
    "empty",
    "binary",
    "too_long",
    "mixed_encodings",
    "unreadable",
    "longer",
    "no_gzip",
    "no_zip",
    "damaged",
    "no_text",
    "no_language",
    "twice",
    "not_a_page",
    "packed",
    "unreachable",
    "no_connection",
    "too_slow",
    "over_bound",
    "status",
    "redirects",
    "other_host",
    "forbidden_address",
    "forbidden_by_robots",
    "no_address",
    "with_password",
    "no_sitemap",
    "open_front_matter",
]

_REASONS: dict[ReasonCode, str] = {
    "empty": "is empty",
    "binary": "is not text but {kind}",
    "too_long": "has {size} bytes, at most {limit} are read",
    "mixed_encodings": "mixes UTF-8 with another encoding: byte {place} is not UTF-8",
    "unreadable": "cannot be read: {error}",
    "longer": "has over {limit} bytes, at most {limit} are read",
    "no_gzip": "is not a gzip file, although it begins like one",
    "no_zip": "is not a ZIP archive",
    "damaged": "cannot be unpacked",
    "no_text": "the page has no text",
    "no_language": "its language cannot be told: name it with --language",
    "twice": "page {id} ({language}) was already read from {earlier}",
    "not_a_page": "is {kind}, expected a page",
    "packed": "unpacks to more than {limit} bytes or holds more than {files} files",
    "unreachable": "does not answer: {error}",
    "no_connection": "does not answer: no connection",
    "too_slow": "does not answer: nothing within {seconds} s",
    "over_bound": "is larger, or slower, than is read at once",
    "status": "answers {status}",
    "redirects": "was redirected more than {limit} times",
    "other_host": "belongs to another site, {host}",
    "forbidden_address": "{host} is not an address on the public internet",
    "forbidden_by_robots": "robots.txt asks not to read it",
    "no_address": "{address} is no address of the web",
    "with_password": "an address must not hold a password",
    "no_sitemap": "is no sitemap",
    "open_front_matter": "the front matter does not end with ---",
}


class Unreadable(BadInput):
    """A source that cannot become a page.

    Attributes:
        code: Names the reason, for translations.
        values: What the reason is about.
    """

    def __init__(self, code: ReasonCode, **values: object) -> None:
        super().__init__(_REASONS[code].format(**values))
        self.code, self.values = code, values


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something an editor should know about a page that was read all the same."""

    code: NoteCode
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return _NOTES[self.code].format(**self.values)


_NOTES: dict[NoteCode, str] = {
    "encoding": "read as {encoding}, which nothing in it says",
    "language_guessed": "taken for {language} by its words",
    "language_differs": "says it is {language}, its words look like {words}",
}


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """A page as it was read.

    Attributes:
        name: Of the file, or the address.
        says: Fields of the page that the source states itself; the others were
            derived, and give way to what is stored.
        other_id: Takes the place of a derived id that another page has.
    """

    name: str
    page: Page
    says: frozenset[str] = frozenset()
    other_id: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BrokenFile:
    """A file or address that was left out, and why.

    Attributes:
        code, values: Of what is `Unreadable`; the reason in other languages.
        refusal: Of what is wrong in another way: which text of the staff's says it.
    """

    name: str
    reason: str
    code: str = "malformed"
    values: dict[str, object] = field(default_factory=dict)
    refusal: str = "other"

    @classmethod
    def of(cls, name: str, error: BadInput) -> BrokenFile:
        """What became of `name` when reading it raised `error`."""
        if isinstance(error, Unreadable):
            return cls(
                name=name, reason=str(error), code=error.code, values=error.values
            )
        return cls(name=name, reason=str(error), refusal=error.refusal)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Everything that was read from one source, in a fixed order.

    Attributes:
        skipped: Files of kinds that hold no pages, such as images.
        stopped: The bound that ended the reading early, such as `pages`.
    """

    pages: list[ReadPage] = field(default_factory=list)
    broken: list[BrokenFile] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    stopped: Literal["pages", "bytes", "seconds"] | None = None

    def add(self, read: ReadPage) -> None:
        """Take a page in, unless another file was that page already."""
        page = read.page
        earlier = self._earlier(page)
        if earlier and read.other_id not in ("", page.id) and "id" not in read.says:
            page = replace(page, id=read.other_id)
            read = replace(read, page=page)
            earlier = self._earlier(page)
        if earlier:
            twice = Unreadable(
                "twice", id=page.id, language=page.language, earlier=earlier
            )
            self.broken.append(BrokenFile.of(read.name, twice))
            return
        self.pages.append(read)

    def _earlier(self, page: Page) -> str | None:
        """Name of the source that was this page already."""
        return next(
            (
                other.name
                for other in self.pages
                if (other.page.id, other.page.language) == (page.id, page.language)
            ),
            None,
        )


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How sources are read: what is taken for granted where they say nothing.

    Attributes:
        today: From when a page holds that gives no date.
        language: Of every page that does not state its own in front matter.
        identify: Tells the language of a text.
        prefer: The operator's languages; of a page that is there in several, the
            address of the first names them all.
    """

    today: dt.date
    language: str | None = None
    identify: IdentifyLanguage = lambda text: None
    prefer: tuple[str, ...] = ()
