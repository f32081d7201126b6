"""The head of a forum names its moderators with their languages, where the settings of the forum say so."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Forum, ForumRole, Role, User
from tests.admin.conftest import in_all_languages
from tests.world import World, make_user

SHOWN = ("/en/forums/open-forum/", "/en/print/forums/open-forum/")
ELSEWHERE = ("/en/", "/en/portal/", "/en/forums/open-forum/groups/", "/en/feeds/forums/open-forum.atom")
SETTINGS = "/en/admin/forums/1/settings/"
DATA = {"slug": "open-forum", **in_all_languages(title="Title of open-forum", short_title="Short open-forum")}


@pytest.fixture
def named(app: Flask, world: World) -> World:
    """The forum names its moderators: Ada in two languages, and one in all."""
    with app.app_context():
        db.session.get_one(Forum, world.forum).names_moderators = True
        ada = make_user("ada", title="Dr")
        db.session.add(ForumRole(user_id=ada.id, forum_id=world.forum, role=Role.MODERATOR, languages="en fr"))
        db.session.add(ForumRole(user_id=world.bruno, forum_id=world.forum, role=Role.TRANSLATOR))
        db.session.commit()
    return world


def line(page: str) -> str:
    """What the head says of its moderators, "" if it says nothing."""
    head = re.search(r'<header class="forum-head">.*?</header>', page, re.DOTALL)
    text = " ".join(re.sub(r"<[^>]+>", "", head[0]).split()) if head else ""
    return text.partition("Moderated by ")[2]


@pytest.mark.parametrize("path", SHOWN)
def test_head_names_each_moderator_with_the_languages(named: World, visitor: FlaskClient, path):
    page = visitor.get(path).text

    assert line(page) == "Dr Ada (English, français); Moderator (all languages)."
    assert '<span lang="fr">français</span>' in page


@pytest.mark.parametrize("path", SHOWN)
def test_forum_names_nobody_unless_its_settings_say_so(world: World, visitor: FlaskClient, path):
    assert line(visitor.get(path).text) == ""


@pytest.mark.parametrize("path", ELSEWHERE)
def test_moderators_are_named_in_the_head_only(named: World, visitor: FlaskClient, path):
    assert "Dr Ada" not in visitor.get(path).text


def test_moderator_who_is_suspended_is_not_named(app: Flask, named: World, visitor: FlaskClient):
    with app.app_context():
        db.session.get_one(User, named.moderator).suspended_at = utcnow()
        db.session.commit()

    assert line(visitor.get(SHOWN[0]).text) == "Dr Ada (English, français)."


def test_moderator_who_deleted_the_account_is_not_named(app: Flask, named: World, visitor: FlaskClient, admin):
    admin.post(f"/en/admin/people/{named.moderator}/delete/", data={"email": "moderator@example.org"})

    assert line(visitor.get(SHOWN[0]).text) == "Dr Ada (English, français)."


def test_draft_forum_names_its_moderators_only_to_those_who_see_it(app: Flask, named: World, visitor, moderator):
    with app.app_context():
        db.session.get_one(Forum, named.forum).published_at = None
        db.session.commit()

    assert "Dr Ada" not in visitor.get(SHOWN[0]).text
    assert "Dr Ada" in moderator.get(SHOWN[0]).text


def test_settings_of_the_forum_show_and_hide_the_names(world: World, admin: FlaskClient, visitor: FlaskClient):
    shown = []
    for more in ({}, {"names_moderators": "y"}, {}):
        assert admin.post(SETTINGS, data=DATA | more).status_code == 302
        shown.append([line(visitor.get(path).text) for path in SHOWN])

    assert shown == [["", ""], ["Moderator (all languages)."] * 2, ["", ""]]
