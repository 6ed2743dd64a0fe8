"""Letters to customers: templates of `data/letters/` filled in, as text and HTML."""

from __future__ import annotations

import hashlib
import html
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from actions.cases.case import OUTCOME_KINDS, Case
from actions.cases.outbox import EmailKind
from actions.helplines import HelpLines, load_help_lines
from knowledge.errors import NotReady
from knowledge.operator import Operator
from knowledge.text_trees import flatten, placeholders

KINDS: tuple[EmailKind, ...] = get_args(EmailKind)
# By the counter itself, not by a person: mail programs must not answer these.
AUTOMATIC: frozenset[EmailKind] = frozenset({"receipt", "in_need"})

_PLACEHOLDERS = frozenset(
    "name operator sender reference opened_on answer_due_on status_url text reasons "
    "outcome gambling_line crisis_line exclusion emergency".split()
)
_KEYS = {
    "greeting",
    "greeting_unnamed",
    "closing",
    "footer",
    *(f"letters.{kind}.{part}" for kind in KINDS for part in ("subject", "text")),
    *(f"outcomes.{kind}" for kind in OUTCOME_KINDS),
}
_RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter that is ready to send.

    Attributes:
        language: The language that it is written in.
    """

    subject: str
    text: str
    html: str
    language: str


class Letters:
    """Writes letters in the operator's languages; thread-safe."""

    def __init__(
        self,
        templates: Mapping[str, Mapping[str, str]],
        layout: str,
        operator: Operator,
        help_lines: HelpLines,
        address: str,
    ) -> None:
        """Check every template.

        Args:
            templates: By language, texts by dotted key.
            layout: Jinja2 template of the HTML part.
            operator: In whose name letters are written.
            help_lines: Whom somebody in need can call.
            address: Of the site, without a trailing slash.

        `styles` holds what a content policy must name for the layout's styles to be
        seen in a preview: CSP hashes.

        Raises:
            NotReady: A language lacks a key, or its placeholders differ.
        """
        self._templates, self._operator, self._address = templates, operator, address
        self._help_lines = help_lines
        self.styles = _style_hashes(layout)
        for language, texts in templates.items():
            _check(language, texts, templates[operator.default_language])
        sandbox = SandboxedEnvironment(autoescape=True, trim_blocks=True)
        try:
            self._layout = sandbox.from_string(layout)
        except TemplateError as exc:
            raise NotReady(f"letters/layout.html: {exc}") from exc

    def render_letter(
        self, kind: EmailKind, language: str, case: Case, values: Mapping[str, Any]
    ) -> Letter:
        """Write a letter about `case`.

        Args:
            kind: What it is for.
            language: BCP 47 tag; the operator's first where there is no template.
            case: The case as it stands.
            values: `text`; for an outcome `outcome`, its kind, and `reasons`.
        """
        if language not in self._templates:
            language = self._operator.default_language
        texts = self._templates[language]
        filled = self._values(texts, language, case, values)
        greeting = "greeting" if case.customer.name else "greeting_unnamed"
        said = [texts[f"letters.{kind}.text"]]
        if kind == "receipt" and case.is_urgent:
            # Help first.
            said.insert(0, texts["letters.in_need.text"])
        body = [
            paragraph
            for text in (texts[greeting], *said, texts["closing"])
            for paragraph in _fill(text, filled)
        ]
        footer = list(_fill(texts["footer"], filled))
        subject = " ".join(texts[f"letters.{kind}.subject"].format_map(filled).split())
        link = filled["status_url"]
        return Letter(
            subject=subject,
            text="\n\n".join([*body, "-- \n" + "\n\n".join(footer)]) + "\n",
            html=self._layout.render(
                language=language,
                direction="rtl" if language.startswith(_RIGHT_TO_LEFT) else "ltr",
                subject=subject,
                operator=self._operator.name,
                paragraphs=[_markup(paragraph, link) for paragraph in body],
                footer=[_markup(paragraph, link) for paragraph in footer],
            ),
            language=language,
        )

    def _values(
        self,
        texts: Mapping[str, str],
        language: str,
        case: Case,
        values: Mapping[str, Any],
    ) -> dict[str, str]:
        operator, outcome = self._operator, values.get("outcome")

        def day(moment: datetime) -> str:
            local = moment.astimezone(operator.zone)
            return operator.style.day(language, local.date())

        sender = ", ".join(filter(None, [operator.legal_name, operator.address]))
        help_line = self._help_lines.for_customer(language, operator.country)
        return {
            **help_line.placeholders(),
            "name": case.customer.name or "",
            "operator": operator.name,
            "sender": sender,
            "reference": case.reference,
            "opened_on": day(case.opened_at),
            "answer_due_on": day(case.answer_due_at),
            "status_url": f"{self._address}/status?language={language}",
            "text": values.get("text") or "",
            "reasons": values.get("reasons") or "",
            "outcome": texts[f"outcomes.{outcome}"] if outcome else "",
        }


def load_letters(data_dir: Path, operator: Operator, address: str) -> Letters:
    """Read `letters/<language>.yml` for each of the operator's languages.

    Raises:
        NotReady: A file is missing or malformed, or that of the help-lines is.
    """
    folder = data_dir / "letters"
    templates = {
        language: dict(flatten(operator.style.read(folder, language)))
        for language in operator.languages
    }
    layout = (folder / "layout.html").read_text("utf-8")
    return Letters(templates, layout, operator, load_help_lines(data_dir), address)


def _fill(template: str, values: Mapping[str, str]) -> Iterator[str]:
    """The paragraphs whose every placeholder has a value."""
    for paragraph in template.split("\n\n"):
        if all(values[name] for name in placeholders(paragraph)):
            # What was filled in may have paragraphs of its own.
            text = paragraph.format_map(values).replace("\r\n", "\n")
            yield from filter(None, map(str.strip, re.split(r"\n\s*\n", text)))


def _markup(paragraph: str, link: str) -> Markup:
    """The paragraph as HTML; only our own address becomes a link."""
    anchor = Markup('<a href="{}">{}</a>').format(link, link)
    lines = [
        anchor.join(escape(part) for part in line.split(link))
        for line in paragraph.split("\n")
    ]
    return Markup("<br>\n").join(lines)


def _style_hashes(layout: str) -> tuple[str, ...]:
    """CSP hashes of the style attributes and elements that a layout writes itself."""
    attributes = re.findall(r"""\bstyle=(?:"([^"]*)"|'([^']*)')""", layout)
    styles = [html.unescape(double or single) for double, single in attributes]
    styles += re.findall(r"<style[^>]*>(.*?)</style>", layout, re.DOTALL)
    digests = [hashlib.sha256(each.encode()).digest() for each in dict.fromkeys(styles)]
    return tuple(f"'sha256-{b64encode(each).decode()}'" for each in digests)


def _check(language: str, texts: Mapping[str, str], measure: Mapping[str, str]) -> None:
    if differing := sorted(texts.keys() ^ _KEYS):
        raise NotReady(
            f"letters/{language}.yml lacks, or has too much, {', '.join(differing)}"
        )
    for key, text in texts.items():
        found = placeholders(text)
        if unknown := found - _PLACEHOLDERS:
            raise NotReady(
                f"letters/{language}.yml: {key}: unknown {', '.join(sorted(unknown))}"
            )
        if found != (wanted := placeholders(measure.get(key, ""))):
            raise NotReady(
                f"letters/{language}.yml: {key} must have the placeholders "
                f"{', '.join(sorted(wanted)) or 'none'}"
            )
