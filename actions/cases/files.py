"""Content-addressed files on disk: written whole, on disk before they are acknowledged.

Also what may be one: the types that are taken, and what a file may be called.
"""

from __future__ import annotations

import os
import re
import unicodedata
import uuid
from pathlib import Path, PurePosixPath

import puremagic

from knowledge.errors import WrongFileType

# Media type to the extensions that it may be shown with, the usual one first. Nothing
# here can carry a script in the places where a browser shows it.
TYPES: dict[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "application/pdf": (".pdf",),
}
LONGEST_NAME = 120
PARTS = "parts"
_HASH = re.compile(r"[0-9a-f]{64}")


def media_type_of(content: bytes) -> str:
    """The type of a file, read from its first bytes.

    Raises:
        WrongFileType: None of the types that are taken.
    """
    try:
        best = puremagic.magic_string(content)[0].mime_type
    except (puremagic.PureError, ValueError, IndexError):
        best = ""
    if best not in TYPES:
        raise WrongFileType(f"a file must be one of {', '.join(TYPES)}")
    return str(best)


def clean_name(name: str, media_type: str) -> str:
    """A name that is safe to show and to save under, with an extension that is true.

    Folders, control characters and invisible marks, such as those that turn text
    around, are left out.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(
        character for character in last if unicodedata.category(character)[0] != "C"
    )
    shown = " ".join(re.sub(r'[<>:"|?*]', " ", shown).split()).strip(". ")
    extensions = TYPES[media_type]
    suffix = PurePosixPath(shown).suffix.lower()
    extension = suffix if suffix in extensions else extensions[0]
    stem = shown[: -len(suffix)] if suffix in extensions else shown
    return f"{stem[: LONGEST_NAME - len(extension)].strip() or 'file'}{extension}"


def file_of(folder: Path, sha256: str) -> Path:
    """Where content with this hash lies.

    Raises:
        ValueError: Not a hexadecimal SHA-256.
    """
    if not _HASH.fullmatch(sha256):
        raise ValueError(f"expected a hexadecimal SHA-256, got {sha256!r}")
    return folder / sha256[:2] / sha256[2:]


def spool(folder: Path, content: bytes) -> Path:
    """Write content to a file without a name of its own yet, and have it on disk."""
    parts = folder / PARTS
    parts.mkdir(parents=True, exist_ok=True)
    part = parts / uuid.uuid4().hex
    with part.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    return part


def name_by_hash(folder: Path, part: Path, sha256: str) -> None:
    """Give a spooled file its name; content that is there already stays as it is."""
    file = file_of(folder, sha256)
    if file.exists():
        part.unlink()
        return
    file.parent.mkdir(exist_ok=True)
    part.rename(file)
    for directory in (file.parent, folder, folder.parent):
        _sync_directory(directory)


def remove(folder: Path, sha256: str) -> bool:
    """Remove content; whether it was there."""
    file = file_of(folder, sha256)
    if not file.exists():
        return False
    file.unlink()
    _sync_directory(file.parent)
    return True


def hashes_in(folder: Path) -> list[str]:
    """Of every file that is there."""
    found = (file.parent.name + file.name for file in folder.glob("??/*"))
    return sorted(sha256 for sha256 in found if _HASH.fullmatch(sha256))


def remove_stale_parts(folder: Path, before: float) -> int:
    """Remove what was spooled before a POSIX time and never named; how many."""
    stale = [
        part for part in (folder / PARTS).glob("*") if part.stat().st_mtime < before
    ]
    for part in stale:
        part.unlink(missing_ok=True)
    return len(stale)


def _sync_directory(folder: Path) -> None:
    """Have the names in a folder on disk, so that a new file is found after a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
