from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.hours import time_of_day, times_of_day
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


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "hier à neuf heures et demie", time(9, 30)),
        ("fr", "à 9h et demie", time(9, 30)),
        ("fr", "hier soir vers neuf heures et quart", time(21, 15)),
        ("fr", "à dix heures moins le quart", time(9, 45)),
        ("fr", "vers vingt-deux heures trente", time(22, 30)),
        ("fr", "hier 18 h", time(18, 0)),
        ("es", "ayer a las nueve y media de la noche", time(21, 30)),
        ("es", "a las diez menos cuarto", time(9, 45)),
        ("es", "a las 9 y cuarto", time(9, 15)),
        ("it", "ieri alle nove e mezza", time(9, 30)),
        ("it", "ieri sera alle nove e un quarto", time(21, 15)),
        ("it", "all'una e mezza", time(1, 30)),
        ("pt", "ontem à noite, às nove e meia", time(21, 30)),
        ("pt", "um quarto para as dez", time(9, 45)),
        ("pl", "wczoraj wieczorem o wpół do dziesiątej", time(21, 30)),
        ("pl", "kwadrans po dziewiątej", time(9, 15)),
        ("pl", "za kwadrans dziesiąta", time(9, 45)),
        ("pl", "o dwudziestej drugiej", time(22, 0)),
        ("de", "gegen halb 10", time(9, 30)),
        ("de", "gestern Abend um Viertel nach neun", time(21, 15)),
        ("de", "um zwanzig Uhr dreißig", time(20, 30)),
        ("de", "halb eins", time(12, 30)),
        ("nl", "om half tien", time(9, 30)),
        ("nl", "gisteravond om kwart voor tien", time(21, 45)),
        ("sv", "vid halv 10", time(9, 30)),
        ("sv", "igår kväll vid kvart över nio", time(21, 15)),
        ("da", "kvart i ti", time(9, 45)),
        ("nb", "kvart på ti", time(9, 45)),
        ("fi", "puoli kymmeneltä illalla", time(21, 30)),
        ("fi", "varttia vaille kymmenen", time(9, 45)),
        ("en", "quarter to ten", time(9, 45)),
        ("en", "at half nine last night", time(21, 30)),
        ("en", "half 9", time(9, 30)),
        ("nl", "half 9", time(8, 30)),
    ],
)
def test_a_time_is_read_as_it_is_said(language: str, text: str, expected: time) -> None:
    assert time_of_day(text, PHRASES, language) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "j'ai attendu 2 heures hier sans réponse du support"),
        ("fr", "ça fait deux heures et demie que j'attends"),
        ("es", "esperé 3 horas el martes y nadie me contestó"),
        ("es", "perdí en a las dos mesas"),
        ("nl", "ik heb 2 uur gewacht en niets gehoord"),
        ("sv", "runt 3 timmar väntade jag"),
        ("fi", "noin 2 tuntia odotin"),
        ("en", "it takes five to ten days"),
        ("pl", "o drugiej wypłacie nic nie wiem"),
        ("de", "es geht um drei Auszahlungen"),
        ("it", "ho giocato alle due partite"),
    ],
)
def test_a_length_of_time_and_a_count_are_no_time(language: str, text: str) -> None:
    assert time_of_day(text, PHRASES, language) is None


@pytest.mark.parametrize("language", sorted(PHRASES.languages))
def test_every_hour_and_minute_has_its_word(language: str) -> None:
    words = PHRASES.languages[language].words

    assert len(words("hours")) == 24
    assert len(words("minutes")) == 11


@given(
    language=st.sampled_from(sorted(PHRASES.languages)),
    hour=st.integers(2, 12),
    minute=st.sampled_from(range(5, 60, 5)),
    data=st.data(),
)
def test_any_spoken_time_comes_back_as_it_was_said(
    language: str, hour: int, minute: int, data: st.DataObject
) -> None:
    words = PHRASES.languages[language].words
    sense = data.draw(st.sampled_from(["spoken_past", "spoken_to"]))
    template = data.draw(st.sampled_from(words(sense)))
    said = template.format(
        at=words("at_hour")[0],
        hour=words("hours")[hour - 1].split("|")[0],
        minutes=words("minutes")[minute // 5 - 1].split("|")[0],
    )

    found = time_of_day(said, PHRASES, language)

    is_to = sense == "spoken_to"
    assert found == time(hour - is_to, 60 - minute if is_to else minute)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "öppet till kl 21"),
        ("fr", "ouvert jusqu'à 21 h"),
        ("en", "open until 9 pm"),
        ("de", "offen bis 21 Uhr"),
        ("es", "abierto hasta las 21:30"),
        ("fi", "auki klo 21 asti"),
        ("da", "åbent indtil kl. 21"),
        ("nb", "åpent til klokka 21"),
        ("it", "aperto fino alle 21"),
        ("nl", "open tot 21 uur"),
        ("pt", "aberto até às 21h"),
        ("pl", "czynne do 21:00"),
    ],
)
def test_a_time_until_which_something_lasts_is_not_when_it_happened(
    language: str, text: str
) -> None:
    assert times_of_day(text, PHRASES, language) == []
    assert times_of_day(text, PHRASES, language, with_limits=True)
