"""An administrator sees the site as a participant or a visitor does: really theirs, marked, and able to do nothing."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import Forum, Message, User
from tests.world import make_pending

FORUM, TOPIC = "/en/forums/open-forum/", "/en/topics/1/"
VIEWS = ("participant", "visitor")


def begin(admin: FlaskClient, who: str) -> None:
    assert admin.post(f"/en/admin/forums/1/view/{who}/").location == FORUM


@pytest.fixture(autouse=True)
def far_from_the_deadline(look, world) -> None:
    """So that the time left is the same on two pages that are asked for one after the other."""

    def postpone() -> None:
        db.session.get_one(Forum, world.forum).periods[0].closes_at += timedelta(hours=10)
        db.session.commit()

    look(postpone)


def main_of(page: str) -> str:
    """The content of a page, without the tokens of its forms."""
    tree = html.document_fromstring(page).xpath("//main")[0]
    for token in tree.xpath(".//input[@type='hidden']"):
        token.getparent().remove(token)
    return html.tostring(tree, encoding="unicode")


@pytest.mark.parametrize("path", [FORUM, TOPIC, "/en/portal/", "/en/forums/open-forum/groups/group-1/", "/en/"])
def test_view_of_a_visitor_is_what_a_visitor_sees(admin: FlaskClient, visitor: FlaskClient, path):
    begin(admin, "visitor")

    assert main_of(admin.get(path).text) == main_of(visitor.get(path).text)


@pytest.mark.parametrize("path", [FORUM, "/en/portal/", "/en/forums/open-forum/groups/group-1/"])
def test_view_of_a_participant_is_what_a_participant_sees(admin: FlaskClient, bruno: FlaskClient, path):
    begin(admin, "participant")

    assert main_of(admin.get(path).text) == main_of(bruno.get(path).text)


def test_view_of_a_participant_has_the_choices_of_a_new_account(admin: FlaskClient):
    begin(admin, "participant")

    assert "The daily digest is sent at 07:00" in admin.get("/en/follow/topics/1/").text


@pytest.mark.parametrize("who", VIEWS)
def test_view_is_marked_on_every_page(admin: FlaskClient, who):
    begin(admin, who)

    assert all("This is a preview." in admin.get(path).text for path in (FORUM, TOPIC, "/en/none/"))


@pytest.mark.parametrize("who", VIEWS)
@pytest.mark.parametrize(
    "path",
    [
        "/en/topics/1/reply/",
        "/en/forums/open-forum/groups/group-1/new/",
        "/en/messages/1/report/",
        "/en/preview/",
        "/en/auth/sign-in/",
        "/en/auth/sign-up/",
        "/en/auth/sign-out/",
        "/en/account/language/",
        "/en/admin/forums/1/close/",
        "/en/admin/forums/1/copy/",
        "/en/moderation/messages/1/withhold/",
        "/en/translate/groups/1/fr/",
    ],
)
def test_nothing_can_be_sent_during_a_view(admin: FlaskClient, look, world, who, path):
    begin(admin, who)
    answer = admin.post(path, data={"body": "Words", "title": "Words", "language": "en"})

    assert answer.status_code == 403
    assert "Close the preview first." in answer.text
    assert look(lambda: db.session.query(Message).count()) == 2


@pytest.mark.parametrize("who", VIEWS)
def test_view_shows_nothing_that_waits_or_is_not_published(admin: FlaskClient, look, world, who):
    def post() -> None:
        message = db.session.get_one(Message, world.first)
        make_pending(message.topic, db.session.get_one(User, world.alice), "Words that wait.")
        db.session.commit()

    look(post)
    before = admin.get(TOPIC).text
    begin(admin, who)

    assert "Words that wait." in before
    assert "Words that wait." not in admin.get(TOPIC).text
    assert admin.get("/en/forums/draft-forum/").status_code == 404


@pytest.mark.parametrize("path", ["/en/account/", "/en/account/data/", "/en/account/profile/", "/en/account/email/"])
def test_view_of_a_participant_shows_no_account(admin: FlaskClient, path):
    begin(admin, "participant")

    assert admin.get(path).status_code == 403


@pytest.mark.parametrize(("who", "status"), [("participant", 403), ("visitor", 302)])
@pytest.mark.parametrize("path", ["/en/moderation/", "/en/translate/"])
def test_view_has_nothing_of_the_officers(admin: FlaskClient, who, status, path):
    begin(admin, who)

    assert admin.get(path).status_code == status


@pytest.mark.parametrize("who", VIEWS)
@pytest.mark.parametrize("path", ["/en/admin/", "/en/admin/people/", "/en/admin/forums/1/", "/en/admin/forums/9/"])
def test_address_of_the_administration_offers_to_end_the_view(admin: FlaskClient, who, path):
    begin(admin, who)
    answer = admin.get(path)

    assert answer.status_code == 403
    assert "The administration is not shown in a preview." in answer.text
    assert 'action="/en/view/end/"' in answer.text
    assert "/admin/" not in main_of(answer.text)


def test_view_ends_where_it_began(admin: FlaskClient):
    begin(admin, "visitor")

    assert admin.post("/en/view/end/").location == "/en/admin/forums/1/"
    assert admin.get("/en/admin/").status_code == 200
    assert "This is a preview." not in admin.get(FORUM).text


def test_forum_that_is_not_published_has_no_view(admin: FlaskClient):
    assert admin.post("/en/admin/forums/2/view/visitor/").status_code == 404
    assert "/view/visitor/" not in admin.get("/en/admin/forums/2/").text


def test_nobody_else_begins_a_view(moderator: FlaskClient):
    assert moderator.post("/en/admin/forums/1/view/visitor/").status_code == 403
    assert "This is a preview." not in moderator.get(FORUM).text


def test_view_ends_with_the_right_to_administer(admin: FlaskClient, look, world):
    begin(admin, "visitor")
    look(lambda: (setattr(db.session.get_one(User, world.admin), "is_admin", False), db.session.commit()))

    assert "This is a preview." not in admin.get(FORUM).text
