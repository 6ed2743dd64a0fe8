import pytest

from bot.languages import load_identifier
from bot.page_languages import page_identifier
from bot.settings import ROOT


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ett uttag kommer fram inom två dagar, och det kostar ingenting.", "sv"),
        ("Un retrait arrive sous deux jours et ne coûte rien au client.", "fr"),
        ("Eine Auszahlung kommt binnen zwei Tagen an und kostet nichts.", "de"),
        ("Výběr dorazí do dvou dnů a zákazníka nestojí vůbec nic navíc.", None),
        ("4711 0042 XK-7", None),
        ("", None),
    ],
)
def test_a_page_is_in_a_language_we_know_or_in_none(text, language) -> None:
    identify = page_identifier(load_identifier(ROOT / "data"))

    assert identify(text) == language
