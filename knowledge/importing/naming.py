"""Ids, kinds and languages of pages that do not state them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from babel import Locale, UnknownLocaleError

from knowledge.chunking import slug

LONGEST_ID = 80
_INDEX_NAMES = frozenset({"", "index", "default", "home", "start"})
_TAG = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?")


def id_of(path: str) -> str:
    """The id of a page by its path: without language, index names and ending.

    `sv/hjalp/uttag.html` and `en/hjalp/uttag.html` are one page in two languages.
    """
    parts = [part for part in PurePosixPath(unquote(path)).parts if part != "/"]
    names = [part for part in parts if not is_language(part)]
    if names:
        names[-1] = re.sub(r"\.\w{1,5}$", "", names[-1])
        stem, _, ending = names[-1].rpartition(".")
        if stem and is_language(ending):
            names[-1] = stem
    if names and names[-1].lower() in _INDEX_NAMES and len(names) > 1:
        names.pop()
    name = slug(names[-1]) if names else ""
    ascii_name = re.sub(r"[^a-z0-9._-]+", "-", name.replace("_", "-")).strip("-._")
    return ascii_name[:LONGEST_ID].strip("-._") or "page"


def longer_id(path: str) -> str:
    """An id with the folder above it, for two pages of the same name."""
    parts = [part for part in PurePosixPath(unquote(path)).parts if part != "/"]
    names = [part for part in parts if not is_language(part)]
    ids = [id_of(part) for part in names[-3:]]
    return "-".join(dict.fromkeys(ids))[:LONGEST_ID] or "page"


def is_language(part: str) -> bool:
    """Whether part of a path names a language, such as `sv` or `fr-FR`."""
    if not _TAG.fullmatch(part):
        return False
    try:
        Locale.parse(part.replace("-", "_"), sep="_")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def language_in(path: str) -> str | None:
    """The language that a path names: of its folders, or before its ending."""
    pure = PurePosixPath(unquote(path))
    found = [part for part in pure.parts if is_language(part)]
    if ending := re.search(r"[._]([a-z]{2})\.\w{1,8}$", pure.name):
        found.append(ending[1])
    return next((part for part in found if is_language(part)), None)


def normal_tag(tag: str, prefer: tuple[str, ...] = ()) -> str | None:
    """A language tag as the house writes it; None when it is none.

    The region is left out unless the operator names it: `sv-SE` is `sv`.
    """
    parts = tag.strip().replace("_", "-").split("-")
    primary = parts[0].lower()
    if not re.fullmatch(r"[a-z]{2,3}", primary):
        return None
    whole = "-".join([primary, *(part.upper() for part in parts[1:2])])
    if whole in prefer:
        return whole
    return {"no": "nb", "iw": "he", "in": "id"}.get(primary, primary)


def group_address(
    address: str, translations: Mapping[str, str], prefer: tuple[str, ...]
) -> str:
    """The address that names a page in all its languages."""
    for tag in (*prefer, "en", "x-default"):
        for named, target in translations.items():
            if named == tag or named.split("-")[0] == tag:
                return target
    return min(translations.values(), default=address)


def path_of(address: str) -> str:
    """The path of an address, with its query where that tells pages apart."""
    parts = urlsplit(address)
    return f"{parts.path}-{parts.query}" if parts.query else parts.path
