"""The mails of moderation: recipients, languages and contents."""

from datetime import timedelta

import pytest
from flask import Flask

from app.database import as_of, utcnow
from app.extensions import db
from app.mail.letters import sender_of
from app.mail.sending import FolderCarrier
from app.mail.worker import claim, deliver_due
from app.models import Forum, ForumRole, Mail, Message, Role, User
from tests.conftest import CONTACT, sign_in
from tests.moderation.conftest import BODY, changed, do, moderator_of
from tests.world import World, make_forum, make_message, make_topic, make_user

SUBJECTS = {
    "approve": "Votre message #3 a été publié",
    "return": "Veuillez modifier votre message #3",
    "correct": "Votre message #3 a été corrigé",
    "withhold": "Votre message #3 a été masqué",
    "restore": "Votre message #3 a été rétabli",
}
LEADS_TO = {
    "approve": "/fr/messages/3/",
    "return": "/fr/messages/3/edit/",
    "correct": "/fr/messages/3/history/",
    "withhold": "/fr/messages/3/history/",
    "restore": "/fr/messages/3/",
}


@pytest.mark.parametrize("act", SUBJECTS)
def test_author_gets_a_mail_in_their_language_with_reason_and_link(act: str, app, world, waiting, moderator, mails):
    if act == "restore":
        do(moderator, waiting, "withhold")
    answer = do(moderator, waiting, act, words="Hors sujet", body="Autre texte", language="fr")
    mail = mails()[-1]

    assert answer.status_code == 302
    assert (mail.recipient, mail.language) == ("bruno@example.org", "fr")
    assert mail.subject == SUBJECTS[act]
    assert f"http://127.0.0.1:8000{LEADS_TO[act]}" in mail.text
    assert "Title of open-forum (fr)" in mail.text
    for text in (mail.text, mail.html):
        assert ("Hors sujet" in text) == (act != "approve")
        assert BODY not in text
        assert "Moderator" not in text, "mails name only the Secretariat"


def test_mail_marks_the_language_of_a_reason_in_another_language(world: World, waiting: int, moderator, mails):
    do(moderator, waiting, "return", words="Please name your source")

    assert '<span lang="en">Please name your source</span>' in mails()[0].html


def test_former_participant_gets_no_mail(app: Flask, world: World, waiting: int, moderator, mails):
    with changed(app, User, world.bruno) as bruno:
        bruno.former_number = 17

    assert do(moderator, waiting, "approve").status_code == 302
    assert mails() == []


def test_moderator_gets_no_mail_about_an_act_on_their_own_message(app: Flask, world: World, moderator, mails):
    with changed(app, Message, world.first) as message:
        message.author_id = world.moderator
    do(moderator, world.first, "withhold")

    assert mails() == []


def test_refused_act_sends_no_mail(world: World, waiting: int, moderator, mails):
    do(moderator, waiting, "restore")
    do(moderator, waiting, "return", words="")

    assert mails() == []


def recipients(mails) -> list[tuple[str, str]]:
    return [(mail.recipient, mail.language) for mail in mails()]


@pytest.fixture
def reply(read_first, world: World, alice):
    data = {"body": "New words", "language": "en"}
    return lambda: alice.post(f"/en/topics/{world.topic}/reply/", data=data)


def test_each_moderator_of_the_forum_gets_a_mail_in_their_language(app: Flask, world: World, reply, mails):
    moderator_of(app, world.forum, "marie", language="fr")
    reply()

    assert recipients(mails) == [("moderator@example.org", "en"), ("marie@example.org", "fr")]
    assert mails()[1].subject == "Le message #3 est en attente d’approbation"
    assert "/fr/moderation/messages/3/" in mails()[1].text


def test_moderator_of_other_languages_or_of_another_forum_gets_no_mail(app, world, reply, stranger, mails):
    moderator_of(app, world.forum, "limited", languages="es fr")
    reply()

    assert recipients(mails) == [("moderator@example.org", "en")]


def test_administrators_get_the_mail_if_a_forum_has_no_moderator(app: Flask, world: World, reply, mails):
    with app.app_context():
        db.session.query(ForumRole).delete()
        db.session.commit()
    reply()

    assert recipients(mails) == [("admin@example.org", "en")]


def test_moderator_whose_account_is_not_active_gets_no_mail(app: Flask, world: World, reply, mails):
    with app.app_context():
        for user in (make_user("away", suspended_at=utcnow()), make_user("unsure", confirmed_at=None)):
            db.session.add(ForumRole(user_id=user.id, forum_id=world.forum, role=Role.MODERATOR))
        db.session.commit()
    reply()

    assert recipients(mails) == [("moderator@example.org", "en")]


def test_moderators_get_another_mail_once_a_returned_message_is_changed(world, reply, moderator, alice, mails):
    number = int(reply().location.rpartition("-")[2])
    path, data = f"/en/messages/{number}/edit/", {"language": "en"}
    alice.post(path, data={**data, "body": "Changed while it waits"})
    do(moderator, number, "return")
    alice.post(path, data={**data, "body": "Changed as asked"})

    told = [mail for mail in mails() if mail.recipient == "moderator@example.org"]
    assert [(mail.subject, mail.news) for mail in told] == [("2 messages to moderate", 2)]


def later(app: Flask, **by: float) -> None:
    """Move the times of all mails back by this much."""
    with app.app_context():
        for mail in db.session.scalars(db.select(Mail)):
            mail.created_at -= timedelta(**by)
            mail.due_at -= timedelta(**by)
            mail.sent_at = mail.sent_at and mail.sent_at - timedelta(**by)
        db.session.commit()


def sent(app: Flask) -> int:
    """Run the worker and return how many mails it has sent."""
    with app.app_context():
        return deliver_due(FolderCarrier(app.config["SITE"].instance / "mail"), sender_of(app.config["SITE"]))


def post(app: Flask, world: World, times: int) -> None:
    """Post messages, without the receipts for them."""
    client = sign_in(app, world.alice)
    for number in range(times):
        data = {"body": f"Words {number} {times}", "language": "en"}
        assert client.post(f"/en/topics/{world.topic}/reply/", data=data).status_code == 302
    with app.app_context():
        db.session.execute(db.delete(Mail).where(Mail.receipt_of_id.is_not(None)))
        db.session.commit()


def test_first_message_sends_a_mail_at_once_and_the_next_ones_share_a_mail_an_hour_later(app, world, read_first, mails):
    post(app, world, 1)
    assert sent(app) == 1
    post(app, world, 12)

    assert sent(app) == 0
    later(app, minutes=59)
    assert sent(app) == 0
    later(app, minutes=1)
    assert sent(app) == 1, "although nothing more was posted"
    first, second = mails()
    assert first.subject == "Message #3 is awaiting approval"
    assert second.subject == "12 messages to moderate"
    assert "12 messages in the forum “Title of open-forum (en)” have been submitted for approval" in second.text
    assert "http://127.0.0.1:8000/en/moderation/" in second.text


def test_delayed_mail_about_a_single_message_names_it(app: Flask, world: World, read_first, mails):
    for _ in range(2):
        post(app, world, 1)
        sent(app)
        later(app, minutes=5)
        with app.app_context():  # so that the same text is not taken for a repetition
            db.session.query(Message).update({"posted_at": utcnow() - timedelta(hours=2)})
            db.session.commit()
    later(app, minutes=55)

    assert sent(app) == 1
    assert mails()[-1].subject == "Message #4 is awaiting approval"


def test_message_after_an_hour_without_mail_sends_one_at_once(app: Flask, world: World, read_first, mails):
    post(app, world, 1)
    sent(app)
    later(app, minutes=61)
    post(app, world, 2)

    assert sent(app) == 1
    assert mails()[-1].subject == "2 messages to moderate", "both were posted before the worker ran"


def test_clock_that_was_ahead_keeps_no_moderator_waiting(app: Flask, world: World, read_first, mails):
    post(app, world, 1)
    with as_of(utcnow() + timedelta(days=400)):
        sent(app)
    post(app, world, 2)

    assert mails()[-1].news == 2
    assert mails()[-1].due_at <= utcnow() + timedelta(hours=1)


def test_messages_posted_while_a_mail_is_being_sent_are_in_the_next_mail(app: Flask, world: World, read_first, mails):
    post(app, world, 1)
    with app.app_context():
        claim(utcnow())
    post(app, world, 3)

    assert [mail.news for mail in mails()] == [1, 3]
    assert mails()[1].due_at > utcnow() + timedelta(minutes=59)


def test_hourly_mail_is_counted_for_each_forum(app: Flask, world: World, read_first, mails):
    post(app, world, 1)
    with app.app_context():
        forum = make_forum("second-forum")
        author, moderator = db.session.get_one(User, world.alice), db.session.get_one(User, world.moderator)
        db.session.add(ForumRole(user_id=moderator.id, forum_id=forum.id, role=Role.MODERATOR))
        number = make_message(make_topic(forum.groups[0], author, "Other"), author, "Words").id
        db.session.commit()
    sent(app)
    sign_in(app, world.bruno).post(f"/en/messages/{number}/report/", data={"reason": "Off topic"})

    assert sent(app) == 1
    assert mails()[-1].subject == f"Message #{number} was reported"


def test_author_who_may_no_longer_see_the_forum_gets_no_mail(app, world, waiting, admin, mails):
    with changed(app, Forum, world.forum) as forum:
        forum.published_at = None

    assert do(admin, waiting, "return").status_code == 302
    assert mails() == []


@pytest.mark.parametrize(("act", "is_named"), [("withhold", True), ("approve", False)])
def test_mail_about_a_withheld_message_names_the_contact(
    act: str, is_named: bool, reachable: Flask, world: World, waiting: int, mails
):
    do(sign_in(reachable, world.moderator), waiting, act)

    assert [CONTACT in text for text in (mails()[0].text, mails()[0].html)] == [is_named, is_named]
