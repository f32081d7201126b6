"""Starting topics and replying: what is posted, what is refused, and that typed text is never lost."""

import html
import re
import time
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.database import utcnow
from app.extensions import db
from app.forums import actions
from app.models import Forum, Group, Message, MessageStatus, Period, PeriodKind, Topic, User
from tests.world import World, make_forum, make_message, make_pending, make_topic

NEW = "/en/forums/open-forum/groups/group-1/new/"


def message(body: str, **more: str) -> dict[str, str]:
    return {"body": body, "language": "en"} | more


def count(app: Flask, kind: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(kind.id)))


def last(app: Flask) -> Message:
    with app.app_context():
        return db.session.scalar(select(Message).order_by(Message.id.desc()).limit(1))


def reply_path(world: World) -> str:
    return f"/en/topics/{world.topic}/reply/"


def close(app: Flask, world: World, seconds_ago: int) -> None:
    with app.app_context():
        db.session.get(Forum, world.forum).periods[0].closes_at = utcnow() - timedelta(seconds=seconds_ago)
        db.session.commit()


def test_topic_under_a_question_is_in_its_group(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(NEW, data=message("Two forms into one.", title="Fewer forms", question="1"))

    assert answer.status_code == 302
    page = alice.get(answer.location).text
    assert "What would help most? (en)" in page
    assert "Fewer forms" in alice.get("/fr/forums/open-forum/groups/group-1/").text


def test_free_topic_needs_no_question(world: World, alice: FlaskClient):
    answer = alice.post(NEW, data=message("Something else.", title="Free", question="0"))

    assert answer.status_code == 302


def test_topic_without_a_title_is_refused_and_its_text_kept(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(NEW, data=message("A long thought.", title="  ", question="0"))

    assert answer.status_code == 422
    assert "Give the topic a title." in answer.text
    assert "A long thought." in answer.text
    assert "<title>Error: " in answer.text


def test_emoji_that_are_newer_than_python_stay(world: World, alice: FlaskClient):
    answer = alice.post(NEW, data=message("\U0001fae8 \U0001fabf", title="\U0001fa77", question="0"))
    page = alice.get(answer.location).text

    assert "<p>\U0001fae8 \U0001fabf</p>" in page
    assert "<h1>\U0001fa77</h1>" in page


def test_question_that_the_group_does_not_have_is_refused(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(NEW, data=message("Body", title="T", question="7"))

    assert answer.status_code == 422
    assert count(app, Topic) == 1


def test_reply_keeps_capacity_and_organization_at_the_time_of_posting(app: Flask, world: World, bruno: FlaskClient):
    bruno.post(reply_path(world), data=message("As a ministry."))
    with app.app_context():
        db.session.get(User, world.bruno).organization = "Another ministry"
        db.session.commit()

    posted = last(app)

    assert (posted.organization, posted.capacity, posted.country) == ("Ministry of Tests", "party", "XA")


def test_reply_is_linked_both_ways(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(f"{reply_path(world)}?to={world.first}", data=message("To the first."))

    page = alice.get(answer.location).text
    posted = last(app)
    assert f'In reply to <a href="#message-{world.first}" tabindex=-1>#{world.first}</a>' in page
    assert f'<a href="#message-{posted.id}">#{posted.id}</a></p>' in page


def test_reply_may_be_on_behalf_of_others(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message("We say.", on_behalf_of="The Group of <b>Ten</b>"))

    assert "<bdi>The Group of &lt;b&gt;Ten&lt;/b&gt;</bdi>" in alice.get(answer.location).text


def test_message_is_in_the_chosen_language(world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message("Bonjour.", language="fr"))

    assert '<div class="prose" lang="fr"><p>Bonjour.</p>' in alice.get(answer.location).text


def test_interface_s_language_is_offered_first(world: World, alice: FlaskClient):
    page = alice.get(f"/es/topics/{world.topic}/reply/").text

    assert '<option selected value="es">' in page


def test_counters_follow_the_messages(app: Flask, world: World, moderator: FlaskClient):
    for body in ("First.", "Again."):
        moderator.post(reply_path(world), data=message(body))

    with app.app_context():
        topic = db.session.get(Topic, world.topic)
        assert (topic.message_count, topic.participant_count, topic.last_position) == (4, 3, 4)


def test_same_form_sent_twice_posts_once(app: Flask, world: World, alice: FlaskClient):
    sent = message("Once only.", submission="0123456789abcdef")

    first, second = (alice.post(reply_path(world), data=sent) for _ in range(2))

    assert first.location == second.location
    assert count(app, Message) == 3


def test_same_topic_form_sent_twice_starts_one_topic(app: Flask, world: World, alice: FlaskClient):
    sent = message("Body", title="Once", question="0", submission="0123456789abcdef")

    first, second = (alice.post(NEW, data=sent) for _ in range(2))

    assert first.location == second.location
    assert count(app, Topic) == 2


def test_same_form_key_of_another_person_does_not_count_as_sent_twice(app: Flask, world: World, alice, bruno):
    for client in (alice, bruno):
        client.post(reply_path(world), data=message("Same key.", submission="0123456789abcdef"))

    assert count(app, Message) == 4


def test_preview_shows_the_text_and_posts_nothing(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message("Some **bold** words.", preview="1"))

    assert answer.status_code == 200
    assert "<strong>bold</strong>" in answer.text
    assert "Some **bold** words." in answer.text
    assert count(app, Message) == 2


def test_preview_shows_on_whose_behalf_the_message_is(world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message("Words.", preview="1", on_behalf_of="The <b>Group</b>"))

    assert '<p class="on-behalf">on behalf of <bdi>The &lt;b&gt;Group&lt;/b&gt;</bdi></p>' in answer.text


def test_live_preview_returns_safe_html_only(world: World, alice: FlaskClient):
    answer = alice.post("/en/preview/", data={"body": "*x* <script>alert(1)</script>"})

    assert answer.text.strip() == "<p><em>x</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>"


@pytest.mark.parametrize(
    ("language", "said_by"),
    [("en", "Alice, Republic of Valdorenia (#1):"), ("fr", "Alice, République de Valdorénie (#1)\u00a0:")],
)
def test_quote_puts_the_text_into_the_form_and_says_whose_it_is(language: str, said_by: str, world: World, bruno):
    page = bruno.get(f"/{language}/topics/{world.topic}/reply/?to={world.first}&quote=1").text

    assert f"&gt; {said_by}\n&gt;\n&gt; A shorter form would help." in page


def test_quotation_keeps_the_language_of_the_message_that_it_names(app: Flask, world: World, alice: FlaskClient):
    page = alice.get(f"{reply_path(world)}?to={world.second}&quote=1").text
    quoted = html.unescape(re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page, re.DOTALL)[1])

    alice.post(
        reply_path(world),
        data=message(f"{quoted}\n\nIndeed.\n\n> Words of nobody.\n\nOr:\n\n> Alice (#{world.first}):\n> in English"),
    )

    shown = last(app).html
    assert shown.count("<blockquote") == 3
    assert re.findall(r"<blockquote([^>]*)>", shown) == [' lang="es"', "", ""]


@pytest.mark.parametrize("rest", ["\n>\n> hola", "\n> hola"], ids=["paragraph", "line"])
def test_line_that_names_whom_a_quotation_quotes_has_the_language_of_the_message(rest: str, app, world, alice, visitor):
    alice.post(reply_path(world), data=message(f"> Bruno (#{world.second}):{rest}"))

    for path in (f"topics/{world.topic}", f"print/topics/{world.topic}"):
        page = visitor.get(f"/fr/{path}/").text
        assert re.search(r'<blockquote lang="es">\s*<p><span lang="en">Bruno \([^\n]*\):</span><', page), path


@pytest.mark.parametrize("language", ["en", "fr"])
def test_both_previews_show_what_will_be_saved(language: str, app: Flask, world: World, alice: FlaskClient):
    """A quotation has its language, and the number of a message that is not public yet is a link in its forum."""
    with app.app_context():
        waiting = make_pending(db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno), "?").id
        db.session.commit()
    sent = message(f"  > Bruno (#{world.second}):\n> hola\n\n#{waiting}\n") | {"language": language}
    form = alice.post(reply_path(world), data=sent | {"preview": "1"}).text
    [address] = re.findall(r'data-preview="([^"]*)"', form)
    by_script = alice.post(address, data=sent).text.strip()
    alice.post(reply_path(world), data=sent)

    saved = last(app).html
    assert '<blockquote lang="es">' in saved
    assert saved.count("<a ") == 2
    assert by_script == saved.replace('"/messages/', '"/en/messages/')
    assert by_script in form


@pytest.mark.parametrize("forum", ["0", "-1", "x", "9" * 30, "\0"])
def test_preview_without_a_forum_shows_the_text(forum: str, alice: FlaskClient):
    assert "Words" in alice.post("/en/preview/", query_string={"forum": forum}, data={"body": "Words"}).text


@pytest.mark.parametrize(("words", "is_open"), [(20, True), (2000, False)])
def test_reply_form_folds_a_long_message_that_is_answered(words: int, is_open: bool, app: Flask, world: World, alice):
    with app.app_context():
        topic, bruno = db.session.get(Topic, world.topic), db.session.get(User, world.bruno)
        number = make_message(topic, bruno, "word " * words).id
        db.session.commit()

    page = alice.get(f"{reply_path(world)}?to={number}").text

    assert re.search(r'<details class="answered"( open)?>', page)[1] == (" open" if is_open else None)
    assert f'id="message-{number}"' in page


def test_reply_form_shows_what_is_answered(world: World, bruno: FlaskClient):
    page = bruno.get(f"{reply_path(world)}?to={world.first}").text

    assert f'id="message-{world.first}"' in page


def test_empty_message_is_refused(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message(" \r\n "))

    assert answer.status_code == 422
    assert "Please write your message first." in answer.text


@pytest.mark.parametrize(
    "body",
    [
        "\u200b\u3164\u2800",
        "\u00ad \n\n \u0301",
        "[\u200b](https://example.org)",
        "---",
    ],
)
def test_message_without_visible_content_is_refused(body: str, app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message(body))

    assert answer.status_code == 422
    assert "Please write your message first." in answer.text
    assert count(app, Message) == 2


def test_message_of_one_character_is_accepted(world: World, alice: FlaskClient):
    assert alice.post(reply_path(world), data=message("\U0001f44d")).status_code == 302


def test_title_without_visible_characters_is_refused(app: Flask, world: World, alice: FlaskClient):
    answer = alice.post(NEW, data=message("A long thought.", title="\u200b\u3164", question="0"))

    assert answer.status_code == 422
    assert "Give the topic a title." in answer.text
    assert count(app, Topic) == 1


def test_overlong_message_is_refused_with_both_lengths_and_its_text_kept(world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message("x" * (Message.MAX_BODY + 1)))

    assert answer.status_code == 422
    assert f"{Message.MAX_BODY + 1} characters; the maximum is {Message.MAX_BODY}" in answer.text
    assert "x" * (Message.MAX_BODY + 1) in answer.text


@pytest.mark.parametrize("text", ["é" * 2**19, "\U0001f33f" * 2**18, "- é\n" * 2**18], ids=["accents", "emoji", "list"])
def test_message_of_a_megabyte_is_refused_at_its_field_and_its_text_kept(text: str, world: World, alice: FlaskClient):
    """Its encoded form takes up to three megabytes."""
    answer = alice.post(reply_path(world), data=message(text))

    assert answer.status_code == 422
    assert f"the maximum is {Message.MAX_BODY}" in answer.text
    assert text in answer.text


def test_text_that_is_too_long_is_not_rendered(world: World, alice: FlaskClient):
    """Rendering it would take many seconds."""
    start = time.process_time()
    alice.post(reply_path(world), data=message("> é\n\n" * 200_000))

    assert time.process_time() - start < 4


@pytest.mark.parametrize(
    ("content_type", "before"),
    [
        ("application/x-www-form-urlencoded", b"body="),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="body"\r\n\r\n'),
    ],
)
def test_message_of_many_megabytes_is_refused_clearly(content_type: str, before: bytes, world: World, alice):
    path = f"/fr/topics/{world.topic}/reply/"
    answer = alice.post(path, data=before + b"x" * 5_000_000, content_type=content_type)

    assert answer.status_code == 413
    assert "<h1>Envoi trop volumineux</h1>" in answer.text
    assert "xxx" not in answer.text


def test_intricate_text_is_refused_and_kept(world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message("> " * 30 + "deep"))

    assert answer.status_code == 422
    assert "&gt; " * 30 + "deep" in answer.text


@pytest.mark.parametrize("body", ["a\x00b", "\u202egnp.exe", "\U0001d56c 😀", "\ufffe odd \uffff", "\ud7ff"])
def test_unusual_characters_are_accepted(body: str, world: World, alice: FlaskClient):
    answer = alice.post(reply_path(world), data=message(f"Text {body} text"))

    assert answer.status_code == 302
    assert alice.get(answer.location).status_code == 200


def test_form_sent_one_second_after_the_deadline_is_refused_and_its_text_kept(app, world, alice):
    close(app, world, seconds_ago=1)

    answer = alice.post(reply_path(world), data=message("Too late?"))

    assert answer.status_code == 409
    assert "The discussion is closed" in answer.text
    assert "Too late?" in answer.text
    assert count(app, Message) == 2


def test_form_sent_one_second_before_the_deadline_is_accepted(app, world, alice):
    close(app, world, seconds_ago=-2)

    assert alice.post(reply_path(world), data=message("Just in time.")).status_code == 302


def test_deadline_of_the_group_takes_precedence_over_the_forum_s(app: Flask, world: World, alice: FlaskClient):
    with app.app_context():
        now = utcnow()
        db.session.add(
            Period(
                forum_id=world.forum,
                group_id=world.group,
                kind=PeriodKind.SCHEDULED,
                opens_at=now - timedelta(hours=2),
                closes_at=now - timedelta(hours=1),
            )
        )
        db.session.commit()

    assert alice.post(reply_path(world), data=message("Late")).status_code == 409


def test_forum_closed_just_before_the_transaction_is_checked_inside_it(app, world, monkeypatch, alice):
    """The check of the view passes; the forum closes before the transaction starts."""
    begin = actions.transaction

    def close_first(**given):
        with app.app_context():
            db.session.get(Forum, world.forum).periods[0].closes_at = utcnow() - timedelta(seconds=1)
            db.session.commit()
        return begin(**given)

    monkeypatch.setattr(actions, "transaction", close_first)

    assert alice.post(reply_path(world), data=message("In between")).status_code == 409
    assert count(app, Message) == 2


@pytest.mark.parametrize("path", ["topics/{topic}/reply/", "messages/{first}/edit/", "messages/{first}/withdraw/"])
def test_archived_forum_accepts_no_writing(path: str, app: Flask, world: World, alice: FlaskClient):
    with app.app_context():
        db.session.get(Forum, world.forum).archived_at = utcnow()
        db.session.commit()

    answer = alice.post("/en/" + path.format(topic=world.topic, first=world.first), data=message("Kept words"))

    assert answer.status_code == 409
    assert "This forum is archived and can no longer be changed." in answer.text
    assert "Kept words" in answer.text


def test_visitor_is_redirected_to_sign_in_and_back(world: World, visitor: FlaskClient):
    answer = visitor.get(f"{reply_path(world)}?to={world.first}")

    assert answer.location == f"/en/auth/sign-in/?next=%2Fen%2Ftopics%2F{world.topic}%2Freply%2F%3Fto%3D{world.first}"


def test_post_of_a_visitor_writes_nothing_and_keeps_the_text(app: Flask, world: World, visitor: FlaskClient):
    answer = visitor.post(reply_path(world), data=message("My words"))

    assert answer.status_code == 403
    assert "My words" in answer.text
    assert count(app, Message) == 2


def test_expired_session_keeps_the_text(app: Flask, world: World, alice: FlaskClient):
    app.config["WTF_CSRF_ENABLED"] = True

    answer = alice.post(reply_path(world), data=message("An hour of work"))

    assert answer.status_code == 400
    assert "An hour of work" in answer.text
    assert count(app, Message) == 2


@pytest.mark.parametrize("path", ["/en/topics/99/reply/", "/en/topics/{other}/reply/"])
def test_unknown_or_hidden_topic_accepts_no_reply(path: str, app: Flask, world: World, alice: FlaskClient):
    with app.app_context():
        draft = db.session.scalar(select(Group).join(Forum).where(Forum.slug == "draft-forum"))
        hidden = make_topic(draft, db.session.get(User, world.admin), "Hidden")
        db.session.commit()
        path = path.format(other=hidden.id)

    assert alice.post(path, data=message("x")).status_code == 404


@pytest.mark.parametrize("to", ["{other}", "99", "x", "-1", "9" * 30])
def test_reply_to_a_message_of_another_topic_is_refused(to: str, app: Flask, world: World, alice: FlaskClient):
    with app.app_context():
        forum = make_forum("second-forum")
        topic = make_topic(forum.groups[0], db.session.get(User, world.alice), "Elsewhere")
        other = make_message(topic, db.session.get(User, world.alice), "There")
        db.session.commit()
        to = to.format(other=other.id)

    assert alice.post(f"{reply_path(world)}?to={to}", data=message("x")).status_code == 404
    assert count(app, Message) == 3


@pytest.mark.parametrize("status", [MessageStatus.WITHDRAWN, MessageStatus.WITHHELD])
def test_reply_to_a_message_hidden_meanwhile_is_refused_and_its_text_kept(status, app, world, alice):
    with app.app_context():
        db.session.get_one(Message, world.second).status = status
        db.session.commit()
    answer = alice.post(f"{reply_path(world)}?to={world.second}", data=message("What I think of it"))

    assert answer.status_code == 409
    assert "has been withdrawn or withheld" in answer.text
    assert "What I think of it" in answer.text
    assert count(app, Message) == 2


def test_reply_to_a_message_withheld_just_before_the_transaction_is_refused(app, world, alice, monkeypatch):
    real = actions.transaction

    def after_withholding(**given):
        with app.app_context():
            db.session.get_one(Message, world.second).status = MessageStatus.WITHHELD
            db.session.commit()
        return real(**given)

    monkeypatch.setattr(actions, "transaction", after_withholding)
    assert alice.post(f"{reply_path(world)}?to={world.second}", data=message("Too late")).status_code == 409
    assert count(app, Message) == 2


def test_message_numbers_are_never_reused(app: Flask, world: World, alice: FlaskClient):
    with app.app_context():
        db.session.delete(db.session.get(Message, world.second))
        db.session.commit()

    alice.post(reply_path(world), data=message("New"))

    assert last(app).id == world.second + 1


def test_same_text_posted_again_within_minutes_redirects_to_the_existing_message(app, world, alice):
    """The form has another key, as if the browser had loaded it again."""
    answers = [alice.post(reply_path(world), data=message("Once.", submission=key)) for key in ("a", "b")]

    assert answers[0].location == answers[1].location
    assert count(app, Message) == 3


def test_same_topic_started_again_within_minutes_redirects_to_the_existing_one(app, world, alice):
    sent = message("Once.", title="Fewer forms", question="1")
    answers = [alice.post(NEW, data=sent | {"submission": key}) for key in ("a", "b")]

    assert answers[0].location == answers[1].location
    assert count(app, Topic) == 2


@pytest.mark.parametrize(
    "other",
    [{"body": "Twice."}, {"language": "fr"}, {"on_behalf_of": "The Group"}, {"to": "first"}, {"files": "a.txt"}],
    ids=lambda other: next(iter(other)),
)
def test_different_message_is_posted_at_any_time(other: dict[str, str], app: Flask, world: World, alice):
    sent = message("Once.")
    alice.post(reply_path(world), data=sent)
    path = f"{reply_path(world)}?to={world.second}" if "to" in other else reply_path(world)
    file = {"files": (BytesIO(b"text"), "a.txt")} if "files" in other else {}
    alice.post(path, data=sent | other | file, content_type="multipart/form-data")

    assert count(app, Message) == 4


def test_same_text_can_be_posted_again_after_withdrawal(app: Flask, world: World, alice):
    for _ in range(2):
        number = int(alice.post(reply_path(world), data=message("Once.")).location.rpartition("-")[2])
        alice.post(f"/en/messages/{number}/withdraw/")

    assert count(app, Message) == 4


def test_same_text_can_be_posted_again_after_some_time(app: Flask, world: World, alice):
    alice.post(reply_path(world), data=message("Once."))
    with app.app_context():
        db.session.scalars(select(Message).where(Message.body == "Once.")).one().posted_at -= timedelta(minutes=11)
        db.session.commit()
    alice.post(reply_path(world), data=message("Once."))

    assert count(app, Message) == 4


def test_other_people_can_post_the_same_text(app: Flask, world: World, alice, bruno):
    for client in (alice, bruno):
        client.post(reply_path(world), data=message("We agree."))

    assert count(app, Message) == 4
