"""Which passwords are too weak."""

import pytest

from app.auth import passwords


def weakness(password: str) -> object:
    return passwords.weakness(password, email="nadia.bensalah@example.org", site_name="Plenary")


@pytest.mark.parametrize(
    "password",
    [
        "four plain words",
        "contraseña de mi casa azul",
        "quatre-vingt-dix-neuf",
        "Tr0ub4dor&3 x",
        "correct horse",
        "😀" * 3 + "abcdefg",
    ],
)
def test_good_password_is_accepted(password):
    assert weakness(password) is None


@pytest.mark.parametrize("length", [0, 1, 9])
def test_short_password_is_refused(length):
    assert weakness("qX7é-mW2#"[:length]) is passwords.TOO_SHORT


def test_ten_characters_are_enough_and_two_hundred_the_most():
    assert weakness("qX7é-mW2#z") is None
    assert weakness("qX7é-mW2#z" + "0 a9" * 47 + "xy") is None
    assert weakness("qX7é-mW2#z" + "0 a9" * 47 + "xyz") is passwords.TOO_LONG


@pytest.mark.parametrize(
    "password",
    ["password123", "PASSWORD123", "P@ssw0rd123", "Password123!!", "iloveyou1234", "contraseña1", "motdepasse123",
     "qwerty12345", "azertyuiop123", "tequieromucho", "welcome2026!", "1q2w3e4r5t"],
)  # fmt: skip
def test_common_password_is_refused_with_its_usual_variations(password):
    assert weakness(password) is passwords.TOO_COMMON


@pytest.mark.parametrize(
    "password",
    [
        "zzzzzzzzzzzz",
        "xyxyxyxyxyxy",
        "xyzxyzxyzx",
        "k7k7k7k7k7k7",
        "abcdeabcde",
        "lkjhgfdsapoiuy",
        "defghijklmn",
        "5432109876",
    ],
)
def test_regular_password_is_refused(password):
    assert weakness(password) is passwords.TOO_REGULAR


@pytest.mark.parametrize("password", ["Nadia.BenSalah!", "xx nadia.bensalah xx", "the plenary forum", "PLENARY-2026-x"])
def test_password_with_the_address_or_the_site_is_refused(password):
    assert weakness(password) is passwords.TOO_NEAR


def test_short_local_part_excludes_no_passwords():
    assert passwords.weakness("banana split tree", email="ana@example.org", site_name="Plenary") is None


def test_bundled_list_has_only_passwords_that_are_long_enough():
    assert len(passwords._common()) > 300


def test_hash_accepts_the_right_password_only():
    stored = passwords.hash_password("four plain words")

    assert passwords.is_right(stored, "four plain words")
    assert not passwords.is_right(stored, "four plain word")
    assert not passwords.is_right(None, "four plain words")
    assert not passwords.is_right("!", "!")


def test_lone_surrogates_cause_no_error():
    assert not passwords.is_right(passwords.hash_password("four plain words"), "\ud800" * 10)
