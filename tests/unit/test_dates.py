from __future__ import annotations

from datetime import date

import pytest

from actions.dates import event_date, find_dates
from actions.phrases import load_phrases
from bot.settings import ROOT

SUNDAY = date(2026, 11, 22)
PHRASES = load_phrases(ROOT / "data")


def the_day(
    text: str, language: str, *, today: date = SUNDAY, is_answer: bool = False
) -> date | tuple[date, ...] | None:
    mentions = find_dates(
        text, today=today, language=language, phrases=PHRASES, is_answer=is_answer
    )
    best = event_date(mentions, today)
    return best and (best.value or best.options)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "det hände i fredags"),
        ("fr", "vendredi, vers midi"),
        ("en", "on Friday evening"),
        ("de", "am Freitag um 20 Uhr"),
        ("es", "el viernes por la noche"),
        ("fi", "perjantaina illalla"),
        ("da", "i fredags"),
        ("nb", "på fredag kveld"),
        ("it", "venerdì sera"),
        ("nl", "vrijdag om acht uur"),
        ("pt", "na sexta-feira"),
        ("pl", "w piątek wieczorem"),
    ],
)
def test_a_weekday_is_the_last_one_before_today(language: str, text: str) -> None:
    assert the_day(text, language) == date(2026, 11, 20)


def test_todays_weekday_is_the_day_a_week_ago() -> None:
    assert the_day("viime sunnuntaina", "fi") == date(2026, 11, 15)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "i förrgår"),
        ("fr", "avant-hier"),
        ("en", "the day before yesterday"),
        ("de", "vorgestern"),
        ("es", "anteayer"),
        ("fi", "toissapäivänä"),
        ("da", "i forgårs"),
        ("nb", "i forgårs"),
        ("it", "l'altro ieri"),
        ("nl", "eergisteren"),
        ("pt", "anteontem"),
        ("pl", "przedwczoraj"),
    ],
)
def test_the_day_before_yesterday_is_two_days_ago(language: str, text: str) -> None:
    assert the_day(text, language) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "för tre veckor sedan"),
        ("fr", "il y a trois semaines"),
        ("en", "three weeks ago"),
        ("de", "vor drei Wochen"),
        ("es", "hace tres semanas"),
        ("fi", "kolme viikkoa sitten"),
        ("da", "for tre uger siden"),
        ("nb", "for tre uker siden"),
        ("it", "tre settimane fa"),
        ("nl", "drie weken geleden"),
        ("pt", "há três semanas"),
        ("pl", "trzy tygodnie temu"),
    ],
)
def test_weeks_ago_are_counted_from_today(language: str, text: str) -> None:
    assert the_day(text, language) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "den 3 november"),
        ("fr", "le 3 novembre"),
        ("en", "November 3rd"),
        ("de", "am 3. November"),
        ("es", "el 3 de noviembre"),
        ("fi", "3. marraskuuta"),
        ("da", "den 3. november"),
        ("nb", "3. november"),
        ("it", "il 3 novembre"),
        ("nl", "op 3 november"),
        ("pt", "no dia 3 de novembro"),
        ("pl", "3 listopada"),
    ],
)
def test_a_day_and_month_are_their_latest_occurrence(language: str, text: str) -> None:
    assert the_day(text, language) == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "i morgon"),
        ("fr", "lundi prochain"),
        ("en", "next Monday"),
        ("de", "übermorgen"),
        ("es", "mañana"),
        ("fi", "huomenna"),
        ("da", "på næste fredag"),
        ("nb", "neste uke"),
        ("it", "domani"),
        ("nl", "volgende week"),
        ("pt", "amanhã"),
        ("pl", "pojutrze"),
    ],
)
def test_a_day_to_come_is_told_from_one_not_understood(
    language: str, text: str
) -> None:
    mentions = find_dates(
        text, today=SUNDAY, language=language, phrases=PHRASES, is_answer=True
    )

    assert "future" in {mention.kind for mention in mentions}
    assert event_date(mentions, SUNDAY) is None


@pytest.mark.parametrize(
    ("language", "text"), [("de", "gestern am Morgen"), ("es", "ayer por la mañana")]
)
def test_a_morning_is_not_tomorrow(language: str, text: str) -> None:
    assert the_day(text, language, is_answer=True) == date(2026, 11, 21)


def test_a_month_long_to_come_is_last_years() -> None:
    assert the_day("on 3 March", "en", today=date(2026, 1, 10)) == date(2025, 3, 3)


def test_a_day_to_come_is_no_date_of_an_event() -> None:
    assert the_day("it expires on 24 December", "en") is None


def test_the_date_of_today_is_not_the_event() -> None:
    text = "Begärt den 1 oktober. Nu är det den 22 november."

    assert the_day(text, "sv") == date(2026, 10, 1)


def test_a_full_date_goes_before_a_relative_one() -> None:
    text = "Hier je vous ai écrit, mais le retrait date du vendredi 13 novembre."

    assert the_day(text, "fr") == date(2026, 11, 13)


def test_numbers_may_be_read_both_ways_in_english() -> None:
    assert the_day("On 06/10 you did it", "en") == (
        date(2026, 10, 6),
        date(2026, 6, 10),
    )


def test_numbers_are_day_first_elsewhere() -> None:
    assert the_day("3/9", "sv", is_answer=True) == date(2026, 9, 3)


def test_last_saturday_said_on_a_sunday_may_be_two_days() -> None:
    assert the_day("samedi dernier", "fr") == (date(2026, 11, 21), date(2026, 11, 14))


def test_a_denied_day_is_left_out() -> None:
    assert the_day("pas hier, le samedi d'avant", "fr") == date(2026, 11, 14)


def test_a_bare_day_counts_only_as_an_answer() -> None:
    assert the_day("le 14", "fr") is None
    assert the_day("le 14", "fr", is_answer=True) == date(2026, 11, 14)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "någon gång i somras"),
        ("fr", "la semaine dernière"),
        ("en", "last month"),
        ("de", "im Sommer"),
        ("en", "in February"),
    ],
)
def test_a_vague_time_gives_no_day(language: str, text: str) -> None:
    mentions = find_dates(text, today=SUNDAY, language=language, phrases=PHRASES)

    assert event_date(mentions, SUNDAY) is None
    assert {mention.kind for mention in mentions} <= {"vague", "partial"}
    assert mentions


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fi", "suljettiin jo klo 20.40"),
        ("es", "me quitaron 5.000 fichas en el nivel 6"),
        ("en", "I play NL 1/2 and lost 12.50 €"),
        ("sv", "bord Vättern 9 vid elva på kvällen"),
        ("fr", "mon pseudo c'est monteil_7_2"),
        ("sv", "turneringen heter Fredagsjakten"),
    ],
)
def test_times_amounts_and_names_are_no_dates(language: str, text: str) -> None:
    assert the_day(text, language) is None


def test_a_leap_day_that_is_none_is_no_date() -> None:
    assert the_day("2026-02-29", "en") is None


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("fr", "ah non, ce n'était pas mardi mais mercredi", 18),
        ("en", "it was not on Monday but on Tuesday", 17),
        ("es", "no fue ayer, fue anteayer", 20),
        ("fi", "se ei ollut eilen vaan toissapäivänä", 20),
        ("de", "nicht am Montag, sondern am Dienstag", 17),
        ("en", "it did not come on Monday", 16),
    ],
)
def test_a_day_named_as_wrong_gives_way_to_the_right_one(
    language: str, text: str, day: int
) -> None:
    assert the_day(text, language) == date(2026, 11, day)


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("es", "pedí el retiro el día 6 y sigue en pendiente", 6),
        ("pt", "no passado dia 11 cobraram-me duas vezes", 11),
        ("sv", "sen den 5:e väntar jag på svar", 5),
    ],
)
def test_a_day_of_the_month_that_is_named_as_one_counts_anywhere(
    language: str, text: str, day: int
) -> None:
    assert the_day(text, language) == date(2026, 11, day)


def test_a_short_portuguese_weekday_is_one_in_an_answer() -> None:
    assert the_day("sexta", "pt", is_answer=True) == date(2026, 11, 20)
    assert the_day("a sexta vez que escrevo", "pt") is None
