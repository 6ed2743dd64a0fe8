"""Everything that is stored of a person, for that person: JSON, or a page to read."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from actions.cases.archive import Archive
from actions.cases.dossier import Dossiers
from bot.texts import Texts


async def personal_data(
    archive: Archive, dossiers: Dossiers, email: str
) -> list[dict[str, Any]]:
    """The dossiers of all cases of a person, oldest first, closed ones included."""
    references = await archive.references_of(email)
    return [(await dossiers.of_case(each)).as_json() for each in references]


def as_page(found: list[dict[str, Any]], texts: Texts, email: str) -> str:
    """The same as one HTML page that needs nothing else, in the person's language."""
    language = found[-1]["case"]["language"] if found else texts.languages[0]
    if language not in texts.languages:
        language = texts.languages[0]
    environment = Environment(
        loader=PackageLoader("bot", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("personal_data.html").render(
        found=found,
        email=email,
        language=language,
        words=texts.section(language, "dossier"),
        codes=texts.section(language, "codes"),
    )
