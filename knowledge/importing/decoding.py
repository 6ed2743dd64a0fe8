"""Bytes of unknown origin as text."""

from __future__ import annotations

import codecs
import re

import puremagic

from knowledge.importing.reading import IdentifyLanguage, Note, Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})
    | <\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]{2,40})""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# What Windows wrote before UTF-8, where it was not Western European.
_LEGACY = {
    "cp1250": "pl cs sk hu hr sl ro",
    "cp1251": "ru bg uk sr be mk",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1257": "lt lv et",
}
_WESTERN = "cp1252"


def decode(
    content: bytes,
    *,
    charset: str | None = None,
    identify: IdentifyLanguage = lambda text: None,
) -> tuple[str, list[Note]]:
    """Read bytes as text: by their mark, by what is declared, as UTF-8, by guess.

    Args:
        content: A whole file.
        charset: What came with it, such as the charset of `Content-Type`.
        identify: Tells the language, which tells the old encoding that it had.

    Returns:
        The text with bare line feeds, and a note when its encoding was guessed.

    Raises:
        Unreadable: Empty, not text, or of two encodings.
    """
    if not content.strip():
        raise Unreadable("empty")
    text, notes = _decode(content, charset, identify)
    if len(_CONTROL.findall(text[:4096])) > len(text[:4096]) // 100:
        raise Unreadable("binary", kind=kind_of(content))
    text = _CONTROL.sub("", text)
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def kind_of(content: bytes) -> str:
    """What a file that is not text seems to be, such as `application/pdf`."""
    try:
        return puremagic.from_string(content[:65536], mime=True) or "binary data"
    except (puremagic.PureError, ValueError):
        return "binary data"


def _decode(
    content: bytes, charset: str | None, identify: IdentifyLanguage
) -> tuple[str, list[Note]]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").lstrip("\ufeff"), []
    if b"\0" in content[:4096]:
        raise Unreadable("binary", kind=kind_of(content))
    try:
        # Rightly declared or not: what reads as UTF-8 by chance is hardly ever not.
        return content.decode("utf-8"), []
    except UnicodeDecodeError as exc:
        place = exc.start
    declared = charset or _declared(content)
    if declared is not None and (text := _try(content, declared)) is not None:
        return text, []
    if re.search(rb"[\xc3-\xf4][\x80-\xbf]", content) and _is_mixed(content):
        raise Unreadable("mixed_encodings", place=place)
    if content.startswith((b"%PDF", b"PK\x03\x04")):
        raise Unreadable("binary", kind=kind_of(content))
    encoding = _guess(content, identify)
    return content.decode(encoding, "replace"), [
        Note(code="encoding", values={"encoding": encoding})
    ]


def _declared(content: bytes) -> str | None:
    match = _DECLARED.search(content[:4096])
    return (match[1] or match[2]).decode("ascii", "replace") if match else None


def _try(content: bytes, encoding: str) -> str | None:
    """Decode as browsers do: Latin-1 means its Windows superset."""
    try:
        name = codecs.lookup(encoding).name
        if name in ("iso8859-1", "ascii"):
            name = _WESTERN
        if name.startswith("utf-8"):
            return None
        return content.decode(name, "replace")
    except (LookupError, ValueError):
        return None


def _is_mixed(content: bytes) -> bool:
    """Whether letters beyond ASCII stand there in UTF-8 as well as in one byte."""
    sound = len(re.findall(rb"[\xc3\xc4\xc5\xe2][\x80-\xbf]", content))
    alone = len(re.findall(rb"(?<![\x80-\xff])[\xc0-\xff](?![\x80-\xff])", content))
    return sound > 0 and alone > 0


def _guess(content: bytes, identify: IdentifyLanguage) -> str:
    language = (identify(content[:20_000].decode(_WESTERN, "replace")) or "")[:2]
    for encoding, languages in _LEGACY.items():
        if language in languages.split():
            return encoding
    return _WESTERN
