"""Templates of answers: as shipped, as filled in for a case, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import msgspec

from actions.cases.case import OUTCOME_KINDS, Case
from knowledge.errors import NotReady
from knowledge.language_style import PLAIN, LanguageStyle

# What an answer is for; an outcome closes the case.
PURPOSES = ("reply", "information_request", "interim_update", *OUTCOME_KINDS)
# Placeholders that are filled in; any other is a blank for the agent.
FILLED = ("name", "reference", "opened_on", "answer_due_on", "operator")
LONGEST_TITLE = 100
LONGEST_TEXT = 10_000
_BLANK = re.compile(r"\{([^{}\n]{1,60})\}")
# This like a placeholder that is filled in, another one is a slip of the pen.
_ALIKE = 0.8


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to begin from, in one language.

    Attributes:
        id: The same in every language.
        purpose: What an answer made of it is for.
        title: For the agent; in the language of the file.
        text: May hold placeholders, as `data/templates/README.md` says.
    """

    id: str
    purpose: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a template cannot be saved.

    Attributes:
        kind: `misspelt`: `found` looks like `meant`, which would be filled in;
            `braces`: one that opens or closes nothing.
    """

    kind: Literal["no_title", "no_text", "too_long", "braces", "misspelt"]
    found: str = ""
    meant: str = ""


@dataclass(frozen=True, kw_only=True)
class Filler:
    """Fills placeholders in.

    Attributes:
        operator_name: What the company calls itself to customers.
        zone: In which dates are meant.
        style: How each language writes them.
    """

    operator_name: str
    zone: tzinfo
    style: LanguageStyle = PLAIN

    def fill(self, text: str, case: Case) -> str:
        """The text for a case; what is not known stays a blank.

        With a blank left in it nothing is sent.
        """
        values = self.values(case)
        return _BLANK.sub(lambda found: values.get(found[1]) or found[0], text)

    def values(self, case: Case) -> dict[str, str | None]:
        """What each placeholder becomes."""

        def day(moment: datetime) -> str:
            local = moment.astimezone(self.zone)
            return self.style.day(case.language, local.date())

        return {
            "name": case.customer.name,
            "reference": case.reference,
            "opened_on": day(case.opened_at),
            "answer_due_on": day(case.answer_due_at),
            "operator": self.operator_name,
        }


def blanks(text: str) -> list[str]:
    """Placeholders that are in the text: `{date}`; each once, in order."""
    return [f"{{{name}}}" for name in dict.fromkeys(_BLANK.findall(text))]


def filled_names(text: str) -> frozenset[str]:
    """Names of the placeholders in the text that are filled in."""
    return frozenset(FILLED) & frozenset(_BLANK.findall(text))


def faults_of(title: str, text: str) -> list[Fault]:
    """What is wrong with a template, in the order of reading; empty for nothing."""
    faults: list[Fault] = []
    if not title.strip():
        faults.append(Fault(kind="no_title"))
    if not text.strip():
        faults.append(Fault(kind="no_text"))
    if len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
        faults.append(Fault(kind="too_long"))
    if stray := re.search(r"[{}][^\n]{0,20}", _BLANK.sub("", text)):
        faults.append(Fault(kind="braces", found=stray[0]))
    for name in dict.fromkeys(_BLANK.findall(text)):
        if name not in FILLED and (meant := _meant(name)):
            faults.append(Fault(kind="misspelt", found=name, meant=meant))
    return faults


def load_templates(
    data_dir: Path, style: LanguageStyle = PLAIN
) -> Mapping[str, Sequence[Template]]:
    """Read `data_dir/templates/<language>.yml`, by language.

    Raises:
        NotReady: A file is malformed, or differs from the others in its templates.
    """
    folder = data_dir / "templates"
    by_language = {
        path.stem: _read(path, style) for path in sorted(folder.glob("*.yml"), key=str)
    }
    shapes = {tag: _shape(found) for tag, found in by_language.items()}
    for tag, shape in shapes.items():
        first = next(iter(shapes))
        if shape != shapes[first]:
            raise NotReady(
                f"templates/{tag}.yml must have the ids, purposes and placeholders of "
                f"templates/{first}.yml, in the same order"
            )
    return by_language


def _read(path: Path, style: LanguageStyle) -> list[Template]:
    try:
        content = style.read(path.parent, path.stem)
        found = msgspec.convert(content, list[Template])
    except msgspec.ValidationError as exc:
        raise NotReady(f"{path}: {exc}") from exc
    for each in found:
        if each.purpose not in PURPOSES:
            raise NotReady(f"{path}: {each.id}: no purpose {each.purpose!r}")
        if faults := faults_of(each.title, each.text):
            raise NotReady(f"{path}: {each.id}: {faults[0].kind} {faults[0].found}")
    return found


def _shape(templates: Sequence[Template]) -> list[tuple[str, str, frozenset[str]]]:
    return [(each.id, each.purpose, filled_names(each.text)) for each in templates]


def _meant(name: str) -> str | None:
    folded = re.sub(r"[\s_-]+", "_", name.casefold())
    close = get_close_matches(folded, FILLED, n=1, cutoff=_ALIKE)
    return close[0] if close else None
