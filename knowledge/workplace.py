"""What the rooms of staff share: interface language, strings, dates, pages.

Strings stand in `data/texts/staff/<language>.yml`. The language is the reader's own,
not the customer's: `?lang=`, else what was chosen before, else the browser's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from knowledge.browser_languages import accepted_languages
from knowledge.errors import NotReady
from knowledge.language_style import PLAIN, LanguageStyle
from knowledge.text_trees import flatten
from knowledge.yaml_files import parse_yaml

COOKIE = "guichet_staff_language"
STATIC = Path(__file__).parent / "console" / "static"


class StaffTexts:
    """Strings by language and dotted key; every language has the same keys."""

    def __init__(self, trees: Mapping[str, Mapping[str, Any]]) -> None:
        """Raises NotReady when the languages differ in their keys."""
        self._flat = {tag: dict(flatten(tree)) for tag, tree in trees.items()}
        first, *others = self._flat
        for other in others:
            if differing := self._flat[first].keys() ^ self._flat[other].keys():
                raise NotReady(
                    f"texts/staff/{first}.yml and {other}.yml differ in "
                    f"{', '.join(sorted(differing))}"
                )

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._flat)

    def text(self, language: str, key: str, /, **values: object) -> str:
        """The string at `key`; KeyError when there is none."""
        return self._flat[language][key].format_map(values)

    def has(self, language: str, key: str) -> bool:
        return key in self._flat[language]


def load_staff_texts(data_dir: Path) -> StaffTexts:
    """Read every language in `data_dir/texts/staff`; English comes first.

    Raises:
        NotReady: There are none, or they do not match one another.
    """
    paths = sorted(
        (data_dir / "texts" / "staff").glob("*.yml"),
        key=lambda path: (path.stem != "en", path.stem),
    )
    if not paths:
        raise NotReady(f"{data_dir / 'texts' / 'staff'} holds no <language>.yml")
    return StaffTexts(
        {path.stem: parse_yaml(path.read_text("utf-8")) for path in paths}
    )


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """What every page of staff needs.

    Attributes:
        zone: The operator's time zone: dates are shown in it.
        languages: The operator's languages; the first is the source of the pages.
        is_https: Cookies travel over HTTPS alone.
        style: How each language is written.
    """

    texts: StaffTexts
    zone: tzinfo
    clock: Callable[[], datetime]
    operator_name: str
    languages: tuple[str, ...]
    is_https: bool
    style: LanguageStyle = PLAIN


WORKPLACE = web.AppKey("workplace", Workplace)
# Who is signed in: set before any handler of staff runs.
STAFF = web.RequestKey("staff", object)
# Sources of styles that this page needs beside our own files: hashes of a letter's.
STYLES: web.RequestKey[tuple[str, ...]] = web.RequestKey("styles", tuple)


def interface_language(request: web.Request) -> str:
    """The language that this reader is shown, one of those with staff texts."""
    offered = request.app[WORKPLACE].texts.languages
    wanted = [request.query.get("lang"), request.cookies.get(COOKIE)]
    wanted += accepted_languages(request.headers.get("Accept-Language", ""))
    return next((tag for tag in wanted if tag in offered), offered[0])


def page_locale(request: web.Request) -> Locale:
    """How dates and numbers are written on this reader's page."""
    return request.app[WORKPLACE].style.locale(interface_language(request))


def render(
    request: web.Request,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
) -> web.Response:
    """A page for staff.

    The template finds `t(key, …)`, `plural(key, n)`, `day`, `moment`, `span`, `number`,
    `language_name`, `language`, `languages`, `staff`, `path` and `operator_name`.
    """
    place, language = request.app[WORKPLACE], interface_language(request)
    locale = page_locale(request)
    response = aiohttp_jinja2.render_template(
        template,
        request,
        {
            "t": partial(_told, place.texts, language),
            "has_text": partial(place.texts.has, language),
            "plural": partial(_plural, place.texts, language, locale),
            "day": partial(_day, locale),
            "moment": partial(_moment, locale, place.zone),
            "short": partial(_short, locale, place.zone, place.clock()),
            "span": partial(_span, locale),
            "percent": partial(format_percent, locale=locale),
            "filesize": partial(_filesize, locale),
            "number": partial(format_decimal, locale=locale, format="#,##0.#"),
            "language_name": partial(language_name, locale),
            "language": language,
            "languages": [(tag, own_name(tag)) for tag in place.texts.languages],
            "staff": request[STAFF],
            "path": request.path,
            "query": request.query,
            "with_query": partial(_with_query, request),
            "operator_name": place.operator_name,
            "now": place.clock(),
            **context,
        },
        status=status,
    )
    if request.query.get("lang") == language:
        response.set_cookie(
            COOKIE,
            language,
            max_age=365 * 86400,
            httponly=True,
            secure=place.is_https,
            samesite="Lax",
        )
    return response


def _told(texts: StaffTexts, language: str, key: str, /, **values: object) -> str:
    """A text for a template, which escapes it once: also what a macro gave to it."""
    plain = {
        name: value.unescape() if isinstance(value, Markup) else value
        for name, value in values.items()
    }
    return texts.text(language, key, **plain)


def see_other(path: str, **query: str) -> web.Response:
    """Send the browser on after a form was saved."""
    location = f"{path}?{urlencode(query)}" if query else path
    return web.Response(status=303, headers={"Location": location})


def own_name(tag: str) -> str:
    """What a language calls itself, in its own capitals: `svenska`, `English`."""
    return language_name(Locale.parse(tag, sep="-"), tag)


def language_name(locale: Locale, tag: str) -> str:
    """The name of language `tag` in the language of `locale`; unknown tags stay."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(locale) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def _plural(texts: StaffTexts, language: str, locale: Locale, key: str, n: int) -> str:
    form = f"{key}.{locale.plural_form(n)}"
    if not texts.has(language, form):
        form = f"{key}.other"
    return texts.text(language, form, n=format_decimal(n, locale=locale))


def _day(locale: Locale, value: date, at: time | None = None) -> str:
    if at is None:
        return format_date(value, "d MMM y", locale=locale)
    moment = datetime.combine(value, at)
    return format_datetime(moment, "d MMM y HH:mm", locale=locale)


def _moment(locale: Locale, zone: tzinfo, value: datetime) -> str:
    return format_datetime(value.astimezone(zone), "d MMM y HH:mm", locale=locale)


def _short(locale: Locale, zone: tzinfo, now: datetime, value: datetime) -> str:
    """A moment of this year without its year, an earlier one without its time."""
    local = value.astimezone(zone)
    if local.year != now.astimezone(zone).year:
        return format_date(local, "d MMM y", locale=locale)
    return format_datetime(local, "d MMM HH:mm", locale=locale)


def _span(locale: Locale, value: Any) -> str:
    """A length of time in its largest unit, without its sign: `6 days`."""
    return format_timedelta(abs(value), threshold=1.5, locale=locale)


def _filesize(locale: Locale, n_bytes: int) -> str:
    """A size in its largest unit: `1.4 MB`."""
    unit, divisor = ("MB", 1e6) if n_bytes >= 1e6 else ("kB", 1e3)
    value = format_decimal(max(n_bytes / divisor, 0.1), format="0.#", locale=locale)
    return f"{value}\N{NO-BREAK SPACE}{unit}"


def _with_query(request: web.Request, **changes: object) -> str:
    """This page's address with some query fields changed; None removes one."""
    query: dict[str, str] = dict(request.query)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return str(request.rel_url.with_query(query))
