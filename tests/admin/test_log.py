"""The log says who did what and when, can be filtered, and leaves as CSV that no spreadsheet runs."""

import csv
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import LogEntry
from tests.admin.conftest import in_all_languages


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


@pytest.mark.parametrize(
    "query", ["person=999", "person=x", "action=x", "since=x", "until=2026-02-30", "since=0001-01-01"]
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


def test_entries_without_a_person_are_from_the_command_line(admin: FlaskClient, look, entries, world):
    look(lambda: (db.session.query(LogEntry).update({"user_id": None}), db.session.commit()))

    assert count(admin) == 4
    assert "From the command line" in admin.get("/en/admin/log/1/").text


def test_csv_has_what_the_page_has(admin: FlaskClient, entries):
    answer = admin.get("/en/admin/log.csv?action=edit")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert [row[1:6] for row in rows] == [
        ["Person", "Action", "Kind", "Key", "Subject"],
        ["Admin", "Changed", "Forum", "1", "Open forum"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\uff1d"])
def test_csv_holds_no_formula(admin: FlaskClient, look, world, start):
    formula = f"{start}HYPERLINK(1)"
    values = {"action": "edit", "kind": "forums", "subject_id": 1, "subject": formula}
    look(lambda: (db.session.add(LogEntry(user_id=world.admin, **values)), db.session.commit()))

    rows = list(csv.reader(io.StringIO(admin.get("/en/admin/log.csv").get_data().decode("utf-8-sig"))))
    assert rows[1][5] == f"'{formula}"


def test_refused_action_leaves_no_entry(admin: FlaskClient, log):
    admin.post("/en/admin/forums/1/delete/")
    admin.post("/en/admin/forums/new/", data={"slug": "open-forum", "en-title": "T", "en-short_title": "S"})

    assert log() == []
