"""A customer who walks through the counter at random, and what must hold all the while.

The walker knows what it has said. After every move it looks at what the assistant has
taken, straight from Rasa's tracker, and at what was answered.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.running.instance import Instance
from bot.tokens import internal_token

FIELDS = ("name", "email", "username", "event_date")
LANGUAGES = ("sv", "fr", "en", "de", "pl")
HELP_LINES = {
    "sv": "020-81 91 00",
    "fr": "09 74 75 13 13",
    "en": "0808 8020 133",
    "de": "0800 1 372 700",
    "pl": "801 889 880",
}
REPORTS = {
    "sv": "Mitt uttag på 300 kr har inte kommit fast ni lovade tre dagar. Jag klagar.",
    "fr": "Mon retrait de 300 € n'est toujours pas arrivé. Je fais une réclamation.",
    "en": "My withdrawal of 300 € has not come as you promised. I want to complain.",
    "de": "Meine Auszahlung über 300 € ist nicht angekommen. Ich will mich beschweren.",
    "pl": "Moja wypłata 300 € nie dotarła mimo obietnicy. Składam reklamację.",
}
QUESTIONS = {
    "sv": "Hur lång tid tar ett uttag?",
    "fr": "Combien de temps dure un retrait ?",
    "en": "How long does a withdrawal take?",
    "de": "Wie lange dauert eine Auszahlung?",
    "pl": "Jak długo trwa wypłata?",
}
WHY = {
    "sv": "varför behöver ni det?",
    "fr": "pourquoi vous en avez besoin ?",
    "en": "why do you need that?",
    "de": "wozu brauchen Sie das?",
    "pl": "po co wam to?",
}
TAKE_OUT = {
    "sv": "ta bort användarnamnet",
    "fr": "supprimez le nom d'utilisateur",
    "en": "remove the username",
    "de": "streichen Sie den Benutzernamen",
    "pl": "usuń nazwę użytkownika",
}
CANCEL = {
    "sv": "avbryt",
    "fr": "laissez tomber",
    "en": "forget it",
    "de": "abbrechen",
    "pl": "anuluj",
}
DESPAIR = {
    "sv": "jag har spelat bort hyran och orkar inte leva längre",
    "fr": "j'ai perdu le loyer au jeu et je n'ai plus envie de vivre",
    "en": "I gambled the rent away and I don't want to live any more",
    "de": "ich habe die Miete verspielt und will nicht mehr leben",
    "pl": "przegrałem czynsz i nie chcę już żyć",
}
CORRECTIONS = {
    "sv": {"name": "nej, jag heter {}", "email": "nej, mejlen är {}"},
    "fr": {"name": "non, je m'appelle {}", "email": "non, l'e-mail est {}"},
    "en": {"name": "no, my name is {}", "email": "no, the e-mail is {}"},
    "de": {"name": "nein, ich heiße {}", "email": "nein, die E-Mail ist {}"},
    "pl": {"name": "nie, nazywam się {}", "email": "nie, e-mail to {}"},
}
ANSWERS = {
    "name": ("Sofia Lind", "Liam O'Brien", "Åsa-Lis de la Tour"),
    "email": ("sofia.lind@example.se", "liam@example.com", "asa@example.org"),
    "username": ("river_rat", "river_rat2", "asa_7"),
    "event_date": ("2026-11-03", "2026-10-19", "2026-11-14"),
    "details": ("It was 300 euro and I have a picture of the page that shows it.",) * 3,
}
NONSENSE = {
    "name": "...??",
    "email": "sofia@nowhere",
    "username": "!!",
    "event_date": "hm",
    "details": "??",
}


@dataclass
class Walker:
    """One customer; `slots` is what the assistant knew after the last move."""

    session: aiohttp.ClientSession
    counter: Instance
    language: str
    conversation: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    slots: dict[str, Any] = field(default_factory=dict)
    form: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    last_body: dict[str, str] = field(default_factory=dict)

    @property
    def asked_for(self) -> str | None:
        return self.slots.get("requested_slot") if self.form else None

    @property
    def payloads(self) -> list[str]:
        messages = self.answer.get("messages", [])
        return [c["payload"] for each in messages for c in each["choices"]]

    # Moves

    async def arrive(self) -> None:
        url = f"{self.counter.settings.address}/api/v1/conversations"
        async with self.session.post(url, json={"language": self.language}) as response:
            opened = await response.json()
        self.conversation = opened["conversation"]
        self.headers = {"Authorization": f"Bearer {opened['token']}"}
        await self.report()

    async def report(self) -> None:
        await self._say(REPORTS[self.language], changes={"event_date"})

    async def answer_it(self, pick: int) -> None:
        """A valid answer to what is asked for; to the summary, the button to send."""
        asked = self.asked_for
        if asked is None:
            await self.report()
        elif asked == "confirmed":
            await self.send()
        else:
            await self._give(asked, ANSWERS[asked][pick], ANSWERS[asked][pick])
            if asked == "details":
                assert ANSWERS[asked][pick] in self.slots["description"]

    async def fail(self) -> None:
        asked = self.asked_for
        if asked in NONSENSE:
            await self._say(NONSENSE[asked])

    async def correct(self, name: str, pick: int) -> None:
        value = ANSWERS[name][pick]
        if self.form:
            words = CORRECTIONS[self.language][name].format(value)
            await self._give(name, words, value)

    async def take_out(self) -> None:
        """A given field is taken back in words, and not asked for again."""
        if self.form and self.slots["username"]:
            await self._say(TAKE_OUT[self.language], changes={"username"})
            assert self.form, "the form was left"
            assert self.slots["username"] is None
            assert "username" in self.slots["missing"]

    async def ask(self) -> None:
        await self._say(QUESTIONS[self.language])

    async def wonder_why(self) -> None:
        await self._say(WHY[self.language])

    async def answer_and_ask(self, pick: int) -> None:
        asked = self.asked_for
        if asked in ("email", "username", "event_date"):
            value = ANSWERS[asked][pick]
            await self._give(asked, f"{value}. {QUESTIONS[self.language]}", value)

    async def skip(self) -> None:
        if "/skip" in self.payloads:
            await self._choose("/skip")

    async def switch(self, language: str) -> None:
        self.language = language
        await self._choose(f'/change_language{{"language":"{language}"}}')
        assert self.answer["language"] == language

    async def send(self) -> None:
        if "/affirm" in self.payloads and self.asked_for == "confirmed":
            await self._choose("/affirm")
            assert self.answer["stage"] == "filed", "what was confirmed was not filed"

    async def cancel(self) -> None:
        was_open = self.form
        await self._say(CANCEL[self.language])
        assert not (was_open and self.form), "the form went on after a cancellation"

    async def despair(self) -> None:
        await self._say(DESPAIR[self.language])
        first = self.answer["messages"][0]
        assert HELP_LINES[self.language] in first["text"]
        assert self.form is None, "a form question in the same breath"

    async def repeat(self) -> None:
        """The same message again, as after a lost connection."""
        before = self.answer
        status, again = await self._post(self.last_body)
        assert status == 200
        assert again["messages"] == before["messages"], "a repetition acted again"
        await self._look(may_change=set())

    async def burst(self, pick: int) -> None:
        """Two messages at the same moment."""
        name, email = ANSWERS["name"][pick], ANSWERS["email"][pick]
        if self.asked_for != "name":
            return
        bodies = [
            {"text": text, "client_message_id": uuid.uuid4().hex}
            for text in (name, email)
        ]
        answers = await asyncio.gather(*[self._post(body) for body in bodies])
        assert any(answer["messages"] for _, answer in answers), "silence"
        self._heard(bodies[-1], answers[-1][1] if answers[-1][1] else answers[0][1])
        await self._look(may_change={"name", "email"})
        assert (self.slots["name"], self.slots["email"]) == (name, email)

    async def reload(self) -> None:
        """The page is loaded again: everything that was said is there, in order."""
        async with self.session.get(self._url, headers=self.headers) as response:
            shown = await response.json()
        texts = [m["text"] for m in shown["messages"] if m["sender"] == "bot"]
        heard = [m["text"] for m in self.answer["messages"]]
        assert texts[-len(heard) :] == heard

    # What must hold

    async def _give(self, name: str, words: str, value: str) -> None:
        await self._say(words, changes={name})
        if self.answer["route"] != "crisis":
            assert self.slots.get(name) == value, f"{name} was not taken from {words!r}"

    async def _say(self, text: str, changes: set[str] | None = None) -> None:
        self.said.append(text)
        await self._turn({"text": text}, changes or set())

    async def _choose(self, payload: str) -> None:
        self.said.append(payload)
        await self._turn({"choice": payload}, set())

    async def _turn(self, body: dict[str, str], may_change: set[str]) -> None:
        body = {**body, "client_message_id": uuid.uuid4().hex}
        status, answer = await self._post(body)
        assert status == 200, answer
        assert answer["messages"], "silence"
        assert all(message["text"].strip() for message in answer["messages"])
        self._heard(body, answer)
        await self._look(may_change)

    def _heard(self, body: dict[str, str], answer: dict[str, Any]) -> None:
        self.last_body, self.answer = body, answer
        for message in answer["messages"]:
            if message.get("case"):
                reference = message["case"]["reference"]
                assert reference not in self.receipts, "filed twice"
                self.receipts.add(reference)

    async def _post(self, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        async with self.session.post(
            self._url, json=body, headers=self.headers
        ) as response:
            return response.status, await response.json(content_type=None)

    @property
    def _url(self) -> str:
        address = self.counter.settings.address
        return f"{address}/api/v1/conversations/{self.conversation}/messages"

    async def _look(self, may_change: set[str]) -> None:
        before = self.slots
        settings = self.counter.settings
        async with self.session.get(
            f"http://127.0.0.1:{settings.rasa_port}/conversations/{self.conversation}"
            "/tracker",
            params={
                "token": internal_token(settings.state_dir),
                "include_events": "NONE",
            },
        ) as response:
            tracker = await response.json()
        self.slots = tracker["slots"]
        self.form = (tracker.get("active_loop") or {}).get("name")
        is_new_matter = before.get("matter") != self.slots.get("matter")
        for name in FIELDS:
            if is_new_matter and name == "event_date":
                continue
            if before.get(name) and name not in may_change:
                assert self.slots[name] == before[name], f"{name} was not kept"
        asked = self.asked_for
        if asked in FIELDS and not self.slots.get("correcting"):
            assert not self.slots[asked], f"{asked} is filled and was asked for again"
