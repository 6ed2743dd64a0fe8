"""Everything that is stored of a person, for that person: JSON, or a page to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.dossier import Dossier, Dossiers
from actions.cases.dossier_words import DossierInWords, letter_in_words
from bot.texts import Texts


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """What there is of one person.

    Attributes:
        dossiers: Of all cases, oldest first, closed ones included.
        letters: Received from their address, and not added to any case.
    """

    email: str
    dossiers: Sequence[Dossier]
    letters: Sequence[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """All of it; each case as a dossier that `guichet dossier verify` checks."""
        return {
            "email": self.email,
            "cases": [dossier.as_json() for dossier in self.dossiers],
            "letters": list(self.letters),
        }


async def personal_data(
    archive: Archive, dossiers: Dossiers, email: str
) -> PersonalData:
    """Everything that is stored under an address."""
    references = await archive.references_of(email)
    return PersonalData(
        email=email.strip(),
        dossiers=[await dossiers.of_case(each) for each in references],
        letters=await dossiers.other_letters(email),
    )


def as_page(found: PersonalData, dossiers: Dossiers) -> str:
    """The same as one HTML page that needs nothing else, in the person's language."""
    texts = dossiers.texts
    assert isinstance(texts, Texts)
    last = found.dossiers[-1].case if found.dossiers else None
    language = dossiers.language(last) if last else texts.languages[0]
    environment = Environment(
        loader=PackageLoader("bot", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("personal_data.html").render(
        title=texts.text(language, "dossier.personal", email=found.email),
        language=language,
        words=texts.section(language, "dossier"),
        sheets=[
            DossierInWords(each, texts, language).content() for each in found.dossiers
        ],
        letters=[
            letter_in_words(each, texts, language, dossiers.operator.zone)
            for each in found.letters
        ],
    )


async def write_files(
    found: PersonalData, attachments: Attachments, folder: Path
) -> int:
    """Write every attached file under `folder`; how many there are.

    Raises:
        ArchiveUnavailable: The bytes of one are missing or altered.
    """
    listed = [each.attachments for each in found.dossiers]
    listed += [each["attachments"] for each in found.letters]
    files = {
        f"{file['id']}-{file['name']}": file["sha256"]
        for each in listed
        for file in each
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, sha256 in files.items():
        (folder / name).write_bytes(await attachments.content(sha256))
    return len(files)
