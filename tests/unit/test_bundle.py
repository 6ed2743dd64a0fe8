from __future__ import annotations

import gzip
import re

from bot.settings import ROOT
from bot.texts import load_texts
from bot.web import bundle

MOST_BYTES = 30 * 1024


def test_the_widget_with_its_styles_is_small() -> None:
    sent = [gzip.compress(part.encode()) for part in (bundle.script(), bundle.styles())]

    assert sum(map(len, sent)) <= MOST_BYTES


def test_every_module_is_in_the_script_and_needs_nothing_else() -> None:
    modules = {path.stem for path in bundle.WIDGET.glob("*.js")}

    assert modules == set(bundle.MODULES)
    assert not re.search(r"^(import|export)\b", bundle.script(), re.MULTILINE)


def test_each_module_comes_after_what_it_imports() -> None:
    for place, name in enumerate(bundle.MODULES):
        text = (bundle.WIDGET / f"{name}.js").read_text("utf-8")
        imported = re.findall(r'from "\./(\w+)\.js"', text)
        assert set(imported) <= set(bundle.MODULES[:place])


def test_the_widget_asks_nobody_but_its_own_server() -> None:
    addresses = re.findall(
        r"(?:https?:)?//[\w.-]+\.\w+", bundle.script() + bundle.styles()
    )

    assert set(addresses) <= {"http://www.w3.org"}  # The name of SVG, never fetched.


def test_the_widget_sets_no_style_and_no_markup_from_text() -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|eval\(|new Function|\.style\b",
        bundle.script(),
    )


def test_every_text_that_the_widget_shows_is_there() -> None:
    known = set(load_texts(ROOT / "data", ["en"]).section("en", "widget"))
    used = set(re.findall(r"\btexts\.(\w+)", bundle.script()))

    assert used <= known | {"rating_"}
