"""The widget's script: its modules in one file, as a website loads it.

    <script src="https://…/widget.js" data-language="sv" defer></script>

The modules in `bot/widget/` import from one another. A website should make one request
that needs no build step, so they are joined here, in an order in which each comes after
what it imports, inside one function.
"""

from __future__ import annotations

import re
from functools import cache

from bot.settings import ROOT

WIDGET = ROOT / "bot" / "widget"
MODULES = (
    "dom",
    "server",
    "outbox",
    "feed",
    "drawing",
    "log",
    "composer",
    "ending",
    "element",
)
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@cache
def script() -> str:
    """The modules joined."""
    parts = [(WIDGET / f"{name}.js").read_text("utf-8") for name in MODULES]
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts)
    return f'(() => {{\n"use strict";\n{joined}}})();\n'


@cache
def styles() -> str:
    """The style sheet, which the widget loads itself."""
    return (WIDGET / "widget.css").read_text("utf-8")
