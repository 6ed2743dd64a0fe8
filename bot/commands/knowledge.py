"""`guichet knowledge`: import, publish, roll back, search, status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.commands.quality import (
    say_dead_links,
    say_parity,
    say_quality,
    say_refusal,
)
from bot.settings import Settings

if TYPE_CHECKING:
    from knowledge.embedding import Embedder
    from knowledge.index import Manifest
    from knowledge.store import PageStore
    from knowledge.versions import PageState

# Heavy modules are imported where they are used: `--help` answers at once.
knowledge = typer.Typer(help="The help pages.", no_args_is_help=True)
console = Console(highlight=False)
Json = Annotated[bool, typer.Option("--json", help="Print one object.")]


@knowledge.command("import")
def import_pages(
    source: Annotated[
        str,
        typer.Argument(help="A file, a folder, a .zip, a web address or a sitemap."),
    ],
    language: Annotated[
        str, typer.Option(help="Of pages that do not state their own.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be stored.")
    ] = False,
    allow_private: Annotated[
        bool, typer.Option(help="Read from addresses of your own network too.")
    ] = False,
    json: Json = False,
) -> None:
    """Store pages; a page whose content is stored already makes no new version."""
    from bot.commands import importing

    async def run() -> bool:
        settings = Settings.from_environment()
        reader = importing.reader(settings, language or None)
        batch = await importing.read(
            source, reader, console, is_private_allowed=allow_private
        )
        async with _open_store(settings) as store:
            return await importing.store_batch(
                store, batch, console, is_dry=dry_run, is_json=json
            )

    if not asyncio.run(run()):
        raise typer.Exit(1)


@knowledge.command("publish")
def publish_pages(
    force: Annotated[
        bool, typer.Option("--force", help="Even below the operator's floor.")
    ] = False,
    with_dead_links: Annotated[
        bool,
        typer.Option("--with-dead-links", help="Even with links that lead nowhere."),
    ] = False,
    json: Json = False,
) -> None:
    """Answer customers from the newest version of every page.

    New pages whose links lead nowhere are refused, and named. The questions of
    data/questions/ are asked first. A publication that would answer worse than the
    floor in data/operator.yml is refused, with the questions it breaks.
    """
    from knowledge.errors import DeadLinks, PublishRefused
    from knowledge.publishing import publish

    try:
        manifest = asyncio.run(
            _put_out(
                "Publishing", publish, force=force, with_dead_links=with_dead_links
            )
        )
    except (DeadLinks, PublishRefused) as refused:
        if json:
            console.print_json(data={"published": False, **refused.details})
        elif isinstance(refused, DeadLinks):
            say_dead_links(refused, console)
        else:
            say_refusal(refused, console)
        raise typer.Exit(1) from refused
    if json:
        console.print_json(data={"published": True, **manifest.as_json()})
        return
    console.print(f"published {len(manifest.pages)} pages")
    say_quality(manifest.quality, console)


@knowledge.command()
def rollback(
    number: Annotated[
        int | None, typer.Argument(help="Publication to bring back; the last but one.")
    ] = None,
) -> None:
    """Answer customers from an earlier publication again; no version is lost."""
    from knowledge.publishing import roll_back

    manifest = asyncio.run(_put_out("Rolling back", roll_back, number=number))
    say_quality(manifest.quality, console)


@knowledge.command()
def search(
    question: str,
    language: Annotated[str, typer.Option(help="Language of the question.")] = "",
    top_k: Annotated[int, typer.Option(min=1)] = 5,
    json: Json = False,
) -> None:
    """Show the passages found, and the answer where there is one."""
    from knowledge.answers import open_knowledge
    from knowledge.courtesies import load_courtesies
    from knowledge.publishing import index_folder

    settings = Settings.from_environment()
    opened = open_knowledge(
        index_folder(settings.state_dir),
        _embedder(settings),
        load_courtesies(settings.data_dir),
    )
    hits = opened.search(question, language=language or None, top_k=top_k)
    answer = opened.answer(question, language=language or None)
    if json:
        console.print_json(data={"hits": _rows(hits), "answer": _answer(answer)})
        return
    table = Table("score", "page", "section", "passage")
    for hit in hits:
        passage = hit.passage
        name = f"{passage.language}/{passage.page}"
        table.add_row(f"{hit.score:.3f}", name, passage.section, passage.text[:100])
    console.print(table)
    if answer is None:
        console.print("no answer that is sure enough")
    else:
        console.print(f"{answer.confidence:.0%} sure: {answer.quote}", markup=False)


@knowledge.command()
def status(json: Json = False) -> None:
    """Show what is published since when, how well it answers, and each page."""
    from knowledge.indexes import read_manifest

    settings = Settings.from_environment()
    found = asyncio.run(_status(settings))
    manifest = read_manifest(settings.state_dir) or {}
    quality = manifest.get("quality")
    if json:
        console.print_json(
            data={
                **found,
                "n_passages": manifest.get("n_passages", 0),
                "languages": manifest.get("languages", []),
                "quality": quality,
            }
        )
        return
    if found["published_at"] is None:
        console.print("nothing is published")
    else:
        console.print(
            f"publication {found['publication']}, by {found['author']},"
            f" {found['published_at']}; {manifest.get('n_passages', 0)} passages in"
            f" {', '.join(manifest.get('languages', []))}"
        )
    say_quality(quality, console)
    table = Table("page", "language", "newest", "published", "translation")
    for row in found["pages"]:
        table.add_row(*(str(value or "-") for value in row.values()))
    console.print(table)


@knowledge.command()
def parity(json: Json = False) -> None:
    """Show where the languages reach another passage, or say something else."""
    from knowledge.contradictions import load_readers
    from knowledge.indexes import index_folder, read_quality
    from knowledge.operator import load_operator
    from knowledge.parity import compare_translations

    settings = Settings.from_environment()
    languages = load_operator(settings.data_dir).languages

    async def read_states() -> list[PageState]:
        async with _open_store(settings) as store:
            return await store.states()

    quality = read_quality(index_folder(settings.state_dir))
    report = compare_translations(
        asyncio.run(read_states()),
        languages,
        load_readers(settings.data_dir, languages),
        quality.asked if quality else (),
    )
    if json:
        console.print_json(data=report.as_json())
    else:
        say_parity(report, console)


async def _status(settings: Settings) -> dict[str, Any]:
    from knowledge.operator import load_operator
    from knowledge.translations import stale_translations

    async with _open_store(settings) as store:
        states = await store.states()
        latest = await store.publications(limit=1)
    languages = load_operator(settings.data_dir).languages
    stale = {
        (each.id, each.language): "missing" if each.is_missing else "stale"
        for each in stale_translations(states, languages)
    }
    rows = [
        {
            "page": state.newest.page.id,
            "language": state.newest.page.language,
            "newest": state.newest.page.version,
            "published": state.published_version,
            "translation": stale.pop(
                (state.newest.page.id, state.newest.page.language), None
            ),
        }
        for state in states
    ]
    rows += [
        {
            "page": page,
            "language": language,
            "newest": None,
            "published": None,
            "translation": what,
        }
        for (page, language), what in stale.items()
    ]
    return {
        "publication": latest[0].number if latest else None,
        "author": latest[0].author if latest else None,
        "published_at": latest[0].published_at.isoformat() if latest else None,
        "pages": rows,
    }


@knowledge.command()
def gaps(
    language: Annotated[str, typer.Option(help="Only what was asked in it.")] = "",
    json: Json = False,
) -> None:
    """Show what customers asked and no page answered, put together by meaning."""
    from knowledge.gaps import GapFinder

    async def run() -> list[Any]:
        settings = Settings.from_environment()
        async with _open_store(settings) as store:
            finder = GapFinder(store, _embedder(settings))
            return await finder.find(language or None)

    groups = asyncio.run(run())
    if json:
        console.print_json(data={"groups": [group.as_json() for group in groups]})
        return
    table = Table("asked", "languages", "question")
    for group in groups:
        counts = ", ".join(f"{tag} {n}" for tag, n in group.languages.items())
        table.add_row(str(group.n_asked), counts, Text(group.question))
        for example in group.examples:
            if example.question != group.question:
                said = f"{example.language}: {example.question}"
                table.add_row("", "", Text(said, style="dim"))
    console.print(table if groups else "nothing is unanswered")


async def _put_out(
    doing: str, act: Callable[..., Awaitable[Manifest]], **options: Any
) -> Manifest:
    """Publish or roll back over the real parts, showing how far it is."""
    from bot.running.prepare import shown
    from knowledge.quality import load_checks

    settings = Settings.from_environment()
    embedder = _embedder(settings)
    async with _open_store(settings) as store:
        with shown(console, doing) as report:
            return await act(
                store,
                embedder,
                settings.state_dir,
                checks=load_checks(settings.data_dir),
                progress=report,
                **options,
            )


@asynccontextmanager
async def _open_store(settings: Settings) -> AsyncIterator[PageStore]:
    from bot.migrations import upgrade
    from knowledge.database import open_engine
    from knowledge.store import PageStore

    settings.state_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.archive_url)
    try:
        await upgrade(engine)
        yield PageStore(engine, settings.clock())
    finally:
        await engine.dispose()


def _embedder(settings: Settings) -> Embedder:
    from knowledge.embedding import load_embedder

    return load_embedder(
        settings.embedding_model, settings.embedding_backend, settings.state_dir
    )


def _rows(hits: Any) -> list[dict[str, Any]]:
    return [
        {
            "passage": hit.passage.id,
            "language": hit.passage.language,
            "score": round(hit.score, 4),
            "text": hit.passage.text,
        }
        for hit in hits
    ]


def _answer(answer: Any) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "confidence": round(answer.confidence, 4),
        "quote": answer.quote,
        "citation": answer.citation.as_json(),
    }
