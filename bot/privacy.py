"""Card, account and identity numbers and passwords are masked before storage.

Only numbers whose check digits are right are masked, so that amounts, references and
telephone numbers stay as written, and only passwords that are named as such. Nothing
else of the text is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from stdnum import iban, luhn
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import cc, nif
from stdnum.se import personnummer

from bot.passwords import Passwords, load_passwords

Kind = Literal["card", "iban", "identity_number", "password"]
Span = tuple[int, int, Kind]

MASKS: dict[Kind, str] = {
    "card": "[card]",
    "iban": "[IBAN]",
    "identity_number": "[ID]",
    "password": "[password]",
}


@dataclass(frozen=True)
class Masked:
    """A text without secrets, and which kinds stood in it, once each, as found."""

    text: str
    kinds: tuple[Kind, ...]


class Masker:
    """Masks what customers write; thread-safe."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    def mask(self, text: str) -> Masked:
        """Replace every number and password that is nobody's business by its mark."""
        kinds: list[Kind] = []
        # One kind after the other: digits within an IBAN must not be read as a card.
        for find in (
            _find_ibans,
            _find_cards,
            _find_identity_numbers,
            self._find_passwords,
        ):
            pieces, end = [], 0
            for start, stop, kind in find(text):
                pieces += [text[end:start], MASKS[kind]]
                kinds.append(kind)
                end = stop
            text = "".join(pieces) + text[end:]
        return Masked(text, tuple(dict.fromkeys(kinds)))

    def _find_passwords(self, text: str) -> Iterator[Span]:
        for start, stop in self._passwords.find(text):
            yield start, stop, "password"


@cache
def load_masker(data_dir: Path) -> Masker:
    """What masks, with the cues of `data_dir`.

    Raises:
        NotReady: A file is missing or incomplete.
    """
    return Masker(load_passwords(data_dir))


_GAP = r"[ \u00a0\u2007\u2009\u202f\-.]"
_IBAN_START = re.compile(rf"(?<![^\W_])[A-Za-z]{{2}}{_GAP}?\d{_GAP}?\d")
_IBAN_CHARACTER = re.compile(rf"{_GAP}?([A-Za-z0-9])")
_SHORTEST_IBAN, _LONGEST_IBAN = 15, 34


def _find_ibans(text: str) -> Iterator[Span]:
    """Read on from each country code until the checksum and the length are right."""
    end = 0
    for head in _IBAN_START.finditer(text):
        if head.start() < end:
            continue
        number, place = re.sub(_GAP, "", head[0]), head.end()
        while len(number) < _LONGEST_IBAN and (
            character := _IBAN_CHARACTER.match(text, place)
        ):
            number += character[1]
            place = character.end()
            if len(number) >= _SHORTEST_IBAN and iban.is_valid(
                number, check_country=False
            ):
                yield head.start(), place, "iban"
                end = place
                break


_RUN = re.compile(rf"(?<![^\W_])\d+(?:{_GAP}\d+)*(?![^\W_])")
_CARD_LENGTHS = (16, 15, 14, 19, 18, 17, 13)


def _find_cards(text: str) -> Iterator[Span]:
    """Search each run of digit groups, also for a card next to other numbers."""
    for run in _RUN.finditer(text):
        groups = list(re.finditer(r"\d+", run[0]))
        while found := _card_among(groups, run[0]):
            first, last = found
            yield (
                run.start() + groups[first].start(),
                run.start() + groups[last].end(),
                "card",
            )
            groups = groups[last + 1 :]


def _card_among(groups: list[re.Match[str]], run: str) -> tuple[int, int] | None:
    for first in range(len(groups)):
        candidates = {
            sum(len(group[0]) for group in groups[first : last + 1]): last
            for last in range(first, len(groups))
        }
        for length in _CARD_LENGTHS:
            last = candidates.get(length)
            if last is not None and _is_card(groups[first : last + 1], run):
                return first, last
    return None


def _is_card(groups: list[re.Match[str]], run: str) -> bool:
    number = "".join(group[0] for group in groups)
    gaps = {run[left.end() : right.start()] for left, right in pairwise(groups)}
    lengths = [len(group[0]) for group in groups]
    # Dates in a row have groups of unequal, small size; cards do not.
    grouped_like_a_card = min(lengths[:-1], default=4) >= 4 or len(set(lengths)) == 1
    return (
        number[0] in "23456"
        and len(gaps) <= 1
        and grouped_like_a_card
        and luhn.is_valid(number)
    )


@dataclass(frozen=True)
class _Identity:
    """How a country writes its number, and the test of its check digits."""

    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]


def _identity(pattern: str, is_valid: Callable[[str], bool]) -> _Identity:
    return _Identity(
        re.compile(rf"(?<!\w)(?P<number>{pattern})(?!\w)", re.IGNORECASE), is_valid
    )


def _named(names: str, pattern: str, is_valid: Callable[[str], bool]) -> _Identity:
    """A number that would often be right by chance: its name must stand before it."""
    return _Identity(
        re.compile(
            rf"(?<!\w)(?:{names})(?:[- ]?(?:nummer|number|nr|no)\b\.?)?"
            rf"(?:\s+[^\W\d]{{1,4}}(?=\s))?\s*[:=]?\s*(?P<number>{pattern})(?!\w)",
            re.IGNORECASE,
        ),
        is_valid,
    )


_IDENTITIES = (
    _identity(r"(?:\d{2})?\d{6}[-+ ]?\d{4}", personnummer.is_valid),
    _identity(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]", hetu.is_valid),
    _identity(r"\d{6} ?\d{5}", fodselsnummer.is_valid),
    _identity(r"\d{6}-\d{4}", cpr.is_valid),
    _named(r"cpr", r"\d{6}[ -]?\d{4}", cpr.is_valid),
    _identity(r"\d{11}", pesel.is_valid),
    _identity(r"[12] ?\d{2} ?\d{2} ?\d[0-9AB] ?\d{3} ?\d{3} ?\d{2}", nir.is_valid),
    _identity(r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    _identity(r"\d{8}[- ]?[A-Z]", dni.is_valid),
    _identity(r"[XYZ][- ]?\d{7}[- ]?[A-Z]", nie.is_valid),
    _identity(r"\d{8} ?\d ?[A-Z0-9]{2}\d", cc.is_valid),
    _named(r"nif|contribuinte", r"\d{3} ?\d{3} ?\d{3}", nif.is_valid),
    _named(r"bsn|burgerservice|sofi", r"\d{4}[. ]?\d{2}[. ]?\d{3}", bsn.is_valid),
    _named(
        r"steuer-?id(?:entifikations)?|identifikations|id",
        r"\d{2} ?\d{3} ?\d{3} ?\d{3}",
        idnr.is_valid,
    ),
    # British national insurance numbers have no check digit, but a form of their own.
    _identity(
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
        lambda number: True,
    ),
)


def _find_identity_numbers(text: str) -> Iterator[Span]:
    found = sorted(
        match.span("number")
        for identity in _IDENTITIES
        for match in identity.pattern.finditer(text)
        if identity.is_valid(match["number"])
    )
    end = 0
    for start, stop in found:
        if start >= end:
            yield start, stop, "identity_number"
            end = stop
