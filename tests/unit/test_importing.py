import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge.database import metadata, open_engine
from knowledge.errors import NotFound
from knowledge.importing import Reader, import_folder
from knowledge.store import PageStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def store(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'pages.sqlite3'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield PageStore(engine)
    await engine.dispose()


def write_page(folder: Path, name: str, *, id: str = "fees", language: str = "en"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"---\nid: {id}\ntitle: Fees\nkind: guide\nlanguage: {language}\n"
        f"url: /help/{language}/{id}\neffective_from: 2026-09-01\n---\n\n"
        "## What does it cost? {#cost}\n\nA withdrawal is free of charge.\n",
        encoding="utf-8",
    )
    return path


async def test_every_markdown_file_below_the_folder_becomes_a_page(store, tmp_path):
    write_page(tmp_path / "help", "en/fees.md")
    write_page(tmp_path / "help", "sv/deep/fees.md", language="sv")

    report = await import_folder(store, tmp_path / "help", author="test")

    assert not report.broken
    assert [page.language for page in await store.pages()] == ["en", "sv"]


async def test_importing_the_same_again_makes_no_new_version(store, tmp_path):
    write_page(tmp_path / "help", "en/fees.md")
    await import_folder(store, tmp_path / "help", author="test")

    report = await import_folder(store, tmp_path / "help", author="test")

    assert (report.n_new_versions, len(report.pages)) == (0, 1)
    assert len(await store.history("fees", "en")) == 1


async def test_one_broken_file_is_named_with_its_reason_and_the_rest_goes_on(
    store, tmp_path
):
    folder = tmp_path / "help"
    write_page(folder, "good.md")
    (folder / "empty.md").write_text("", encoding="utf-8")
    (folder / "mixed.md").write_bytes("å".encode() + "Avgångsålder".encode("latin-1"))
    (folder / "plain.md").write_text("# A title alone\n", encoding="utf-8")
    (folder / "open.md").write_text("---\ntitle: Fees\n", encoding="utf-8")

    report = await import_folder(store, folder, author="test")

    assert [page.name for page in report.pages] == ["good.md"]
    reasons = {broken.name: broken.reason for broken in report.broken}
    assert reasons == {
        "empty.md": "is empty",
        "mixed.md": "mixes UTF-8 with another encoding: byte 5 is not UTF-8",
        "open.md": "the front matter does not end with ---",
        "plain.md": "the page has no text",
    }


async def test_the_second_file_of_the_same_page_is_refused(store, tmp_path):
    write_page(tmp_path / "help", "a.md")
    write_page(tmp_path / "help", "b.md")

    report = await import_folder(store, tmp_path / "help", author="test")

    assert [broken.name for broken in report.broken] == ["b.md"]
    assert "already read from a.md" in report.broken[0].reason


async def test_a_single_file_is_imported_too(store, tmp_path):
    path = write_page(tmp_path, "fees.md")

    report = await import_folder(store, path, author="test")

    assert [page.id for page in report.pages] == ["fees"]


async def test_hidden_files_are_left_alone(store, tmp_path):
    write_page(tmp_path / "help", ".drafts/fees.md")

    report = await import_folder(store, tmp_path / "help", author="test")

    assert not report.pages
    assert not report.broken


async def test_a_folder_that_is_not_there_is_named(store, tmp_path):
    with pytest.raises(NotFound, match="nowhere"):
        await import_folder(store, tmp_path / "nowhere", author="test")


async def test_the_sample_pages_are_all_sound(store):
    report = await import_folder(store, ROOT / "data" / "help", author="test")

    assert not report.broken
    languages = {page.language for page in report.pages}
    assert languages == {"sv", "fr", "en"}


async def test_what_a_web_page_does_not_say_is_kept_from_the_stored_one(
    store, tmp_path
):
    folder = tmp_path / "site"
    folder.mkdir()
    page = folder / "fees.html"
    html = "<html lang=en><body><main><h1>Fees</h1><p>{}</p></main></body></html>"
    page.write_text(html.format("Withdrawals are free of charge."), encoding="utf-8")
    await import_folder(store, folder, author="test")
    first = await store.page("fees", "en")
    kept = replace(first, kind="policy", effective_from=date(2026, 1, 1), translates=3)
    await store.save_version(kept, author="Ada")

    again = await import_folder(store, folder, author="test")
    page.write_text(html.format("Withdrawals cost two euros."), encoding="utf-8")
    changed = await import_folder(store, folder, author="test")

    assert [each.state for each in (*again.pages, *changed.pages)] == [
        "unchanged",
        "changed",
    ]
    newest = await store.page("fees", "en")
    assert (newest.kind, newest.effective_from, newest.translates) == (
        "policy",
        date(2026, 1, 1),
        3,
    )


async def test_a_packed_folder_is_imported_within_bounds(store, tmp_path):
    packed = tmp_path / "help.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sv/uttag.txt", "Uttag\n\nEtt uttag är gratis.")
        archive.writestr("sv/bomb.txt", "x" * 3_000_000)
        archive.writestr("logo.png", "x")

    report = await import_folder(store, packed, author="test")

    assert [(page.id, page.language) for page in report.pages] == [("uttag", "sv")]
    assert [broken.code for broken in report.broken] == ["too_long"]
    assert report.skipped == ["logo.png"]


async def test_two_pages_of_one_name_are_told_apart_by_their_folder(store, tmp_path):
    for folder in ("cards", "bank"):
        (tmp_path / "help" / folder).mkdir(parents=True)
        (tmp_path / "help" / folder / "fees.txt").write_text(
            f"Fees\n\nFees of {folder}."
        )
    reader = Reader(today=date(2026, 11, 22), language="en")

    report = await import_folder(store, tmp_path / "help", author="test", reader=reader)

    assert [page.id for page in report.pages] == ["fees", "cards-fees"]
