"""`flask users create`."""

import re

import pytest
from flask import Flask

from tests.auth.conftest import find_user, is_signed_in, sign_in


def create(app: Flask, *options: str, typed: str | None = None):
    args = ["users", "create", "--email", "Root@Example.org", "--name", "Ana Root", *options]
    return app.test_cli_runner().invoke(args=args, input=typed)


def test_password_is_made_and_printed_once(app, world, visitor):
    result = create(app, "--admin")

    password = re.search(r"only once\): (\S+)", result.output).group(1)
    assert result.exit_code == 0
    assert is_signed_in(sign_in(visitor, "root@example.org", password))


def test_administrator_is_confirmed_and_speaks_for_the_secretariat(app, world):
    create(app, "--admin", "--language", "fr")

    user = find_user(app, "root@example.org")
    assert user.is_admin
    assert user.confirmed_at
    assert (user.capacity, user.language) == ("secretariat", "fr")


def test_password_is_read_from_standard_input(app, world, visitor):
    result = create(app, typed="four plain words here\n")

    assert "four plain words" not in result.output
    assert is_signed_in(sign_in(visitor, "root@example.org", "four plain words here"))


def test_others_are_experts_without_rights(app, world):
    create(app)

    user = find_user(app, "root@example.org")
    assert (user.is_admin, user.capacity, user.language) == (False, "expert", "en")


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        (["--email", "nobody"], None),
        (["--name", " "], None),
        (["--name", "\u200b"], None),
        (["--capacity", "king"], None),
        (["--language", "de"], None),
        ([], "short\n"),
        ([], "password123\n"),
    ],
)
def test_bad_input_makes_nothing(app, world, options, typed):
    result = create(app, *options, typed=typed)

    assert result.exit_code != 0
    assert "Traceback" not in result.output
    assert find_user(app, "root@example.org") is None


def test_existing_account_is_not_changed(app, world):
    create(app)
    result = create(app, "--admin")

    assert result.exit_code == 1
    assert "already has an account" in result.output
    assert not find_user(app, "root@example.org").is_admin
