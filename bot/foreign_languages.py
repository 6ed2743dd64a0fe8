"""Whether words are in a language that is not offered: by their script, or as words.

The identifier knows only the languages offered, and would call Czech Polish. Here the
commonest words of many other languages stand against them.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import wordfreq

# BCP 47 for "undetermined".
OTHER = "und"
# The small word lists' commonest words tell a sentence: more only take memory.
N_WORDS = 5_000
# A word that a language lacks is as likely as this.
UNKNOWN_WORD = math.log(1e-7)
# Words of `others.txt`, which have no frequencies of their own.
LISTED_WORD = math.log(1e-3)
# How much likelier, in nats, another language must be than the best one offered, and
# how many words must speak for it: related languages share many.
MARGIN = 9.0
FEWEST_WORDS = 3
# One or two words in another script, inside a conversation, may be a name. Some
# scripts write whole sentences without a space.
UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"})
FEWEST_UNSPACED_LETTERS = 7


class ForeignLanguages:
    """Knows the scripts of the languages offered, and the words of many others."""

    def __init__(
        self, offered: Iterable[str], words: Mapping[str, Mapping[str, float]]
    ) -> None:
        """Learn which scripts are at home.

        Args:
            offered: Words of the languages offered, the commonest ones.
            words: Other languages: log probabilities of their words.
        """
        self._scripts = frozenset(map(_script, "".join(offered)))
        self._words = words

    def is_foreign(
        self, words: Sequence[str], best_offered: float, *, is_conversation: bool
    ) -> bool:
        """Whether the words are surely in none of the languages offered.

        Args:
            words: In lower case.
            best_offered: Their log probability in the likeliest language offered.
            is_conversation: A conversation has a language already, so that a name in
                another script proves nothing.
        """
        scripts = Counter(map(_script, "".join(words)))
        strange = sum(n for name, n in scripts.items() if name not in self._scripts)
        if strange > scripts.total() / 2:
            unspaced = sum(scripts[name] for name in UNSPACED)
            return (
                not is_conversation
                or len(words) >= FEWEST_WORDS
                or unspaced >= FEWEST_UNSPACED_LETTERS
            )
        if len(words) < FEWEST_WORDS:
            return False
        return any(
            sum(word in known for word in words) >= FEWEST_WORDS
            and sum(known.get(word, UNKNOWN_WORD) for word in words)
            >= best_offered + MARGIN
            for known in self._words.values()
        )


def read_foreign_words(
    offered: Iterable[str], others: Path
) -> dict[str, dict[str, float]]:
    """The words of every language that is not offered: from `wordfreq`, and a file.

    Args:
        offered: Tags of the languages that are offered.
        others: One language a line: its tag and common words, for languages that
            `wordfreq` does not have.
    """
    home = set(offered)
    words = {
        tag: dict(_commonest(tag))
        for tag in wordfreq.available_languages("small")
        if tag not in home
    }
    # What was read is kept by `wordfreq` as well, all of it.
    wordfreq.get_frequency_list.cache_clear()
    for line in others.read_text(encoding="utf-8").splitlines():
        tag, *listed = line.split()
        if tag not in home and tag != "#":
            words[tag] = dict.fromkeys(listed, LISTED_WORD)
    return words


def _commonest(tag: str) -> Iterator[tuple[str, float]]:
    n_words = 0
    for centibels, same in enumerate(wordfreq.get_frequency_list(tag, "small")):
        for word in same:
            yield word, -centibels * math.log(10) / 100
        n_words += len(same)
        if n_words >= N_WORDS:
            return


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]
