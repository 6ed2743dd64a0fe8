"""Who is writing: name, e-mail address and username, read from an utterance.

Cues such as "my name is" come from `data/phrases/`. A fact with its cue ("username
foldemort") is *stated* and may replace an earlier one; a bare one is only an answer to
the question for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from email_validator import EmailNotValidError, validate_email

from actions.name_words import (
    LEAD,
    PARTICLES,
    WORD,
    blank,
    capitalised,
    end_of,
    is_capital,
    is_common,
    is_marked,
    is_near,
    name_parts,
)
from actions.phrases import PhraseBook, any_of, fold

_EMAIL = re.compile(r"[^\s<>\"'(),;:|\[\]]+@[^\s<>\"'(),;:|\[\]]+")
_MASK = re.compile(r"\[(?:card|IBAN|ID|password)\]")
# With the word that says what it is: ", personnummer [ID]".
_NAMED_MASK = re.compile(
    rf"(?:(?<=[,;:.])\s*[^\W\d_]+\W{{1,3}}|\b[^\W\dA-ZÀ-Þ_]\w*\W{{1,3}})?{_MASK.pattern}"
)
_TOKEN = re.compile(r"(?<![\w@.])[A-Za-z0-9_]+(?![\w@])(?!\.\w)")
# No word of these is a name.
_FUNCTION_LISTS = (
    "name name_after i_am username email links deny agree not nothing_more"
    " submit wait unknown refuse wrong weekdays today yesterday description date"
).split()
_GAP = re.compile(r"\s+")
_LONGEST_NAME_WORDS, _LONGEST_RENAMING_WORDS = 5, 8


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an utterance says of its writer; None where it says nothing.

    Attributes:
        stated: Names of the fields that were given with a cue.
        bad_email: Something stands in the place of an address and is none.
    """

    name: str | None = None
    email: str | None = None
    username: str | None = None
    stated: frozenset[str] = frozenset()
    bad_email: bool = False


class FactReader:
    """Reads facts with one operator's username pattern and everybody's cues."""

    def __init__(self, phrases: PhraseBook, username_pattern: re.Pattern[str]) -> None:
        self._username = username_pattern
        words = phrases.words
        links = rf"(?:\s*[:=-]?\s*(?:{any_of(words('links'))}(?!\w))?\s*[:=]?\s*)"
        self._name_before = _starts(words("name"), links)
        self._name_after = re.compile(rf"\s*,?\s*{any_of(words('name_after'))}(?!\w)")
        self._i_am = _starts(words("i_am"), r"\s*")
        self._username_cue = _starts(words("username"), links)
        self._email_cue = _starts(words("email"), "")
        cues = any_of(
            words("username") + words("email") + words("name") + words("i_am")
        )
        self._cue_at_end = re.compile(
            rf"(?<!\w){cues}\W*(?:\w{{1,3}}\W*)?$", re.IGNORECASE
        )
        self._links = re.compile(rf"(?<!\w){any_of(words('links'))}(?!\w)")
        function_words = {
            word
            for name in _FUNCTION_LISTS
            for phrase in words(name)
            for word in re.findall(r"\w+", fold(phrase))
        }
        greetings = set(words("greetings"))
        self._not_names = function_words - PARTICLES | greetings
        # Words that stand before a name in capitals too: "Hej", "Nej", "Name". Parts
        # of longer phrases may be names themselves.
        self._before_names = greetings | {
            fold(phrase)
            for name in ("name", "i_am", "username", "email", "deny", "agree", "wait")
            for phrase in words(name)
        }
        self._slips = _starts(
            words("deny") + words("wait") + words("wrong") + words("slip"), ""
        )
        slips = any_of(words("slip") + words("deny") + words("wait"))
        self._slip_first = re.compile(rf"^\W*(?:{slips}(?!\w)\W*)+", re.IGNORECASE)
        self._first_name = _starts(words("first_name"), links)
        self._last_name = _starts(words("last_name"), links)
        self._here = re.compile(rf"\s+{any_of(words('here'))}\W*$")

    def read(self, text: str, *, asked_for: str | None = None) -> Facts:
        """Read every fact.

        Args:
            text: One utterance, without markup.
            asked_for: The field that was asked for last, which needs no cue.
        """
        text = _NAMED_MASK.sub(" ", text)
        folded = fold(text)
        email, bad_email, spans = self._email(text, folded)
        facts = Facts(email=email, bad_email=bad_email)
        if email and (self._email_cue.search(folded)):
            facts = _state(facts, "email")
        without = blank(text, spans)
        facts = self._read_username(facts, without, asked_for)
        return self._read_name(facts, without, spans, asked_for)

    def without_person(self, text: str, values: Iterable[str]) -> str:
        """The text without these values, their cues, addresses and masks."""
        for value in values:
            place = fold(text).find(fold(value))
            if place >= 0:
                before = self._cue_at_end.sub("", text[:place].rstrip())
                text = f"{before.rstrip(' ,;:')} {text[place + len(value) :]}"
        return _GAP.sub(" ", _MASK.sub(" ", _EMAIL.sub(" ", text))).strip()

    def looks_like_same_name(self, text: str, name: str) -> str | None:
        """A name in the text that is nearly the given one: a misspelling mended."""
        old = name.split()
        for candidate in capitalised(text):
            cut = self._trim(candidate)
            n = len(cut.split()) if cut else 0
            for start in range(len(old) - n + 1):
                part = " ".join(old[start : start + n])
                if cut and cut != part and is_near(cut, part):
                    # "Hedwall with a w" mends one word of the name.
                    return " ".join([*old[:start], cut, *old[start + n :]])
            if cut and cut != name and is_near(cut, name):
                return cut
        return None

    def renamed(self, text: str, name: str, *, is_aside: bool) -> str | None:
        """The name put right by saying it anew, or the part of it that was missing.

        Args:
            text: One utterance.
            name: The name as it was given.
            is_aside: It was said where something else was asked for, so that another
                name and nothing else can only put the first one right.
        """
        folded, old = fold(text), name.split()
        for cues, is_first in ((self._first_name, True), (self._last_name, False)):
            cue = cues.search(folded)
            part = self._name_at(text[cue.end() :], needs_capital=True) if cue else None
            if part:
                if is_first and " " in part:
                    return part
                rest = old if len(old) == 1 else old[1:] if is_first else old[:1]
                return " ".join([part, *rest] if is_first else [*rest, part])
        bare = LEAD.sub("", self._slip_first.sub("", text, count=1)).strip(" .!")
        for run in capitalised(text):
            new = self._trim(run)
            if new is None or new == name or " " not in new:
                continue
            words, known = name_parts(new), name_parts(name)
            is_all = bare == new
            is_more = known <= words and len(text.split()) <= _LONGEST_RENAMING_WORDS
            if is_more or (is_all and (is_aside or words <= known)):
                return new
        return None

    def username_after(self, text: str, username: str | None) -> str | None:
        """A token that could be the right username, other than the given one."""
        tokens = [t for t in self._usernames(text) if t != username]
        near = [t for t in tokens if username and is_near(t, username)]
        marked = [t for t in tokens if is_marked(t)]
        return next(iter(near or marked[-1:]), None)

    def _email(
        self, text: str, folded: str
    ) -> tuple[str | None, bool, list[tuple[int, int]]]:
        """The first address, or a later one that puts it right."""
        bad, spans, found, end = False, [], None, 0
        for match in _EMAIL.finditer(text):
            candidate = match[0].strip(".-!?")
            spans.append(match.span())
            try:
                checked = validate_email(
                    candidate, check_deliverability=False, test_environment=True
                )
            except EmailNotValidError:
                bad = True
                continue
            if found is None or self._slips.search(folded, end, match.start()):
                found, end = checked.normalized, match.end()
        return found, bad and not found, spans

    def _read_username(self, facts: Facts, text: str, asked_for: str | None) -> Facts:
        folded = fold(text)
        for cue in self._username_cue.finditer(folded):
            token = self._after_cue(text, cue)
            if token:
                return _state(replace(facts, username=token), "username")
        for cue in self._i_am.finditer(folded):
            word = _TOKEN.match(text, cue.end())
            if word and is_marked(word[0]) and self._username.fullmatch(word[0]):
                return _state(replace(facts, username=word[0]), "username")
        tokens = self._usernames(text)
        if asked_for == "email" and len(tokens) == 1 and is_marked(tokens[0]):
            # "anna@example.com anna_88": nothing but an address and a username.
            is_all = facts.email and not WORD.search(text.replace(tokens[0], ""))
            return replace(facts, username=tokens[0]) if is_all else facts
        if asked_for != "username":
            return facts
        marked = [token for token in tokens if is_marked(token)]
        words = text.split()
        if len(words) == 1 and tokens:
            return replace(facts, username=tokens[0])
        first = re.split(r"[,;:!?]|\.(?=\s|$)", text.strip(), maxsplit=1)[0]
        if marked and (len(words) <= 8 or first == marked[0]):
            return replace(facts, username=marked[0])
        return facts

    def _after_cue(self, text: str, cue: re.Match[str]) -> str | None:
        """The username that a cue announces, at once or later in the sentence."""
        rest = text[cue.end() :]
        sentence = re.split(r"[.!?;](?:\s|$)", rest, maxsplit=1)[0]
        is_asked = rest[len(sentence) :].startswith("?")
        direct = _TOKEN.match(sentence.lstrip("\"'«“ "))
        if direct and self._may_be_username(direct[0]):
            # In "is the username needed?" none is given.
            return direct[0] if is_marked(direct[0]) or not is_asked else None
        tokens = [t for t in self._usernames(sentence) if is_marked(t)]
        if tokens:
            return tokens[-1]
        links = list(self._links.finditer(fold(sentence)))
        if links:
            after = _TOKEN.match(sentence[links[-1].end() :].lstrip(" :\"'«“"))
            if after and self._may_be_username(after[0]):
                return after[0]
        return None

    def _usernames(self, text: str) -> list[str]:
        found = [match[0] for match in _TOKEN.finditer(text)]
        return [token for token in found if self._may_be_username(token)]

    def _may_be_username(self, token: str) -> bool:
        return (
            self._username.fullmatch(token) is not None
            and fold(token) not in self._not_names
            and not token.isdigit()
        )

    def _read_name(
        self,
        facts: Facts,
        text: str,
        emails: list[tuple[int, int]],
        asked_for: str | None,
    ) -> Facts:
        folded = fold(text)
        for after in self._name_after.finditer(folded):
            before = re.split(r"[.,;:!?\n]", text[: after.start()])[-1]
            runs = capitalised(before)
            if runs and before.rstrip().endswith(runs[-1]):
                name = self._trim(runs[-1])
                if name:
                    return _state(replace(facts, name=name), "name")
        for piece in re.split(r"[.,;:!?\n]", text):
            here = self._here.search(fold(piece))
            runs = capitalised(piece[: here.start()]) if here else []
            # "Sofia Lind here", and not "I was in Malmö here".
            if here and runs == [piece[: here.start()].strip()]:
                return _state(replace(facts, name=self._trim(runs[0])), "name")
        for cue in self._name_before.finditer(folded):
            if self._is_within_username_cue(folded, cue):
                continue
            # "Name Sofia Lind", but not "in my own name, which …".
            is_sure = " " in cue[0].strip() or ":" in cue[0]
            is_answer = cue.start() == 0 and asked_for in (None, "name")
            needs_capital = not (is_sure or is_answer)
            rest = text[cue.end() :]
            name = self._name_at(rest, needs_capital=needs_capital)
            later = [run for run in capitalised(rest) if " " in run]
            if name and name.islower() and later:
                # "The name is misspelt: Sofia Lind."
                name = self._trim(later[0])
            if name:
                return _state(replace(facts, name=name), "name")
        for cue in self._i_am.finditer(folded):
            name = self._name_at(text[cue.end() :], needs_capital=True)
            if name and (" " in name or asked_for == "name"):
                return _state(replace(facts, name=name), "name")
        name = self._name_beside_email(text, emails)
        if name is None and asked_for == "name":
            name = self._bare_name(text)
        return replace(facts, name=name)

    def _is_within_username_cue(self, folded: str, cue: re.Match[str]) -> bool:
        return any(
            other.start() <= cue.start() < other.end() or other.start() == cue.end()
            for other in self._username_cue.finditer(folded)
        )

    def _name_at(self, text: str, *, needs_capital: bool) -> str | None:
        """The name that begins the text, up to the first word that is none."""
        words: list[str] = []
        for match in WORD.finditer(text):
            between = text[end_of(words, text) : match.start()]
            if between.strip() or len(words) >= _LONGEST_NAME_WORDS:
                break
            word = match[0]
            if not is_capital(word) and (
                (
                    (needs_capital or any(w[0].isupper() for w in words))
                    and fold(word) not in PARTICLES
                )
                or fold(word) in self._not_names
                or is_common(word)
            ):
                break
            words.append(word)
            if len(word) > 2 and word.endswith("."):
                break
        return self._trim(" ".join(words))

    def _name_beside_email(
        self, text: str, emails: list[tuple[int, int]]
    ) -> str | None:
        for start, _ in emails:
            before = text[:start].rstrip(" ,:;-<(")
            piece = re.split(r"[,;:!?\n]|(?<=\w{3})\.\s", before)[-1]
            runs = capitalised(piece)
            if runs and before.endswith(runs[-1]):
                name = self._trim(runs[-1])
                if name and " " in name:
                    return name
        return None

    def _bare_name(self, text: str) -> str | None:
        """A short answer that is a name and nothing else, or holds just one."""
        # "Mette, surname Kjær."
        for cues in (self._first_name, self._last_name):
            text = blank(text, [cue.span() for cue in cues.finditer(fold(text))])
        *before, text = re.split(r"(?<=\w{3})[.!]\s", text)
        for sentence in before:
            if " " in sentence.strip() and capitalised(sentence) == [sentence.strip()]:
                return self._trim(sentence.strip())
        words = text.strip(" .,!\"'«»").split()
        if not words or "?" in text:
            return None
        # After another sentence "Put it down" is none.
        is_run = capitalised(text) == [" ".join(words)]
        is_name = not before or is_run or not is_capital(words[0])
        if (
            is_name
            and len(words) <= 4
            and all(WORD.fullmatch(w.strip(",")) for w in words)
        ):
            name = self._trim(" ".join(word.strip(",") for word in words))
            if name and not any(self._is_no_name(word.strip(",")) for word in words):
                return name
        runs = [run for run in capitalised(text) if " " in run]
        return self._trim(runs[0]) if len(runs) == 1 and len(words) <= 8 else None

    def _trim(self, name: str) -> str | None:
        words = name.split()
        while words and (
            fold(words[-1].rstrip(".")) in PARTICLES | self._not_names
            and not words[-1][0].isupper()
        ):
            words.pop()
        while words and self._is_no_name(words[0]):
            words.pop(0)
        cut = " ".join(words).rstrip(".,")
        return cut if len(cut) >= 2 else None

    def _is_no_name(self, word: str) -> bool:
        known = self._before_names if word[0].isupper() else self._not_names
        return fold(word) in known


def _state(facts: Facts, field: str) -> Facts:
    return replace(facts, stated=facts.stated | {field})


def _starts(cues: list[str], links: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@]){any_of(cues)}(?![\w@]){links}")
