from __future__ import annotations

from typing import get_args

import pytest

from bot.settings import ROOT
from knowledge.errors import Refusal
from knowledge.workplace import load_staff_texts


@pytest.mark.parametrize("refusal", get_args(Refusal))
def test_staff_are_told_every_refusal_in_their_language(refusal: str):
    texts = load_staff_texts(ROOT / "data")

    told_in = [
        room
        for room in ("desk", "console")
        if all(
            texts.has(language, f"{room}.refusals.{refusal}")
            for language in texts.languages
        )
    ]

    assert told_in
