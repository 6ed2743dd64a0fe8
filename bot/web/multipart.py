"""Forms with files, read as they come in and never past a limit."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from actions.cases.attachments import Limits
from knowledge.bodies import DAMAGED, form_fields
from knowledge.errors import BadInput, FileTooLarge, TooLong, TooManyFiles

LONGEST_FIELDS = 256 * 1024
MOST_FILES = 5
# Larger than any of them alone, smaller than all of them at their largest.
LARGEST_FILES_TOGETHER = 2


@dataclass(frozen=True)
class File:
    """One file as it was sent; nothing in it is trusted."""

    name: str
    content: bytes


@dataclass
class Form:
    """The fields by name, and the files that are not empty."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)


async def read_form(request: web.Request, limits: Limits) -> Form:
    """Read a form, in either of the ways in which browsers send one.

    Raises:
        BadInput: Not a form, or damaged.
        TooLong: The fields are.
        FileTooLarge: One file is, or all together are.
        TooManyFiles: More than `MOST_FILES`.
    """
    if request.content_type != "multipart/form-data":
        return Form(dict(await form_fields(request)))
    form = Form()
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise BadInput("a form holds fields and files only")
            if part.filename is None:
                await _read_field(part, form)
            else:
                await _read_file(part, form, limits)
    except DAMAGED as exc:
        raise BadInput("the form is damaged") from exc
    return form


async def _read_field(part: BodyPartReader, form: Form) -> None:
    room = LONGEST_FIELDS - sum(map(len, form.fields.values()))
    content = await _read(part, room)
    if content is None:
        raise TooLong(f"all fields together may have {LONGEST_FIELDS} bytes")
    form.fields[part.name or ""] = content.decode("utf-8", "replace")


async def _read_file(part: BodyPartReader, form: Form, limits: Limits) -> None:
    together = LARGEST_FILES_TOGETHER * limits.largest_bytes
    room = together - sum(len(file.content) for file in form.files)
    content = await _read(part, min(room, limits.largest_bytes))
    if content is None:
        raise FileTooLarge(
            f"a file may have {limits.largest_bytes} bytes, all together {together}"
        )
    if not content:
        return  # A browser sends an empty part for a field without a file.
    if len(form.files) == MOST_FILES:
        raise TooManyFiles(f"at most {MOST_FILES} files at once")
    form.files.append(File(part.filename or "", content))


async def _read(part: BodyPartReader, most: int) -> bytes | None:
    """The whole part, or None as soon as it is longer than `most`."""
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > most:
            return None
    return bytes(content)
