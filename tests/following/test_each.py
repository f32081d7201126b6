"""Each message to those who follow it: who gets it, what the email says, and its headers."""

import re
from datetime import timedelta
from email.utils import parseaddr

import pytest

from app.auth.email_change import move_to
from app.auth.leaving import erase
from app.database import utcnow
from app.extensions import db, transaction
from app.models import (
    Approval,
    Delivery,
    Follow,
    Forum,
    ForumRole,
    Mail,
    Message,
    Period,
    Publication,
    Role,
    Topic,
    User,
)
from app.writing import held, move
from tests.conftest import sign_in
from tests.following.conftest import REPLY, change_user, html_of, text_of
from tests.moderation.conftest import do
from tests.world import World, make_message, make_topic, make_user

NEW = "/en/forums/open-forum/groups/group-1/new/"
HOST = "http://127.0.0.1:8000"
START = {**REPLY, "title": "Another topic", "question": "0", "submission": "a-topic"}


def test_follower_gets_the_whole_text(world: World, bruno, follow, reply, post):
    follow(world.moderator)
    number = reply(bruno, body="First *words*.\n\n- a list")
    post.send()

    [letter] = post.of("moderator")
    assert "First *words*.\n\n- a list" in text_of(letter)
    assert "<em>words</em>" in html_of(letter)
    assert f"{HOST}/en/messages/{number}/" in text_of(letter)


@pytest.mark.parametrize("key", ["forum", "group", "topic", "question"])
def test_whatever_is_followed_sends_its_messages(app, world: World, bruno, follow, reply, post, key):
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        topic.question = topic.group.questions[0]
        db.session.commit()
        keys = {"forum": world.forum, "group": world.group, "topic": world.topic, "question": topic.question_id}
    follow(world.moderator, **{f"{key}_id": keys[key]})
    reply(bruno)
    post.send()

    assert len(post.of("moderator")) == 1


def test_message_that_comes_in_several_ways_is_sent_once(world: World, bruno, follow, reply, post):
    follow(world.alice)
    follow(world.alice, forum_id=world.forum)
    follow(world.alice, "digest", group_id=world.group)
    reply(bruno, to=world.first)
    post.send()
    post.send(days=2)

    assert len(post.of("alice")) == 1


def test_answers_are_followed_from_the_start(world: World, bruno, reply, post):
    reply(bruno, to=world.first)
    post.send()

    assert len(post.of("alice")) == 1
    assert "because the message replies to one of yours" in text_of(post.of("alice")[0])


def test_own_topics_are_followed_from_the_start(app, world: World, alice, bruno, post):
    alice.post(NEW, data=START)
    with app.app_context():
        topic = db.session.scalars(db.select(Topic).order_by(Topic.id.desc())).first()
        address = f"/en/topics/{topic.id}/reply/"
    bruno.post(address, data=REPLY | {"submission": "an-answer"})
    post.send()

    assert len(post.of("alice")) == 1


def test_who_chose_so_follows_neither_answers_nor_own_topics(app, world: World, alice, bruno, reply, post):
    change_user(app, world.alice, mail_answers="none", mail_topics="none")
    alice.post(NEW, data=START)
    reply(bruno, to=world.first)
    post.send()

    assert post.of("alice") == []
    with app.app_context():
        assert db.session.scalars(db.select(Follow)).all() == []


def test_own_messages_are_not_sent(world: World, bruno, follow, reply, post):
    follow(world.bruno)
    reply(bruno, to=world.second)
    post.send()

    assert post.of("bruno") == []


def test_message_is_sent_once_it_is_approved(world: World, moderator, bruno, follow, reply, post):
    with post.app.app_context():
        db.session.get_one(Forum, world.forum).approval = Approval.EVERYBODY
        db.session.commit()
    follow(world.alice)
    number = reply(bruno)
    post.send()
    assert post.of("alice") == []
    do(moderator, number, "approve")
    post.send()

    assert len(post.of("alice")) == 1


def test_restored_message_is_not_sent_again(world: World, moderator, bruno, follow, reply, post):
    follow(world.alice)
    number = reply(bruno)
    post.send()
    do(moderator, number, "withhold")
    do(moderator, number, "restore")
    post.send()

    assert len(post.of("alice")) == 1


LOST = {
    "suspended": {"suspended_at": utcnow()},
    "unconfirmed": {"confirmed_at": None},
    "refuses": {"mails_refused": 3},
}


@pytest.mark.parametrize("lost", LOST)
def test_rights_are_checked_when_sending(app, world: World, bruno, follow, reply, post, lost):
    """The first is given out while the person may have it, and the second is posted after that."""
    follow(world.alice)
    reply(bruno)
    post.server.answers["RCPT"] = "450 later"
    post.send()
    change_user(app, world.alice, **LOST[lost])
    reply(bruno, body="More words.")
    post.server.answers.clear()
    post.send(hours=1)

    assert post.of("alice") == []
    with app.app_context():
        assert db.session.scalars(db.select(Mail)).all() == []


def test_forum_that_one_no_longer_sees_sends_nothing(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    with app.app_context():
        db.session.get_one(Forum, world.forum).published_at = None
        db.session.commit()
    post.send()

    assert post.of("alice") == []


def test_draft_is_sent_to_whom_has_a_role_in_it(app, world: World, bruno, follow, reply, post):
    with app.app_context():
        db.session.get_one(Forum, world.forum).published_at = None
        db.session.add(ForumRole(user_id=world.bruno, forum_id=world.forum, role=Role.MODERATOR))
        db.session.commit()
    follow(world.alice)
    follow(world.moderator)
    reply(bruno)
    post.send()

    assert (len(post.of("moderator")), post.of("alice")) == (1, [])


def test_withdrawn_message_is_not_sent(world: World, bruno, follow, reply, post):
    follow(world.alice)
    bruno.post(f"/en/messages/{reply(bruno)}/withdraw/")
    post.send()

    assert post.of("alice") == []


def test_message_that_is_restored_is_sent_to_those_who_have_not_had_it(
    world: World, bruno, follow, reply, post, moderator
):
    follow(world.alice)
    number = reply(bruno)
    do(moderator, number, "withhold")
    post.send()
    assert post.of("alice") == []
    do(moderator, number, "restore")
    post.send()

    assert len(post.of("alice")) == 1


def test_message_that_is_restored_after_a_month_is_not_sent(app, world: World, bruno, follow, reply, post, moderator):
    follow(world.alice)
    number = reply(bruno)
    do(moderator, number, "withhold")
    post.send()
    with app.app_context():
        db.session.get_one(Message, number).published_at = utcnow() - Mail.KEPT_FOR
        db.session.commit()
    do(moderator, number, "restore")
    post.send()

    assert post.of("alice") == []


def test_email_of_a_message_of_a_closed_group_leads_to_no_reply(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    with app.app_context():
        db.session.execute(db.update(Period).values(closes_at=utcnow() - timedelta(minutes=2)))
        db.session.commit()
    post.send()

    [letter] = post.of("alice")
    assert "To reply:" not in text_of(letter)


@pytest.mark.parametrize("why", ["locked", "by_invitation"])
def test_email_leads_to_no_reply_where_its_reader_cannot_reply(why, app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    with app.app_context():
        if why == "locked":
            db.session.get_one(Topic, world.topic).locked_at = utcnow()
        else:
            db.session.get_one(Forum, world.forum).by_invitation = True
        db.session.commit()
    post.send()

    [letter] = post.of("alice")
    assert "To reply:" not in text_of(letter)


@pytest.mark.parametrize("act", ["withdraw", "withhold"])
def test_message_hidden_while_it_waits_is_not_sent(world: World, moderator, bruno, follow, reply, post, act):
    follow(world.alice)
    number = reply(bruno)
    post.server.answers["RCPT"] = "450 later"
    post.send()
    if act == "withdraw":
        bruno.post(f"/en/messages/{number}/withdraw/")
    else:
        do(moderator, number, "withhold")
    post.server.answers.clear()
    post.send(hours=1)

    assert post.of("alice") == []


def test_author_who_is_erased_while_a_message_waits_is_not_named_in_it(app, world, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    post.server.answers["RCPT"] = "450 later"
    post.send()
    with app.app_context():
        erase(db.session.get_one(User, world.bruno))
        db.session.commit()
    post.server.answers.clear()
    post.send(hours=1)

    [letter] = post.of("alice")
    assert "Former participant 1" in text_of(letter)
    assert "Bruno" not in letter.as_string()


def test_what_one_has_stopped_following_while_it_waits_is_not_sent(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    post.server.answers["RCPT"] = "450 later"
    post.send()
    with app.app_context():
        db.session.execute(db.delete(Follow))
        db.session.commit()
    post.server.answers.clear()
    post.send(hours=1)

    assert post.of("alice") == []


def test_outbox_has_no_word_of_what_is_sent(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    post.server.answers["RCPT"] = "450 later"
    post.send()

    with app.app_context():
        [mail] = db.session.scalars(db.select(Mail))
        assert (mail.text, mail.html, mail.sent_at) == ("", "", None)
        assert mail.lane == 1


def test_deleted_account_leaves_nothing_to_send(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno, to=world.first)
    post.server.answers["RCPT"] = "450 later"
    post.send()
    with app.app_context():
        erase(db.session.get_one(User, world.alice))
        db.session.commit()
        assert [db.session.scalars(db.select(kind)).all() for kind in (Follow, Delivery, Mail)] == [[], [], []]


def test_email_is_around_the_text_in_the_language_of_its_reader(app, world: World, bruno, follow, reply, post):
    change_user(app, world.alice, language="fr")
    follow(world.alice)
    reply(bruno, body="Estamos de acuerdo.", language="es")
    post.send()

    [letter] = post.of("alice")
    assert letter["Content-Language"] == "fr"
    assert "· español" in text_of(letter)
    assert '<div lang="es">' in html_of(letter)
    assert f"{HOST}/fr/messages/" in text_of(letter)


def test_mail_programs_show_a_topic_as_a_thread(app, world: World, bruno, moderator, follow, reply, post):
    follow(world.alice)
    first = reply(bruno)
    reply(moderator, to=first, body="An answer.")
    post.send()

    one, two = post.of("alice")
    key = f"message-{{}}-{world.alice}@127.0.0.1".format
    assert one["Message-ID"] == f"<{key(first)}>"
    assert (one["In-Reply-To"], one["References"]) == (f"<{key(world.first)}>",) * 2
    assert two["In-Reply-To"] == f"<{key(first)}>"
    assert two["References"] == f"<{key(world.first)}> <{key(first)}>"
    assert one["Subject"] == two["Subject"] == "Re: [Short open-forum (en)] Reporting formats"


def test_first_message_begins_the_thread(world: World, alice, bruno, follow, post):
    follow(world.bruno, forum_id=world.forum)
    alice.post(NEW, data=START)
    post.send()

    [letter] = post.of("bruno")
    assert letter["Subject"] == "[Short open-forum (en)] Another topic"
    assert letter["In-Reply-To"] is letter["References"] is None


def test_headers_name_the_list_and_how_to_leave_it(world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    post.send()

    [envelope] = post.server.taken
    head = envelope.content.partition(b"\r\n\r\n")[0].decode()
    assert "\r\nList-Id: <open-forum.127.0.0.1>\r\n" in head
    assert re.search(r"\r\nList-Unsubscribe: <http://127\.0\.0\.1:8000/en/follow/stop/[\w.-]+/>\r\n", head)
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
    assert parseaddr(str(post.of("alice")[0]["To"]))[1] == "alice@example.org"


def test_email_says_that_replies_are_not_read_and_leads_to_the_form(world: World, bruno, follow, reply, post):
    follow(world.alice)
    number = reply(bruno)
    post.send()

    text = text_of(post.of("alice")[0])
    assert "replies are not read" in text
    assert f"{HOST}/en/topics/{world.topic}/reply/?to={number}" in text


def test_merged_topic_keeps_its_followers(app, world: World, moderator, bruno, follow, reply, post):
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        other = make_topic(topic.group, topic.author, "Other")
        make_message(other, topic.author, "Words")
        db.session.commit()
        key = other.id
    for user_id in (world.moderator, world.admin):
        follow(user_id, topic_id=key)
    follow(world.admin)
    with app.app_context(), transaction():
        topics = held(key, world.topic)
        move(topics[key], topics[world.topic])
    reply(bruno)
    post.send()

    assert (len(post.of("moderator")), len(post.of("admin"))) == (1, 1)


def test_many_followers_are_given_a_message_in_steps(app, world: World, bruno, follow, reply, post, monkeypatch):
    monkeypatch.setattr("app.following.publication_actions.AT_ONCE", 3)
    with app.app_context():
        people = [make_user(f"person{number}").id for number in range(7)]
        db.session.commit()
    for key in people:
        follow(key)
    reply(bruno)
    post.send()

    assert [len(post.of(f"person{number}")) for number in range(7)] == [1] * 7
    with app.app_context():
        assert db.session.scalars(db.select(Publication)).all() == []


def test_new_address_gets_what_waits(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    post.server.answers["RCPT"] = "450 later"
    post.send()
    with app.app_context():
        move_to(db.session.get_one(User, world.alice), "new@example.org")
        db.session.commit()
    post.server.answers.clear()
    post.send(hours=1)

    assert len(post.of("new")) == 1


def test_password_reset_goes_before_messages_that_came_first(app, world: World, bruno, follow, reply, post):
    follow(world.alice)
    reply(bruno)
    post.server.answers["RCPT"] = "450 later"
    post.send()
    sign_in(app, world.alice)
    app.test_client().post("/en/auth/forgot/", data={"email": "bruno@example.org"})
    post.server.answers.clear()
    post.send(hours=1)

    assert [envelope.rcpt_tos[0] for envelope in post.server.taken] == ["bruno@example.org", "alice@example.org"]
