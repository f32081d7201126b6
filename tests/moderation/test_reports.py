"""Reporting a message: who can, what moderators see, and how reports are settled."""

import re
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.errors import Refused
from app.extensions import db
from app.models import Message, Report, Topic, User
from app.moderation import messages
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.moderation.conftest import archive, changed, do, moderator_of
from tests.world import World, make_message


def report(client: FlaskClient, number: int, reason: str = "Not about the subject", **more: str):
    return client.post(f"/en/messages/{number}/report/", data={"reason": reason, **more})


def reports(app: Flask) -> list[tuple[int, int, str, bool]]:
    """`(message, reporter, reason, whether it is open)` of each, oldest first."""
    with app.app_context():
        found = db.session.scalars(db.select(Report).order_by(Report.id))
        return [(one.message_id, one.reporter_id, one.reason, one.settled_at is None) for one in found]


def test_report_is_stored_and_confirmed(app: Flask, world: World, bruno: FlaskClient):
    answer = report(bruno, world.first)

    assert answer.location == f"/en/messages/{world.first}/"
    assert (
        "Your report about message #1 has been sent to the Secretariat"
        in bruno.get(answer.location, follow_redirects=True).text
    )
    assert reports(app) == [(world.first, world.bruno, "Not about the subject", True)]


def test_everybody_but_the_author_has_a_link_to_report(world, visitor, alice, bruno):
    """Signed-out readers are asked to sign in."""

    def linked(client: FlaskClient) -> list[int]:
        page = client.get(f"/en/topics/{world.topic}/").text
        return [number for number in (world.first, world.second) if f"/messages/{number}/report/" in page]

    assert linked(visitor) == [world.first, world.second]
    asked = visitor.get(f"/en/messages/{world.first}/report/")
    assert asked.location.startswith("/en/auth/sign-in/?next=%2Fen%2Fmessages%2F")
    assert linked(alice) == [world.second]
    assert linked(bruno) == [world.first]


def test_archived_forum_accepts_no_report(app: Flask, world: World, bruno: FlaskClient):
    archive(app, world)

    assert report(bruno, world.first).status_code == 409
    assert f"/messages/{world.first}/report/" not in bruno.get(f"/en/topics/{world.topic}/").text
    assert reports(app) == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_report_without_a_valid_reason_is_refused_and_its_text_kept(reason: str, app, world, bruno):
    answer = report(bruno, world.first, reason)

    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert reason.strip() in answer.text
    assert reports(app) == []


def test_author_cannot_report_their_own_message(app: Flask, world: World, alice: FlaskClient):
    assert report(alice, world.first).status_code == 403
    assert reports(app) == []


@pytest.mark.parametrize("status", ["withheld", "withdrawn"])
def test_hidden_message_cannot_be_reported(status: str, app: Flask, world: World, bruno: FlaskClient):
    with changed(app, Message, world.first) as message:
        message.status = status

    assert report(bruno, world.first).status_code == 403


def test_waiting_message_of_someone_else_is_not_found_for_reporting(world: World, waiting: int, alice):
    assert report(alice, waiting).status_code == 404


def test_visitor_is_asked_to_sign_in_to_report(app: Flask, world: World, visitor: FlaskClient):
    path = f"/en/messages/{world.first}/report/"

    assert visitor.get(path).location == f"/en/auth/sign-in/?next=%2Fen%2Fmessages%2F{world.first}%2Freport%2F"
    answer = report(visitor, world.first)
    assert answer.status_code == 403
    assert "Not about the subject" in answer.text
    assert reports(app) == []


def test_same_form_sent_twice_reports_once(app: Flask, world: World, bruno: FlaskClient):
    first, second = (report(bruno, world.first, submission="0123456789abcdef") for _ in range(2))

    assert first.location == second.location
    assert len(reports(app)) == 1


def test_second_report_of_the_same_person_is_refused_while_the_first_is_open(app, world, bruno, moderator):
    report(bruno, world.first)
    answer = report(bruno, world.first, "And it is long")
    assert answer.status_code == 409
    assert "You have already reported this message." in answer.text
    assert "And it is long" in answer.text
    do(moderator, world.first, "settle")

    assert report(bruno, world.first, "And it is long").status_code == 302
    assert reports(app) == [(world.first, world.bruno, "And it is long", True)]


def test_two_simultaneous_reports_of_one_person_make_one(app: Flask, world: World):
    started = threading.Barrier(2)

    def one() -> None:
        with app.app_context():
            message, bruno = db.session.get_one(Message, world.first), db.session.get_one(User, world.bruno)
            started.wait(10)
            with suppress(Refused):
                messages.report(message, reporter=bruno, reason="Twice", submission="")

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(reports(app)) == 1


def test_queue_groups_reports_by_message_with_reporter_and_reason(
    app: Flask, world: World, alice, bruno, moderator, admin
):
    with app.app_context():
        moderators_own = make_message(
            db.session.get_one(Topic, world.topic), db.session.get_one(User, world.moderator), "A summary"
        ).id
        db.session.commit()
    for client, number, reason in (
        (bruno, world.first, "Reason of Bruno"),
        (alice, moderators_own, "Reason of Alice"),
        (admin, world.first, "Reason of the administrator"),
    ):
        report(client, number, reason)
    page = moderator.get("/en/moderation/").text
    group = page[page.index(f'id="message-{world.first}"') : page.index(f'id="message-{moderators_own}"')]

    assert "Reported by 2 people:" in group
    assert "<bdi>Bruno</bdi>: <q>Reason of Bruno</q>" in group
    assert "<bdi>Admin</bdi>: <q>Reason of the administrator</q>" in group
    assert "Reported by 1 person:" in page


def test_only_moderators_see_who_reported(app: Flask, world: World, alice, bruno, visitor, moderator):
    report(bruno, world.first, "Secret reason")
    do(moderator, world.first, "withhold", words="Off topic")

    for client in (visitor, alice):
        for path in (f"topics/{world.topic}/", "forums/open-forum/record/", "print/forums/open-forum/", "account/"):
            assert "Secret reason" not in client.get(f"/en/{path}").text
    assert "Secret reason" in moderator.get(f"/en/moderation/messages/{world.first}/").text


def test_report_of_a_deleted_account_is_shown_without_its_reason(app: Flask, world: World, bruno, moderator):
    with changed(app, User, world.bruno) as user:
        user.password_hash = PASSWORD_HASH
    report(bruno, world.first)
    assert (
        bruno.post("/en/account/delete/", data={"password": PASSWORD, "email": "bruno@example.org"}).status_code == 302
    )

    for path in ("moderation/", f"moderation/messages/{world.first}/"):
        page = moderator.get(f"/en/{path}").text
        assert "Former participant 1: The text of this report was deleted with the account." in page, path
        assert "<q></q>" not in page


def test_withholding_settles_the_reports(app: Flask, world: World, bruno: FlaskClient, moderator: FlaskClient):
    report(bruno, world.first)
    do(moderator, world.first, "withhold")

    assert reports(app) == [(world.first, world.bruno, "Not about the subject", False)]
    assert "No messages have been reported." in moderator.get("/en/moderation/").text


def test_reports_can_be_settled_once_without_an_act(app: Flask, world: World, bruno, moderator, acts, mails):
    report(bruno, world.first)
    before = len(mails())
    assert do(moderator, world.first, "settle", words="").status_code == 302
    assert do(moderator, world.first, "settle").status_code == 409

    assert reports(app)[0][3] is False
    assert acts() == []
    assert len(mails()) == before, "the author gets no mail about reports without consequences"
    assert "Closed on" in moderator.get(f"/en/moderation/messages/{world.first}/").text


def test_report_beyond_the_hourly_limit_is_refused_and_its_text_kept(app, world, bruno, site_with):
    site_with(reports_per_hour=2)
    with app.app_context():
        topic, alice = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.alice)
        numbers = [make_message(topic, alice, f"Words {at}").id for at in range(3)]
        db.session.commit()
    answers = [report(bruno, number, "Quite off topic") for number in numbers]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "You have reached the hourly limit for reporting messages (2 per person)." in answers[2].text
    assert re.search(r"You can report messages again from the following time: \d.*.UTC\.", answers[2].text)
    assert ">Quite off topic</textarea>" in answers[2].text
    assert 3_500 <= int(answers[2].headers["Retry-After"]) <= 3_601
    assert len(reports(app)) == 2


def test_reports_older_than_an_hour_do_not_count(app: Flask, world: World, bruno: FlaskClient, site_with):
    site_with(reports_per_hour=1)
    report(bruno, world.first)
    with app.app_context():
        number = make_message(db.session.get_one(Topic, world.topic), db.session.get_one(User, world.alice), "New").id
        db.session.query(Report).update({"at": utcnow() - timedelta(minutes=61)})
        db.session.commit()

    assert report(bruno, number).status_code == 302


def test_only_the_first_report_of_a_message_sends_a_mail(world: World, bruno, admin, mails):
    report(bruno, world.first)
    report(admin, world.first)

    assert [(mail.recipient, mail.subject) for mail in mails()] == [
        ("moderator@example.org", "Message #1 was reported")
    ]
    assert "Not about the subject" not in mails()[0].text


def test_moderator_who_reports_gets_no_mail_about_it(app: Flask, world: World, mails):
    report(moderator_of(app, world.forum, "second"), world.first)

    assert [mail.recipient for mail in mails()] == ["moderator@example.org"]
