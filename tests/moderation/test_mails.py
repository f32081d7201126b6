"""The mails of moderation: to whom, in which language, and with what in them."""

import pytest
from flask import Flask

from app.database import utcnow
from app.extensions import db
from app.models import Forum, ForumRole, Message, Role, User
from tests.conftest import CONTACT, sign_in
from tests.moderation.conftest import BODY, changed, do, moderator_of
from tests.world import World, make_user

SUBJECTS = {
    "approve": "Votre message numéro 3 est publié",
    "return": "Veuillez modifier votre message numéro 3",
    "correct": "Votre message numéro 3 a été corrigé",
    "withhold": "Votre message numéro 3 a été retenu",
    "restore": "Votre message numéro 3 a été rétabli",
}
LEADS_TO = {
    "approve": "/fr/messages/3/",
    "return": "/fr/messages/3/edit/",
    "correct": "/fr/messages/3/history/",
    "withhold": "/fr/messages/3/history/",
    "restore": "/fr/messages/3/",
}


@pytest.mark.parametrize("act", SUBJECTS)
def test_author_is_told_in_his_own_language_why_and_where(act: str, app, world, waiting, moderator, mails):
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
        assert "Moderator" not in text, "it was the Secretariat"


def test_reason_in_another_language_is_marked(world: World, waiting: int, moderator, mails):
    do(moderator, waiting, "return", words="Please name your source")

    assert '<span lang="en">Please name your source</span>' in mails()[0].html


def test_former_participant_gets_no_mail(app: Flask, world: World, waiting: int, moderator, mails):
    with changed(app, User, world.bruno) as bruno:
        bruno.former_number = 17

    assert do(moderator, waiting, "approve").status_code == 302
    assert mails() == []


def test_moderator_who_acts_on_his_own_message_is_not_told_of_it(app: Flask, world: World, moderator, mails):
    with changed(app, Message, world.first) as message:
        message.author_id = world.moderator
    do(moderator, world.first, "withhold")

    assert mails() == []


def test_refused_act_tells_nobody(world: World, waiting: int, moderator, mails):
    do(moderator, waiting, "restore")
    do(moderator, waiting, "return", words="")

    assert mails() == []


def recipients(mails) -> list[tuple[str, str]]:
    return [(mail.recipient, mail.language) for mail in mails()]


@pytest.fixture
def reply(read_first, world: World, alice):
    data = {"body": "New words", "language": "en"}
    return lambda: alice.post(f"/en/topics/{world.topic}/reply/", data=data)


def test_each_moderator_of_the_forum_is_told_in_his_own_language(app: Flask, world: World, reply, mails):
    moderator_of(app, world.forum, "marie", language="fr")
    reply()

    assert recipients(mails) == [("moderator@example.org", "en"), ("marie@example.org", "fr")]
    assert mails()[1].subject == "Le message numéro 3 attend d'être approuvé"
    assert "/fr/moderation/messages/3/" in mails()[1].text


def test_moderator_of_other_languages_or_of_another_forum_is_not_told(app, world, reply, stranger, mails):
    moderator_of(app, world.forum, "limited", languages="es fr")
    reply()

    assert recipients(mails) == [("moderator@example.org", "en")]


def test_administrators_are_told_where_a_forum_has_no_moderator(app: Flask, world: World, reply, mails):
    with app.app_context():
        db.session.query(ForumRole).delete()
        db.session.commit()
    reply()

    assert recipients(mails) == [("admin@example.org", "en")]


def test_moderator_whose_account_is_not_in_use_is_not_told(app: Flask, world: World, reply, mails):
    with app.app_context():
        for user in (make_user("away", suspended_at=utcnow()), make_user("unsure", confirmed_at=None)):
            db.session.add(ForumRole(user_id=user.id, forum_id=world.forum, role=Role.MODERATOR))
        db.session.commit()
    reply()

    assert recipients(mails) == [("moderator@example.org", "en")]


def test_moderators_are_told_again_when_a_returned_message_was_changed(world, reply, moderator, alice, mails):
    number = int(reply().location.rpartition("-")[2])
    path, data = f"/en/messages/{number}/edit/", {"language": "en"}
    alice.post(path, data={**data, "body": "Changed while it waits"})
    do(moderator, number, "return")
    alice.post(path, data={**data, "body": "Changed as asked"})

    subjects = [mail.subject for mail in mails()]
    assert subjects == [
        "Message number 3 waits for approval",
        "Please change your message number 3",
        "Message number 3 waits for approval",
    ]


def test_author_who_may_not_see_the_forum_any_more_is_told_nothing_of_it(app, world, waiting, admin, mails):
    with changed(app, Forum, world.forum) as forum:
        forum.published_at = None

    assert do(admin, waiting, "return").status_code == 302
    assert mails() == []


@pytest.mark.parametrize(("act", "is_named"), [("withhold", True), ("approve", False)])
def test_whose_message_is_withheld_learns_whom_to_write_to(
    act: str, is_named: bool, reachable: Flask, world: World, waiting: int, mails
):
    do(sign_in(reachable, world.moderator), waiting, act)

    assert [CONTACT in text for text in (mails()[0].text, mails()[0].html)] == [is_named, is_named]
