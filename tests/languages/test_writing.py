"""Dates, ranges, deadlines and names as official texts of each language write them."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from app.languages import Language
from config import ROOT

MAY_FOURTH = datetime(2012, 5, 4, 23, tzinfo=UTC)
MAY_FIRST = datetime(2012, 5, 1, 9, 5, tzinfo=UTC)
FEBRUARY = datetime(2012, 2, 20, 1, tzinfo=UTC)
JULY = datetime(2012, 7, 17, tzinfo=UTC), datetime(2012, 7, 31, tzinfo=UTC)
YEARS = datetime(2011, 12, 20, tzinfo=UTC), datetime(2012, 1, 10, tzinfo=UTC)
S = "\N{NO-BREAK SPACE}"


@pytest.fixture
def languages(one_app: Flask) -> dict[str, Language]:
    return one_app.extensions["languages"]


def test_date(languages):
    expected = {"en": f"4{S}May{S}2012", "es": f"4{S}de{S}mayo{S}de{S}2012", "fr": f"4{S}mai{S}2012"}

    assert {code: languages[code].date(MAY_FOURTH) for code in expected} == expected


def test_first_of_a_month(languages):
    expected = {"en": f"1{S}May{S}2012", "es": f"1{S}de{S}mayo{S}de{S}2012", "fr": f"1ᵉʳ{S}mai{S}2012"}

    assert {code: languages[code].date(MAY_FIRST) for code in expected} == expected


def test_date_and_time_which_no_line_parts(languages):
    expected = {
        "en": f"4{S}May{S}2012, 23:00{S}UTC",
        "es": f"4{S}de{S}mayo{S}de{S}2012, 23:00{S}UTC",
        "fr": f"4{S}mai{S}2012, 23{S}h{S}00{S}UTC",
    }

    assert {code: languages[code].moment(MAY_FOURTH) for code in expected} == expected


def test_date_and_time_inside_a_sentence(languages):
    expected = {
        "en": f"4{S}May{S}2012 at 23:00{S}UTC",
        "es": f"4{S}de{S}mayo{S}de{S}2012 a las 23:00{S}UTC",
        "fr": f"4{S}mai{S}2012 à 23{S}h{S}00{S}UTC",
    }

    assert {code: languages[code].at(MAY_FOURTH) for code in expected} == expected


def test_spanish_sentence_has_one_o_clock_in_the_singular(languages):
    assert languages["es"].at(FEBRUARY) == f"20{S}de{S}febrero{S}de{S}2012 a la 01:00{S}UTC"


def test_two_moments(languages):
    expected = {"en": "one – other", "es": "one – other", "fr": "one – other"}

    assert {code: languages[code].moments("one", "other") for code in expected} == expected


def test_range_in_a_heading(languages):
    expected = {
        "en": f"20{S}February – 4{S}May{S}2012",
        "es": f"20{S}de{S}febrero a 4{S}de{S}mayo{S}de{S}2012",
        "fr": f"20{S}février – 4{S}mai{S}2012",
    }

    assert {code: languages[code].heading_range(FEBRUARY, MAY_FOURTH) for code in expected} == expected


def test_range_within_a_month(languages):
    expected = {
        "en": f"17–31{S}July{S}2012",
        "es": f"17 a 31{S}de{S}julio{S}de{S}2012",
        "fr": f"17–31{S}juillet{S}2012",
    }

    assert {code: languages[code].heading_range(*JULY) for code in expected} == expected


def test_range_over_two_years(languages):
    expected = {
        "en": f"20{S}December{S}2011 – 10{S}January{S}2012",
        "es": f"20{S}de{S}diciembre{S}de{S}2011 a 10{S}de{S}enero{S}de{S}2012",
        "fr": f"20{S}décembre{S}2011 – 10{S}janvier{S}2012",
    }

    assert {code: languages[code].heading_range(*YEARS) for code in expected} == expected


def test_range_in_a_sentence(languages):
    expected = {
        "en": f"from 20{S}February to 4{S}May{S}2012",
        "es": f"del 20{S}de{S}febrero al 4{S}de{S}mayo{S}de{S}2012",
        "fr": f"du 20{S}février au 4{S}mai{S}2012",
    }

    assert {code: languages[code].sentence_range(FEBRUARY, MAY_FOURTH) for code in expected} == expected


def test_range_in_a_sentence_names_a_single_month_once(languages):
    expected = {
        "en": f"from 1 to 17{S}July{S}2012",
        "es": f"del 1 al 17{S}de{S}julio{S}de{S}2012",
        "fr": f"du 1ᵉʳ au 17{S}juillet{S}2012",
    }

    assert {code: languages[code].sentence_range(date(2012, 7, 1), date(2012, 7, 17)) for code in expected} == expected


def test_states_have_the_names_of_the_united_nations(languages):
    assert [
        (code, state, name)
        for code, state, name in (
            ("en", "KR", "Republic of Korea"),
            ("es", "BO", "Bolivia (Estado Plurinacional de)"),
            ("fr", "TR", "Türkiye"),
            ("en", "CV", "Cabo Verde"),
            ("fr", "EU", "Union européenne"),
        )
        if languages[code].state_name(state) != name
    ] == []


def test_states_stand_in_the_alphabetical_order_of_the_language_shown(languages):
    first = {code: [name for _code, name in language.states_in_order()][:2] for code, language in languages.items()}

    assert first == {
        "en": ["Afghanistan", "Albania"],
        "es": ["Afganistán", "Albania"],
        "fr": ["Afghanistan", "Afrique du Sud"],
    }
    french = [code for code, _name in languages["fr"].states_in_order()]
    assert french.index("EG") < french.index("SV") < french.index("AE") < french.index("EC"), "É sorts as E"


def test_spanish_sorts_its_letter_after_n(languages):
    names = sorted(["Ñuble", "Nápoles", "Nuevo", "Oruro"], key=languages["es"].sort_key)

    assert names == ["Nápoles", "Nuevo", "Ñuble", "Oruro"]


def test_invented_states_are_offered_to_nobody_but_their_own(languages):
    assert "XA" not in dict(languages["en"].states_in_order())
    assert "XA" in dict(languages["en"].states_in_order("XA"))


def test_numbers_set_their_thousands_apart(languages):
    expected = {"en": ["999", "1,234,567"], "es": ["999", "1.234.567"], "fr": ["999", f"1{S}234{S}567"]}

    assert {code: [languages[code].number(each) for each in (999, 1_234_567)] for code in expected} == expected


def test_percentage(languages):
    expected = {"en": "41.7%", "es": f"41,7{S}%", "fr": f"41,7{S}%"}

    assert {code: languages[code].percent(5 / 12) for code in expected} == expected


def test_day_without_its_year(languages):
    expected = {"en": f"1{S}May", "es": f"1{S}de{S}mayo", "fr": f"1ᵉʳ{S}mai"}

    assert {code: languages[code].day_month(MAY_FIRST) for code in expected} == expected


def test_language_that_is_listed_has_its_catalogue_and_its_states():
    for code in ("es", "fr"):
        assert (ROOT / "translations" / code / "LC_MESSAGES" / "messages.po").exists()
        assert (ROOT / "translations" / "states" / f"{code}.toml").exists()


@pytest.mark.parametrize(
    ("cookie", "accepts", "language"),
    [
        ("fr", "es", "fr"),
        (None, "es-MX,es;q=0.9,en;q=0.5", "es"),
        (None, "de,fr;q=0.3", "fr"),
        (None, "de", "en"),
        ("xx", "", "en"),
        (None, "*;q=nonsense,,;", "en"),
    ],
)
def test_bare_address_follows_the_choice_then_the_browser_then_the_default(visitor, world, cookie, accepts, language):
    if cookie:
        visitor.set_cookie("language", cookie)

    answer = visitor.get("/", headers={"Accept-Language": accepts})

    assert (answer.status_code, answer.location) == (302, f"/{language}/")
    assert "Accept-Language" in str(answer.headers.getlist("Vary"))


def test_bare_address_follows_the_language_of_the_account_first(alice, world):
    assert alice.get("/", headers={"Accept-Language": "fr"}).location == "/en/"


def test_unknown_language_is_not_found_in_the_browser_s_language(visitor, world):
    answer = visitor.get("/de/", headers={"Accept-Language": "es"})

    assert answer.status_code == 404
    assert '<html lang="es"' in answer.text


def test_size_of_a_file(languages):
    sizes = (
        (1, f"1{S}B", f"1{S}o"),
        (999, f"999{S}B", f"999{S}o"),
        (1_000, f"1{S}KB", f"1{S}ko"),
        (1_536, f"1.5{S}KB", f"1,5{S}ko"),
        (10_239, f"10{S}KB", f"10{S}ko"),
        (348_160, f"340{S}KB", f"340{S}ko"),
        (1_023_500, f"1{S}MB", f"1{S}Mo"),
        (1_468_006, f"1.4{S}MB", f"1,4{S}Mo"),
        (10_485_760, f"10{S}MB", f"10{S}Mo"),
        (5 * 1024**4, f"5120{S}GB", f"5120{S}Go"),
    )

    assert [(size, languages["en"].size(size), languages["fr"].size(size)) for size, _en, _fr in sizes] == list(sizes)
    assert [
        size
        for size, english, _fr in sizes
        if languages["es"].size(size) != english.replace(".", ",").replace("K", "k")
    ] == []
