"""The numbers in the figures of a forum with known messages (tests/figures/conftest.py)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.database import utcnow
from app.extensions import db
from app.figures.queries import how_many_wrote_half
from app.models import Capacity, Forum, ForumRole, Message, MessageStatus, PeriodKind, Role, Topic, User
from tests.figures.conftest import PAGE, Known, days_ago, note_of, rows_of, set_periods, shown
from tests.world import make_forum, make_message, make_topic, make_user


def test_only_published_messages_are_counted(moderator, known: Known):
    assert "Public messages: 6. Participants who wrote them: 3." in moderator.get(PAGE).text


def test_by_capacity_includes_capacities_without_messages(moderator, known: Known):
    assert rows_of(moderator, "capacities") == [
        ["Party", "5", "2", "83.3"],
        ["Other Government", "0", "0", "0.0"],
        ["Organization", "1", "1", "16.7"],
        ["Indigenous Peoples and local communities", "0", "0", "0.0"],
        ["Expert in a personal capacity", "0", "0", "0.0"],
        ["Secretariat", "0", "0", "0.0"],
    ]


def test_capacity_is_that_at_the_time_of_posting(moderator, known: Known, change):
    change(lambda: setattr(db.session.get(User, known.small.alice), "capacity", Capacity.EXPERT))

    assert rows_of(moderator, "capacities")[0] == ["Party", "5", "2", "83.3"]


def test_states_are_sorted_in_the_reader_s_language(moderator, known: Known, change):
    def write() -> None:
        for country in ("ZA", "FI", "AT"):
            topic = db.session.get_one(Topic, known.topic)
            make_message(topic, make_user(country, country=country), "A word")

    change(write)
    english = [row[0] for row in rows_of(moderator, "states")]
    spanish = [row[0] for row in rows_of(moderator, "states", PAGE.replace("/en/", "/es/"))]

    assert english == ["Austria", "Finland", "Republic of Valdorenia", "South Africa", "No State"]
    assert spanish == ["Austria", "Finlandia", "República de Valdorenia", "Sudáfrica", "Ningún Estado"]


def test_by_state(moderator, known: Known):
    assert rows_of(moderator, "states") == [
        ["Republic of Valdorenia", "5", "2", "83.3"],
        ["No State", "1", "1", "16.7"],
    ]


def test_by_language(moderator, known: Known):
    assert rows_of(moderator, "languages") == [
        ["English", "4", "1", "66.7"],
        ["español", "1", "1", "16.7"],
        ["français", "1", "1", "16.7"],
    ]


def test_by_group_and_question(moderator, known: Known):
    assert rows_of(moderator, "questions") == [
        ["Group 1", "Group of open-forum (en)", "6", "3", "100.0"],
        ["Group 1, question 1", "What would help most? (en)", "4", "2", "66.7"],
        ["Group 1, question 2", "And what else? (en)", "0", "0", "0.0"],
        ["Group 1, not under a guiding question", "", "2", "2", "33.3"],
    ]


def test_share_of_the_most_active(moderator, known: Known):
    assert rows_of(moderator, "most-active") == [["The most active participant", "4", "66.7"]]
    assert (
        note_of(moderator, "most-active")
        == "Smallest number of participants who together wrote at least half of all messages: 1 of 3."
    )


def test_how_few_wrote_half():
    expected = {(): 0, (1,): 1, (1, 1): 1, (2, 2, 2): 2, (5, 1, 1, 1, 1): 1, (3, 3, 3, 1): 2}

    assert {wrote: how_many_wrote_half(list(wrote)) for wrote in expected} == expected


def test_speaker_is_counted_instead_of_the_typist(moderator, known: Known, change):
    """Two letters of one person and one of another, typed by the same colleague of the Secretariat."""

    def type_letters() -> None:
        topic, admin = db.session.get_one(Topic, known.topic), db.session.get_one(User, known.small.admin)
        for speaker in ("Ms Letter", "Ms Letter", "Mr Post"):
            letter = make_message(topic, admin, "By letter", speaker=speaker)
            letter.capacity = Capacity.EXPERT

    change(type_letters)

    assert rows_of(moderator, "capacities")[4] == ["Expert in a personal capacity", "3", "2", "33.3"]


def test_each_forum_is_counted_separately(moderator, known: Known, change):
    def write_elsewhere() -> None:
        alice = db.session.get_one(User, known.small.alice)
        make_message(make_topic(make_forum("other-forum").groups[0], alice, "Elsewhere"), alice, "Elsewhere")

    change(write_elsewhere)

    assert rows_of(moderator, "states")[0][1] == "5"


def test_moved_messages_count_in_their_present_place(moderator, known: Known, change):
    change(lambda: db.session.query(Topic).filter_by(id=known.topic).update({"question_id": known.unanswered}))

    assert [row[2] for row in rows_of(moderator, "questions")] == ["6", "0", "4", "2"]


# Over time


def post(known: Known, *moments: datetime) -> None:
    """Replace all messages by messages of Alice and Bruno in turn, posted at these times."""
    db.session.query(Message).update({"status": MessageStatus.WITHDRAWN})
    topic = db.session.get_one(Topic, known.topic)
    authors = [db.session.get_one(User, key) for key in (known.small.alice, known.small.bruno)]
    for place, moment in enumerate(moments):
        make_message(topic, authors[place % 2], "Then", posted_at=moment)


def at(day: int, hour: int = 12, month: int = 5, year: int = 2012) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def test_short_forum_is_counted_by_days(moderator, known: Known, change):
    def set_up() -> None:
        set_periods(known.small.forum, (PeriodKind.SCHEDULED, at(1), at(3)), (PeriodKind.EXTENSION, at(3), at(4)))
        post(known, at(1), at(3, 23), at(3, 0), at(3, 0))

    change(set_up)

    assert rows_of(moderator, "time") == [
        ["1 May 2012", "1", "1", "Scheduled"],
        ["2 May 2012", "0", "0", "Scheduled"],
        ["3 May 2012", "3", "2", "Scheduled, Extension"],
        ["4 May 2012", "0", "0", "Extension"],
    ]


def test_longer_forum_is_counted_by_weeks_with_each_participant_once_a_week(moderator, known: Known, change):
    def set_up() -> None:
        periods = ((PeriodKind.SCHEDULED, at(1), at(8)), (PeriodKind.REOPENING, at(4, month=6), at(5, month=6)))
        set_periods(known.small.forum, *periods)
        post(known, at(2), at(3), at(4), at(5, month=6))

    change(set_up)
    rows = rows_of(moderator, "time")

    assert [row[0] for row in rows[:2]] == ["30 April – 6 May 2012", "7–13 May 2012"]
    assert rows[0][1:] == ["3", "2", "Scheduled"]
    assert rows[2][1:] == ["0", "0", "Closed"]
    assert rows[-1] == ["4–10 June 2012", "1", "1", "Reopening"]
    assert len(rows) == 6


def test_very_long_forum_is_counted_by_months(moderator, known: Known, change):
    def set_up() -> None:
        set_periods(known.small.forum, (PeriodKind.SCHEDULED, at(15), at(15, year=2014)))
        post(known, at(31, month=12, year=2013))

    change(set_up)
    rows = rows_of(moderator, "time", PAGE.replace("/en/", "/fr/"))

    assert len(rows) == 25
    assert rows[0][0] == "1ᵉʳ–31 mai 2012"
    assert rows[19] == ["1ᵉʳ–31 décembre 2013", "1", "1", "Période prévue"]


def test_period_of_one_group_names_the_group(moderator, known: Known, change):
    def set_up() -> None:
        set_periods(known.small.forum, (PeriodKind.SCHEDULED, at(1), at(2)))
        db.session.get_one(Forum, known.small.forum).periods[0].group_id = known.small.group
        post(known)

    change(set_up)

    assert rows_of(moderator, "time")[0][3] == "Scheduled (group 1)"


def test_period_that_was_called_off_is_not_listed(moderator, known: Known, change):
    def set_up() -> None:
        periods = ((PeriodKind.SCHEDULED, at(1), at(2)), (PeriodKind.REOPENING, at(5), at(6)))
        set_periods(known.small.forum, *periods)
        db.session.get_one(Forum, known.small.forum).periods[1].called_off_at = at(3)
        post(known)

    change(set_up)

    assert [row[0] for row in rows_of(moderator, "time")] == ["1 May 2012", "2 May 2012"]


def test_future_days_are_not_listed(moderator, known: Known):
    last = rows_of(moderator, "time")[-1][0]

    assert last == f"{utcnow():%-d %B %Y}"


def test_forum_that_has_not_begun_has_no_days(admin, known: Known, change):
    change(lambda: make_forum("planned-forum", opens=24, closes=48))
    path = "/en/figures/forums/planned-forum/"

    assert rows_of(admin, "time", path) == []
    assert note_of(admin, "time", path) == "The forum has not been open yet."
    assert "<img" not in admin.get(path).text


# Silence


def test_questions_without_a_published_answer(moderator, known: Known):
    assert rows_of(moderator, "unanswered") == [["Group 1, question 2", "And what else? (en)"]]
    assert note_of(moderator, "unanswered") == "Questions without an answer: 1 of 2."


def test_question_whose_only_answer_was_withdrawn_has_none(moderator, known: Known, change):
    def withdraw() -> None:
        db.session.query(Message).filter_by(topic_id=known.topic).update({"status": MessageStatus.WITHDRAWN})

    change(withdraw)

    assert [row[0] for row in rows_of(moderator, "unanswered")] == ["Group 1, question 1", "Group 1, question 2"]


def test_note_says_that_all_questions_are_answered(moderator, known: Known, change):
    change(lambda: db.session.query(Message).update({"status": MessageStatus.PUBLISHED}))

    assert rows_of(moderator, "unanswered") == []
    assert note_of(moderator, "unanswered") == "All questions have been answered."


def names(client, path: str = PAGE) -> list[str]:
    return [row[0] for row in rows_of(client, "not-written", path)]


def test_people_who_have_not_written(moderator, known: Known, change):
    """A waiting message counts as written; withdrawn and withheld messages do not."""

    def set_up() -> None:
        make_user("zoe", title="Dr", capacity=Capacity.EXPERT, organization="Institute", country="XB")
        carla = db.session.query(User).filter_by(name="Carla").one()
        db.session.query(Message).filter_by(author_id=carla.id).update({"status": MessageStatus.WITHDRAWN})

    change(set_up)

    assert rows_of(moderator, "not-written") == [
        ["Admin", "Party", "Ministry of Tests", "Republic of Valdorenia"],
        ["Carla", "Organization", "Seeds", ""],
        ["Moderator", "Party", "Ministry of Tests", "Republic of Valdorenia"],
        ["Dr Zoe", "Expert in a personal capacity", "Institute", "Marelunia"],
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"confirmed_at": None},
        {"suspended_at": utcnow()},
        {"former_number": 3},
        {"capacity": Capacity.SECRETARIAT},
    ],
)
def test_people_who_cannot_write_and_the_secretariat_are_left_out(moderator, known: Known, change, values):
    change(lambda: make_user("zoe", **values))

    assert "Zoe" not in names(moderator)


def test_forum_by_invitation_lists_only_approved_people(moderator, known: Known, change):
    def set_up() -> None:
        zoe, _other = make_user("zoe"), make_user("other")
        db.session.get_one(Forum, known.small.forum).by_invitation = True
        db.session.add(ForumRole(user_id=zoe.id, forum_id=known.small.forum, role=Role.PARTICIPANT))

    change(set_up)

    assert names(moderator) == ["Zoe"]


def test_long_list_is_cut_on_the_page_and_complete_in_its_file(moderator, known: Known, change):
    change(lambda: [make_user(f"p{number}") for number in range(210)])

    assert len(shown(moderator, "not-written")) == 200
    assert len(names(moderator)) == 212
    assert "The first 200 are shown. The file contains them all." in moderator.get(PAGE).text


def test_message_before_the_first_period_is_counted(moderator, known: Known, change):
    change(lambda: post(known, days_ago(5) - timedelta(hours=1)))

    assert sum(int(row[1]) for row in rows_of(moderator, "time")) == 1
