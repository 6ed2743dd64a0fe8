import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import chunk
from knowledge.errors import BadInput
from knowledge.importing.reading import Reader, ReadPage
from knowledge.importing.sources import read_source
from knowledge.pages import render_html
from tests.factories import NOW

# A shop in Sweden: no <main>, the content told only by where the text is.
SWEDISH_SHOP = """<!DOCTYPE html>
<html lang="sv-SE"><head><meta charset="utf-8">
<title>Ångra ditt köp | Norrsken Handel</title>
<meta property="og:site_name" content="Norrsken Handel">
<link rel="canonical" href="https://norrsken.example/kundservice/angra">
</head><body class="page sidebar-left">
<div id="cookie-consent"><p>Vi använder kakor för att webbplatsen ska fungera.</p></div>
<div class="top"><ul class="main-menu"><li><a href="/">Hem</a></li>
<li><a href="/rea">Rea</a></li></ul></div>
<div class="wrapper"><div class="breadcrumbs"><a href="/">Hem</a> / Ångra</div>
<div class="columns"><div class="sidebar"><p>Nyhetsbrev: skriv upp dig i dag</p></div>
<div class="rte"><h1>Ångra ditt köp</h1>
<p>Du har 30 dagars ångerrätt från den dag du hämtade ut ditt paket. Varan ska vara
oanvänd och ligga i sin förpackning när vi får den.</p>
<h2 id="sa-gor-du">Så gör du</h2>
<ol><li>Logga in på <a href="/konto">ditt konto</a>.</li>
<li>Välj <strong>Returnera</strong>.
<ul><li>i appen: under Köp</li><li>på webben: under Ordrar</li></ul></li>
<li>Lämna paketet hos ett ombud.</li></ol>
<h2>Vad kostar det?</h2>
<table><tr><th>Sätt</th><th>Avgift</th></tr>
<tr><td>Ombud</td><td>49 kr</td></tr><tr><td>Butik</td><td>gratis</td></tr></table>
<p>Avgiften dras från det belopp som vi betalar tillbaka till dig.</p>
</div></div></div>
<div class="site-footer"><p>© Norrsken Handel AB, org.nr 556000-0000</p></div>
<script>var dataLayer = ["dold text"];</script></body></html>"""

# A public body in France: <details>, and the same questions for search engines.
FRENCH_FAQ = """<!DOCTYPE html>
<html lang="fr"><head><title>Questions fréquentes - Service</title>
<script type="application/ld+json">{"@context": "https://schema.org",
"@type": "FAQPage", "mainEntity": [
{"@type": "Question", "name": "Qui peut demander l'aide ?",
 "acceptedAnswer": {"@type": "Answer", "text": "Toute personne majeure."}},
{"@type": "Question", "name": "Où envoyer le dossier ?",
 "acceptedAnswer": {"@type": "Answer", "text": "<p>À la <b>mairie</b>.</p>"}}]}</script>
</head><body><header role="banner"><a href="/">Service public</a></header>
<nav aria-label="Menu"><a href="/aides">Aides</a></nav>
<main><h1>Questions fréquentes</h1>
<details id="qui"><summary><h2>Qui peut demander l'aide ?</h2></summary>
<p>Toute personne majeure résidant en France depuis trois mois.</p></details>
<details><summary>Sous quel délai suis-je payé ?</summary>
<p>Sous <em>dix jours</em> ouvrés.</p><ul><li>par virement</li><li>par chèque</li></ul>
</details><form><label>Utile ?</label><button>Oui</button></form></main>
<footer>Mentions légales</footer></body></html>"""

# Terms in German, their numbers once bold, once in a table, once in a list.
GERMAN_TERMS = """<html lang="de"><head><title>AGB</title></head><body>
<article><h1>Allgemeine Geschäftsbedingungen</h1>
<h2>4. Auszahlungen</h2>
<p><strong>4.1</strong> Auszahlungen erfolgen auf das Konto der Einzahlung.</p>
<p><b>4.2 Frist.</b> Wir zahlen binnen zwei Tagen.<br>4.3 Gebühren fallen nicht an.</p>
<table><tr><td>4.4</td><td>Beträge über 2&nbsp;000&nbsp;€ prüfen wir.</td></tr>
<tr><td>4.5</td><td>Die Prüfung dauert höchstens fünf Tage.</td></tr></table>
<ul><li>4.6 Rückfragen beantwortet der Kundendienst.</li></ul>
</article></body></html>"""

ACCORDION = """<html lang="en"><body><main><h1>Help</h1>
<h3><button aria-expanded="false" aria-controls="a1">Is it free?</button></h3>
<div id="a1" hidden><p>Yes, it is free of charge.</p></div>
<button aria-controls="a2" aria-expanded="false">How do I cancel?</button>
<div id="a2" aria-hidden="true"><p>Write to us.</p></div>
<div class="ask"><p><strong>Where are you?</strong></p><p>In Kalmar.</p></div>
<dl><dt>Can I visit?</dt><dd>On weekdays.</dd><dt>Fee</dt><dd>None.</dd></dl>
</main></body></html>"""

MICRODATA = """<html lang="en"><body><main itemscope
itemtype="https://schema.org/FAQPage"><h1>Questions</h1>
<div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">
<span itemprop="name">Opening hours</span>
<div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer">
<div itemprop="text"><p>Every day from eight.</p></div></div></div>
<div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">
<span itemprop="name">Parking</span>
<div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer">
<div itemprop="text"><p>Behind the house.</p></div></div></div></main></body></html>"""


def read(html: str, *, address: str = "https://x.example/help/page.html") -> ReadPage:
    reader = Reader(today=NOW.date(), prefer=("sv", "fr", "en"))
    return read_source(
        html.encode("utf-8"),
        name=address,
        address=address,
        content_type="text/html",
        reader=reader,
    )


def test_a_shop_page_is_its_content_without_what_stands_around_it() -> None:
    page = read(SWEDISH_SHOP, address="https://norrsken.example/kundservice/angra").page

    assert (page.id, page.title, page.language) == ("angra", "Ångra ditt köp", "sv")
    assert page.url == "https://norrsken.example/kundservice/angra"
    for noise in ("kakor", "Hem", "Nyhetsbrev", "org.nr", "dold"):
        assert noise not in page.body


def test_headings_lists_links_and_tables_keep_their_form() -> None:
    body = read(
        SWEDISH_SHOP, address="https://norrsken.example/kundservice/angra"
    ).page.body

    assert "## Så gör du {#sa-gor-du}" in body
    assert "1. Logga in på [ditt konto](https://norrsken.example/konto)." in body
    assert "2. Välj **Returnera**.\n   - i appen: under Köp" in body
    assert "| Sätt | Avgift |\n| --- | --- |\n| Ombud | 49 kr |" in body


def test_questions_in_details_make_a_page_of_questions_and_answers() -> None:
    page = read(FRENCH_FAQ).page

    passages = {passage.heading: passage.text for passage in chunk(page)}
    assert page.kind == "faq"
    assert passages["Sous quel délai suis-je payé ?"].startswith(
        "Sous dix jours ouvrés."
    )
    assert "résidant en France" in passages["Qui peut demander l'aide ?"]


def test_a_question_that_only_a_script_would_show_is_read_from_the_data() -> None:
    page = read(FRENCH_FAQ).page

    assert "## Où envoyer le dossier ?\n\nÀ la **mairie**." in page.body
    assert page.body.count("Qui peut demander l'aide ?") == 1


def test_an_anchor_of_details_becomes_that_of_its_question() -> None:
    assert "## Qui peut demander l'aide ? {#qui}" in read(FRENCH_FAQ).page.body


def test_numbered_clauses_keep_their_numbers_however_they_are_laid_out() -> None:
    page = read(GERMAN_TERMS).page

    sections = [passage.section for passage in chunk(page)]
    assert page.kind == "terms"
    assert sections == ["4.1", "4.2", "4.3", "4.4", "4.5", "4.6"]


def test_the_heads_of_what_folds_are_headings_and_hidden_answers_are_read() -> None:
    passages = {each.heading: each.text for each in chunk(read(ACCORDION).page)}

    assert passages["Is it free?"] == "Yes, it is free of charge."
    assert passages["How do I cancel?"] == "Write to us."
    assert passages["Where are you?"] == "In Kalmar."
    assert passages["Can I visit?"] == "On weekdays.\nFee: None."


def test_questions_in_microdata_need_no_question_mark() -> None:
    page = read(MICRODATA).page

    headings = [passage.heading for passage in chunk(page)]
    assert (page.kind, headings) == ("faq", ["Opening hours", "Parking"])


def test_pages_that_name_their_translations_share_an_id() -> None:
    links = (
        '<link rel="alternate" hreflang="sv" href="/sv/uttag">'
        '<link rel="alternate" hreflang="fr" href="/fr/retraits">'
    )
    html = "<html lang='{}'><head>{}</head><body><h1>{}</h1><p>Text.</p></body></html>"

    swedish = read(
        html.format("sv", links, "Uttag"), address="https://x.example/sv/uttag"
    )
    french = read(
        html.format("fr", links, "Retraits"), address="https://x.example/fr/retraits"
    )

    assert (swedish.page.id, french.page.id) == ("uttag", "uttag")


def test_a_page_that_claims_another_language_than_its_words_is_noted() -> None:
    html = SWEDISH_SHOP.replace('lang="sv-SE"', 'lang="en"')
    reader = Reader(today=NOW.date(), identify=lambda text: "sv")

    read = read_source(html.encode(), name="a.html", reader=reader)

    assert read.page.language == "en"
    assert [str(note) for note in read.notes] == [
        "says it is en, its words look like sv"
    ]


def test_a_heading_that_only_names_the_site_is_not_the_title() -> None:
    html = (
        "<html lang=en><head><title>Fees - The Handbook</title></head><body>"
        "<h1>The Handbook</h1><main><h2>Fees</h2><p>There are none.</p></main>"
    )

    page = read(html).page

    assert (page.title, page.body) == ("Fees", "There are none.\n")


@pytest.mark.parametrize("html", ["", "<html></html>", "<html><body><nav>a</nav>"])
def test_a_page_without_content_is_refused(html: str) -> None:
    with pytest.raises(BadInput, match=r"empty|no text"):
        read(html)


def test_very_deep_markup_is_no_crash() -> None:
    html = "<html lang=en><body>" + "<div>" * 3000 + "<p>Deep down.</p>"

    try:
        found = read(html).page.body
    except BadInput as refused:
        found = str(refused)

    assert "Deep down." in found or "no text" in found


def test_what_a_page_holds_never_becomes_markup_of_ours() -> None:
    html = (
        "<html lang=en><body><main><h1>A</h1><p>&lt;script&gt;alert(1)&lt;/script&gt;"
    )
    html += " # no * heading_ [x](javascript:alert(1))</p></main></body></html>"

    shown = render_html(read(html).page)

    assert "<script>" not in shown
    assert "javascript:" not in shown or "href" not in shown
    assert "# no * heading_ [x]" in shown


WORDS = st.text(alphabet="abcåéß ?.*_[]#-|<&1", min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["h2", "p", "li", "td", "dt", "b", "summary"]), WORDS)
    )
)
def test_any_markup_is_read_or_refused(parts: list[tuple[str, str]]) -> None:
    inside = "".join(f"<{tag}>{text}" for tag, text in parts)

    try:
        page = read(f"<html lang=en><body><main><p>Start.</p>{inside}").page
    except BadInput:
        return

    assert "Start." in page.body
    assert chunk(page)
