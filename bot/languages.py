"""Which language an utterance is in, and which one to answer in.

Word frequencies decide (the small lists of `wordfreq`, about 30,000 words a language);
a word that no list holds is judged by its letter trigrams. What is surely in none of
the languages offered is said to be in another (`OTHER`). In a conversation its
language is kept until the evidence is strong: names, addresses, amounts, references
and emoji never change it, and an explicit request always does.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import wordfreq
from babel import Locale

from actions.markup import without_markup
from bot.foreign_languages import OTHER, ForeignLanguages, read_foreign_words
from knowledge.errors import NotReady
from knowledge.yaml_files import parse_yaml

# A word outside a list is as likely as this, times how well its letters fit.
UNKNOWN_WORD = math.log(1e-7)
# Letters alone may make one language at most e^6 times likelier than another.
MOST_FROM_LETTERS = 6.0
# The browser's languages, in nats, most wanted first.
ACCEPTED_BONUS = (1.5, 0.75)
# How much likelier, in nats, another language must be to leave the conversation's,
# by number of words that count.
SWITCH_MARGIN = {1: 6.0, 2: 6.0, 3: 5.0}
SWITCH_MARGIN_LONG = 4.0
LONGEST_REQUEST_WORDS = 12
# The commonest words teach the letters: more of them change no figure.
N_WORDS_FOR_LETTERS = 10_000
# The commonest words show in which scripts a language is written.
N_WORDS_FOR_SCRIPTS = 200
# A word this frequent is an ordinary one and hardly a name.
ORDINARY_WORD = math.log(3e-4)
# What is quoted was said by somebody else, if this many words stand around it.
FEWEST_WORDS_AROUND_QUOTE = 1

_NO_WORDS = re.compile(
    r"""\[[^\]]*\]                 # the marks of masked numbers
    | \S+@\S+                      # e-mail addresses
    | (?:https?://|www\.)\S+       # links
    | \S*[\d_#@]\S*                # amounts, dates, references, usernames
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"\"[^\"]+\"|«[^»]+»|»[^«]+«|[“„][^“”]+[“”]|”[^”]+”")
_PARTICLES = frozenset(
    "de del della di da do dos das du la le les van von der den het af av och och"
    " y e i und et zu ter ten".split()
)


@dataclass(frozen=True)
class Language:
    """The language of an utterance.

    Attributes:
        tag: BCP 47 tag, one of the identifier's languages, or `OTHER`.
        is_requested: The customer asked for this language.
        confidence: Probability, 0 to 1, given what was said and where.
    """

    tag: str
    is_requested: bool
    confidence: float


@dataclass(frozen=True)
class Lexicon:
    """What the identifier knows of one language.

    Attributes:
        openers: One of these words alone may change a conversation's language.
        requests: Words around a language's name when somebody asks for it.
        names: Language tag by the name that this language's speakers use.
    """

    frequencies: Mapping[str, float]
    openers: frozenset[str]
    requests: frozenset[str]
    names: Mapping[str, str]


class LanguageIdentifier:
    """Identifies languages by words, letters and context; thread-safe."""

    def __init__(
        self,
        lexicons: Mapping[str, Lexicon],
        neutral: Iterable[str] = (),
        foreign: ForeignLanguages | None = None,
    ) -> None:
        """Learn the letters of each language from its words.

        Args:
            lexicons: By tag, in the order in which ties are decided.
            neutral: Words that every language uses, and that decide nothing.
            foreign: Tells the languages beyond these.
        """
        self.languages = tuple(lexicons)
        self._lexicons = lexicons
        self._neutral = frozenset(neutral)
        self._foreign = foreign or ForeignLanguages((), {})
        self._logs = {
            tag: {word: math.log(value) for word, value in each.frequencies.items()}
            for tag, each in lexicons.items()
        }
        self._letters = {
            tag: _Letters(each.frequencies) for tag, each in lexicons.items()
        }
        self._requests = frozenset[str]().union(
            *(each.requests for each in lexicons.values())
        )
        self._names = {
            name: tag for each in lexicons.values() for name, tag in each.names.items()
        }

    def identify(
        self, text: str, *, prior: str | None = None, accepted: Sequence[str] = ()
    ) -> Language:
        """Say which language `text` is in, in its context.

        Args:
            text: Any text; the empty one has the language of its context.
            prior: The conversation's language, None outside a conversation.
            accepted: The browser's languages, most wanted first.
        """
        words = _words(text)
        requested = self._requested(words)
        if requested is not None:
            return Language(requested, is_requested=True, confidence=1.0)
        counted = [word for word in words if word.casefold() not in self._neutral]
        scores = self._score([word.casefold() for word in counted], accepted)
        best = max(scores, key=scores.__getitem__)
        is_conversation = prior in scores
        if not is_conversation or not _looks_like_name(counted):
            folded = [word.casefold() for word in counted]
            if self._foreign.is_foreign(
                folded, scores[best], is_conversation=is_conversation
            ):
                return Language(OTHER, False, 1.0)
        if prior not in scores:
            return Language(best, False, _share(scores, best))
        stay = Language(prior, False, 1.0)
        if not counted or _looks_like_name(counted):
            return stay
        margin = scores[best] - scores[prior]
        needed = SWITCH_MARGIN.get(len(counted), SWITCH_MARGIN_LONG)
        if margin < needed or not self._is_ordinary(counted, best):
            return stay
        scores[prior] += needed
        return Language(best, False, _share(scores, best))

    def _requested(self, words: Sequence[str]) -> str | None:
        """The language asked for by a text that says nothing else."""
        folded = [word.casefold() for word in words]
        if not 1 <= len(folded) <= LONGEST_REQUEST_WORDS:
            return None
        named = [self._names[word] for word in folded if word in self._names]
        others = [word for word in folded if word not in self._names]
        if not named or any(word not in self._requests for word in others):
            return None
        return named[-1]

    def _score(self, words: Sequence[str], accepted: Sequence[str]) -> dict[str, float]:
        scores = dict.fromkeys(self.languages, 0.0)
        wanted = [tag for tag in accepted if tag in scores]
        for tag, bonus in zip(wanted, ACCEPTED_BONUS, strict=False):
            scores[tag] += bonus
        for word in words:
            for tag, score in self._score_word(word).items():
                scores[tag] += score
        return scores

    def _score_word(self, word: str) -> dict[str, float]:
        letters = {tag: each.score(word) for tag, each in self._letters.items()}
        best = max(letters.values())
        return {
            tag: self._logs[tag].get(
                word, UNKNOWN_WORD + max(letters[tag] - best, -MOST_FROM_LETTERS)
            )
            for tag in self.languages
        }

    def _is_ordinary(self, words: Sequence[str], tag: str) -> bool:
        """Whether a short text has an ordinary word of the language, not a name's."""
        if len(words) > 3:
            return True
        # A letter by itself is part of a name or an address: "anna snabel-a example".
        folded = [
            word
            for word in map(str.casefold, words)
            if word not in _PARTICLES and len(word) > 1
        ]
        if len(folded) == 1:
            return folded[0] in self._lexicons[tag].openers
        return any(
            word in self._lexicons[tag].openers
            or self._logs[tag].get(word, UNKNOWN_WORD) >= ORDINARY_WORD
            for word in folded
        )


class _Letters:
    """How likely a word is by its letters: interpolated trigrams."""

    def __init__(self, frequencies: Mapping[str, float]) -> None:
        self._pairs: defaultdict[str, float] = defaultdict(float)
        self._triples: defaultdict[str, float] = defaultdict(float)
        self._starts: defaultdict[str, float] = defaultdict(float)
        for word in islice(frequencies, N_WORDS_FOR_LETTERS):
            # Rarer words are more like the unknown ones than the commonest are.
            weight = frequencies[word] ** 0.25
            padded = f"^^{word}$"
            for place in range(len(padded) - 2):
                triple = padded[place : place + 3]
                self._triples[triple] += weight
                self._pairs[triple[:2]] += weight
                self._starts[triple[2]] += weight
        self._total = sum(self._starts.values())

    def score(self, word: str) -> float:
        """Log probability of the word's letters."""
        padded = f"^^{word}$"
        total = 0.0
        for place in range(len(padded) - 2):
            triple = padded[place : place + 3]
            seen = self._pairs.get(triple[:2], 0.0)
            by_pair = self._triples.get(triple, 0.0) / seen if seen else 0.0
            alone = self._starts.get(triple[2], 0.0) / self._total
            total += math.log(0.9 * by_pair + 0.0999 * alone + 0.0001 / 100)
        return total


@cache
def load_identifier(data_dir: Path) -> LanguageIdentifier:
    """The identifier for every language that has a file in `data_dir/languages/`.

    Raises:
        NotReady: There is no such file, or a language without word frequencies.
    """
    folder = data_dir / "languages"
    lexicons = {path.stem: _read_lexicon(path) for path in folder.glob("*.yml")}
    if not lexicons:
        raise NotReady(f"{folder} has no language")
    neutral = (folder / "neutral.txt").read_text(encoding="utf-8").splitlines()
    commonest = (
        word
        for lexicon in lexicons.values()
        for word in islice(lexicon.frequencies, N_WORDS_FOR_SCRIPTS)
    )
    return LanguageIdentifier(
        dict(sorted(lexicons.items())),
        (word for word in neutral if word and not word.startswith("#")),
        ForeignLanguages(
            commonest, read_foreign_words(lexicons, folder / "others.txt")
        ),
    )


def _read_lexicon(path: Path) -> Lexicon:
    tag = path.stem
    content = parse_yaml(path.read_text(encoding="utf-8"))
    try:
        frequencies = wordfreq.get_frequency_dict(tag, wordlist="small")
    except LookupError as exc:
        raise NotReady(f"{path}: no word frequencies for {tag!r}") from exc
    tags = [each.stem for each in path.parent.glob("*.yml")]
    names = {
        name.casefold(): each
        for each in tags
        for name in (Locale.parse(tag).languages.get(each, "").split(" ")[0],)
        if name
    }
    for each, forms in content["names"].items():
        names.update({form.casefold(): each for form in forms})
    return Lexicon(
        frequencies={w: f for w, f in frequencies.items() if _WORD.fullmatch(w)},
        openers=frozenset(content["openers"]),
        requests=frozenset(map(str, content["requests"])),
        names=names,
    )


def _words(text: str) -> list[str]:
    """The words of a text that are its writer's own: messages quoted are not."""
    text = _NO_WORDS.sub(" ", without_markup(text))
    around = _WORD.findall(_QUOTED.sub(" ", text))
    if len(around) >= FEWEST_WORDS_AROUND_QUOTE:
        return around
    return _WORD.findall(text)


def _looks_like_name(words: Sequence[str]) -> bool:
    """Whether every word begins with a capital, as in a name: `José Luis Iriarte`."""
    if len(words) < 2 or len(words) > 5:
        return False
    return all(
        word.istitle() or (word[0].isupper() and not word.isupper())
        for word in words
        if word.casefold() not in _PARTICLES
    )


def _share(scores: Mapping[str, float], tag: str) -> float:
    best = max(scores.values())
    total = sum(math.exp(score - best) for score in scores.values())
    return math.exp(scores[tag] - best) / total
