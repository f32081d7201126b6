"""What stands in a forum that is not published reaches nobody without the right, by whatever way.

The marker is planted in every text of the draft forum that people write, and nowhere else.
"""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, Text, inspect

from app.extensions import db
from app.models import Attachment, Forum, ForumRole, Group, Message, Role, Topic
from tests.conftest import sign_in
from tests.full_world import FullWorld
from tests.route_table import ROWS, paths_of
from tests.world import make_message, make_topic, make_user

MARKER = "Unpublished"
OUTSIDERS = ("visitor", "bruno", "moderator", "translator")
HIDDEN = (
    "/{lang}/forums/draft-forum/",
    "/{lang}/forums/draft-forum/groups/",
    "/{lang}/forums/draft-forum/groups/group-1/",
    "/{lang}/forums/draft-forum/groups/group-1/new/",
    "/{lang}/forums/draft-forum/pages/purpose/",
    "/{lang}/topics/{topic}/",
    "/{lang}/topics/{topic}/reply/",
    "/{lang}/topics/{topic}/reply/?to={message}&quote=1",
    "/{lang}/messages/{message}/",
    "/{lang}/messages/{message}/history/",
    "/{lang}/messages/{message}/edit/",
    "/{lang}/messages/{message}/withdraw/",
    *(
        f"/{{lang}}/moderation/topics/{{topic}}/{name}/"
        for name in ("pin", "lock", "retitle", "refile", "move", "split", "merge")
    ),
    "/{lang}/print/forums/draft-forum/",
    "/{lang}/print/forums/draft-forum/pages/purpose/",
    "/{lang}/print/forums/draft-forum/groups/group-1/",
    "/{lang}/print/topics/{topic}/",
    "/{lang}/print/messages/{message}/",
    "/{lang}/feeds/forums/draft-forum.atom",
    "/{lang}/feeds/topics/{topic}.atom",
)
# Of these, only the address is hidden from visitors until they sign in; it answers the same for what does not exist.
ASKS_TO_SIGN_IN = re.compile(r"/(?:new|reply|edit|withdraw|moderation)/")
KEPT = frozenset("slug language kind url status capacity country symbol media_type sha256 key".split())


@pytest.fixture(scope="module")
def marked(one_app: Flask, full: FullWorld) -> FullWorld:
    """The full world with the marker in every text of the draft forum."""
    with one_app.app_context():
        for thing in _things_of_the_draft(full):
            for column in inspect(type(thing)).column_attrs:
                value = getattr(thing, column.key)
                kind = column.columns[0].type
                if isinstance(value, str) and isinstance(kind, String | Text) and column.key not in KEPT:
                    setattr(thing, column.key, f"<p>{MARKER}</p>" if column.key.endswith("html") else MARKER)
        _member_of_the_draft(full)
        db.session.commit()
    return full


def _things_of_the_draft(full: FullWorld) -> Iterator[object]:
    forum = db.session.scalar(db.select(Forum).where(Forum.slug == "draft-forum"))
    owners = [*forum.groups, *forum.pages, *forum.notices, *forum.documents]
    owners += [question for group in forum.groups for question in group.questions]
    for owner in [forum, *owners]:
        yield from owner.texts.values()
    yield db.session.get_one(Topic, full.hidden_topic)
    yield db.session.get_one(Message, full.hidden_message)
    yield db.session.get_one(Attachment, full.hidden_attachment)


def _member_of_the_draft(full: FullWorld) -> None:
    forum = db.session.scalar(db.select(Forum).where(Forum.slug == "draft-forum"))
    db.session.add(ForumRole(user_id=make_user("member").id, forum_id=forum.id, role=Role.TRANSLATOR))


@pytest.fixture(scope="module")
def member(one_app: Flask, marked: FullWorld) -> FlaskClient:
    """Somebody with a role in the draft forum."""
    with one_app.app_context():
        key = db.session.scalar(db.select(ForumRole.user_id).join(Forum).where(Forum.slug == "draft-forum"))
    return sign_in(one_app, key)


def address(path: str, full: FullWorld, language: str = "en") -> str:
    return path.format(lang=language, topic=full.hidden_topic, message=full.hidden_message)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", OUTSIDERS)
def test_hidden_address_answers_as_if_nothing_were_there(name: str, language: str, marked: FullWorld, people):
    for path in HIDDEN:
        answer = people[name].get(address(path, marked, language))
        redirected = name == "visitor" and ASKS_TO_SIGN_IN.search(path)
        assert answer.status_code == (302 if redirected else 404), path
        if not redirected:
            nothing = people[name].get(f"/{language}/topics/999999/")
            assert without_path(answer.text) == without_path(nothing.text), path
        assert MARKER not in answer.text + str(answer.headers), path


@pytest.mark.parametrize("name", OUTSIDERS)
def test_hidden_file_answers_as_if_nothing_were_there(name: str, marked: FullWorld, people):
    answer = people[name].get(f"/attachments/{marked.hidden_attachment}/{MARKER}", buffered=True)
    nothing = people[name].get(f"/attachments/999999/{MARKER}", buffered=True)

    assert answer.status_code == nothing.status_code == 404
    assert without_path(answer.text) == without_path(nothing.text)
    assert MARKER not in str(answer.headers)


@pytest.mark.parametrize("path", [path for path in HIDDEN if ASKS_TO_SIGN_IN.search(path)])
def test_visitor_learns_nothing_from_being_asked_to_sign_in(path: str, marked: FullWorld, people):
    there = people["visitor"].get(address(path, marked))
    nowhere = people["visitor"].get(path.format(lang="en", topic=999999, message=999999).replace("draft", "no"))

    assert (there.status_code, nowhere.status_code) == (302, 302)


@pytest.mark.parametrize("name", OUTSIDERS)
@pytest.mark.parametrize("path", [path for path in HIDDEN if ASKS_TO_SIGN_IN.search(path)])
def test_nothing_can_be_written_there(path: str, name: str, marked: FullWorld, people):
    data = {"title": "x", "body": "x", "language": "en", "question": "0"}
    answer = people[name].post(address(path, marked), data=data)

    assert answer.status_code == (403 if name == "visitor" else 404)
    assert MARKER not in answer.text


@pytest.mark.parametrize("name", OUTSIDERS)
def test_no_page_of_the_site_holds_the_marker(name: str, marked: FullWorld, people):
    for row in ROWS:
        for path in paths_of(row, marked):
            answer = people[name].get(path, buffered=True)
            assert MARKER not in answer.text + str(answer.headers), path
            if answer.status_code == 200 and not row.rule.startswith("/admin"):
                assert "draft-forum" not in answer.text, path


def test_the_author_of_a_hidden_message_finds_it_nowhere_either(marked: FullWorld, people):
    """Alice took part before the forum was unpublished; what is kept about her leaves it out as well."""
    for path in ("/en/account/data/", address("/{lang}/topics/{topic}/", marked)):
        assert MARKER not in people["alice"].get(path).text


@pytest.mark.parametrize("path", [path for path in HIDDEN if not ASKS_TO_SIGN_IN.search(path) and ".atom" not in path])
def test_those_with_a_role_in_it_and_administrators_see_it(path: str, marked: FullWorld, member, people):
    for client in (member, people["admin"]):
        answer = client.get(address(path, marked), follow_redirects=True)
        assert answer.status_code == 200, path
        assert MARKER in answer.text, path


def test_feeds_are_for_anybody_and_so_leave_it_out_for_everybody(marked: FullWorld, member, people):
    for client in (member, people["admin"]):
        for path in ("/{lang}/feeds/forums/draft-forum.atom", "/{lang}/feeds/topics/{topic}.atom"):
            assert client.get(address(path, marked)).status_code == 404
        assert MARKER not in client.get("/sitemap.xml").text


def test_a_hidden_message_cannot_be_answered_or_quoted_from_another_topic(marked: FullWorld, people):
    for name in ("bruno", "admin"):
        path = f"/en/topics/{marked.long_topic}/reply/?to={marked.hidden_message}&quote=1"
        answer = people[name].get(path)
        assert answer.status_code == 404
        assert MARKER not in answer.text


def test_hidden_messages_are_counted_nowhere(one_app: Flask, marked: FullWorld, people):
    """Ten more of them change no page of the site by a single character."""
    paths = [path for row in ROWS if row.guard[0] == 200 for path in paths_of(row, marked)]
    before = {path: without_times(people["visitor"].get(path, buffered=True).text) for path in paths}
    with one_app.app_context():
        group = db.session.scalar(db.select(Group).join(Forum).where(Forum.slug == "draft-forum"))
        topic = make_topic(group, make_user("clara"), MARKER)
        for _ in range(10):
            make_message(topic, topic.author, MARKER)
        db.session.commit()

    for path in paths:
        assert without_times(people["visitor"].get(path, buffered=True).text) == before[path], path


def without_path(text: str) -> str:
    """The page without the addresses of itself and the keys of its forms."""
    return re.sub(r'(?:href|action|value)="[^"]*"', "", text)


def without_times(text: str) -> str:
    """The page without the moment of printing and the keys of its forms."""
    return re.sub(r'\d\d:\d\d|value="[^"]*"', "", text)
