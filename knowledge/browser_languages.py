"""Which languages a browser asks for."""

from __future__ import annotations


def accepted_languages(header: str) -> tuple[str, ...]:
    """The primary tags of `Accept-Language`, best first; broken parts are skipped."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        primary = tag.strip().split("-")[0].lower()
        if quality > 0 and primary.isalpha() and len(primary) <= 3:
            wanted.append((-quality, place, "nb" if primary == "no" else primary))
    return tuple(dict.fromkeys(tag for _, _, tag in sorted(wanted)))
