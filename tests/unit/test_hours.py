from __future__ import annotations

from datetime import time

import pytest

from actions.hours import time_of_day
from actions.phrases import load_phrases
from bot.settings import ROOT

PHRASES = load_phrases(ROOT / "data")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hände i fredags kl 20.40", time(20, 40)),
        ("hier vers 20h30", time(20, 30)),
        ("yesterday at 8:15 pm", time(20, 15)),
        ("on Friday at 12am", time(0, 0)),
        ("gestern um 19 Uhr", time(19, 0)),
        ("ayer a las 9", time(9, 0)),
        ("eilen klo 20.40", time(20, 40)),
        ("i går kl. 7", time(7, 0)),
        ("alle 21:05 di ieri", time(21, 5)),
        ("gisteren om 8 uur", time(8, 0)),
        ("ontem às 22h", time(22, 0)),
        ("wczoraj o 18:00", time(18, 0)),
        ("i tisdags kväll vid halv nio", time(20, 30)),
        ("gestern um halb neun", time(8, 30)),
        ("yesterday at half past eight", time(8, 30)),
        ("i går kväll kl 9", time(21, 0)),
        ("hier soir à huit heures", time(20, 0)),
        ("on Friday at eight in the evening", time(20, 0)),
        ("wczoraj wieczorem o 9", time(21, 0)),
        ("am Samstagabend gegen zehn", time(22, 0)),
        ("lauantai-iltana kello 9", time(21, 0)),
        ("on Saturday night at ten", time(22, 0)),
        ("in der Nacht um 2 Uhr", time(2, 0)),
        ("anoche a las 9", time(21, 0)),
    ],
)
def test_a_time_of_day_is_read_in_every_language(text: str, expected: time) -> None:
    assert time_of_day(text, PHRASES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I lost 12.50 € on 3/9",
        "2026-11-03",
        "mon pseudo est zoe_12",
        "at table 40, blinds 1/2",
        "den 3 november",
        "nach 25 Uhr",
        "two tables yesterday evening",
        "i går kväll vid tre bord",
        "jag spelade en turnering i går kväll",
    ],
)
def test_amounts_dates_and_names_are_no_time(text: str) -> None:
    assert time_of_day(text, PHRASES) is None
