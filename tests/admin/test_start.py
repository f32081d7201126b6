"""The first page says what to do now."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app import begin
from app.database import utcnow
from app.extensions import db
from app.models import Forum, Group, Topic, User
from tests.conftest import sign_in
from tests.world import make_forum, make_pending, make_user

START = "/en/admin/"


def test_site_without_a_forum_is_told_the_first_steps(app: Flask):
    with app.app_context():
        make_user("root", is_admin=True)
        db.session.commit()
        key = db.session.query(User).one().id
    page = sign_in(app, key).get(START).text

    assert "First steps" in page
    assert "/en/admin/forums/new/" in page


def test_site_with_a_forum_needs_no_first_steps(admin: FlaskClient):
    assert "First steps" not in admin.get(START).text


@pytest.fixture
def new_site(app: Flask) -> FlaskClient:
    """An administrator of a new site."""
    with app.app_context():
        begin.begin()
        key = make_user("root", is_admin=True).id
        db.session.commit()
    return sign_in(app, key)


def first_steps(client: FlaskClient) -> list[str]:
    """The first steps, as people read them."""
    found = html.document_fromstring(client.get(START).text).xpath("//section[@aria-labelledby='first']//li")
    return [" ".join(step.text_content().split()) for step in found]


def replace_home(client: FlaskClient, *codes: str) -> None:
    """Send the form of the home page as it is shown, with another text in these languages."""
    first = html.document_fromstring(client.get(START).text).xpath("//section[@aria-labelledby='first']//li")[0]
    [page] = first.xpath("a/@href")
    form = html.document_fromstring(client.get(page).text).xpath("//main//form")[-1]
    data = dict(form.fields) | {f"{code}-body": "Our words." for code in codes}
    assert client.post(page, data=data).status_code == 302


def test_first_steps_name_each_text_that_is_provisional(new_site: FlaskClient):
    assert first_steps(new_site) == [
        "Replace the provisional text: Home English español français",
        "Add the first forum",
    ]


def test_text_is_ticked_off_once_it_was_saved(new_site: FlaskClient):
    replace_home(new_site, "en")
    assert first_steps(new_site)[0] == "Replace the provisional text: Home español français"

    replace_home(new_site, "es", "fr")
    assert first_steps(new_site)[0] == "✓ Replace the provisional text: Home done"


def test_first_steps_disappear_when_all_is_done(new_site: FlaskClient, look):
    look(lambda: (make_forum("first"), db.session.commit()))
    assert first_steps(new_site)[1] == "✓ Add the first forum done"

    replace_home(new_site, "en", "es", "fr")
    assert first_steps(new_site) == []


def test_messages_that_wait_are_told_with_the_way_to_them(admin: FlaskClient, look, world):
    def post() -> None:
        make_pending(db.session.get_one(Topic, world.topic), db.session.get_one(User, world.alice), "Please approve.")
        db.session.commit()

    look(post)
    page = admin.get(START).text

    assert "1 message is awaiting approval or has been reported." in page
    assert 'href="/en/moderation/"' in page


def test_deadline_of_the_week_is_told(admin: FlaskClient):
    assert "deadline – " in admin.get(START).text.replace("\n", " ")


def test_deadline_beyond_a_week_is_not_told(admin: FlaskClient, look):
    def postpone() -> None:
        db.session.get_one(Forum, 1).periods[0].closes_at = utcnow() + timedelta(days=8)
        db.session.commit()

    look(postpone)

    assert "deadline – " not in admin.get(START).text


def test_forum_that_opens_this_week_is_told(admin: FlaskClient, look):
    look(lambda: (make_forum("coming", opens=24, closes=2_400), db.session.commit()))

    assert "opens – " in admin.get(START).text.replace("\n", " ")


def test_every_forum_is_one_click_away(admin: FlaskClient):
    page = admin.get(START).text

    assert 'href="/en/admin/forums/1/"' in page
    assert 'href="/en/admin/forums/2/"' in page


def test_incomplete_texts_are_told_with_the_ways_to_write_them(admin: FlaskClient, look):
    def remove_spanish() -> None:
        group = db.session.get_one(Group, 1)
        group.texts.pop("es")
        db.session.commit()

    look(remove_spanish)

    assert 'href="/en/translate/groups/1/es/"' in admin.get(START).text
