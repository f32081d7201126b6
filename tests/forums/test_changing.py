"""Editing and withdrawing one's own messages, and their history."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.counters import recount
from app.database import utcnow
from app.errors import TitleStands
from app.extensions import db
from app.forums import actions
from app.models import (
    Act,
    ActKind,
    Forum,
    ForumRole,
    Group,
    LogEntry,
    Message,
    MessageStatus,
    Revision,
    Role,
    Topic,
    User,
)
from app.writing import version_of
from tests.conftest import sign_in
from tests.moderation.conftest import do
from tests.world import World, make_message, make_topic, make_user


def edit(client: FlaskClient, number: int, body: str):
    return client.post(f"/en/messages/{number}/edit/", data={"body": body, "language": "en"})


def test_edited_message_shows_its_new_text_and_when_it_was_edited(world: World, alice: FlaskClient):
    answer = edit(alice, world.first, "A *much* shorter form.")

    page = alice.get(answer.location).text
    assert "A <em>much</em> shorter form." in page
    assert f'<a href="/en/messages/{world.first}/history/" rel="nofollow">Edited ' in page


def test_history_keeps_every_version(world: World, alice: FlaskClient, visitor: FlaskClient):
    edit(alice, world.first, "Second version.")
    edit(alice, world.first, "Third version.")

    history = visitor.get(f"/en/messages/{world.first}/history/").text

    positions = [history.index(text) for text in ("Third version.", "Second version.", "A shorter form would help.")]
    assert positions == sorted(positions)


def test_edit_without_a_change_leaves_no_version(app: Flask, world: World, alice: FlaskClient):
    edit(alice, world.first, "A shorter form would help.")

    with app.app_context():
        assert db.session.query(Revision).count() == 0
        assert db.session.get(Message, world.first).edited_at is None


def test_edit_form_has_the_present_text(world: World, alice: FlaskClient):
    assert "A shorter form would help." in alice.get(f"/en/messages/{world.first}/edit/").text


@pytest.mark.parametrize("action", ["edit", "withdraw"])
def test_nobody_can_change_a_message_of_someone_else(action: str, app: Flask, world: World, bruno, moderator, admin):
    for client in (bruno, moderator, admin):
        answer = client.post(f"/en/messages/{world.first}/{action}/", data={"body": "Mine now", "language": "en"})
        assert answer.status_code == 403

    with app.app_context():
        assert db.session.get(Message, world.first).body == "A shorter form would help."


def test_withdrawn_message_keeps_number_and_place_without_its_text(world: World, alice: FlaskClient, visitor):
    answer = alice.post(f"/en/messages/{world.first}/withdraw/")

    assert answer.status_code == 302
    page = visitor.get(f"/en/topics/{world.topic}/").text
    assert f'id="message-{world.first}"' in page
    assert "This message was withdrawn by its author" in page
    assert "A shorter form would help." not in page


def test_withdrawn_text_is_shown_nowhere_to_readers(world: World, alice: FlaskClient, visitor: FlaskClient):
    alice.post(f"/en/messages/{world.first}/withdraw/")

    for path in (
        f"print/topics/{world.topic}/",
        f"print/messages/{world.first}/",
        "print/forums/open-forum/",
        "feeds/forums/open-forum.atom",
        f"feeds/topics/{world.topic}.atom",
        f"messages/{world.first}/history/",
    ):
        assert "A shorter form would help." not in visitor.get(f"/en/{path}").text, path


def test_author_and_moderators_see_the_history_of_a_withdrawn_message(world, alice, moderator, admin):
    alice.post(f"/en/messages/{world.first}/withdraw/")

    for client in (alice, moderator, admin):
        page = client.get(f"/en/messages/{world.first}/history/").text
        assert "A shorter form would help." in page
        assert "This message was withdrawn by its author on " in page


def test_withdrawn_message_does_not_say_to_its_author_that_it_was_withheld(world, alice):
    answer = alice.post(f"/en/messages/{world.first}/withdraw/")
    page = alice.get(answer.location).text

    assert "Read the text of this message" in page
    assert "withheld" not in page


def test_author_and_moderators_see_the_history_of_a_withheld_message(
    app: Flask, world: World, alice, moderator, bruno, visitor
):
    with app.app_context():
        message = db.session.get_one(Message, world.first)
        message.status, message.withheld_at = MessageStatus.WITHHELD, utcnow()
        message.withheld_for = {"en": "Not about the topic"}
        db.session.commit()

    for client, status in ((alice, 200), (moderator, 200), (bruno, 403), (visitor, 403)):
        answer = client.get(f"/en/messages/{world.first}/history/")
        assert answer.status_code == status
        assert ("A shorter form would help." in answer.text) == (status == 200)
        assert ("Not about the topic" in answer.text) == (status == 200)


def test_nobody_else_sees_the_history_of_a_withdrawn_message(app: Flask, world: World, alice, bruno, visitor):
    edit(alice, world.first, "Second version.")
    alice.post(f"/en/messages/{world.first}/withdraw/")
    with app.app_context():
        elsewhere = db.session.query(Forum).filter(Forum.id != world.forum).first()
        stranger, translator = make_user("stranger"), make_user("translator")
        roles = (stranger, elsewhere.id, Role.MODERATOR), (translator, world.forum, Role.TRANSLATOR)
        db.session.add_all(ForumRole(user_id=user.id, forum_id=forum, role=role) for user, forum, role in roles)
        db.session.commit()
        clients = [sign_in(app, user.id) for user in (stranger, translator)]

    for client in (visitor, bruno, *clients):
        answer = client.get(f"/en/messages/{world.first}/history/")
        assert answer.status_code == 403
        assert "A shorter form would help." not in answer.text
        assert "Second version." not in answer.text


def test_withdrawing_keeps_the_counters_right(app: Flask, world: World, alice: FlaskClient):
    alice.post(f"/en/messages/{world.first}/withdraw/")

    with app.app_context():
        topic = db.session.get(Topic, world.topic)
        assert (topic.message_count, topic.participant_count, topic.last_position) == (1, 1, 2)


def test_withdrawing_shows_what_will_be_withdrawn(world: World, alice: FlaskClient):
    assert "A shorter form would help." in alice.get(f"/en/messages/{world.first}/withdraw/").text


@pytest.mark.parametrize("act", ["withdraw", "withhold"])
def test_message_that_nobody_can_read_does_not_lift_its_topic(act: str, app: Flask, world: World, bruno, moderator):
    with app.app_context():
        before = db.session.get(Message, world.first).posted_at
        db.session.get(Message, world.second).posted_at = later = before + timedelta(seconds=5)
        db.session.get(Topic, world.topic).active_at = later
        db.session.commit()

    def lifted_to() -> datetime:
        with app.app_context():
            return db.session.get(Topic, world.topic).active_at

    if act == "withdraw":
        bruno.post(f"/en/messages/{world.second}/withdraw/")
        assert lifted_to() == before
    else:
        do(moderator, world.second, "withhold")
        assert lifted_to() == before
        do(moderator, world.second, "restore")
        assert lifted_to() == later
    with app.app_context():
        assert recount() == []


@pytest.mark.parametrize("act", ["edit", "withdraw"])
def test_what_was_done_to_a_message_is_told_in_the_message_and_once(act: str, world: World, alice: FlaskClient):
    data = {"body": "Changed.", "language": "en"} if act == "edit" else {}
    address = alice.post(f"/en/messages/{world.first}/{act}/", data=data).location
    page, again = (html.document_fromstring(alice.get(address).text) for _time in range(2))

    [line] = page.find_class("flash")
    assert (line.getparent().get("id"), line.get("role"), line.get("tabindex")) == ("message-1", "status", "-1")
    assert again.find_class("flash") == []


def test_what_was_done_to_a_message_is_told_above_a_page_that_does_not_show_it(world: World, alice: FlaskClient):
    alice.post(f"/en/messages/{world.first}/withdraw/")
    page = html.document_fromstring(alice.get("/en/portal/").text)

    [line] = page.find_class("flash-success")
    assert line.getparent().tag == "main"


def test_message_is_withdrawn_once(app: Flask, world: World, alice: FlaskClient):
    """The same form sent again redirects to the same page and changes nothing."""
    path = f"/en/messages/{world.first}/withdraw/"
    first = alice.post(path)
    with app.app_context():
        at = db.session.get(Message, world.first).withdrawn_at
    again = alice.post(path)

    assert (again.status_code, again.location) == (302, first.location)
    assert "This has already been done. No further change was made." in alice.get(again.location).text
    assert alice.get(path).status_code == 409
    with app.app_context():
        assert db.session.get(Message, world.first).withdrawn_at == at


def test_topic_with_only_withdrawn_messages_offers_no_reply(world: World, alice, bruno, visitor):
    readers, invitations = (alice, visitor), ("Reply to this topic", "Sign in to reply")
    path = f"/en/topics/{world.topic}/"
    alice.post(f"/en/messages/{world.first}/withdraw/")
    before = [invitation in client.get(path).text for client, invitation in zip(readers, invitations, strict=True)]
    bruno.post(f"/en/messages/{world.second}/withdraw/")
    after = [invitation in client.get(path).text for client, invitation in zip(readers, invitations, strict=True)]

    assert (before, after) == ([True, True], [False, False])


def test_withdrawn_message_cannot_be_edited_answered_or_quoted(world: World, alice: FlaskClient):
    alice.post(f"/en/messages/{world.first}/withdraw/")

    assert edit(alice, world.first, "Back again").status_code == 409
    assert alice.get(f"/en/topics/{world.topic}/reply/?to={world.first}&quote=1").status_code == 409


def test_get_does_not_withdraw(app: Flask, world: World, alice: FlaskClient):
    alice.get(f"/en/messages/{world.first}/withdraw/")

    with app.app_context():
        assert db.session.get(Message, world.first).withdrawn_at is None


def test_edit_without_a_change_says_so(world: World, alice: FlaskClient):
    answer = edit(alice, world.first, "A shorter form would help.")

    page = alice.get(answer.location).text
    assert "You made no changes, so your message remains as it was." in page
    assert "Your message has been edited." not in page


@pytest.fixture
def own_topic(app: Flask, world: World) -> tuple[int, int]:
    """The keys of a topic and of its only message, by Alice."""
    with app.app_context():
        group, author = db.session.get_one(Group, world.group), db.session.get_one(User, world.alice)
        topic = make_topic(group, author, "Reportng formats")
        message = make_message(topic, author, "Own words.")
        db.session.commit()
        return topic.id, message.id


def change_topic(client: FlaskClient, number: int, **changes: str):
    data = {"body": "Own words.", "language": "en", "title": "Reporting formats", "question": "1"}
    return client.post(f"/en/messages/{number}/edit/", data=data | changes)


def topic_of(app: Flask, key: int) -> tuple[str, str, int]:
    with app.app_context():
        topic = db.session.get_one(Topic, key)
        return topic.title, topic.language, topic.question.number if topic.question else 0


def test_author_changes_title_and_question_while_nobody_else_has_written_in_the_topic(app, own_topic, alice):
    topic, number = own_topic
    answer = change_topic(alice, number)

    page = alice.get(answer.location).text
    assert "The title and question of the topic have been saved; your message is unchanged." in page
    assert topic_of(app, topic) == ("Reporting formats", "en", 1)


def test_changing_the_language_of_a_message_changes_that_of_its_title(app: Flask, own_topic, alice):
    topic, number = own_topic
    change_topic(alice, number, language="fr", title="Formats")

    assert topic_of(app, topic) == ("Formats", "fr", 1)


def test_log_keeps_the_title_and_the_question_that_an_author_has_changed(app: Flask, own_topic, alice):
    topic, number = own_topic
    change_topic(alice, number)

    with app.app_context():
        entry = db.session.query(LogEntry).filter_by(kind="topics", subject_id=topic).one()
        assert [(change["field"], change["old"], change["new"]) for change in entry.detail] == [
            ("title", "Reportng formats", "Reporting formats"),
            ("question", "", 1),
        ]


def test_title_cannot_be_changed_once_someone_else_has_written(app: Flask, world: World, own_topic, alice, bruno):
    topic, number = own_topic
    bruno.post(f"/en/topics/{topic}/reply/", data={"body": "An answer", "language": "en"})

    assert 'name="title"' not in alice.get(f"/en/messages/{number}/edit/").text
    answer = change_topic(alice, number)
    assert topic_of(app, topic)[0] == "Reportng formats"
    assert answer.status_code == 409
    assert "Its title and question therefore remain unchanged." in answer.text
    assert "Reporting formats" in answer.text, "what was typed is given back"


def test_title_cannot_be_changed_if_someone_else_has_written_meanwhile(app: Flask, world, own_topic):
    _topic, number = own_topic
    with app.app_context():
        author, message = db.session.get_one(User, world.alice), db.session.get_one(Message, number)
        make_message(message.topic, db.session.get_one(User, world.bruno), "An answer")
        db.session.commit()
        changes = {"body": "Own words.", "language": "en", "on_behalf_of": ""}
        sent = actions.Sent("", version_of(message))
        with pytest.raises(TitleStands):
            actions.edit(message, author=author, changes=changes, topic={"title": "Other", "question": 0}, sent=sent)


def test_title_cannot_be_changed_once_the_secretariat_has_changed_it(app: Flask, world: World, own_topic, alice):
    topic, number = own_topic
    with app.app_context():
        values = {"kind": ActKind.RETITLE, "user_id": world.moderator, "topic_id": topic, "forum_id": world.forum}
        db.session.add(Act(**values))
        db.session.commit()

    assert 'name="title"' not in alice.get(f"/en/messages/{number}/edit/").text


def test_title_can_be_changed_only_with_the_first_message(app: Flask, own_topic, alice):
    topic, _first = own_topic
    with app.app_context():
        found = db.session.get_one(Topic, topic)
        second = make_message(found, found.author, "More words.").id
        db.session.commit()

    assert 'name="title"' not in alice.get(f"/en/messages/{second}/edit/").text
    change_topic(alice, second)
    assert topic_of(app, topic)[0] == "Reportng formats"


def test_preview_still_tells_that_a_correction_would_be_overwritten(world: World, alice: FlaskClient, moderator):
    address, sent = f"/en/messages/{world.first}/edit/", {"body": "Mine.", "language": "en"}
    version = html.document_fromstring(alice.get(address).text).xpath("//main//form")[0].fields["version"]
    do(moderator, world.first, "correct", body="Corrected.", language="en")
    told = alice.post(address, data={**sent, "version": version})
    form = dict(html.document_fromstring(told.text).xpath("//main//form")[0].form_values())
    previewed = alice.post(address, data={**form, **sent, "preview": "1"})

    assert (told.status_code, previewed.status_code) == (409, 409)
    assert "Corrected." in previewed.text
    assert "This has been changed since you opened the page" in previewed.text


def test_print_of_what_others_do_not_see_is_not_kept_by_the_browser(world: World, alice: FlaskClient):
    answer = alice.get(f"/en/print/messages/{world.first}/")

    assert answer.headers["Cache-Control"] == "private, no-store"
