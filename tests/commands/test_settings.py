"""A missing or unsafe setting stops the start with a sentence that says what to do."""

import os
import subprocess
import sys

import pytest

from config import EXIT_STATUS, ROOT, SettingError, from_environment

GOOD = {"SECRET_KEY": "k" * 40, "SITE_URL": "https://forum.example.org"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set, with at least 32 characters"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be set, with at least 32 characters"),
        ({"SITE_URL": ""}, "SITE_URL must be set"),
        ({"SITE_URL": "forum.example.org"}, "SITE_URL must be set"),
        ({"SITE_URL": "ftp://forum.example.org"}, "SITE_URL must be set"),
        ({"SITE_URL": "http://forum.example.org"}, "SITE_URL must begin with https://"),
        ({"SITE_URL": "http://192.0.2.7:8000"}, "SITE_URL must begin with https://"),
        ({"DEFAULT_LANGUAGE": "de"}, "DEFAULT_LANGUAGE must be one of en, es, fr"),
        ({"CONTACT_EMAIL": "nobody"}, "CONTACT_EMAIL must be one email address"),
        ({"CONTACT_EMAIL": "a@example.org, b@example.org"}, "CONTACT_EMAIL must be one email address"),
        ({"REQUIRE_SECOND_STEP_FOR_ADMINS": "perhaps"}, "REQUIRE_SECOND_STEP_FOR_ADMINS must be 1 or 0"),
        ({"TRUSTED_PROXIES": "all"}, "TRUSTED_PROXIES must be the number of proxies"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES must be the number of proxies"),
        ({"LARGEST_FILE_MB": "0"}, "LARGEST_FILE_MB must be a whole number from 1 to 100"),
        ({"LARGEST_FILE_MB": "1.5"}, "LARGEST_FILE_MB must be a whole number from 1 to 100"),
        ({"LARGEST_FILE_MB": "101"}, "LARGEST_FILE_MB must be a whole number from 1 to 100"),
        ({"FILES_PER_MESSAGE": ""}, "FILES_PER_MESSAGE must be a whole number from 1 to 20"),
        ({"POSTS_PER_HOUR": "0"}, "POSTS_PER_HOUR must be a whole number from 1 to 10000"),
        ({"REPORTS_PER_HOUR": "none"}, "REPORTS_PER_HOUR must be a whole number from 1 to 10000"),
        ({"FILES_MB_PER_DAY": "1000001"}, "FILES_MB_PER_DAY must be a whole number from 1 to 1000000"),
        ({"FREE_SPACE_MB": "0"}, "FREE_SPACE_MB must be a whole number from 1 to 1000000"),
        ({"FILES_PER_MESSAGE": "²"}, "FILES_PER_MESSAGE must be a whole number from 1 to 20"),
        ({"PAGE_CACHE_MB": "-1"}, "PAGE_CACHE_MB must be a whole number from 0 to 4096"),
        ({"PAGE_CACHE_MB": "4097"}, "PAGE_CACHE_MB must be a whole number from 0 to 4096"),
        ({"TRUSTED_PROXIES": "²"}, "TRUSTED_PROXIES must be the number of proxies"),
    ],
)
def test_unsafe_settings_are_refused(change, says):
    with pytest.raises(SettingError, match=says):
        from_environment(GOOD | change)


@pytest.mark.parametrize("missing", list(GOOD))
def test_settings_without_a_safe_default_are_wanted(missing):
    with pytest.raises(SettingError, match=f"{missing} must be set"):
        from_environment({name: value for name, value in GOOD.items() if name != missing})


def test_safe_settings_are_taken():
    config = from_environment(GOOD | {"TRUSTED_PROXIES": "2", "SITE_URL": "https://forum.example.org/"})

    assert config.trusted_proxies == 2
    assert config.site_url == "https://forum.example.org"
    assert config.for_flask()["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize(("given", "meant"), [("1", True), ("yes", True), ("True", True), ("0", False), ("", False)])
def test_second_step_of_administrators_is_required_or_not(given, meant):
    assert from_environment(GOOD | {"REQUIRE_SECOND_STEP_FOR_ADMINS": given}).require_second_step_for_admins is meant


def test_second_step_of_administrators_is_left_to_them_by_default():
    assert from_environment(GOOD).require_second_step_for_admins is False


def test_limits_of_files_are_taken():
    config = from_environment(GOOD | {"LARGEST_FILE_MB": "3", "FILES_PER_MESSAGE": "2", "FILES_FOLDER": "/srv/files"})

    assert (config.largest_file, config.files_per_message, str(config.files)) == (3 * 1024 * 1024, 2, "/srv/files")


def test_limits_of_a_person_and_of_the_disk_are_taken():
    given = {"POSTS_PER_HOUR": "30", "REPORTS_PER_HOUR": "5", "FILES_MB_PER_DAY": "50", "FREE_SPACE_MB": "500"}
    config = from_environment(GOOD | given)

    assert (config.posts_per_hour, config.reports_per_hour) == (30, 5)
    assert (config.bytes_per_day, config.free_space) == (50 * 1024 * 1024, 500 * 1024 * 1024)


def test_size_of_the_page_cache_is_taken():
    assert from_environment(GOOD).page_cache_mb == 64
    assert from_environment(GOOD | {"PAGE_CACHE_MB": "0"}).page_cache_mb == 0


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"])
def test_this_machine_needs_no_https(address):
    assert from_environment(GOOD | {"SITE_URL": address}).is_https is False


def test_the_program_ends_with_the_sentence_alone(tmp_path):
    environment = os.environ | GOOD | {"SECRET_KEY": "short", "INSTANCE_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "recount"]

    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == EXIT_STATUS
    assert ended.stderr.startswith("Plenary cannot start. SECRET_KEY must be set")
    assert len(ended.stderr.strip().splitlines()) == 1
