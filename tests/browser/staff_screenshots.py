"""Take the pictures of desk and console in `docs/`.

`python -m tests.browser.staff_screenshots` starts a counter of its own, fills it with
a few made-up cases and questions, and looks at it as an administrator.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from playwright.async_api import Browser, Page, async_playwright, expect

from actions.cases.case import CaseDraft, Category, Customer, Ground, Message
from actions.cases.transcripts import Transcripts
from bot.commands.accounts import add_account
from bot.parts import open_archive
from bot.running.instance import run_instance
from bot.settings import Settings
from knowledge.database import open_engine
from knowledge.pages import page_of
from knowledge.store import PageStore
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.browser.screenshots import DOCS

EMAIL = "astrid@ruterdam.example"
LONGEST_REHEARSAL_MS = 400_000


@dataclass(frozen=True)
class Made:
    """A case made up for the pictures, so many days ago."""

    days: int
    language: str
    name: str
    text: str
    category: Category
    ground: Ground | None = None
    wants: str | None = None


SHOWN = Made(
    26,
    "fr",
    "Élise Morel",
    "Bonjour. Mon retrait de 300 € demandé le 3 novembre n'est toujours pas arrivé sur"
    " mon compte, alors que vos conditions promettent trois jours ouvrables. J'ai écrit"
    " deux fois au service client sans réponse. Je veux mon argent.",
    "withdrawal",
    "service_not_delivered",
    "Le versement des 300 €",
)
OTHERS = (
    Made(
        20,
        "sv",
        "Nils Holm",
        "Mitt konto stängdes den 2 november utan förklaring. Beslutet följer inte era"
        " egna villkor, punkt 3.2.",
        "account_access",
        "decision_not_compliant",
    ),
    Made(
        15,
        "en",
        "Sam Porter",
        "The table froze in the middle of a hand on Sunday and I was folded with aces.",
        "game_integrity",
        "technical_fault",
        "120 euros back",
    ),
    Made(
        12,
        "de",
        "Jonas Weber",
        "Der Willkommensbonus von 50 € wurde mir nicht gutgeschrieben, obwohl ich alle"
        " Bedingungen erfüllt habe.",
        "bonus_promotion",
        "service_not_delivered",
    ),
    Made(
        9,
        "fi",
        "Aino Laine",
        "Talletukseni 100 euroa ei näy pelitililläni, vaikka raha lähti eilen.",
        "deposit",
        "technical_fault",
    ),
    Made(
        6,
        "es",
        "Carlos Ruiz",
        "No puedo entrar en mi cuenta desde que cambié de teléfono.",
        "account_access",
    ),
    Made(
        4,
        "pl",
        "Anna Kowalska",
        "Turniej w sobotę został przerwany i nie dostałam zwrotu wpisowego.",
        "tournament",
        "service_not_delivered",
    ),
    Made(
        2,
        "da",
        "Mads Lund",
        "Jeg vil gerne have slettet alle mine oplysninger.",
        "privacy_data",
    ),
)
ASKED = (
    ("kan jag ta ut pengar till min frus konto", "sv"),
    ("puis-je retirer sur le compte de ma femme", "fr"),
    ("can I withdraw to my wife's account?", "en"),
    ("finns ni på telefon", "sv"),
    ("do you have a phone number", "en"),
    ("kan jag spela på tv:n?", "sv"),
)
DRAFT = (
    "## Can I withdraw to my wife's account? {#family}\n\n"
    "No. A withdrawal goes to an account in your own name, never to another person's."
    " Your wife can open an account of her own.\n"
)


async def fill(settings: Settings) -> str:
    """Make what there is to see; gives the reference of the case shown."""
    now = datetime.now(UTC)
    engine = open_engine(settings.archive_url)
    conversation = uuid.uuid4().hex
    transcripts = Transcripts(engine, settings.clock())
    await transcripts.create(conversation, "nobody's", SHOWN.language)
    said = [
        ("bot", "Bonjour ! Je suis l'assistant automatique. Que puis-je pour vous ?"),
        ("customer", "Combien de temps dure un retrait ?"),
        ("bot", "Un retrait est traité sous trois jours ouvrables."),
        ("customer", SHOWN.text),
    ]
    for n, (sender, text) in enumerate(said):
        await transcripts.append(
            conversation,
            Message(
                id=uuid.uuid4().hex,
                sender=sender,  # type: ignore[arg-type]
                text=text,
                language=SHOWN.language,
                sent_at=now - timedelta(days=SHOWN.days, minutes=-n),
            ),
        )
    filed = [
        await _file(settings, made, now, conversation if made is SHOWN else None)
        for made in (SHOWN, *OTHERS)
    ]
    store = PageStore(engine, settings.clock())
    for question, language in ASKED:
        await store.record_gap(question, language=language, reason="unanswered")
    front = {
        "id": "family-accounts",
        "title": "Accounts of your family",
        "kind": "guide",
        "language": "en",
        "url": "/help/en/family-accounts",
        "effective_from": date(2026, 9, 1),
    }
    page = page_of(front, DRAFT, source="page")
    await store.save_version(page, author=EMAIL)
    await engine.dispose()
    return filed[0]


async def _file(
    settings: Settings, made: Made, now: datetime, conversation: str | None
) -> str:
    """File a case on its day; gives its reference."""
    then = replace(settings, now=now - timedelta(days=made.days))
    async with open_archive(then) as archive:
        return (await archive.file(_draft(made, now, conversation))).reference


def _draft(made: Made, now: datetime, conversation: str | None = None) -> CaseDraft:
    mailbox = made.name.split()[0].casefold().replace("é", "e")
    return CaseDraft(
        filing_key=uuid.uuid4().hex,
        language=made.language,
        customer=Customer(
            name=made.name,
            email=f"{mailbox}@example.com",
            username=f"{mailbox}_{made.days}",
        ),
        description=made.text,
        conversation=conversation,
        received_at=now - timedelta(days=made.days),
        event_date=(now - timedelta(days=made.days + 3)).date(),
        remedy_sought=made.wants,
        is_complaint=made.ground is not None,
        complaint_probability=0.94 if made.ground else 0.2,
        ground=made.ground,
        category=made.category,
    )


async def take(browser: Browser, settings: Settings, password: str, shown: str) -> None:
    """The pictures, in the order in which the README shows them."""
    context = await browser.new_context(
        base_url=settings.address,
        viewport={"width": 1280, "height": 860},
        locale="en",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.locator("[name=email]").fill(EMAIL)
    await page.locator("[name=password]").fill(password)
    async with page.expect_navigation():
        await page.locator("form button[type=submit]").click()
    await _picture(page, "/desk", "queue")
    await _picture(page, f"/desk/cases/{shown}", "case", height=1400)
    await _picture(page, "/desk/report", "report", height=1100)
    await _picture(page, "/knowledge/gaps", "gaps", height=700)
    await _picture(page, "/knowledge/templates/fr/solved", "template", height=1100)
    await page.goto("/knowledge/publish")
    await page.get_by_role("button", name="Show what would change").click()
    figures = page.locator(".figures")
    await expect(figures).to_be_visible(timeout=LONGEST_REHEARSAL_MS)
    await page.wait_for_load_state()
    if await (changes := page.locator("details.change")).count():
        await changes.first.locator("summary").click()
    await _shoot(page, "what-if", 860)
    await context.close()


async def _picture(page: Page, path: str, name: str, height: int = 860) -> None:
    await page.goto(path)
    await _shoot(page, name, height)


async def _shoot(page: Page, name: str, height: int) -> None:
    await page.set_viewport_size({"width": 1280, "height": height})
    await page.screenshot(path=DOCS / f"{name}.png")


async def main() -> None:
    """Of a counter started for this."""
    async with run_instance(Settings()) as running:
        shown = await fill(running.settings)
        password = await add_account(
            running.settings, EMAIL, name="Astrid", role="administrator"
        )
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
            )
            await take(browser, running.settings, password, shown)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
