"""Every page of the administration is for administrators only; others learn nothing from it."""

import re

import pytest
from flask.testing import FlaskClient

from app.admin import forums
from app.errors import Forbidden
from app.extensions import db
from app.models import Forum, User
from tests.conftest import sign_in

PAGES = (
    "",
    "site/",
    "texts/",
    "pages/new/",
    "pages/1/edit/",
    "pages/4/delete/",
    "forums/",
    "forums/new/",
    "forums/1/",
    "forums/1/edit/",
    "forums/1/settings/",
    "forums/1/groups/",
    "forums/1/delete/",
    "forums/1/publish/",
    "forums/1/unpublish/",
    "forums/1/archive/",
    "forums/1/unarchive/",
    "forums/1/close/",
    "groups/1/close/",
    "forums/1/participants/",
    "forums/1/announcements/",
    "forums/1/announcements/opening/",
    "forums/1/announcements/opening/preview/",
    "forums/1/invitations/",
    "forums/1/roles/",
    "forums/1/roles/3/moderator/end/",
    "forums/1/periods/scheduled/",
    "forums/1/periods/extension/",
    "forums/1/periods/reopening/",
    "forums/1/periods/extension/preview/",
    "periods/1/edit/",
    "periods/1/preview/",
    "periods/1/delete/",
    "forum-pages/new/1/",
    "groups/new/1/",
    "groups/1/edit/",
    "groups/1/delete/",
    "questions/new/1/",
    "questions/1/edit/",
    "questions/1/delete/",
    "notices/new/1/",
    "documents/new/1/",
    "people/",
    "people/1/",
    "people/1/data/",
    "people/1/unlock/",
    "people/1/suspend/",
    "people/1/reinstate/",
    "people/1/delete/",
    "log/",
    "log.csv",
)


def test_visitor_is_sent_to_sign_in_and_back(visitor: FlaskClient, world):
    for page in PAGES:
        answer = visitor.get(f"/es/admin/{page}")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/es/auth/sign-in/?next=%2Fes%2Fadmin%2F")


def test_participant_is_refused(alice: FlaskClient):
    assert {page: alice.get(f"/en/admin/{page}").status_code for page in PAGES} == dict.fromkeys(PAGES, 403)


def test_moderator_is_refused(moderator: FlaskClient):
    assert {page: moderator.get(f"/en/admin/{page}").status_code for page in PAGES} == dict.fromkeys(PAGES, 403)


def test_moderator_cannot_write(moderator: FlaskClient, log):
    assert {moderator.post(f"/en/admin/{page}").status_code for page in PAGES} == {403, 405}
    assert log() == []


def test_administrator_sees_whole_pages(admin: FlaskClient):
    for page in PAGES:
        answer = admin.get(f"/fr/admin/{page}")
        assert answer.status_code == 200, page
        if page != "log.csv":
            assert answer.text.count("<h1") == 1, page
            ids = re.findall(r'\sid="([^"]+)"', answer.text)
            assert len(ids) == len(set(ids)), page
            assert '<a href="/fr/admin/"' in answer.text


def test_every_route_is_asked(app):
    routes = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.")]
    adapter = app.url_map.bind("localhost")
    asked = {adapter.match(f"/en/admin/{page}", return_rule=True)[0].endpoint for page in PAGES}

    needs_a_row = {"admin.log.entry", "admin.mails.mail", "admin.mails.step", "admin.participants.withdraw_invitation"}
    needs_a_row |= {"admin.announcements.sent"}
    leads_on = {"admin.people.choose"}
    takes_post_only = {"admin.forums.copy_forum", "admin.forums.edition", "admin.forums.view"}
    assert {rule.endpoint for rule in routes} - asked == needs_a_row | leads_on | takes_post_only


def test_what_does_not_exist_is_not_found(admin: FlaskClient):
    assert [
        page
        for page in (
            "pages/999/edit/",
            "pages/99999999999999999999999/edit/",
            "nothing/new/",
            "forums/999/",
            "forums/99999999999999999999999/",
            "groups/new/",
            "groups/new/999/",
            "pages/new/1/",
            "forums/1/periods/other/",
            "periods/999/edit/",
            "people/999/",
            "people/?page=0",
            "people/?page=1000000000",
            "people/?page=x",
            "log/999/",
            "log/acts/999/",
            "forums/999/roles/",
            "forums/999/invitations/",
            "forums/1/participants/999/withdraw/",
            "forums/1/roles/1/moderator/end/",
            "forums/1/roles/3/translator/end/",
            "forums/1/roles/3/king/end/",
            "log/?page=2",
        )
        if admin.get(f"/en/admin/{page}").status_code != 404
    ] == []


def test_lapsed_sign_in_gives_the_typed_text_back(visitor: FlaskClient, world):
    answer = visitor.post("/en/admin/forums/new/", data={"en-about": "A long text that somebody typed."})

    assert answer.status_code == 403
    assert "A long text that somebody typed." in answer.text


def test_right_is_checked_inside_the_action(app, world):
    """Somebody who stops being an administrator between the guard and the write writes nothing."""
    with app.test_request_context("/en/"):
        alice = db.session.get(User, world.alice)
        with pytest.raises(Forbidden):
            forums.take_step(world.forum, "unpublish", version="", viewer=alice)
        assert db.session.get(Forum, world.forum).published_at


def test_every_write_needs_the_token_of_the_session(app, world):
    app.config["WTF_CSRF_ENABLED"] = True
    client = sign_in(app, world.admin)

    without = client.post("/en/admin/forums/new/", data={"slug": "x", "en-title": "X", "en-short_title": "X"})
    page = client.get("/en/admin/forums/new/")
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
    fields = {"csrf_token": token[1], "slug": "x", "en-title": "X", "en-short_title": "X"}
    with_token = client.post("/en/admin/forums/new/", data=fields)

    assert without.status_code == 400
    assert with_token.status_code == 302


@pytest.mark.parametrize("page", ["forums/1/close/", "forums/1/archive/", "forums/2/publish/", "periods/1/delete/"])
def test_a_get_writes_nothing(admin: FlaskClient, page, log):
    admin.get(f"/en/admin/{page}")

    assert log() == []
