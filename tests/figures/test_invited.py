"""Invited States that have not written."""

from collections.abc import Callable

import pytest

from app.extensions import db
from app.models import Capacity, Invitation, Message, MessageStatus, Topic
from tests.figures.conftest import PAGE, Known, note_of, rows_of
from tests.world import make_message, make_user


@pytest.fixture
def invite(known: Known, change) -> Callable[..., None]:
    def run(*countries: str) -> None:
        change(lambda: db.session.add_all(Invitation(forum_id=known.small.forum, country=code) for code in countries))

    return run


def test_invited_state_that_wrote_is_not_silent(moderator, invite):
    invite("XA", "XB")

    assert rows_of(moderator, "silent") == [["Marelunia", "0"]]
    assert "1 of 2" in note_of(moderator, "silent")


def test_state_with_a_waiting_message_is_not_silent(moderator, invite):
    invite("XC")

    assert rows_of(moderator, "silent") == []
    assert note_of(moderator, "silent") == "All invited States have contributed."


@pytest.mark.parametrize("capacity", [Capacity.ORGANIZATION, Capacity.EXPERT, Capacity.IPLC, Capacity.SECRETARIAT])
def test_organization_of_a_state_does_not_speak_for_it(moderator, known: Known, invite, change, capacity):
    invite("XB")
    author = {"capacity": capacity, "country": "XB"}
    change(lambda: make_message(db.session.get_one(Topic, known.topic), make_user("zoe", **author), "A word"))

    assert rows_of(moderator, "silent") == [["Marelunia", "0"]]


@pytest.mark.parametrize("status", [MessageStatus.WITHDRAWN, MessageStatus.WITHHELD])
def test_state_without_any_remaining_message_is_silent(moderator, invite, change, status):
    invite("XA")
    change(lambda: db.session.query(Message).update({"status": status}))

    assert [row[0] for row in rows_of(moderator, "silent")] == ["Republic of Valdorenia"]


def test_people_who_could_speak_for_a_silent_state_are_counted(moderator, invite, change):
    invite("FR")

    def register() -> None:
        make_user("one", country="FR", capacity=Capacity.PARTY)
        make_user("two", country="FR", capacity=Capacity.GOVERNMENT)
        make_user("three", country="FR", capacity=Capacity.ORGANIZATION)
        make_user("four", country="FR", confirmed_at=None)

    change(register)

    assert rows_of(moderator, "silent") == [["France", "2"]]


def test_silent_states_are_sorted_in_the_reader_s_language(moderator, invite):
    invite("DE", "AT", "ZA")

    assert [row[0] for row in rows_of(moderator, "silent")] == ["Austria", "Germany", "South Africa"]
    french = rows_of(moderator, "silent", PAGE.replace("/en/", "/fr/"))
    assert [row[0] for row in french] == ["Afrique du Sud", "Allemagne", "Autriche"]


def test_forum_without_invitations_says_so(moderator, known: Known):
    assert rows_of(moderator, "silent") == []
    assert note_of(moderator, "silent").startswith("No States are listed as invited.")
