"""Files are served to those who may see their message or document, for saving and never for display."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Attachment, Document, Forum, ForumRole, Message, MessageStatus, Role
from app.storage import storage
from tests.attachments.conftest import committed, path_of
from tests.attachments.samples import GIF, PDF
from tests.conftest import sign_in
from tests.files import make_attachment
from tests.world import World, make_message, make_topic, make_user

PEOPLE = ("visitor", "alice", "bruno", "moderator", "other_moderator", "admin")
EVERYBODY = dict.fromkeys(PEOPLE, 200)
INSIDERS = {"visitor": 404, "alice": 200, "bruno": 404, "moderator": 200, "other_moderator": 404, "admin": 200}
NOBODY = dict.fromkeys(PEOPLE, 404)


@pytest.fixture
def other_moderator(app: Flask, world: World) -> FlaskClient:
    """A moderator of the draft forum only."""
    with app.app_context():
        user = make_user("other")
        draft = db.session.query(Forum).filter_by(slug="draft-forum").one()
        db.session.add(ForumRole(user_id=user.id, forum_id=draft.id, role=Role.MODERATOR))
        db.session.commit()
        return sign_in(app, user.id)


@pytest.fixture
def statuses(request: pytest.FixtureRequest):
    """The status of a path for each of the people."""
    return lambda path: {name: request.getfixturevalue(name).get(path, buffered=True).status_code for name in PEOPLE}


@pytest.fixture
def of_first(app: Flask, world: World) -> Attachment:
    """A file of Alice's message."""
    with app.app_context():
        return committed(make_attachment(db.session.get(Message, world.first), "a.txt"))


def set_status(app: Flask, world: World, status: MessageStatus, **more: object) -> None:
    with app.app_context():
        message = db.session.get(Message, world.first)
        for name, value in ({"status": status} | more).items():
            setattr(message, name, value)
        db.session.commit()


def test_file_of_a_published_message_is_public(of_first, statuses):
    assert statuses(path_of(of_first)) == EVERYBODY


def test_file_of_a_pending_message_is_served_to_its_author_and_moderators(app, world, of_first, statuses):
    set_status(app, world, MessageStatus.PENDING, position=None)

    assert statuses(path_of(of_first)) == INSIDERS


@pytest.mark.parametrize("status", [MessageStatus.WITHHELD, MessageStatus.WITHDRAWN])
def test_file_of_a_hidden_message_is_served_to_those_who_may_see_its_history(status, app, world, of_first, statuses):
    moment = {"withheld_at": utcnow()} if status == MessageStatus.WITHHELD else {"withdrawn_at": utcnow()}
    set_status(app, world, status, **moment)

    history = statuses(f"/en/messages/{world.first}/history/")
    assert statuses(path_of(of_first)) == INSIDERS
    assert {name: 200 if code == 200 else 404 for name, code in history.items()} == INSIDERS


def test_withdrawing_a_message_hides_its_file_at_once(alice: FlaskClient, visitor: FlaskClient, world, of_first):
    etag = visitor.get(path_of(of_first), buffered=True).headers["ETag"]
    alice.post(f"/en/messages/{world.first}/withdraw/")

    assert visitor.get(path_of(of_first), headers={"If-None-Match": etag}).status_code == 404


def test_file_of_a_restored_message_is_served_again(app: Flask, world: World, of_first, visitor: FlaskClient):
    for status in (MessageStatus.WITHHELD, MessageStatus.PUBLISHED):
        set_status(app, world, status)

    assert visitor.get(path_of(of_first), buffered=True).status_code == 200


def test_removed_file_is_served_to_no_one(app: Flask, of_first, statuses):
    with app.app_context():
        db.session.get(Attachment, of_first.id).removed_at = utcnow()
        db.session.commit()

    assert statuses(path_of(of_first)) == NOBODY


def test_file_of_a_message_in_a_draft_forum_is_served_to_those_with_a_role_there_only(app, world, statuses):
    with app.app_context():
        draft = db.session.query(Forum).filter_by(slug="draft-forum").one()
        topic = make_topic(draft.groups[0], make_user("clara"), "Draft")
        made = committed(make_attachment(make_message(topic, topic.author, "Draft"), "a.txt"))

    assert statuses(path_of(made)) == NOBODY | {"other_moderator": 200, "admin": 200}


@pytest.mark.parametrize(
    ("slug", "expected"), [("open-forum", EVERYBODY), ("draft-forum", NOBODY | {"other_moderator": 200, "admin": 200})]
)
def test_file_of_a_document_is_served_to_those_who_may_see_its_forum(slug, expected, app, world, statuses):
    with app.app_context():
        document = Document(kind="draft", forum_id=db.session.query(Forum.id).filter_by(slug=slug).scalar())
        db.session.add(document)
        made = committed(make_attachment(document, "a.txt"))

    assert statuses(path_of(made)) == expected


NOWHERE = """
    /attachments/999/a.txt /attachments/1/b.txt /attachments/1/ /attachments/1/a.txt/ /attachments/-1/a.txt
    /attachments/99999999999999999999/a.txt /attachments/1/..%2fa.txt /attachments/x/a.txt /en/attachments/1/a.txt
    /attachments/1/%00 /attachments/1/%ED%A0%80
"""


@pytest.mark.parametrize("path", NOWHERE.split())
def test_only_the_exact_address_of_a_file_is_served(path: str, of_first, visitor: FlaskClient):
    assert of_first.id == 1
    assert visitor.get(path, buffered=True).status_code == 404


POLYGLOTS = {
    "run.gif": GIF + b"/*" + b"\0" * 20 + b"*/=1;alert(document.domain)//",
    "page.pdf": PDF + b"<html><script>alert(1)</script></html>",
    "page.txt": b"<!doctype html><script>alert(1)</script>",
    "run.csv": b"alert(1)//",
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_file_of_two_formats_at_once_is_downloaded_and_never_displayed(name: str, attach, visitor: FlaskClient):
    headers = visitor.get(path_of(attach(name, POLYGLOTS[name])), buffered=True).headers

    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers.getlist("Content-Security-Policy") == ["default-src 'none'; sandbox"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Type"].split(";")[0] in {"image/gif", "application/pdf", "text/plain", "text/csv"}


def test_text_files_declare_their_encoding(attach, visitor: FlaskClient):
    assert visitor.get(path_of(attach()), buffered=True).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_public_file_is_cacheable_but_revalidated(of_first, visitor: FlaskClient):
    headers = visitor.get(path_of(of_first), buffered=True).headers

    assert headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Set-Cookie" not in headers
    assert headers["Vary"] == "Accept-Encoding"


def test_file_served_to_a_signed_in_person_is_not_cached_for_others(of_first, alice: FlaskClient):
    assert alice.get(path_of(of_first), buffered=True).headers["Cache-Control"].startswith("private")


def test_unchanged_file_is_not_sent_again(of_first, visitor: FlaskClient):
    etag = visitor.get(path_of(of_first), buffered=True).headers["ETag"]
    again = visitor.get(path_of(of_first), headers={"If-None-Match": etag})

    assert etag == f'"{of_first.sha256}"'
    assert (again.status_code, again.data) == (304, b"")


def test_head_request_gives_the_size_without_the_content(of_first, visitor: FlaskClient):
    answer = visitor.head(path_of(of_first))

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(of_first.size)


def test_interrupted_download_can_be_resumed(of_first, visitor: FlaskClient):
    answer = visitor.get(path_of(of_first), headers={"Range": "bytes=5-8"}, buffered=True)

    assert (answer.status_code, answer.data) == (206, b"text")
    assert answer.headers["Content-Range"] == f"bytes 5-8/{of_first.size}"


def test_range_beyond_the_end_is_refused(of_first, visitor: FlaskClient):
    assert visitor.get(path_of(of_first), headers={"Range": "bytes=500-"}, buffered=True).status_code == 416


@pytest.mark.parametrize(
    "asked",
    ["bytes=", "bytes=x-y", "bytes=8-5", "items=0-1", "bytes=0-1,3-4", "bytes 0-1", "bytes=-", "", "bytes=0-1;"],
)
def test_range_that_is_not_one_of_bytes_is_ignored(of_first, visitor: FlaskClient, asked: str):
    answer = visitor.get(path_of(of_first), headers={"Range": asked}, buffered=True)

    assert (answer.status_code, len(answer.data)) == (200, of_first.size)
    assert visitor.get("/static/base.css", headers={"Range": asked}, buffered=True).status_code == 200


def test_file_missing_from_the_disk_is_an_internal_error(app, of_first, visitor, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with app.app_context():
        storage().delete(of_first.key)

    answer = visitor.get(path_of(of_first), buffered=True)
    assert answer.status_code == 500
    assert "went wrong on our side" in answer.text


def test_storage_keys_are_shown_to_no_one(of_first, admin: FlaskClient, world: World):
    for path in (path_of(of_first), f"/en/topics/{world.topic}/", f"/en/messages/{world.first}/history/"):
        answer = admin.get(path, buffered=True)
        assert of_first.key not in answer.text + str(answer.headers)
