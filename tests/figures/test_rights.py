"""Moderators of a forum and administrators see its figures; only administrators see email addresses."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.figures.views import FIGURES
from app.models import Forum, ForumRole, Role
from tests.conftest import sign_in
from tests.figures.conftest import PAGE, Known, rows_of
from tests.world import make_forum, make_user

DRAFT = "/en/figures/forums/draft-forum/"
PATHS = ("", "time.svg", "time.csv", "not-written.csv")


@pytest.fixture
def outsider(app: Flask, known: Known) -> FlaskClient:
    """The moderator of another forum."""
    with app.app_context():
        user, forum = make_user("outsider"), make_forum("other-forum")
        db.session.add(ForumRole(user_id=user.id, forum_id=forum.id, role=Role.MODERATOR))
        db.session.commit()
        key = user.id
    return sign_in(app, key)


def test_moderator_of_another_forum_is_refused(outsider: FlaskClient):
    assert [path for path in PATHS if outsider.get(PAGE + path).status_code != 403] == []
    assert [
        path
        for path in PATHS
        if outsider.get(f"/en/figures/forums/other-forum/{path.replace('svg', 'csv')}").status_code != 200
    ] == []


def test_forum_that_one_does_not_see_has_no_figures(known: Known, request):
    wrong = []
    for path in PATHS:
        for name in ("alice", "moderator"):
            client = request.getfixturevalue(name)
            if (
                client.get(DRAFT + path).status_code != 404
                or client.get(f"/en/figures/forums/none/{path}").status_code != 404
            ):
                wrong.append((path, name))

    assert wrong == []


@pytest.mark.parametrize(("role", "status"), [(Role.MODERATOR, 200), (Role.TRANSLATOR, 403), (Role.PARTICIPANT, 403)])
def test_only_the_moderator_of_a_draft_sees_its_figures(app, alice, known: Known, change, role, status):
    change(lambda: db.session.add(ForumRole(user_id=known.small.alice, forum_id=2, role=role)))

    assert alice.get(DRAFT).status_code == status


def test_moderator_limited_to_languages_sees_all_figures(moderator, known: Known, change):
    change(lambda: db.session.query(ForumRole).update({"languages": "fr"}))

    assert moderator.get(PAGE).status_code == 200


def test_figures_of_an_archived_forum_stay_available(moderator, known: Known, change):
    change(lambda: setattr(db.session.get(Forum, known.small.forum), "archived_at", utcnow()))

    assert moderator.get(PAGE).status_code == 200


def test_page_of_the_forum_leads_those_who_may_see_them_to_the_figures(known: Known, request):
    wrong = []
    for name, sees in (("visitor", False), ("alice", False), ("moderator", True), ("admin", True)):
        page = request.getfixturevalue(name).get("/en/forums/open-forum/").text
        if (f'href="{PAGE}"' in page) is not sees:
            wrong.append((name, sees))

    assert wrong == []


def test_administration_links_to_the_figures(admin, known: Known):
    assert f'href="{PAGE}"' in admin.get(f"/en/admin/forums/{known.small.forum}/").text


def test_moderators_see_no_email_addresses_in_figures(moderator, known: Known, change):
    change(lambda: make_user("silent"))
    whole = moderator.get(PAGE).text + "".join(moderator.get(f"{PAGE}{name}.csv").text for name in FIGURES)

    assert "Silent" in whole
    assert "@example.org" not in whole


def test_administrators_see_email_addresses(admin, known: Known, change):
    change(lambda: make_user("silent"))

    assert "silent@example.org" in [row[-1] for row in rows_of(admin, "not-written")]
    assert "silent@example.org" in admin.get(PAGE).text


def test_figures_show_no_withheld_or_waiting_content(admin, known: Known):
    whole = admin.get(PAGE).text + "".join(admin.get(f"{PAGE}{name}.csv").text for name in FIGURES)

    assert "Not shown" not in whole
    assert "Not yet shown" not in whole


def test_figure_that_does_not_exist_is_not_found(admin, known: Known):
    assert [
        name for name in ("unknown", "TIME", "time.csv", "..") if admin.get(f"{PAGE}{name}.csv").status_code != 404
    ] == []
    assert [
        name for name in ("unknown", "TIME", "time.csv", "..") if admin.get(f"{PAGE}{name}.svg").status_code != 404
    ] == []
