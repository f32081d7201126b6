"""An address that refuses emails is left alone after a few; its owner is told on the site, and can try it again."""

import pytest
from lxml import html

from app.auth.email_change import move_to
from app.extensions import db
from app.models import Mail, User
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.following.conftest import REPLY, change_user
from tests.mail_server import add_mail
from tests.moderation.conftest import do
from tests.world import World

REFUSAL = "550 5.1.1 no such person"
TOLD = "has refused several emails"


@pytest.fixture
def refusing(app, world: World, bruno, follow, reply, post):
    """Alice follows a topic, and her address has refused three messages; so many emails were tried."""
    follow(world.alice)
    post.server.answers["RCPT"] = REFUSAL
    for number in range(3):
        reply(bruno, body=f"Words {number}.")
        post.send()
    post.server.answers.clear()
    return post


def refused(app, world: World) -> int:
    with app.app_context():
        return db.session.get_one(User, world.alice).mails_refused


def test_address_that_has_refused_three_gets_no_more(app, world: World, bruno, reply, refusing):
    assert refused(app, world) == 3
    reply(bruno, body="More words.")
    refusing.send()

    assert refusing.server.taken == []


def test_refusal_for_now_does_not_count(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    post.server.answers["RCPT"] = "450 later"
    reply(bruno)
    post.send()

    assert refused(app, world) == 0


def test_email_that_gets_through_is_a_new_beginning(app, world: World, bruno, reply, refusing):
    add_mail(app, recipient="alice@example.org")
    refusing.send()
    reply(bruno, body="More words.")
    refusing.send()

    assert refused(app, world) == 0
    assert len(refusing.of("alice")) == 1


def test_new_address_is_a_new_beginning(app, world: World, bruno, reply, refusing):
    with app.app_context():
        move_to(db.session.get_one(User, world.alice), "new@example.org")
        db.session.commit()
    reply(bruno, body="More words.")
    refusing.send()

    assert len(refusing.of("new")) == 1


def test_person_is_told_on_the_account_page_and_can_have_it_tried_again(
    app, world: World, alice, bruno, reply, refusing
):
    for page in ("/en/account/", "/en/account/follow/"):
        assert TOLD in alice.get(page).text
    assert alice.post("/en/account/follow/again/").status_code == 302
    reply(bruno, body="More words.")
    refusing.send()

    assert len(refusing.of("alice")) == 1
    assert TOLD not in alice.get("/en/account/").text


def test_person_is_told_that_what_was_not_sent_is_not_sent_later(alice, refusing):
    told = "Emails that were not sent in the meantime will not be sent later."
    [notice] = html.document_fromstring(alice.get("/en/account/follow/").text).xpath("//main//div[@class='warning']")

    assert told in notice.text_content()
    assert notice.xpath(".//a[@href='/en/new/']")
    assert told in alice.post("/en/account/follow/again/", follow_redirects=True).text


def test_address_that_is_tried_again_is_left_alone_after_one_more(app, world: World, alice, bruno, reply, refusing):
    alice.post("/en/account/follow/again/")
    refusing.server.answers["RCPT"] = REFUSAL
    for number in range(2):
        reply(bruno, body=f"Other words {number}.")
        refusing.send()

    assert refused(app, world) == 3


def test_person_is_told_at_the_next_sign_in(app, world: World, visitor, refusing):
    change_user(app, world.alice, password_hash=PASSWORD_HASH)
    answer = visitor.post(
        "/en/auth/sign-in/", data={"email": "alice@example.org", "password": PASSWORD}, follow_redirects=True
    )

    assert TOLD in answer.text


def test_refusing_address_gets_no_receipts_and_notices(app, world: World, alice, moderator, refusing):
    alice.post(f"/en/topics/{world.topic}/reply/", data=REPLY)
    do(moderator, world.first, "correct", body="Other words.", language="en")
    refusing.send()

    assert [envelope.rcpt_tos for envelope in refusing.server.taken] == []
    with app.app_context():
        assert (
            db.session.scalars(db.select(Mail).where(Mail.user_id == world.alice, Mail.given_up_at.is_(None))).all()
            == []
        )


def test_refusing_address_gets_what_its_owner_asks_for(world: World, visitor, refusing):
    visitor.post("/en/auth/forgot/", data={"email": "alice@example.org"})
    refusing.send()

    assert b"auth/reset" in refusing.server.taken[0].content


def test_refusal_of_any_email_counts(app, world: World, alice, post):
    post.server.answers["RCPT"] = REFUSAL
    for number in range(3):
        alice.post(f"/en/topics/{world.topic}/reply/", data=REPLY | {"body": f"Words {number}."})
    post.send()

    assert refused(app, world) == 3


def test_administrator_sees_that_an_address_refuses_emails(world: World, admin, refusing):
    told = "It now receives only those that the person requests."
    assert told in admin.get(f"/en/admin/people/{world.alice}/").text
    assert told not in admin.get(f"/en/admin/people/{world.bruno}/").text


@pytest.mark.parametrize("path", ["/en/", "/en/new/"])
def test_owner_of_the_address_is_told_where_a_visit_begins(path, app, world: World, alice, bruno, refusing):
    told = "so you no longer receive any about the forums"

    assert told in alice.get(path).text
    assert told not in bruno.get(path).text + app.test_client().get("/en/").text
