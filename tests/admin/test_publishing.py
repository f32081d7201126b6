"""What an administrator is told before a forum is published, and what readers see of it when."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Forum, Notice, NoticeText, Topic, User
from tests.world import make_pending, texts

NO_GROUP = "There is no discussion group, so no one can post."
NO_PERIOD = "There is no period, so readers are not told when messages are accepted."
OWN_TEXTS = "Texts are missing or outdated in: español."
OTHER_TEXTS = "Texts are missing or outdated in: español, français."
WHERE_ASKED = ("/en/admin/forums/2/", "/en/admin/forums/2/publish/")
WHERE_TOLD = ("/en/forums/open-forum/", "/en/print/forums/open-forum/")


def without_groups(forum: Forum) -> None:
    forum.groups.clear()


def without_periods(forum: Forum) -> None:
    forum.periods.clear()


def without_spanish(forum: Forum) -> None:
    del forum.texts["es"]


def with_a_partial_question(forum: Forum) -> None:
    question = forum.groups[0].questions[0]
    del question.texts["es"], question.texts["fr"]


@pytest.mark.parametrize("path", WHERE_ASKED)
@pytest.mark.parametrize(
    ("lack", "sentence"),
    [
        (without_groups, NO_GROUP),
        (without_periods, NO_PERIOD),
        (without_spanish, OWN_TEXTS),
        (with_a_partial_question, OTHER_TEXTS),
    ],
)
def test_what_is_missing_is_told_before_a_forum_is_published(admin: FlaskClient, look, path, lack, sentence):
    def make() -> None:
        lack(db.session.get(Forum, 2))
        db.session.commit()

    look(make)
    page = admin.get(path).text

    assert [told for told in (NO_GROUP, NO_PERIOD, OWN_TEXTS, OTHER_TEXTS) if told in page] == [sentence]


def test_messages_that_wait_are_told_before_a_forum_is_archived(admin: FlaskClient, look, world):
    def close(*, waits: bool) -> None:
        forum, author = db.session.get(Forum, 1), db.session.get(User, world.alice)
        forum.periods[0].closes_at = utcnow() - timedelta(hours=1)
        if waits:
            make_pending(db.session.get(Topic, world.topic), author, "It waits.")
        db.session.commit()

    look(lambda: close(waits=False))
    assert "awaiting approval" not in admin.get("/en/admin/forums/1/archive/").text

    look(lambda: close(waits=True))
    assert "Some messages are awaiting approval" in admin.get("/en/admin/forums/1/archive/").text


@pytest.mark.parametrize("path", WHERE_ASKED)
def test_forum_that_has_everything_lacks_nothing(admin: FlaskClient, path):
    assert "Still missing" not in admin.get(path).text


@pytest.fixture
def notice(look, world) -> int:
    """The key of a notice that is dated in an hour."""

    def make() -> int:
        at = utcnow() + timedelta(hours=1)
        made = Notice(forum_id=1, published_at=at, texts=texts(NoticeText, title="Extended"))
        db.session.add(made)
        db.session.commit()
        return made.id

    return look(make)


@pytest.mark.parametrize("path", WHERE_TOLD)
def test_notice_is_held_back_until_its_date(visitor: FlaskClient, look, notice, path):
    def date_it_now() -> None:
        db.session.get(Notice, notice).published_at = utcnow()
        db.session.commit()

    before = visitor.get(path).text
    look(date_it_now)

    assert "Notices of the Secretariat" not in before
    assert "Extended (en)" not in before
    assert "Extended (en)" in visitor.get(path).text


def test_notice_that_is_held_back_is_marked_for_administrators(admin: FlaskClient, notice):
    page = admin.get("/en/admin/forums/1/").text

    assert "Extended (en)" in page
    assert "Readers will not see this before" in page
