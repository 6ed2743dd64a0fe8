"""The real application over fakes: no model, no Rasa, one SQLite file a test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher

from actions.cases.archive import Archive
from actions.cases.attachments import Attachments
from actions.cases.case import Case, Verdict
from actions.cases.helpfulness import Helpfulness
from actions.cases.matters import Matters
from actions.cases.policies import load_policy
from actions.cases.transcripts import Transcripts
from actions.classification.cues import Cues
from actions.classification.observing import Observer
from actions.helplines import load_help_lines
from bot import keys
from bot.app import build_app
from bot.conversations import Conversations
from bot.dialogue.events import LocalEvents
from bot.dialogue.locks import LocalLocks
from bot.dialogue.rasa import FakeAssistant
from bot.keys import Parts
from bot.languages import load_identifier
from bot.privacy import load_masker
from bot.settings import ROOT, Settings
from bot.staff.accounts import Accounts
from bot.staff.hashing import Hashing
from bot.staff.second_factor import SecondFactor
from bot.staff.sessions import Sessions
from bot.texts import load_texts
from bot.web.limits import LocalRateLimits
from knowledge.answers import Answer, Citation, Knowledge
from knowledge.chunking import Passage, chunk
from knowledge.database import open_engine
from knowledge.embedding import FakeEmbedder
from knowledge.index import make_index
from knowledge.operator import load_operator
from knowledge.pages import read_pages
from knowledge.search import Hit
from knowledge.store import PageStore
from tests.factories import FakeClock, make_draft
from tests.web.editors import make_page

DATA = ROOT / "data"
# Fewer than the operator may offer: those that the help pages are written in.
LANGUAGES = ("sv", "fr", "en")
PASSAGE = Passage(
    id="complaints/sv/4.1",
    page="complaints",
    version=1,
    section="4.1",
    title="Klagomål",
    heading="Tid att klaga",
    language="sv",
    url="/help/sv/complaints#time",
    text="Du har tre månader på dig.",
)
CITATION = Citation(
    page="complaints",
    version=1,
    section="4.1",
    title="Klagomål",
    url="/help/sv/complaints#time",
    language="sv",
    quote="Du har tre månader på dig.",
)


class FakeKnowledge:
    """One passage; it answers every question but those with `okänt` in them."""

    def search(
        self, question: str, *, language: str | None, top_k: int = 5
    ) -> list[Hit]:
        return [Hit(passage=PASSAGE, score=0.87)][:top_k]

    def answer(self, question: str, *, language: str | None) -> Answer | None:
        if "okänt" in question:
            return None
        return Answer(
            text=PASSAGE.text,
            quote=CITATION.quote,
            confidence=0.93,
            citation=CITATION,
            passage=PASSAGE,
        )

    def suggest(
        self, question: str, *, language: str | None, top_k: int = 3
    ) -> list[Citation]:
        return [CITATION]


class FakeClassifier:
    """Takes everything for a complaint about a withdrawal."""

    observer = Observer(FakeEmbedder(), Cues({"any": {"en": ["money"]}}))

    def classify(self, text: str, language: str | None = None) -> Verdict:
        return Verdict(
            is_complaint=True,
            probability=0.91,
            ground="service_not_delivered",
            grounds=[
                {
                    "ground": "service_not_delivered",
                    "probability": 0.8,
                    "evidence": text,
                }
            ],
            category="withdrawal",
            categories=[{"category": "withdrawal", "probability": 0.9}],
        )


@dataclass
class Counter:
    """A running application with what tests look into."""

    client: TestClient[Any, Any]
    parts: Parts
    assistant: FakeAssistant
    clock: FakeClock

    @property
    def conversations(self) -> Conversations:
        app = self.client.app
        assert isinstance(app, web.Application)
        return app[keys.CONVERSATIONS]

    async def open(self, **body: Any) -> Visit:
        response = await self.client.post("/api/v1/conversations", json=body)
        assert response.status == 201
        opened = await response.json()
        return Visit(self.client, opened)

    async def sign_in(self, role: str = "agent") -> None:
        """Sign in as a new person with this role; the client keeps the cookie."""
        email = f"{role}@ruterdam.example"
        password = await self.parts.accounts.add(email, name="Kim", role=role)
        response = await self.client.post(
            "/sign-in",
            data={"email": email, "password": password},
            headers={"Origin": str(self.client.make_url("/").origin())},
            allow_redirects=False,
        )
        assert response.status == 303


@dataclass
class Visit:
    """One conversation as a browser holds it."""

    client: TestClient[Any, Any]
    opened: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.opened["conversation"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.opened['token']}"}

    @property
    def address(self) -> str:
        return f"/api/v1/conversations/{self.id}"

    async def post(self, **body: Any) -> Any:
        return await self.client.post(
            f"{self.address}/messages", json=body, headers=self.headers
        )

    async def say(self, text: str, **body: Any) -> Any:
        response = await self.post(text=text, **body)
        assert response.status == 200, await response.text()
        return await response.json()

    async def transcript(self, **query: str) -> list[dict[str, Any]]:
        response = await self.client.get(
            f"{self.address}/messages", headers=self.headers, params=query
        )
        assert response.status == 200
        return list((await response.json())["messages"])


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture(scope="session")
def published(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with a few published pages, to copy."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("pages") / "a.sqlite3")

    async def publish() -> None:
        engine = open_engine(f"sqlite:///{path}")
        store = PageStore(engine, FakeClock())
        pages = read_pages(DATA / "help")[:6]
        for page in pages:
            await store.save_version(page, author="test")
        await store.record_publication(pages, author="test")
        await engine.dispose()

    asyncio.run(publish())
    return path


@pytest.fixture
def make_counter(
    tmp_path: Path,
    published: Path,
    clock: FakeClock,
    assistant: FakeAssistant,
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
) -> Callable[..., Awaitable[Counter]]:
    """Starts the application; named parts replace the usual ones."""

    async def make(*, burst_milliseconds: int = 0, **changes: Any) -> Counter:
        settings = Settings(
            data_dir=DATA,
            state_dir=tmp_path,
            scheduler=False,
            burst_milliseconds=burst_milliseconds,
        )

        @asynccontextmanager
        async def open_fakes(settings: Settings) -> AsyncIterator[Parts]:
            operator = replace(load_operator(settings.data_dir), languages=LANGUAGES)
            shutil.copy(published, settings.state_dir / "guichet.sqlite3")
            engine = open_engine(settings.archive_url)
            store = PageStore(engine, clock)
            transcripts = Transcripts(engine, clock)
            policy = load_policy(DATA, operator.policy)
            with ThreadPoolExecutor(1) as executor:
                hashing = Hashing(
                    executor,
                    hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
                )
                second_factor = SecondFactor(engine, clock, operator.name)
                parts = Parts(
                    settings=settings,
                    clock=clock,
                    operator=operator,
                    texts=load_texts(DATA, operator.languages, operator.style),
                    archive=Archive(
                        engine,
                        policy,
                        operator.zone,
                        clock,
                        matters=Matters(FakeEmbedder(), executor),
                    ),
                    transcripts=transcripts,
                    helpfulness=Helpfulness(engine, transcripts, store),
                    attachments=Attachments(
                        engine, settings.state_dir / "attachments", clock
                    ),
                    pages=store,
                    knowledge=FakeKnowledge(),  # type: ignore[arg-type]
                    classifier=FakeClassifier(),  # type: ignore[arg-type]
                    languages=load_identifier(DATA),
                    masker=load_masker(DATA),
                    assistant=assistant,
                    help_lines=load_help_lines(DATA),
                    events=LocalEvents(),
                    locks=LocalLocks(),
                    limits=LocalRateLimits(clock),
                    accounts=Accounts(engine, clock, hashing),
                    sessions=Sessions(engine, clock, hashing, second_factor),
                    second_factor=second_factor,
                    single_sign_on=None,
                    engine=engine,
                    embedder=FakeEmbedder(),
                    executor=executor,
                )
                yield replace(parts, **changes)
            await engine.dispose()

        app = build_app(settings, opener=open_fakes)
        client = await aiohttp_client(app)
        return Counter(client, app[keys.PARTS], assistant, clock)

    return make


@pytest.fixture
async def counter(make_counter: Callable[..., Awaitable[Counter]]) -> Counter:
    return await make_counter()


@pytest.fixture
async def desk(counter: Counter) -> Counter:
    """The application with an agent signed in."""
    await counter.sign_in("agent")
    return counter


@pytest.fixture
def file_case(counter: Counter) -> Callable[..., Awaitable[Case]]:
    """Files a case an hour after the one before it."""

    async def file(**changes: Any) -> Case:
        counter.clock.advance(hours=1)
        return await counter.parts.archive.file(make_draft(**changes))

    return file


@pytest.fixture
async def console(make_counter) -> Counter:
    """The application with an editor signed in, and a small index of its own."""
    embedder = FakeEmbedder()
    knowledge = Knowledge(make_index(chunk(make_page()), embedder), embedder)
    counter: Counter = await make_counter(knowledge=knowledge)
    await counter.sign_in("editor")
    return counter
