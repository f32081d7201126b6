"""A copy of a forum has its settings, groups, questions, pages and texts, and nothing that happened in it."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Forum, LogEntry
from tests.conftest import sign_in
from tests.full_world import FullWorld

KEY = {"submission": "f" * 32}


@pytest.fixture
def full(app: Flask) -> FullWorld:
    with app.app_context():
        return FullWorld.make()


@pytest.fixture
def root(app: Flask, full: FullWorld) -> FlaskClient:
    return sign_in(app, full.small.admin)


@pytest.fixture
def copied(root: FlaskClient, look, full: FullWorld) -> Any:
    """Runs a function on the forum and its copy."""
    answer = root.post(f"/en/admin/forums/{full.small.forum}/copy/", data=KEY)
    key = int(answer.location.rstrip("/").rpartition("/")[2])
    return lambda function: look(lambda: [function(db.session.get_one(Forum, one)) for one in (full.small.forum, key)])


def test_texts_groups_questions_and_pages_are_those_of_the_forum(copied):
    before, after = copied(_content)

    assert before == after


def test_copy_has_an_address_of_its_own_and_is_not_published(copied):
    [_forum, copy] = copied(lambda forum: (forum.slug, forum.published_at, forum.archived_at))

    assert copy == ("open-forum-2", None, None)


def test_copy_has_no_dates_messages_papers_and_people(copied):
    [_forum, copy] = copied(
        lambda forum: (
            forum.periods,
            forum.notices,
            forum.documents,
            forum.roles,
            forum.invitations,
            forum.message_count,
            [(group.topic_count, [one.topic_count for one in group.questions]) for group in forum.groups],
        )
    )

    assert copy == ([], [], [], [], [], 0, [(0, [0]), (0, [0])])


def test_same_form_sent_twice_makes_one_copy(root: FlaskClient, look, full: FullWorld):
    before = look(lambda: db.session.query(Forum).count())
    answers = [root.post(f"/en/admin/forums/{full.small.forum}/copy/", data=KEY) for _time in range(2)]

    assert answers[0].location == answers[1].location
    assert look(lambda: db.session.query(Forum).count()) == before + 1


def test_copy_leaves_a_line_in_the_log(copied, look):
    [_forum, key] = copied(lambda forum: forum.id)
    latest = look(lambda: db.session.query(LogEntry).order_by(LogEntry.id.desc()).first())

    assert (latest.action, latest.kind, latest.subject_id) == ("create", "forums", key)


def _content(forum: Forum) -> Any:
    return (
        forum.approval,
        forum.by_invitation,
        forum.names_moderators,
        _texts(forum),
        [
            (
                group.number,
                group.slug,
                group.approval,
                _texts(group),
                [(one.number, _texts(one)) for one in group.questions],
            )
            for group in forum.groups
        ],
        [(page.slug, page.position, _texts(page)) for page in forum.pages],
    )


def _texts(thing: Any) -> dict[str, dict[str, str]]:
    return {
        code: {name: value for name, value in vars(text).items() if name[0] != "_" and not name.endswith("_id")}
        for code, text in thing.texts.items()
    }
