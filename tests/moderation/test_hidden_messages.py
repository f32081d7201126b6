"""What waits, was withheld, corrected away or reported reaches nobody without the right, by whatever way.

Markers are planted in every text of such messages of the full world, one for each of their authors.
"""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Forum, ForumRole, Message, Report, Revision, Role, Topic
from tests.conftest import sign_in
from tests.full_world import FullWorld
from tests.route_table import ROWS, paths_of
from tests.world import make_pending, make_topic, make_user

OF_BRUNO, OF_ALICE, REPORTED = "Unseenbruno", "Unseenalice", "Unseenreport"
# Whose marker nobody of these may come across.
MUST_NOT_SEE = {
    "visitor": (OF_BRUNO, OF_ALICE, REPORTED),
    "translator": (OF_BRUNO, OF_ALICE, REPORTED),
    "stranger": (OF_BRUNO, OF_ALICE, REPORTED),
    "alice": (OF_BRUNO,),
    "bruno": (OF_ALICE, REPORTED),
}
OF_A_MESSAGE = (
    "/messages/{number}/",
    "/messages/{number}/history/",
    "/messages/{number}/edit/",
    "/messages/{number}/withdraw/",
    "/messages/{number}/report/",
    "/print/messages/{number}/",
    "/moderation/messages/{number}/",
    "/topics/{topic}/reply/?to={number}&quote=1",
)
OF_A_TOPIC = ("/topics/{topic}/", "/topics/{topic}/reply/", "/print/topics/{topic}/", "/feeds/topics/{topic}.atom")
ASKS_TO_SIGN_IN = re.compile(r"/(?:reply|edit|withdraw|report|moderation)/")


@pytest.fixture(scope="module")
def marked(one_app: Flask, full: FullWorld) -> FullWorld:
    """The full world with the markers."""
    keys = full.moderated
    with one_app.app_context():
        for name, marker in (
            ("withheld", OF_BRUNO),
            ("pending", OF_BRUNO),
            ("pending_first", OF_BRUNO),
            ("returned", OF_ALICE),
            ("refused", OF_ALICE),
        ):
            message = db.session.get_one(Message, getattr(keys, name))
            mark(message, marker)
            revision = Revision(message=message, language="en", written_at=message.posted_at)
            mark(revision, marker)
            db.session.add(revision)
        hidden = db.session.scalars(db.select(Revision).filter_by(message_id=keys.corrected).order_by(Revision.id))
        mark(next(iter(hidden)), OF_BRUNO)
        db.session.get_one(Topic, keys.pending_topic).title = OF_BRUNO
        db.session.scalars(db.select(Report).filter_by(message_id=keys.reported)).one().reason = REPORTED
        db.session.commit()
    return full


@pytest.fixture(scope="module")
def readers(one_app: Flask, marked: FullWorld, people: dict[str, FlaskClient]) -> dict[str, FlaskClient]:
    """Everybody of the full world, and a moderator of another forum."""
    with one_app.app_context():
        other = db.session.scalars(db.select(Forum).where(Forum.slug == "planned-forum")).one()
        stranger = make_user("stranger")
        db.session.add(ForumRole(user_id=stranger.id, forum_id=other.id, role=Role.MODERATOR))
        db.session.commit()
        key = stranger.id
    return {**people, "stranger": sign_in(one_app, key)}


def mark(thing: Message | Revision, marker: str) -> None:
    thing.body, thing.html, thing.on_behalf_of = marker, f"<p>{marker}</p>", marker


def addresses(full: FullWorld, language: str = "en") -> Iterator[str]:
    """Every page of the site that the full world has, and every address of a message that others do not see."""
    keys = full.moderated
    yield from (path for row in ROWS for path in paths_of(row, full, language))
    for name in ("reported", "corrected", "withheld", "pending", "returned", "refused", "pending_first"):
        topic = keys.pending_topic if name == "pending_first" else keys.topic
        for path in OF_A_MESSAGE:
            yield f"/{language}{path.format(number=getattr(keys, name), topic=topic)}"
    for topic in (keys.topic, keys.pending_topic):
        yield from (f"/{language}{path.format(topic=topic)}" for path in OF_A_TOPIC)


@pytest.mark.parametrize("name", MUST_NOT_SEE)
def test_no_page_holds_what_its_reader_may_not_see(name: str, marked: FullWorld, readers):
    for path in addresses(marked):
        answer = readers[name].get(path, buffered=True)
        for marker in MUST_NOT_SEE[name]:
            assert marker not in answer.text + str(answer.headers), path


@pytest.mark.parametrize("name", ["visitor", "translator", "stranger"])
@pytest.mark.parametrize("which", ["pending", "returned", "refused", "pending_first"])
def test_what_was_never_published_answers_as_if_it_were_not_there(name: str, which: str, marked, readers):
    number = getattr(marked.moderated, which)
    for path in OF_A_MESSAGE:
        there, nowhere = (
            readers[name].get("/en" + path.format(number=key, topic=marked.moderated.topic)).status_code
            for key in (number, 999_999)
        )
        assert there == nowhere, path
        assert there == (302 if name == "visitor" and ASKS_TO_SIGN_IN.search(path) else 404), path


@pytest.mark.parametrize("name", ["visitor", "alice", "translator", "stranger"])
def test_topic_that_waits_answers_as_if_it_were_not_there(name: str, marked: FullWorld, readers):
    for path in OF_A_TOPIC:
        answer = readers[name].get("/en" + path.format(topic=marked.moderated.pending_topic))
        assert answer.status_code == (302 if name == "visitor" and "reply" in path else 404), path


@pytest.mark.parametrize("name", ["alice", "bruno", "translator"])
def test_nothing_can_be_posted_about_what_is_not_there(name: str, marked: FullWorld, readers):
    keys = marked.moderated
    number = keys.pending if name != "bruno" else keys.returned
    for path, data in (
        (f"/en/messages/{number}/report/", {"reason": "x"}),
        (f"/en/messages/{number}/edit/", {"body": "x", "language": "en"}),
        (f"/en/topics/{keys.topic}/reply/?to={number}", {"body": "x", "language": "en"}),
    ):
        assert readers[name].post(path, data=data).status_code == 404, path


def test_those_with_the_right_see_it(marked: FullWorld, readers):
    keys = marked.moderated
    for name in ("moderator", "admin", "bruno"):
        page = readers[name].get(f"/en/topics/{keys.topic}/").text
        assert f'id="message-{keys.pending}"' in page
        assert OF_BRUNO in page
        assert OF_BRUNO in readers[name].get(f"/en/messages/{keys.withheld}/history/").text
        assert OF_BRUNO in readers[name].get(f"/en/topics/{keys.pending_topic}/").text
    for name in ("moderator", "admin"):
        assert REPORTED in readers[name].get("/en/moderation/").text


def test_withheld_text_is_on_no_page_but_the_history_and_the_page_of_moderators(marked: FullWorld, readers):
    """Not even its author or a moderator meets it where others meet its number."""
    keys = marked.moderated
    with_text = {f"/en/messages/{keys.withheld}/history/", f"/en/moderation/messages/{keys.withheld}/"}
    for name in ("bruno", "moderator", "admin"):
        for path in (f"/en/print/messages/{keys.withheld}/", f"/en/print/topics/{keys.topic}/", *with_text):
            answer = readers[name].get(path)
            if answer.status_code == 200:
                assert (OF_BRUNO in answer.text) == (path in with_text), f"{name} at {path}"


def test_what_waits_is_counted_nowhere(one_app: Flask, marked: FullWorld, readers):
    """Ten more messages and topics that wait change no page of the site by a single character."""
    visitor = readers["visitor"]
    paths = [path for row in ROWS if row.guard[0] == 200 for path in paths_of(row, marked)]
    before = {path: without_times(visitor.get(path, buffered=True).text) for path in paths}
    with one_app.app_context():
        topic = db.session.get_one(Topic, marked.long_topic)
        clara = make_user("clara")
        for number in range(10):
            make_pending(topic, clara, OF_BRUNO)
            make_pending(make_topic(topic.group, clara, f"{OF_BRUNO} {number}"), clara, OF_BRUNO)
        db.session.commit()

    for path in paths:
        after = without_times(visitor.get(path, buffered=True).text)
        assert after == before[path], path


def without_times(text: str) -> str:
    """The page without the moment of printing, the time that is left and the keys of its forms."""
    return re.sub(r'value="[^"]*"|\d\d:\d\d|\d+ days? left|Less than \d+ hours? left', "", text)
