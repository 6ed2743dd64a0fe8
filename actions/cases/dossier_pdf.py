"""Sets a dossier as a PDF: tagged, with its language, fonts and page numbers."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import typst

from actions.cases.dossier import Dossier, Texts
from actions.cases.dossier_words import DossierInWords

TEMPLATE = Path(__file__).with_name("dossier.typ")
# DejaVu Sans comes with it: Arabic, Hebrew, Armenian, Georgian and more.
_FONTS_OF = "matplotlib"


def dossier_pdf(dossier: Dossier, texts: Texts, language: str) -> bytes:
    """The dossier as PDF/UA-1; keeps a processor busy for a moment.

    Characters that no font of this machine has cannot be in an accessible PDF: with
    them it is tagged all the same, and only does not claim the standard.
    """
    data = json.dumps(DossierInWords(dossier, texts, language).content())
    made_at = int(dossier.made_at.timestamp())
    try:
        return _compile(data, made_at, "ua-1")
    except typst.TypstError:
        return _compile(data, made_at, None)


def _compile(data: str, made_at: int, standard: Literal["ua-1"] | None) -> bytes:
    pdf = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs={"data": data},
        font_paths=_fonts(),
        pdf_standards=standard,
        timestamp=made_at,
    )
    return bytes(pdf or b"")


@cache
def _fonts() -> typst.Fonts:
    """Fonts that are always there; what they lack, such as emoji, the system may have.

    The package's are found without importing it, which takes longer than the PDF.
    """
    package = find_spec(_FONTS_OF)
    assert package is not None and package.origin is not None
    folder = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    return typst.Fonts(font_paths=[folder])
