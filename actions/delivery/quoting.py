"""Takes from a reply what was quoted and what a mail program added.

Carefully: where the customer wrote between the quoted lines everything stays, and a
reply never becomes empty. What is cut is a tail of whole lines, so what is left is
always as the customer wrote it.
"""

from __future__ import annotations

import re

_WROTE = (
    r"wrote|skrev|a écrit|schrieb|escribió|kirjoitti|ha scritto|schreef|escreveu|"
    r"napisał(?:\(a\)|a)?|pisze"
)
_ORIGINAL = (
    r"original message|forwarded message|ursprungligt meddelande|message d'origine|"
    r"message transféré|ursprüngliche nachricht|mensaje original|alkuperäinen viesti|"
    r"oprindelig meddelelse|opprinnelig melding|messaggio originale|"
    r"oorspronkelijk bericht|mensagem original|oryginalna wiadomość"
)
_FROM = r"from|från|de|von|lähettäjä|fra|da|van|od"
_OTHER_FIELDS = (
    r"sent|date|to|subject|skickat|datum|till|ämne|envoyé|à|objet|gesendet|an|betreff|"
    r"enviado|fecha|para|asunto|lähetetty|päivämäärä|vastaanottaja|aihe|sendt|dato|til|"
    r"emne|inviato|data|a|oggetto|verzonden|aan|onderwerp|assunto|wysłano|do|temat"
)
_SENT_FROM = (
    r"sent from my|get outlook for|skickat från min|envoyé de(?:puis)? mon|"
    r"(?:von meinem|gesendet von).*|enviado (?:desde|do) m[ie]u?|lähetetty .*stani|"
    r"sendt fra min|inviato da(?:l mio)?|verzonden (?:vanaf|met) mijn|"
    r"wysłane? z(?: mojego)?"
)

_ATTRIBUTION = re.compile(
    rf"(?=.*[\d@<]).{{0,200}}\b(?:{_WROTE})\b.{{0,120}}:\s*$", re.I
)
_DIVIDER = re.compile(rf"\s*[-_]{{2,}}\s*(?:{_ORIGINAL})\s*[-_]{{2,}}\s*$", re.I)
_RULE = re.compile(r"\s*_{10,}\s*$")
_FIRST_FIELD = re.compile(rf"\s*\*?(?:{_FROM})\s?:\*?\s+\S.*$", re.I)
_FIELD = re.compile(rf"\s*\*?(?:{_OTHER_FIELDS})\s?:\*?\s+\S.*$", re.I)
_SIGNATURE = re.compile(r"--\s?$")
_ADDED = re.compile(rf"\s*(?:{_SENT_FROM})\b.{{0,60}}$", re.I)
_LONGEST_LINE = 400


def trim_reply(text: str) -> str:
    """What the customer wrote this time; the whole text when that cannot be told."""
    lines = text.replace("\r\n", "\n").split("\n")
    end = _quoted_from(lines)
    if end is not None and _has_words_between(lines[end:]):
        return text.strip()
    kept = _without_additions(lines[:end])
    return "\n".join(kept).strip() or text.strip()


def _quoted_from(lines: list[str]) -> int | None:
    """The line with which the quoted history begins, or None."""
    for number, line in enumerate(lines):
        if len(line) > _LONGEST_LINE:
            continue
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _is_quoted(line) or _DIVIDER.match(line):
            return number
        if _is_attribution(line, following) or _is_block_of_fields(lines[number:]):
            return number
        if _RULE.match(line) and _is_block_of_fields(lines[number + 1 :]):
            return number
    return None


def _is_attribution(line: str, following: str) -> bool:
    """A line such as `On Monday, Kim wrote:`, perhaps broken in two."""
    if _ATTRIBUTION.match(line):
        return True
    # The first half must hold the date, or a sentence before it would go too.
    return bool(
        re.search(r"\d", line)
        and not re.search(r"[.!?]\s*$", line)
        and len(following) <= _LONGEST_LINE
        and following.strip()
        # A whole one follows: then this line is the customer's.
        and not (_ATTRIBUTION.match(following) and following[0] != "<")
        and _ATTRIBUTION.match(f"{line} {following}")
    )


def _is_block_of_fields(lines: list[str]) -> bool:
    """`From:` and at least two more fields of a letter right after it."""
    if not lines or not _FIRST_FIELD.match(lines[0]):
        return False
    return sum(bool(_FIELD.match(line)) for line in lines[1:6]) >= 2


def _has_words_between(lines: list[str]) -> bool:
    """Whether something not quoted follows something quoted: answers in between."""
    seen = False
    for line in lines:
        if _is_quoted(line):
            seen = True
        elif seen and line.strip() and not _SIGNATURE.match(line):
            return not _ADDED.match(line)
        elif _SIGNATURE.match(line):
            return False
    return False


def _without_additions(lines: list[str]) -> list[str]:
    """Without signature and the mail program's own line at the end."""
    for number, line in enumerate(lines):
        if _SIGNATURE.match(line) and number:
            lines = lines[:number]
            break
    while lines and (not lines[-1].strip() or _ADDED.match(lines[-1])):
        lines = lines[:-1]
    return lines


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")
