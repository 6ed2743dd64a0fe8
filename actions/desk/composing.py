"""Answers before they are sent: templates filled in, what is wrong, the letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import msgspec
from babel import Locale
from babel.dates import format_date
from yaml import YAMLError

from actions.cases.case import OUTCOME_KINDS, Case
from actions.cases.outbox import EmailKind
from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

Identify = Callable[[str], str | None]

# What an answer is for; an outcome closes the case.
PURPOSES = ("reply", "information_request", "interim_update", *OUTCOME_KINDS)
# Placeholders that are filled in; any other is a blank for the agent.
FILLED = frozenset({"name", "reference", "opened_on", "answer_due_on", "operator"})
# Fewer words say too little about their language.
WORDS_TO_TELL = 4
_BLANK = re.compile(r"\{([^{}\n]{1,60})\}")


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
class Offered:
    """A template as the composer offers it for a case: `text` is filled in."""

    id: str
    purpose: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Every template, by language."""

    by_language: Mapping[str, Sequence[Template]]
    operator_name: str
    zone: tzinfo

    def offered(self, case: Case, interface_language: str) -> list[Offered]:
        """Those in the customer's language, titled in the agent's where that is known.

        Without templates in a language there are none.
        """
        own = self.by_language.get(interface_language, ())
        titles = {each.id: each.title for each in own}
        return [
            Offered(
                id=each.id,
                purpose=each.purpose,
                title=titles.get(each.id, each.title),
                text=self._fill(each.text, case),
            )
            for each in self.by_language.get(case.language, ())
        ]

    def _fill(self, text: str, case: Case) -> str:
        locale = Locale.parse(case.language, sep="-")

        def day(moment: datetime) -> str:
            return format_date(moment.astimezone(self.zone), "long", locale)

        values = {
            "name": case.customer.name,
            "reference": case.reference,
            "opened_on": day(case.opened_at),
            "answer_due_on": day(case.answer_due_at),
            "operator": self.operator_name,
        }
        # What is not known stays a blank, and with a blank nothing is sent.
        return _BLANK.sub(lambda found: values.get(found[1]) or found[0], text)


def load_templates(data_dir: Path, operator_name: str, zone: tzinfo) -> Templates:
    """Read `data_dir/templates/<language>.yml`.

    Raises:
        NotReady: A file is malformed, or differs from the others in its templates.
    """
    folder = data_dir / "templates"
    by_language = {
        path.stem: _read(path) for path in sorted(folder.glob("*.yml"), key=str)
    }
    shapes = {tag: _shape(found) for tag, found in by_language.items()}
    for tag, shape in shapes.items():
        first = next(iter(shapes))
        if shape != shapes[first]:
            raise NotReady(
                f"templates/{tag}.yml must have the ids, purposes and placeholders of "
                f"templates/{first}.yml, in the same order"
            )
    return Templates(by_language=by_language, operator_name=operator_name, zone=zone)


def _read(path: Path) -> list[Template]:
    try:
        content = parse_yaml(path.read_text("utf-8"))
        found = msgspec.convert(content, list[Template])
    except (OSError, YAMLError, msgspec.ValidationError) as exc:
        raise NotReady(f"{path}: {exc}") from exc
    for each in found:
        if each.purpose not in PURPOSES:
            raise NotReady(f"{path}: {each.id}: no purpose {each.purpose!r}")
    return found


def _shape(templates: Sequence[Template]) -> list[tuple[str, str, frozenset[str]]]:
    return [
        (each.id, each.purpose, FILLED & set(_BLANK.findall(each.text)))
        for each in templates
    ]


def blanks(text: str) -> list[str]:
    """Placeholders that are still in the text: `{date}`; each once, in order."""
    return [f"{{{name}}}" for name in dict.fromkeys(_BLANK.findall(text))]


def other_language(text: str, case: Case, identify: Identify) -> str | None:
    """The language of `text`, if it is surely none that the customer uses here.

    The customer uses the language of the case, and that of what they wrote last.
    """
    if len(text.split()) < WORDS_TO_TELL:
        return None
    used = {case.language}
    used |= {each.language for each in case.transcript if each.sender == "customer"}
    found = identify(text)
    return None if found in used else found


def change_of(purpose: str, text: str) -> tuple[str, dict[str, Any]]:
    """Which change of the case an answer is, with its fields."""
    if purpose in OUTCOME_KINDS:
        return "outcome", {"kind": purpose, "reasons": text}
    return {
        "reply": "replies",
        "interim_update": "interim-update",
        "information_request": "information-request",
    }[purpose], {"text": text}


def letter_of(purpose: str, text: str) -> tuple[EmailKind, dict[str, Any]]:
    """Which letter an answer is, with what is filled into it."""
    if purpose in OUTCOME_KINDS:
        return "outcome", {"outcome": purpose, "reasons": text}
    kinds: dict[str, EmailKind] = {
        "reply": "reply",
        "interim_update": "interim_update",
        "information_request": "information_request",
    }
    return kinds[purpose], {"text": text}
