"""A language more is a catalogue, an entry in the list, its date patterns and its State names: Arabic, made here."""

import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import polib
import pytest
from flask import Flask
from flask_babel import get_domain

from app import create_app, languages
from app.extensions import db
from app.languages import Language, Patterns
from config import ROOT, Config, SettingError
from tests.conftest import SECRET
from tests.world import World

MONTHS = tuple("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر".split())
PATTERNS = {
    "months": MONTHS,
    "date": "{d} {m} {y}",
    "day_month": "{d} {m}",
    "first_day": "1",
    "heading": "{a} – {b}",
    "heading_within_month": "{d1}–{d2} {m} {y}",
    "sentence": "من {a} إلى {b}",
    "sentence_within_month": "من {d1} إلى {d2} {m} {y}",
    "time": "{h:02}:{n:02} UTC",
    "moment": "{date}، {time}",
    "at": "{date} في {time}",
    "at_one": "{date} في {time}",
    "thousands": "٬",
    "decimal": "٫",
    "percent": "{p}٪",
    "sizes": ("بايت", "كيلوبايت", "ميغابايت", "غيغابايت"),
}
READ = ["/ar/", "/ar/forums/open-forum/", "/ar/topics/1/", "/ar/auth/sign-up/", "/ar/print/topics/1/"]


@pytest.fixture(scope="module")
def with_arabic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("arabic")
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    catalogue.append(polib.POEntry(msgid="Sign in", msgstr="تسجيل الدخول"))
    (folder / "ar" / "LC_MESSAGES").mkdir(parents=True)
    catalogue.save_as_mofile(str(folder / "ar" / "LC_MESSAGES" / "messages.mo"))
    (folder / "states").mkdir()
    shutil.copy(ROOT / "translations" / "states" / "en.toml", folder / "states" / "ar.toml")
    languages.KNOWN["ar"] = Language("ar", "العربية", Patterns(**PATTERNS), direction="rtl")
    app = create_app(
        Config(
            secret_key=SECRET,
            site_url="http://127.0.0.1:8000",
            instance=folder / "instance",
            languages=("en", "es", "fr", "ar"),
            translations=(ROOT / "translations", folder),
            overrides={"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False},
        )
    )
    with app.app_context():
        get_domain().cache.clear()  # Flask-Babel keeps catalogues for the whole process
        db.create_all()
        World.make()
    yield app
    del languages.KNOWN["ar"]


def test_its_pages_run_from_right_to_left(with_arabic: Flask):
    assert [path for path in READ if '<html lang="ar" dir="rtl"' not in with_arabic.test_client().get(path).text] == []


def test_its_catalogue_is_used(with_arabic: Flask):
    assert "تسجيل الدخول" in with_arabic.test_client().get("/ar/").text


def test_it_stands_in_the_language_bar_and_among_the_alternates_of_every_page(with_arabic: Flask):
    page = with_arabic.test_client().get("/en/topics/1/").text

    assert '<a href="/ar/topics/1/" lang="ar" hreflang="ar">العربية</a>' in page
    assert '<link rel="alternate" hreflang="ar"' in page


def test_messages_of_other_directions_say_so(with_arabic: Flask):
    page = with_arabic.test_client().get("/ar/topics/1/").text

    assert '<div class="prose" lang="en" dir="ltr">' in page


def test_it_writes_dates_with_its_own_months(with_arabic: Flask):
    assert any(month in with_arabic.test_client().get("/ar/forums/open-forum/").text for month in MONTHS)


def test_text_that_it_lacks_is_shown_in_the_site_s_default_with_its_direction(with_arabic: Flask):
    page = with_arabic.test_client().get("/ar/forums/open-forum/").text

    assert '<span lang="en" dir="ltr">Title of open-forum (en)</span>' in page


def test_unknown_language_stops_the_start(tmp_path: Path):
    with pytest.raises((KeyError, SettingError)):
        create_app(Config(secret_key=SECRET, site_url="http://127.0.0.1:1", instance=tmp_path, languages=("en", "xx")))


@pytest.mark.parametrize("name", [field.name for field in fields(Patterns)])
def test_language_without_one_of_its_patterns_is_refused(name: str):
    given = {key: pattern for key, pattern in PATTERNS.items() if key != name}

    with pytest.raises(TypeError, match=name):
        Patterns(**given)
