"""Plain text without any markup as a help page.

A title line, paragraphs, headings, clauses and lists are told by how they stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.importing.blocks import QUESTION, Block, escape, escape_start

_LONGEST_HEADING = 100
_RULE = re.compile(r"\s*[=\-_*~#]{3,}\s*")
_BULLET = re.compile(r"^\s*(?:[•·▪◦‣●*+o–—-])\s+(?=\S)")
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}|[a-z])[.)]\s+(?=\S)")
_CLAUSE = re.compile(r"^\s*\d+(?:\.\d+)+\.?\s+\S")
_SECTION = re.compile(r"^\s*(?:§\s*)?\d{1,3}[.)]?\s+\S")
_LABEL = re.compile(
    r"^\s*(?P<label>[^\W\d_]{1,12})\s*[:.]\s+(?P<said>\S.*)$", re.DOTALL
)
_SENTENCE_END = (".", "!", ":", ",", ";", "…", "。")


def read_plain(text: str) -> tuple[str, list[Block]]:
    """Read a text.

    Returns:
        Its title, empty when it has no title line, and its blocks.
    """
    groups = _groups(text.expandtabs(4).split("\n"))
    title = ""
    if len(groups) > 1 and len(groups[0]) == 1 and _is_heading(groups[0][0]):
        title = groups.pop(0)[0].strip(" =#*")
    elif groups and len(groups[0]) > 1 and _is_title(groups[0]):
        title = groups[0].pop(0).strip(" =#*")
    groups = _without_labels(groups)
    blocks: list[Block] = []
    for place, lines in enumerate(groups):
        is_last = place + 1 == len(groups)
        blocks += _blocks(lines, is_followed=not is_last, before=blocks)
    return title, blocks


def _groups(lines: Sequence[str]) -> list[list[str]]:
    """Lines that stand together; where no line is empty, each long one alone."""
    groups: list[list[str]] = [[]]
    for line in lines:
        if _RULE.fullmatch(line):
            # An underline makes a heading of the line above.
            if groups[-1]:
                last = groups[-1].pop()
                groups += [[last], []]
            continue
        if not line.strip():
            groups.append([])
        elif _CLAUSE.match(line) and groups[-1]:
            groups.append([line])
        else:
            groups[-1].append(line.rstrip())
    groups = [group for group in groups if group]
    if len(groups) == 1 and _is_one_paragraph_a_line(groups[0]):
        return _by_line(groups[0])
    return groups


def _is_one_paragraph_a_line(lines: Sequence[str]) -> bool:
    ended = sum(line.rstrip().endswith((".", "!", "?", ":")) for line in lines)
    return len(lines) > 2 and 2 * ended >= len(lines)


def _by_line(lines: Sequence[str]) -> list[list[str]]:
    """Each line a paragraph, but what a colon or a mark makes a list together."""
    groups: list[list[str]] = []
    is_list = False
    for line in lines:
        if is_list and (_is_item(line) or not line.rstrip().endswith(".")):
            groups[-1].append(line)
        else:
            groups.append([line])
        is_list = line.rstrip().endswith(":") or (is_list and _is_item(line))
    return groups


def _blocks(
    lines: list[str], *, is_followed: bool, before: Sequence[Block]
) -> list[Block]:
    if len(lines) == 1 and is_followed and _is_heading(lines[0]):
        text = lines[0].strip(" #*=")
        return [Block("heading", escape(text), 2, asks=bool(QUESTION.search(text)))]
    first, *rest = lines
    if rest and QUESTION.search(first) and _is_heading(first):
        # A question and its answer without an empty line between.
        asked = Block("heading", escape(first.strip()), 2, asks=True)
        return [asked, *_blocks(rest, is_followed=False, before=[asked])]
    marked = [place for place, line in enumerate(lines) if _is_item(line)]
    if marked and len(marked) >= 1 and (marked[0] > 0 or len(marked) > 1):
        lead = _paragraph(lines[: marked[0]])
        return [*lead, _list(_items(lines[marked[0] :]))]
    if rest and first.rstrip().endswith(":") and _may_be_items(rest):
        return [*_paragraph([first]), _list([line.strip() for line in rest])]
    follows_colon = bool(before) and before[-1].text.rstrip().endswith(":")
    if follows_colon and len(lines) > 1 and _may_be_items(lines):
        return [_list([line.strip() for line in lines])]
    return _paragraph(lines)


def _paragraph(lines: Sequence[str]) -> list[Block]:
    text = escape(" ".join(" ".join(lines).split()))
    return [Block("paragraph", escape_start(text))] if text else []


def _list(items: Sequence[str]) -> Block:
    return Block("list", "\n".join(f"- {escape(item)}" for item in items))


def _items(lines: Sequence[str]) -> list[str]:
    """Items without their marks; a line without one goes on with the item before."""
    items: list[str] = []
    for line in lines:
        if _BULLET.match(line):
            items.append(_BULLET.sub("", line).strip())
        elif _NUMBERED.match(line) or not items:
            items.append(line.strip())
        else:
            items[-1] += f" {line.strip()}"
    return items


def _is_item(line: str) -> bool:
    return bool(_BULLET.match(line) or _NUMBERED.match(line))


def _may_be_items(lines: Sequence[str]) -> bool:
    """Whether lines after a colon are items and not a wrapped paragraph."""
    if len(lines) < 2:
        return False
    if all(line.rstrip().endswith((";", ",")) for line in lines[:-1]):
        return True
    indented = all(line.startswith(("  ", "\t")) for line in lines)
    short = all(len(line.strip()) <= 70 for line in lines)
    starts = sum(line.strip()[:1].isupper() for line in lines)
    return indented or (short and (starts == len(lines) or starts == 0))


def _is_heading(line: str) -> bool:
    text = line.strip()
    if not text or len(text) > _LONGEST_HEADING or _CLAUSE.match(line):
        return False
    if _SECTION.match(line) or QUESTION.search(text):
        return not text.endswith((".", ":", ",", ";")) or text.endswith("?")
    return not text.endswith(_SENTENCE_END) and not _is_item(line)


def _is_title(lines: Sequence[str]) -> bool:
    """Whether the first line stands apart from those under it."""
    first = lines[0].strip()
    rest = max(len(line) for line in lines[1:])
    return _is_heading(lines[0]) and not first.endswith("?") and 2 * len(first) < rest


def _without_labels(groups: list[list[str]]) -> list[list[str]]:
    """Questions and answers without the labels before them, such as `Q:` and `A:`.

    A label counts when it comes twice or more; two alternate, the first one asking.
    """
    labels = [
        match["label"] if (match := _LABEL.match(line)) else ""
        for group in groups
        for line in group
    ]
    marked = [label for label in labels if labels.count(label) > 1 and label]
    kinds = list(dict.fromkeys(marked))
    if len(kinds) != 2 or marked[::2] != [kinds[0]] * len(marked[::2]):
        return groups
    found: list[list[str]] = []
    for group in groups:
        for line in group:
            match = _LABEL.match(line)
            if match and match["label"] in kinds:
                found.append([match["said"]])
            elif found and line is not group[0]:
                found[-1].append(line)
            else:
                found.append([line])
    return found
