"""The language of a whole page, for imports."""

from __future__ import annotations

import re

import wordfreq

from bot.languages import LanguageIdentifier
from knowledge.importing import IdentifyLanguage

# A page's beginning tells; more of it only takes longer.
N_CHARACTERS = 3_000
FEWEST_WORDS = 3
# Of a page's words, so many are common ones of its language: else it has another one.
SHARE_KNOWN = 0.5
SUREST = 0.9


def page_identifier(identifier: LanguageIdentifier) -> IdentifyLanguage:
    """Tells a page's language, or None when it is none that the identifier knows."""

    def identify(text: str) -> str | None:
        words = re.findall(r"[^\W\d_]+", text[:N_CHARACTERS].casefold())
        if len(words) < FEWEST_WORDS:
            return None
        found = identifier.identify(" ".join(words))
        if found.tag not in identifier.languages:
            return None
        known = wordfreq.get_frequency_dict(found.tag, wordlist="small")
        n_known = sum(word in known for word in words)
        is_sure = found.confidence >= SUREST and n_known >= SHARE_KNOWN * len(words)
        return found.tag if is_sure else None

    return identify
