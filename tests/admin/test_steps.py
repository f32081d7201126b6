"""What is done with several people at once: suspended, reinstated, their messages withheld, approved for a forum."""

import json
import re

import pytest
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Act, Forum, ForumRole, LogEntry, Mail, Message, Reason, ReasonText, Report, Topic, User
from tests.world import make_message, make_pending, make_topic, make_user

REASON = "Advertising"


@pytest.fixture
def spammers(look, world) -> list[int]:
    """Ten people, each of whom has begun a topic and answered in another one."""

    def make() -> list[int]:
        people = [make_user(f"spam{n}", organization="Best Pills") for n in range(10)]
        topic = db.session.get(Topic, world.topic)
        for user in people:
            make_message(make_topic(topic.group, user, "Buy pills"), user, "Buy them here.")
            make_message(topic, user, "Buy them there.")
        db.session.commit()
        return [user.id for user in people]

    return look(make)


def page_that_asks(admin: FlaskClient, query: str) -> str:
    return admin.get(f"/en/admin/people/choose/?{query}").location


def statuses(look, user_id: int) -> set[str]:
    return look(lambda: set(db.session.scalars(db.select(Message.status).where(Message.author_id == user_id))))


def suspended(look) -> set[int]:
    return look(lambda: set(db.session.scalars(db.select(User.id).where(User.suspended_at.is_not(None)))))


def test_search_leads_to_one_page_that_asks_about_everybody_found(admin: FlaskClient, spammers):
    listed = admin.get("/en/admin/people/?q=best+pills").text
    [link] = re.findall(r'href="([^"]*step=suspend[^"]*)"', listed)
    asked = admin.get(admin.get(link.replace("&amp;", "&")).location).text

    assert len(re.findall(r'<input checked[^>]*name="people"', asked)) == 10


def test_people_are_found_by_a_copied_address(admin: FlaskClient, world):
    assert "Alice" in admin.get("/en/admin/people/", query_string={"q": "\u200b<mailto:alice@example.org>"}).text


def test_boxes_of_the_list_lead_to_the_page_that_asks(admin: FlaskClient, world):
    query = f"person={world.alice}&person={world.bruno}&step=withhold"

    assert page_that_asks(admin, query) == f"/en/admin/people/{world.alice}-{world.bruno}/withhold/"


def test_ten_spammers_are_suspended_and_their_messages_withheld_by_one_form(admin: FlaskClient, look, spammers, world):
    address = page_that_asks(admin, "q=best+pills&step=suspend")
    answer = admin.post(address, data={"people": spammers, "words": REASON, "withhold": "y"})

    assert answer.status_code == 302
    assert suspended(look) == set(spammers)
    assert {status for key in spammers for status in statuses(look, key)} == {"withheld"}
    page = admin.get("/en/admin/people/").text
    assert "10 accounts have been suspended. 20 messages have been withheld." in page


def test_every_withheld_message_stands_in_the_public_record(admin: FlaskClient, visitor, look, spammers):
    admin.post(page_that_asks(admin, "q=best+pills&step=withhold"), data={"people": spammers, "words": REASON})

    assert look(lambda: db.session.query(Act).filter_by(kind="withhold").count()) == 20
    assert visitor.get("/en/forums/open-forum/record/").text.count(REASON) == 20


def test_readers_see_none_of_the_titles_of_what_is_withheld(admin: FlaskClient, visitor, spammers):
    admin.post(page_that_asks(admin, "q=best+pills&step=withhold"), data={"people": spammers, "words": REASON})

    assert "Buy pills" not in visitor.get("/en/forums/open-forum/groups/group-1/").text


def test_counts_follow_what_is_withheld(admin: FlaskClient, look, spammers, world):
    admin.post(page_that_asks(admin, "q=best+pills&step=withhold"), data={"people": spammers, "words": REASON})

    assert look(lambda: db.session.get(Topic, world.topic).message_count) == 2
    assert look(lambda: db.session.get(Forum, world.forum).message_count) == 2


def test_messages_that_wait_are_withheld_too(admin: FlaskClient, look, world):
    def wait() -> None:
        make_pending(db.session.get(Topic, world.topic), db.session.get(User, world.bruno), "Buy.")
        db.session.commit()

    look(wait)
    admin.post(f"/en/admin/people/{world.bruno}/withhold/", data={"words": REASON})

    assert statuses(look, world.bruno) == {"withheld"}


def test_reports_of_what_is_withheld_are_settled(admin: FlaskClient, look, world):
    report = {"message_id": world.second, "reporter_id": world.alice, "reason": "Spam"}
    look(lambda: (db.session.add(Report(**report)), db.session.commit()))
    admin.post(f"/en/admin/people/{world.bruno}/withhold/", data={"words": REASON})

    assert look(lambda: db.session.query(Report).one().settled_at) is not None


def test_what_somebody_typed_for_others_is_not_withheld(admin: FlaskClient, look, world):
    def speak() -> None:
        topic, user = db.session.get(Topic, world.topic), db.session.get(User, world.moderator)
        make_message(topic, user, "By letter.", speaker="Dr Someone")
        db.session.commit()

    look(speak)
    admin.post(f"/en/admin/people/{world.moderator}/suspend/", data={"words": REASON, "withhold": "y"})

    assert statuses(look, world.moderator) == {"published"}


def test_author_of_many_withheld_messages_gets_one_mail(admin: FlaskClient, look, spammers):
    admin.post(f"/en/admin/people/{spammers[0]}/withhold/", data={"words": REASON})
    mails = look(lambda: [(mail.recipient, mail.subject, mail.text) for mail in db.session.query(Mail)])

    assert [(recipient, subject) for recipient, subject, _text in mails] == [
        ("spam0@example.org", "Your messages have been withheld")
    ]
    assert "2 of your messages" in mails[0][2]
    assert REASON in mails[0][2]


def test_mail_of_a_suspension_tells_of_the_withheld_messages(admin: FlaskClient, look, spammers):
    admin.post(f"/en/admin/people/{spammers[0]}/suspend/", data={"words": REASON, "withhold": "y"})
    [mail] = look(lambda: db.session.query(Mail).all())

    assert "2 of your messages have been withheld" in mail.text
    assert "are not affected" not in mail.text


@pytest.mark.parametrize(
    ("step", "language", "words"),
    [
        ("withhold", "en", "has withheld one of your messages: "),
        ("withhold", "es", "ha ocultado un mensaje suyo: "),
        ("withhold", "fr", "a masqué un de vos messages\N{NO-BREAK SPACE}: "),
        ("suspend", "en", "One of your messages has been withheld: "),
        ("suspend", "es", "Se ha ocultado un mensaje suyo: "),
        ("suspend", "fr", "Un de vos messages a été masqué\N{NO-BREAK SPACE}: "),
    ],
)
def test_mail_about_one_withheld_message_has_no_number(admin: FlaskClient, look, world, step, language, words):
    def write() -> int:
        user = make_user("once", language=language)
        make_message(db.session.get_one(Topic, world.topic), user, "Buy them here.")
        db.session.commit()
        return user.id

    admin.post(f"/en/admin/people/{look(write)}/{step}/", data={"words": REASON, "withhold": "y"})
    [text] = look(lambda: [mail.text for mail in db.session.query(Mail)])

    assert words in text


def test_listed_reason_is_public_in_all_its_languages_and_told_in_that_of_the_person(admin: FlaskClient, look, world):
    def offer() -> int:
        texts = {code: ReasonText(language=code, text=f"Spam ({code})") for code in ("en", "es", "fr")}
        db.session.add(reason := Reason(texts=texts))
        db.session.get(User, world.bruno).language = "fr"
        db.session.commit()
        return reason.id

    key = look(offer)
    admin.post(f"/en/admin/people/{world.bruno}/suspend/", data={"listed": key, "withhold": "y"})

    assert look(lambda: db.session.get(User, world.bruno).suspended_for) == "Spam (fr)"
    assert look(lambda: db.session.query(Act).one().reason) == {c: f"Spam ({c})" for c in ("en", "es", "fr")}


def test_who_loses_the_mark_stays_as_they_are(admin: FlaskClient, look, spammers):
    address = page_that_asks(admin, "q=best+pills&step=suspend")
    admin.post(address, data={"people": spammers[1:], "words": REASON})

    assert suspended(look) == set(spammers[1:])


def test_nobody_chosen_is_an_error(admin: FlaskClient, look, world):
    answer = admin.post(f"/en/admin/people/{world.alice}-{world.bruno}/suspend/", data={"words": REASON})

    assert answer.status_code == 422
    assert suspended(look) == set()


def test_others_are_suspended_where_one_cannot_be(admin: FlaskClient, look, world):
    people = [world.admin, world.bruno]
    address = f"/en/admin/people/{world.admin}-{world.bruno}/suspend/"
    admin.post(address, data={"people": people, "words": REASON})

    assert suspended(look) == {world.bruno}
    assert "Admin: This is your own account." in admin.get("/en/admin/people/").text


def test_several_people_are_reinstated(admin: FlaskClient, look, spammers):
    look(lambda: (db.session.query(User).filter(User.id.in_(spammers)).update({"suspended_at": utcnow()}),
                  db.session.commit()))  # fmt: skip
    admin.post(page_that_asks(admin, "q=pills&step=reinstate"), data={"people": spammers, "words": "A mistake"})

    assert suspended(look) == set()


def test_several_people_are_approved_for_a_forum_and_told(admin: FlaskClient, look, spammers):
    address = page_that_asks(admin, "q=best+pills&step=approve")
    admin.post(address, data={"people": spammers, "forum": 1})
    admin.post(address, data={"people": spammers, "forum": 1})

    roles = look(lambda: [(one.user_id, one.role, one.forum_id) for one in db.session.query(ForumRole)])
    assert [role for role in roles if role[0] in spammers] == [(key, "participant", 1) for key in spammers]
    assert look(lambda: db.session.query(Mail).count()) == 10, "once each"


def test_same_form_sent_twice_suspends_and_mails_once(admin: FlaskClient, look, world):
    address = f"/en/admin/people/{world.alice}-{world.bruno}/suspend/"
    page = admin.get(address).text
    key, version = (re.search(rf'name="{name}"[^>]*value="(\w+)"', page)[1] for name in ("submission", "version"))
    data = {"people": [world.alice, world.bruno], "words": REASON, "submission": key, "version": version}
    answers = [admin.post(address, data=data).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert look(lambda: db.session.query(Mail).count()) == 2


def test_form_about_people_who_have_changed_meanwhile_is_shown_again(admin: FlaskClient, look, world):
    address = f"/en/admin/people/{world.alice}-{world.bruno}/suspend/"
    data = {"people": [world.alice, world.bruno], "words": REASON, "version": "of another time"}
    answer = admin.post(address, data=data)

    assert answer.status_code == 409
    assert suspended(look) == set()
    assert REASON in answer.text


@pytest.mark.parametrize("keys", ["x", "1-", "-1", "1--2", "0", "999", "1-999", "-".join("123456789" * 20)])
def test_page_about_nobody_is_not_there(admin: FlaskClient, keys):
    assert admin.get(f"/en/admin/people/{keys}/suspend/").status_code == 404


@pytest.mark.parametrize("query", ["", "step=suspend", "q=nobody&step=suspend", "person=x&step=suspend", "person=1"])
def test_choosing_nobody_leads_back_to_the_list(admin: FlaskClient, query):
    assert page_that_asks(admin, query) == "/en/admin/people/"


def test_page_of_a_person_shows_what_they_posted_whatever_its_status(admin: FlaskClient, look, spammers):
    admin.post(f"/en/admin/people/{spammers[0]}/withhold/", data={"words": REASON})
    page = admin.get(f"/en/admin/people/{spammers[0]}/").text

    assert "Messages (2)" in page
    assert page.count(">withheld<") == 2


def test_data_of_a_suspended_person_are_given_as_a_file_and_logged(admin: FlaskClient, look, world):
    admin.post(f"/en/admin/people/{world.bruno}/suspend/", data={"words": REASON})
    answer = admin.post(f"/en/admin/people/{world.bruno}/data/", data={"asked_by": "Letter of 3 March"})

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="data-of-person-')
    assert answer.headers["Cache-Control"] == "private, no-store"
    data = json.loads(answer.text)
    assert data["profile"]["email"] == "bruno@example.org"
    assert [message["body"] for message in data["messages"]] == ["Estamos de acuerdo."]
    entry = look(lambda: db.session.query(LogEntry).order_by(LogEntry.id.desc()).first())
    assert (entry.action, entry.subject, entry.detail[0]["new"]) == ("give_data", "Bruno", "Letter of 3 March")


def test_data_are_given_only_on_a_written_request(admin: FlaskClient, world):
    answer = admin.post(f"/en/admin/people/{world.bruno}/data/", data={"asked_by": " "})

    assert answer.status_code == 422
    assert answer.mimetype == "text/html"


def test_log_has_the_request_and_nothing_of_the_data(admin: FlaskClient, world):
    admin.post(f"/en/admin/people/{world.bruno}/data/", data={"asked_by": "Letter"})

    told = admin.get("/en/admin/log.csv").text
    assert "Data provided on request" in told
    assert "@example.org" not in told


def test_number_that_no_person_can_have_is_left_out(admin: FlaskClient, world):
    query = f"person=99999999999999999999&person={world.bruno}&step=withhold"

    assert page_that_asks(admin, query) == f"/en/admin/people/{world.bruno}/withhold/"


def test_nobody_is_approved_for_an_archived_forum(admin: FlaskClient, look, world):
    look(lambda: (setattr(db.session.get(Forum, world.forum), "archived_at", utcnow()), db.session.commit()))
    answer = admin.post(f"/en/admin/people/{world.bruno}/approve/", data={"forum": str(world.forum)})

    assert answer.status_code == 409
    assert look(lambda: db.session.query(ForumRole).filter_by(user_id=world.bruno).count()) == 0


def test_reasons_that_fit_another_act_are_not_offered(admin: FlaskClient, look, world):
    def add() -> None:
        for acts in (["merge"], ["withhold"]):
            db.session.add(Reason(acts=acts, texts={"en": ReasonText(language="en", text=f"To {acts[0]}")}))
        db.session.commit()

    look(add)
    page = admin.get(f"/en/admin/people/{world.bruno}/suspend/").text

    assert "To withhold" in page
    assert "To merge" not in page
