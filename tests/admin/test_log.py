"""The log says who did what and when, can be filtered, and leaves as CSV that no spreadsheet runs."""

import csv
import io
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from app.audit import changed
from app.database import utcnow
from app.extensions import db
from app.models import Act, ActKind, LogEntry, User
from tests.admin.conftest import in_all_languages, moment
from tests.admin.test_users import PROFILE
from tests.moderation.tidying import act


@pytest.fixture
def entries(look, world) -> None:
    """An old entry of Alice, and three of today by the administrator."""

    def make() -> None:
        now = utcnow()
        values = {"kind": "forums", "subject_id": 1, "subject": "Open forum", "detail": []}
        db.session.add(LogEntry(user_id=world.alice, action="publish", at=now - timedelta(days=30), **values))
        for action in ("create", "edit", "delete"):
            db.session.add(LogEntry(user_id=world.admin, action=action, at=now, **values))
        db.session.commit()

    look(make)


def csv_rows(admin: FlaskClient, query: str = "") -> list[list[str]]:
    """The lines of the file, without its heading."""
    text = admin.get(f"/en/admin/log.csv?{query}").get_data().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def count(admin: FlaskClient, query: str = "") -> int:
    return admin.get(f"/en/admin/log/?{query}").text.count('<th scope="row">')


def test_filters_narrow_the_log(admin: FlaskClient, entries, world):
    today = f"{utcnow():%Y-%m-%d}"

    assert count(admin) == 4
    assert count(admin, f"person={world.alice}") == 1
    assert count(admin, "action=edit") == 1
    assert count(admin, f"since={today}") == 3
    assert count(admin, f"until={today}") == 4
    assert count(admin, f"since={today}&until={today}&person={world.admin}&action=edit") == 1
    assert count(admin, f"person={world.alice}&action=edit") == 0


def test_log_is_filtered_by_kind_and_forum(admin: FlaskClient, look, world):
    admin.post("/en/admin/notices/new/1/", data={"published_at": ["2026-03-02", "09:00"], "en-title": "One"})
    admin.post("/en/admin/notices/new/2/", data={"published_at": ["2026-03-02", "09:00"], "en-title": "Two"})
    admin.post("/en/admin/questions/new/1/", data={"number": "9", "en-text": "Why?"})
    admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, "name": "Alicia", "moderator": ["2"]})

    assert count(admin) == 5
    assert count(admin, "kind=notices") == 2
    assert count(admin, "kind=users") == 2
    assert count(admin, "forum=1") == 2
    assert count(admin, "forum=2") == 2, "a notice and a role"
    assert count(admin, "forum=2&kind=users") == 1
    assert [row[5] for row in csv_rows(admin, "forum=1")] == ["Why?", "One"]


def test_everything_in_a_forum_is_logged_as_of_that_forum(admin: FlaskClient, look):
    when = {"opens_at": moment(200), "closes_at": moment(300), "group_id": "0"}
    admin.post("/en/admin/forums/1/periods/scheduled/", data=when)
    admin.post("/en/admin/groups/new/1/", data={"number": "9", "slug": "group-9", "en-title": "Nine"})
    admin.post("/en/admin/questions/1/edit/", data={"number": "1", "en-text": "Why?"})
    admin.post("/en/admin/forum-pages/new/1/", data={"slug": "scope", "position": "0", "en-title": "Scope"})
    admin.post("/en/admin/documents/new/1/", data={"kind": "draft", "position": "0", "en-title": "Paper"})
    admin.post("/en/admin/forums/1/invitations/", data={"countries": ["FR"]})
    admin.post("/en/admin/forums/1/close/")
    admin.post("/en/admin/pages/4/edit/", data={"slug": "rules", "parent_id": "1", "position": "0", "en-title": "R"})

    entries = look(lambda: [(one.kind, one.forum_id) for one in db.session.query(LogEntry).order_by(LogEntry.id)])
    assert [forum for _kind, forum in entries] == [1] * 7 + [None], entries


@pytest.fixture
def acts(look, world) -> None:
    """Two acts of the moderator: a message withheld, and moved messages."""

    def make() -> None:
        values = {"user_id": world.moderator, "forum_id": world.forum}
        reason = {"en": "Off topic", "fr": "Hors sujet"}
        db.session.add(Act(kind=ActKind.WITHHOLD, message_id=world.second, reason=reason, **values))
        detail = {"from_topic": 1, "messages": [1, 2], "to_question": None}
        db.session.add(Act(kind=ActKind.SPLIT, topic_id=world.topic, reason={"es": "Otro"}, detail=detail, **values))
        db.session.commit()

    look(make)


def test_acts_of_moderation_stand_in_the_log(admin: FlaskClient, entries, acts, world):
    assert count(admin) == 6
    assert count(admin, f"person={world.moderator}") == 2
    assert count(admin, "action=withhold") == 1
    assert count(admin, "kind=messages") == 1
    assert count(admin, "kind=topics&forum=1") == 1
    assert count(admin, f"until={utcnow() - timedelta(days=2):%Y-%m-%d}") == 1


@pytest.mark.parametrize("path", ["", "acts/1/"])
def test_message_in_the_log_has_its_number_as_elsewhere(admin: FlaskClient, acts, world, path):
    assert f"Message #{world.second}" in admin.get(f"/en/admin/log/{path}").text


def test_act_tells_who_did_what_and_why(admin: FlaskClient, acts):
    [split, withheld] = csv_rows(admin)
    page = admin.get("/en/admin/log/acts/1/").text

    assert withheld[1:5] == ["Moderator", "Withheld", "Message", "2"]
    assert withheld[6] == "open-forum"
    assert "Reason (English):  → Off topic" in withheld[7]
    assert "Reason (français):  → Hors sujet" in withheld[7]
    assert split[5] == "Reporting formats"
    assert "Messages:  → 1, 2" in split[7]
    assert "question" not in split[7], "what is nothing is not told"
    assert "Off topic" in page
    assert "Moderator" in page


def test_correction_and_approval_say_in_people_s_words_what_is_hidden(admin: FlaskClient, moderator, world, look):
    """And nothing of the keys under which the versions are kept."""
    about = {"user_id": world.moderator, "forum_id": world.forum, "message_id": world.first}
    details = (
        (ActKind.EDIT, {"revision": 7}),
        (ActKind.EDIT, {"revision": 8, "hides": 8}),
        (ActKind.APPROVE, {"hides": 8}),
        (ActKind.APPROVE, {"hides": 0}),
    )
    acts = [Act(kind=kind, detail=detail, **about) for kind, detail in details]
    look(lambda: (db.session.add_all(acts), db.session.commit()))

    said = "Earlier text hidden from readers"
    assert sorted(row[7] for row in csv_rows(admin)) == ["", "", f"{said}:  → yes", f"{said}:  → yes"]
    for number, hidden in ((1, False), (2, True), (3, True), (4, False)):
        page = admin.get(f"/en/admin/log/acts/{number}/").text
        assert (said in page) == hidden
        assert ("<td>yes</td>" in page) == hidden
        assert "Identifier of" not in page
    assert "Identifier of" not in admin.get("/en/admin/log/").text


def test_new_title_of_a_topic_is_logged_with_the_old_one_as_of_its_forum(app, moderator, admin: FlaskClient, world):
    act(app, moderator, world.topic, "retitle", title="Better title", language="en")
    rows = csv_rows(admin, f"forum={world.forum}&kind=topics&person={world.moderator}")

    assert {row[2] for row in rows} == {"Changed", "Renamed"}
    assert "Title (English): Reporting formats → Better title" in "".join(row[7] for row in rows)


def test_entries_and_acts_stand_together_latest_first(admin: FlaskClient, entries, acts, look):
    look(lambda: (db.session.query(Act).update({"at": utcnow() - timedelta(days=10)}), db.session.commit()))

    assert [row[2] for row in csv_rows(admin)][-3:] == ["Split", "Withheld", "Published"]


def test_changed_secret_is_logged_without_its_value(app):
    with app.app_context():
        for field in ("password_hash", "totp_secret"):
            [change] = changed(field, "old secret", "new secret")
            assert change == {"field": field, "language": "", "old": "", "new": ""}
            assert changed(field, "same", "same") == []


def test_log_holds_nothing_secret_of_people(admin: FlaskClient, look, world):
    """No address and nothing of the sign-in, whatever is changed about somebody."""
    look(lambda: (setattr(db.session.get(User, world.alice), "password_hash", "the hash"), db.session.commit()))
    admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, "name": "Alicia", "is_admin": "y"})
    admin.post("/en/admin/forums/1/roles/", data={"email": "bruno@example.org", "role": "translator"})

    told = admin.get("/en/admin/log.csv").text + admin.get("/en/admin/log/1/").text
    assert "Alicia" in told
    assert "the hash" not in told
    assert "@example.org" not in told


@pytest.mark.parametrize(
    "query",
    [
        "kind=x",
        "forum=x",
        "forum=999",
        "person=-2",
        "person=999",
        "person=x",
        "action=x",
        "since=x",
        "until=2026-02-30",
        "since=0001-01-01",
    ],
)
def test_nonsense_in_a_filter_is_an_error_with_the_form(admin: FlaskClient, entries, query):
    answer = admin.get(f"/en/admin/log/?{query}")

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert admin.get(f"/en/admin/log.csv?{query}").status_code == 302


def test_long_log_is_in_pages_that_keep_the_filter(admin: FlaskClient, look, world):
    values = {"user_id": world.admin, "kind": "forums", "subject_id": 1, "subject": "S"}
    look(lambda: (db.session.add_all([LogEntry(action="edit", **values) for _ in range(60)]), db.session.commit()))
    page = admin.get("/en/admin/log/?action=edit&person=").text

    assert count(admin, "action=edit") == 50
    assert count(admin, "action=edit&page=2") == 10
    assert 'href="/en/admin/log/?page=2&amp;action=edit"' in page
    assert 'href="/es/admin/log/?action=edit"' in page, "the language switch keeps the filter"


def test_change_of_a_text_is_kept_with_old_and_new(admin: FlaskClient, look):
    form = {"slug": "open-forum", **in_all_languages(title="New title", short_title="Short open-forum")}
    admin.post("/en/admin/forums/1/edit/", data=form)
    page = admin.get("/fr/admin/log/1/").text

    assert "Title of open-forum (es)" in page
    assert "New title (es)" in page
    assert "(español)" in page
    assert 'lang="es"' in page


def test_deleted_texts_are_kept_in_the_log(admin: FlaskClient):
    admin.post("/en/admin/notices/new/1/", data={"published_at": ["2026-03-02", "09:00"], "fr-title": "Avis important"})
    admin.post("/en/admin/notices/1/delete/")

    assert "Avis important" in admin.get("/en/admin/log/2/").text


def test_questions_that_go_with_their_group_are_kept_in_the_log(admin: FlaskClient):
    admin.post("/en/admin/groups/new/1/", data={"number": "7", **in_all_languages(title="Empty")})
    admin.post("/en/admin/questions/new/3/", data={"number": "1", **in_all_languages(text="What else?")})
    admin.post("/en/admin/groups/3/delete/")

    assert "What else? (fr)" in admin.get("/en/admin/log/4/").text


def test_entries_of_a_person_who_left_stay(admin: FlaskClient, look, entries, world):
    look(lambda: (setattr(db.session.get(User, world.alice), "former_number", 17), db.session.commit()))

    assert count(admin) == 4
    assert "Former participant 17" in admin.get("/en/admin/log/1/").text


def test_what_the_command_line_did_says_so(app, admin: FlaskClient, entries):
    arguments = ["users", "create", "--email", "new@example.org", "--name", "Robin", "--admin"]
    app.test_cli_runner().invoke(args=arguments, input="four plain words here\n")
    rows = csv_rows(admin, "person=-1")

    assert [row[1:6] for row in rows] == [["Command line", "Created", "Person", "5", "Robin"]]
    assert "Administrator of the site:  → yes" in rows[0][7]
    assert "four plain words here" not in str(rows)
    assert "argon2" not in str(rows)


def test_csv_has_what_the_page_has(admin: FlaskClient, entries):
    answer = admin.get("/en/admin/log.csv?action=edit")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert [row[1:6] for row in rows] == [
        ["Person", "Action", "Kind", "Identifier", "Item"],
        ["Admin", "Changed", "Forum", "1", "Open forum"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\uff1d"])
def test_csv_holds_no_formula(admin: FlaskClient, look, world, start):
    formula = f"{start}HYPERLINK(1)"
    values = {"action": "edit", "kind": "forums", "subject_id": 1, "subject": formula}
    look(lambda: (db.session.add(LogEntry(user_id=world.admin, **values)), db.session.commit()))

    rows = list(csv.reader(io.StringIO(admin.get("/en/admin/log.csv").get_data().decode("utf-8-sig"))))
    assert rows[1][5] == f"{start[:-1]}'{start[-1]}HYPERLINK(1)"


def test_refused_action_leaves_no_entry(admin: FlaskClient, log):
    admin.post("/en/admin/forums/1/delete/")
    admin.post("/en/admin/forums/new/", data={"slug": "open-forum", "en-title": "T", "en-short_title": "S"})

    assert log() == []


def test_acts_are_named_as_in_the_record_and_say_of_no_version_that_it_is_hidden(admin: FlaskClient, look, world):
    def make() -> None:
        values = {"user_id": world.moderator, "forum_id": world.forum, "message_id": world.second, "reason": {}}
        db.session.add(Act(kind=ActKind.EDIT, detail={"revision": 4}, **values))
        db.session.add(Act(kind=ActKind.APPROVE, detail={"hides": 0}, **values))
        db.session.commit()

    look(make)
    [approved, corrected] = csv_rows(admin)

    assert (corrected[2], corrected[7]) == ("Corrected", "")
    assert (approved[2], approved[7]) == ("Approved", "")


@pytest.mark.parametrize("words", ["Éléphant", "éléphant", "ÉLÉPHANT", "léph", "open edit", "forum admin changed"])
def test_log_is_searched_in_words(admin: FlaskClient, look, world, words):
    def write() -> None:
        change = {"field": "title", "language": "fr", "old": "", "new": "Un éléphant et un ÉLÉPHANT, Éléphant"}
        values = {"user_id": world.admin, "action": "edit", "kind": "forums", "subject_id": 1}
        db.session.add(LogEntry(subject="An open edit", detail=[change], **values))
        db.session.add(LogEntry(subject="Other", detail=[], **{**values, "action": "publish"}))
        db.session.commit()

    look(write)

    assert count(admin, f"words={quote(words)}") == 1


def test_reason_of_an_act_is_found_by_its_words(admin: FlaskClient, acts):
    assert count(admin, "words=withheld") == 1


@pytest.mark.parametrize("words", ["%25", "_", "%5C", "%27", "%22"])
def test_signs_in_a_search_of_the_log_are_only_signs(admin: FlaskClient, entries, words):
    assert count(admin, f"words={words}") == 0


def test_long_search_of_the_log_is_an_error(admin: FlaskClient):
    assert admin.get(f"/en/admin/log/?words={'x' * 101}").status_code == 422


def test_log_tells_dates_in_the_words_of_the_reader(admin: FlaskClient):
    admin.post("/en/admin/notices/new/1/", data={"published_at": ["2026-03-02", "09:00"], "en-title": "One"})

    assert (
        "2\N{NO-BREAK SPACE}mars\N{NO-BREAK SPACE}2026, 9\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}UTC"
        in admin.get("/fr/admin/log/1/").text
    )
