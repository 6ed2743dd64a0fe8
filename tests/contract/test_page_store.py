import asyncio
import datetime as dt
from datetime import UTC, datetime, timedelta

import pytest

from knowledge.errors import Conflict, NotFound
from knowledge.pages import Page
from knowledge.store import PageStore
from knowledge.translations import stale_translations

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def now():
    """A clock that moves one minute with each look at it."""
    moments = (START + timedelta(minutes=n) for n in range(10_000))
    return lambda: next(moments)


@pytest.fixture
def store(engine, now):
    return PageStore(engine, now)


def make_page(**overrides) -> Page:
    fields = {
        "id": "fees",
        "title": "Fees",
        "kind": "guide",
        "language": "en",
        "url": "/help/en/fees",
        "effective_from": dt.date(2026, 9, 1),
        "body": "## Cost {#cost}\n\nA withdrawal is free.\n",
    }
    return Page(**(fields | overrides))


async def test_the_first_version_is_number_one_and_reads_back_whole(store):
    page = make_page(translates=3)

    version = await store.save_version(page, author="Ada")

    assert version == 1
    assert await store.page("fees", "en") == page


async def test_saving_the_same_content_again_makes_no_version(store):
    await store.save_version(make_page(), author="Ada")

    version = await store.save_version(make_page(version=7), author="Bo")

    assert version == 1
    assert [each.author for each in await store.history("fees", "en")] == ["Ada"]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Charges"},
        {"kind": "policy"},
        {"url": "/help/en/charges"},
        {"effective_from": dt.date(2027, 1, 1)},
        {"translates": 2},
        {"body": "## Cost {#cost}\n\nA withdrawal costs nothing.\n"},
    ],
)
async def test_any_change_makes_a_version_and_the_earlier_one_can_be_shown(
    store, change
):
    await store.save_version(make_page(), author="Ada")

    version = await store.save_version(make_page(**change), author="Ada")

    assert version == 2
    assert await store.page("fees", "en", 1) == make_page()
    assert await store.page("fees", "en") == make_page(version=2, **change)


async def test_going_back_to_earlier_words_is_a_new_version(store):
    for title in ("Fees", "Charges", "Fees"):
        await store.save_version(make_page(title=title), author="Ada")

    history = await store.history("fees", "en")

    assert [each.page.version for each in history] == [3, 2, 1]
    assert history[0].content_hash == history[2].content_hash


async def test_translations_are_numbered_apart(store):
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(title="Charges"), author="Ada")

    version = await store.save_version(
        make_page(language="fr", translates=1), author="Ada"
    )

    assert version == 1
    assert [page.language for page in await store.pages()] == ["en", "fr"]
    assert [page.version for page in await store.pages("en")] == [2]


async def test_what_only_search_reads_leaves_a_translation_as_it_is(store):
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(language="fr", translates=1), author="Ada")
    asked = f"{make_page().body}\n<!-- asked:\nprice\n-->\n"
    await store.save_version(make_page(body=asked), author="Ada")

    after_asked = stale_translations(await store.states(), ["en", "fr"])
    await store.save_version(make_page(body=f"{asked}\nNew words.\n"), author="Ada")
    after_words = stale_translations(await store.states(), ["en", "fr"])

    assert after_asked == []
    assert [each.language for each in after_words] == ["fr"]


async def test_a_source_that_goes_back_to_its_words_is_translated_again(store):
    await store.save_version(make_page(), author="Ada")
    await store.save_version(make_page(language="fr", translates=1), author="Ada")
    await store.save_version(make_page(title="Charges"), author="Ada")
    await store.save_version(make_page(), author="Ada")

    assert stale_translations(await store.states(), ["en", "fr"]) == []


async def test_a_save_that_did_not_see_the_newest_version_is_refused(store):
    await store.save_version(make_page(), author="Ada", base_version=0)
    await store.save_version(make_page(title="Charges"), author="Ada", base_version=1)

    with pytest.raises(Conflict, match="version 2, expected 1"):
        await store.save_version(make_page(title="Prices"), author="Bo", base_version=1)

    assert (await store.page("fees", "en")).title == "Charges"


async def test_of_two_at_once_exactly_one_save_of_the_same_base_wins(store):
    await store.save_version(make_page(), author="Ada")

    results = await asyncio.gather(
        *(
            store.save_version(make_page(title=title), author="Ada", base_version=1)
            for title in ("Charges", "Prices")
        ),
        return_exceptions=True,
    )

    assert sorted(map(str, results))[0] == "2"
    assert sum(isinstance(result, Conflict) for result in results) == 1


async def test_many_first_saves_at_once_get_different_numbers(store):
    saves = [
        store.save_version(make_page(title=f"Fees {n}"), author="Ada") for n in range(5)
    ]

    versions = await asyncio.gather(*saves)

    assert sorted(versions) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("version", [None, 2])
async def test_a_page_or_version_that_is_not_there_is_named(store, version):
    if version:
        await store.save_version(make_page(), author="Ada")

    with pytest.raises(NotFound, match=r"fees \(en\)"):
        await store.page("fees", "en", version)


async def test_a_saved_page_is_not_published(store):
    await store.save_version(make_page(), author="Ada")

    [state] = await store.states()

    assert state.published_version is None
    assert not state.is_published
    assert await store.published_pages() == []


async def test_customers_keep_the_published_version_while_a_newer_waits(store):
    await store.save_version(make_page(), author="Ada")
    await store.record_publication(await store.pages(), author="Ada")
    await store.save_version(make_page(title="Charges"), author="Ada")

    [state] = await store.states()

    assert (state.newest.page.version, state.published_version) == (2, 1)
    assert await store.published_pages() == [make_page()]
    assert await store.published_version("fees", "en") == 1


async def test_publishing_the_same_versions_again_records_nothing(store):
    await store.save_version(make_page(), author="Ada")
    first = await store.record_publication(await store.pages(), author="Ada")

    second = await store.record_publication(await store.pages(), author="Bo")

    assert second == first
    assert await store.publications() == [first]


async def test_an_earlier_publication_can_be_brought_back(store):
    await store.save_version(make_page(), author="Ada")
    await store.record_publication(await store.pages(), author="Ada")
    await store.save_version(make_page(title="Charges"), author="Ada")
    await store.record_publication(await store.pages(), author="Ada")

    back = await store.record_publication(
        await store.published_pages(1), author="Bo", restores=1
    )

    assert (back.number, back.restores, back.n_pages) == (3, 1, 1)
    assert await store.published_pages() == [make_page()]
    assert await store.published_pages(2) == [make_page(title="Charges", version=2)]


async def test_a_publication_that_is_not_there_is_named(store):
    with pytest.raises(NotFound, match="publication 4"):
        await store.published_pages(4)


async def test_the_same_question_in_other_letters_is_one_gap(store):
    for question in ("Får jag spela i Kina?", "får jag  spela i kina", "Vad är ante?"):
        await store.record_gap(question, language="sv", reason="unanswered")

    first, second = await store.gaps()

    assert (first.n_asked, second.n_asked) == (2, 1)
    assert first.question in {"Får jag spela i Kina?", "får jag  spela i kina"}
    assert first.first_asked_at < first.last_asked_at


async def test_gaps_can_be_read_for_one_language(store):
    await store.record_gap("Why?", language="en", reason="unanswered", confidence=0.2)
    await store.record_gap("Varför?", language="sv", reason="unhelpful")

    [gap] = await store.gaps("sv")

    assert (gap.question, gap.reason) == ("Varför?", "unhelpful")


async def test_a_settled_gap_comes_back_when_it_is_asked_again(store):
    await store.record_gap("Why?", language="en", reason="unanswered")
    await store.settle_gap("why", language="en")
    assert await store.gaps() == []

    await store.record_gap("Why?", language="en", reason="unanswered")

    assert [gap.n_asked for gap in await store.gaps()] == [1]


async def test_the_version_in_force_on_a_day_is_found(store):
    await store.save_version(make_page(), author="Ada")
    await store.record_publication(await store.pages(), author="Ada")
    later = make_page(body="It costs.", effective_from=dt.date(2026, 12, 1))
    await store.save_version(later, author="Ada")
    await store.record_publication(await store.pages(), author="Ada")

    before = await store.in_force("fees", "en", dt.date(2026, 11, 30))
    after = await store.in_force("fees", "en", dt.date(2026, 12, 1))

    assert (before.version, after.version) == (1, 2)
    assert await store.in_force("fees", "sv", dt.date(2026, 12, 1)) is None


async def test_a_version_stood_until_the_next_was_published(store):
    await store.save_version(make_page(), author="Ada")
    first = await store.record_publication(await store.pages(), author="Ada")
    await store.save_version(make_page(body="It costs."), author="Ada")
    second = await store.record_publication(await store.pages(), author="Ada")

    assert await store.stood("fees", "en", 1) == (
        first.published_at,
        second.published_at,
    )
    assert await store.stood("fees", "en", 2) == (second.published_at, None)
    assert await store.stood("fees", "en", 3) is None
