"""Deleting an account keeps the record and removes the person, everywhere and for good.

MARKER is in everything that identifies her, and in everything that she wrote outside the record.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import select

from app.auth import account as actions
from app.auth import tokens
from app.counters import recount
from app.database import utcnow
from app.extensions import db
from app.models import (
    Act,
    ActKind,
    Attachment,
    EmailChange,
    ForumRole,
    LogEntry,
    Mail,
    Message,
    MessageStatus,
    RecoveryCode,
    Report,
    Revision,
    Role,
    SignIn,
    Submission,
    Topic,
    User,
)
from app.storage import storage
from tests.auth.conftest import PASSWORD, PASSWORD_HASH, TOTP_SECRET, Device, is_signed_in
from tests.auth.conftest import sign_in as sign_in_by_form
from tests.conftest import sign_in
from tests.files import make_attachment
from tests.full_world import FullWorld
from tests.route_table import ROWS, paths_of
from tests.test_routes import dump
from tests.world import make_message, make_topic

MARKER = "zzyzx"
EMAIL = f"{MARKER}@example.org"
DELETE, DELETED = "/en/account/delete/", "/en/auth/deleted/"
RIGHT = {"password": PASSWORD, "email": EMAIL}
FORMER = {"en": "Former participant 2", "es": "Exparticipante 2", "fr": "Ancien participant 2"}
PROFILE = {
    "name": "Zzyzx Zzyzxova",
    "title": "Dr Zzyzx",
    "organization": "Institute of Zzyzx",
    "country": "XA",
    "capacity": "expert",
}


@pytest.fixture
def her_id(app: Flask, full_world: FullWorld) -> int:
    """The key of someone about whom something is stored in every possible place."""
    with app.app_context():
        user = User(email=EMAIL, password_hash=PASSWORD_HASH, language="fr", confirmed_at=utcnow(), **PROFILE)
        db.session.add(user)
        db.session.flush()
        _write(user, full_world)
        _leave_traces(user, full_world)
        db.session.commit()
        return user.id


@pytest.fixture
def her(app: Flask, her_id: int) -> FlaskClient:
    """Her, signed in, after she has posted too."""
    client = sign_in_by_form(app.test_client(), EMAIL)
    form = {"title": "Her topic", "body": "Her words", "language": "en", "question": "0", "submission": "once"}
    assert client.post("/en/forums/open-forum/groups/group-1/new/", data=form).status_code == 302
    assert client.post("/en/account/email/", data={"email": f"{MARKER}@example.net", "password": PASSWORD})
    assert client.post("/en/auth/forgot/", data={"email": EMAIL}).status_code == 302
    return client


def _write(user: User, world: FullWorld) -> None:
    topic = db.session.get_one(Topic, world.small.topic)
    published = make_message(topic, user, "What she said.", on_behalf_of=PROFILE["organization"], language="en")
    institute = f"The Institute of {MARKER.upper()}"
    published.revisions = [Revision(body="Before", html="", language="en", on_behalf_of=institute, written_at=utcnow())]
    earlier = make_message(topic, user, "Before she moved on.", on_behalf_of="The Former Institute, Zurich")
    earlier.organization = "The Former Institute"
    make_message(topic, user, "What she said for others.", on_behalf_of="The Kingdom of Tests")
    make_message(topic, user, "What she should not.", status=MessageStatus.WITHHELD, withheld_at=utcnow())
    taken_back = make_message(topic, user, MARKER, status=MessageStatus.WITHDRAWN, withdrawn_at=utcnow())
    taken_back.revisions = [Revision(body=MARKER, html=MARKER, language="en", written_at=utcnow())]
    hidden = make_topic(topic.group, user, MARKER)
    pending = make_message(hidden, user, MARKER, on_behalf_of=MARKER, status=MessageStatus.PENDING)
    pending.position, hidden.last_position = None, 0
    make_attachment(pending, f"{MARKER}.txt")
    make_attachment(published, "annex.txt")
    admin = db.session.get_one(User, world.small.admin)
    for_others = make_message(topic, user, "What she typed for others.", speaker="Somebody Else")
    for_others.organization = "An Organization of Others"
    make_message(topic, admin, "What somebody else wrote by letter.", speaker="Nobody Else")


def write_letters(world: FullWorld) -> None:
    """Messages that the Secretariat has posted for someone with her name, with and without the title."""
    topic, admin = db.session.get_one(Topic, world.small.topic), db.session.get_one(User, world.small.admin)
    for name in (PROFILE["name"], f"{PROFILE['title']} {PROFILE['name']}"):
        by_letter = make_message(topic, admin, "Words of a letter.", speaker=name)
        by_letter.organization = PROFILE["organization"]
    db.session.commit()


def _leave_traces(user: User, world: FullWorld) -> None:
    own = {"user_id": user.id}
    change = [{"field": "name", "language": "", "old": MARKER, "new": PROFILE["name"]}]
    about = {"action": "edit", "kind": "users", "subject_id": user.id, "subject": PROFILE["name"], "detail": change}
    db.session.add_all(
        [
            Report(message_id=world.edited, reporter_id=user.id, reason=MARKER),
            LogEntry(user_id=world.small.admin, **about),
            LogEntry(action="edit", kind="forums", subject_id=1, subject="A forum", **own),
            Act(kind=ActKind.PIN, forum_id=world.small.forum, topic_id=world.small.topic, reason={"en": "Well"}, **own),
            ForumRole(forum_id=world.small.forum, role=Role.MODERATOR, **own),
            RecoveryCode(code_hash="0", **own),
            Mail(recipient="old@example.org", language="en", subject=MARKER, text=MARKER, html=MARKER, **own),
            Mail(recipient=EMAIL, language="en", subject=MARKER, text="", html="", sent_at=utcnow()),
        ]
    )


def read(app: Flask, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(columns[0])).all()


def delete(client: FlaskClient, **change: str):
    return client.post(DELETE, data={**RIGHT, **change})


def marked(app: Flask) -> list[tuple]:
    """The rows of the whole database that contain the marker."""
    return [row for row in dump(app) if MARKER in str(row).casefold()]


# What remains


def test_file_that_was_never_published_is_deleted_from_the_disk(app, her):
    keys = [key for key, name in read(app, Attachment.key, Attachment.name) if name == f"{MARKER}.txt"]
    delete(her)

    assert keys
    with app.app_context():
        assert not [key for key in keys if storage().exists(key)]


def test_database_no_longer_identifies_the_person(app, her):
    assert len(marked(app)) > 10
    assert delete(her).location == DELETED

    assert marked(app) == []


def test_no_page_identifies_the_person(app, her, full_world):
    delete(her)
    readers = {name: full_world.people[name] for name in ("moderator", "admin")}
    clients = {"visitor": app.test_client()} | {name: sign_in(app, key) for name, key in readers.items()}
    for row in ROWS:
        for path in paths_of(row, full_world):
            for name, client in clients.items():
                answer = client.get(path, buffered=True)
                told = answer.data.decode(errors="replace") + str(answer.headers)
                assert MARKER not in told.casefold(), f"{name} at {path}"


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_messages_are_shown_under_a_number_in_the_reader_s_language(visitor, her, full_world, language):
    delete(her)
    pages = [visitor.get(f"/{language}{path}/topics/{full_world.small.topic}/").text for path in ("", "/print")]

    for page in pages:
        assert FORMER[language] in page
        assert "What she said." in page
        assert "The Kingdom of Tests" in page, "for whom she spoke stays"


def test_feed_shows_the_number(visitor, her, full_world):
    delete(her)
    feed = etree.fromstring(visitor.get("/fr/feeds/forums/open-forum.atom").data)

    names = [name.text for name in feed.iter("{http://www.w3.org/2005/Atom}name")]
    assert FORMER["fr"] in names
    assert None not in names


def test_capacity_and_state_remain_and_the_organization_is_removed(app, her, her_id):
    delete(her)

    rows = read(app, Message.id, Message.capacity, Message.country, Message.organization, Message.author_id)
    own = {row[1:4] for row in rows if row.author_id == her_id}
    assert own == {("expert", "XA", ""), ("expert", "XA", "An Organization of Others")}


def test_earlier_organization_is_removed_everywhere_too(app, her):
    delete(her)

    assert not [
        row for row in read(app, Message.id, Message.on_behalf_of, Message.organization) if "Former" in str(row)
    ]


def test_messages_typed_for_others_are_not_changed(app, visitor, her, full_world):
    delete(her)

    [row] = [row for row in read(app, Message.speaker, Message.organization) if row.speaker == "Somebody Else"]
    assert row.organization == "An Organization of Others"
    page = visitor.get(f"/en/topics/{full_world.small.topic}/").text
    assert f"Posted for this person by {FORMER['en']}" in page


def test_counters_are_right_afterwards(app, her):
    with app.app_context():
        recount()
        db.session.commit()
    delete(her)

    with app.app_context():
        assert recount() == []


def test_files_go_with_their_messages(app, her):
    rows = read(app, Attachment.name, Attachment.key)
    delete(her)

    with app.app_context():
        assert {row.name: storage().exists(row.key) for row in rows if MARKER in row.name} == {f"{MARKER}.txt": False}
        assert all(storage().exists(row.key) for row in rows if row.name == "annex.txt")
    assert [row.name for row in read(app, Attachment.name) if row.name == "annex.txt"] == ["annex.txt"]


def test_texts_that_are_not_in_the_record_are_erased_and_their_numbers_remain(app, her, her_id):
    before = [row.id for row in read(app, Message.id)]
    delete(her)

    rows = read(app, Message.id, Message.status, Message.body, Message.author_id, Message.withdrawn_at)
    assert [row.id for row in rows] == before
    own = [row for row in rows if row.author_id == her_id]
    assert {row.body for row in own if row.status == "withdrawn"} == {""}
    assert all(row.withdrawn_at for row in own if row.status == "withdrawn")
    assert {row.body for row in own if row.status == "withheld"} == {"What she should not."}
    assert not [row for row in own if row.status == "pending"]


def test_messages_of_others_are_not_changed(app, her, her_id, full_world):
    def others():
        rows = read(app, Message.id, Message.body, Message.organization, Message.author_id)
        return [row for row in rows if row.author_id not in {her_id, full_world.small.admin}]

    before = others()
    delete(her)

    assert others() == before
    assert "Nobody Else" in {row.speaker for row in read(app, Message.speaker)}


def test_record_and_log_keep_the_acts(app, her, her_id, full_world):
    delete(her)

    assert (her_id, {"en": "Well"}) in read(app, Act.user_id, Act.reason)
    entries = read(app, LogEntry.id, LogEntry.user_id, LogEntry.action, LogEntry.subject, LogEntry.detail)
    assert {"field": "name", "language": "", "old": "", "new": ""} in [change for row in entries for change in row[4]]
    assert (her_id, "delete", "") in [row[1:4] for row in entries], "and that the account was deleted"


def test_report_remains_without_its_words(app, her, her_id):
    delete(her)

    assert (her_id, "") in read(app, Report.reporter_id, Report.reason)


def test_nothing_of_the_account_is_left(app, her, her_id):
    delete(her)

    with app.app_context():
        for model in (SignIn, ForumRole, RecoveryCode, EmailChange, Submission, Mail):
            assert db.session.scalar(select(model).where(model.user_id == her_id)) is None, model
        user = db.session.get(User, her_id)
        assert (user.former_number, user.confirmed_at, user.is_admin, user.country) == (2, None, False, "")


def test_administration_shows_the_number(app, her, her_id, full_world):
    delete(her)
    admin = sign_in(app, full_world.small.admin)

    for path in ("people/", "log/", "log.csv"):
        assert FORMER["en"] in admin.get(f"/en/admin/{path}").text, path
    assert f'<option value="{her_id}">{FORMER["en"]}</option>' in admin.get("/en/admin/log/").text
    assert admin.get(f"/en/admin/people/{her_id}/").status_code == 404
    assert admin.post(f"/en/admin/people/{her_id}/", data=PROFILE | {"language": "en"}).status_code == 404


# What the Secretariat posted for someone with her name


@pytest.fixture
def letters(app: Flask, her_id: int, full_world: FullWorld) -> Callable[[], set[tuple[str, str]]]:
    """The speakers of the letters, with the organization."""
    with app.app_context():
        write_letters(full_world)

    def speakers() -> set[tuple[str, str]]:
        rows = read(app, Message.speaker, Message.organization, Message.body)
        return {(row.speaker, row.organization) for row in rows if row.body == "Words of a letter."}

    return speakers


def test_speaker_is_not_erased_by_deleting_an_account_with_the_same_name(app, her, letters):
    before = letters()
    assert delete(her, is_speaker="y").location == DELETED

    assert letters() == before


@pytest.mark.parametrize("tick", [{}, {"is_speaker": "y"}])
def test_speaker_is_erased_if_an_administrator_says_that_it_is_the_same_person(app, her_id, full_world, letters, tick):
    before, admin = letters(), sign_in(app, full_world.small.admin)
    page = admin.get(f"/en/admin/people/{her_id}/delete/").text
    admin.post(f"/en/admin/people/{her_id}/delete/", data={"email": EMAIL, **tick})

    assert "posted these messages for a person of the same name" in page
    assert letters() == ({(FORMER["en"], "")} if tick else before)
    assert bool(marked(app)) != bool(tick)


@pytest.mark.parametrize("space", ["\u00a0", "\u202f"])
def test_names_with_other_kinds_of_spaces_are_the_same(app, her_id, full_world, letters, space: str):
    with app.app_context():
        for message in db.session.scalars(select(Message)):
            message.speaker, message.on_behalf_of = (
                text.replace(" ", space) for text in (message.speaker, message.on_behalf_of)
            )
        db.session.commit()
    admin = sign_in(app, full_world.small.admin)
    admin.post(f"/en/admin/people/{her_id}/delete/", data={"email": EMAIL, "is_speaker": "y"})

    assert letters() == {(FORMER["en"], "")}
    assert not marked(app)


def test_administrator_is_not_asked_about_a_speaker_if_there_is_none(app, her_id, full_world):
    page = sign_in(app, full_world.small.admin).get(f"/en/admin/people/{her_id}/delete/").text

    assert "is_speaker" not in page


# It cannot be undone


def test_she_is_signed_out_everywhere(app, her, her_id):
    other = sign_in(app, her_id)
    answer = delete(her)

    assert her.get(answer.location).status_code == 200
    assert not is_signed_in(her)
    assert not is_signed_in(other)


def test_no_one_can_sign_in_to_it_again(app, visitor, her, her_id):
    with app.app_context():
        old_link = tokens.make(tokens.RESET, db.session.get(User, her_id))
    delete(her)

    for email in (EMAIL, "former-2", "former-2@example.org"):
        answer = visitor.post("/en/auth/sign-in/", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 422
    assert visitor.get(f"/en/auth/reset/{old_link}/").status_code == 410
    assert not is_signed_in(sign_in(app, her_id))


def test_address_can_have_a_new_account(app, visitor, her, her_id):
    delete(her)
    form = {"name": "Somebody new", "email": EMAIL, "password": PASSWORD, "capacity": "expert", "language": "en"}

    assert visitor.post("/en/auth/sign-up/", data=form).status_code == 302
    with app.app_context():
        assert db.session.scalar(select(User.id).where(User.email == EMAIL)) != her_id


def test_message_being_written_at_that_moment_is_not_posted(app, her, her_id, full_world):
    page = f"/en/topics/{full_world.small.topic}/reply/"
    token = sign_in(app, her_id)
    delete(her)

    assert token.post(page, data={"body": "Too late", "language": "en"}).status_code == 403


def test_profile_being_changed_at_that_moment_remains_empty(app, her, her_id, monkeypatch):
    real = actions.transaction

    def after_deletion():
        with app.app_context():
            user = db.session.get(User, her_id)
            user.former_number, user.name = 9, ""
            db.session.commit()
        return real()

    monkeypatch.setattr(actions, "transaction", after_deletion)
    assert her.post("/en/account/profile/", data=PROFILE).status_code == 403
    assert read(app, User.id, User.name)[her_id - 1].name == ""


# Asking for it


@pytest.mark.parametrize("change", [{"password": ""}, {"password": "wrong words entirely"}, {"email": ""},
                                    {"email": "other@example.org"}])  # fmt: skip
def test_password_and_typed_address_are_needed(app, her, her_id, change):
    answer = delete(her, **change)

    assert answer.status_code == 422
    assert is_signed_in(her)
    with app.app_context():
        assert db.session.get(User, her_id).former_number is None


def test_typed_address_may_have_capitals_and_spaces(her):
    assert delete(her, email=f"  {EMAIL.upper()} ").location == DELETED


def test_code_is_needed_if_there_is_a_second_step(app, her, her_id):
    with app.app_context():
        db.session.get(User, her_id).totp_secret = TOTP_SECRET
        db.session.commit()

    assert 'name="code"' in her.get(DELETE).text
    assert [delete(her, code=code).status_code for code in ("", "000000")] == [422, 422]
    assert delete(her, code=Device().code()).location == DELETED


def test_last_administrator_cannot_delete_the_account(app, admin, world):
    with app.app_context():
        db.session.get(User, world.admin).password_hash = PASSWORD_HASH
        db.session.commit()
    page = admin.get(DELETE).text
    answer = admin.post(DELETE, data={"password": PASSWORD, "email": "admin@example.org"})

    assert "This is the last administrator." in page
    assert answer.status_code == 409
    assert is_signed_in(admin)


def test_one_of_two_administrators_can_delete_the_account(app, admin, world):
    with app.app_context():
        db.session.get(User, world.admin).password_hash = PASSWORD_HASH
        db.session.get(User, world.bruno).is_admin = True
        db.session.commit()

    assert admin.post(DELETE, data={"password": PASSWORD, "email": "admin@example.org"}).location == DELETED


def test_page_explains_and_a_token_is_needed(app, her):
    page = her.get(DELETE).text
    app.config["WTF_CSRF_ENABLED"] = True

    assert "Published messages remain in the record" in page
    assert 'href="/en/account/data.json"' in page
    assert delete(her).status_code == 400
    assert is_signed_in(her)


# At the person's request


def test_administrator_deletes_it_at_request(app, her, her_id, full_world):
    admin = sign_in(app, full_world.small.admin)
    answer = admin.post(f"/en/admin/people/{her_id}/delete/", data={"email": EMAIL})

    assert answer.location == "/en/admin/people/"
    assert marked(app) == []
    assert not is_signed_in(her)
    assert FORMER["en"] in admin.get("/en/admin/log/").text


def test_deleting_an_account_twice_says_that_it_is_already_deleted(app, her, her_id, full_world):
    admin = sign_in(app, full_world.small.admin)
    address = f"/en/admin/people/{her_id}/delete/"
    first = admin.post(address, data={"email": EMAIL})
    logged = read(app, LogEntry.id)
    second = admin.post(address, data={"email": EMAIL})

    assert first.location == second.location == "/en/admin/people/"
    assert "This has already been done" in admin.get("/en/admin/people/").text
    assert read(app, LogEntry.id) == logged


@pytest.mark.parametrize("email", ["", "other@example.org"])
def test_administrator_types_the_address(app, her, her_id, full_world, email):
    admin = sign_in(app, full_world.small.admin)

    assert admin.post(f"/en/admin/people/{her_id}/delete/", data={"email": email}).status_code == 422
    assert is_signed_in(her)


def test_administrators_cannot_delete_their_own_account_there(admin, world):
    answer = admin.post(f"/en/admin/people/{world.admin}/delete/", data={"email": "admin@example.org"})

    assert answer.status_code == 409
    assert is_signed_in(admin)


@pytest.mark.parametrize("name", ["alice", "moderator", "visitor"])
def test_only_administrators_delete_accounts_of_others(world, name, request, app):
    client = request.getfixturevalue(name)

    assert (
        client.post(f"/en/admin/people/{world.bruno}/delete/", data={"email": "bruno@example.org"}).status_code == 403
    )
    with app.app_context():
        assert db.session.get(User, world.bruno).former_number is None


def test_former_participants_are_numbered_on(app, her, her_id, full_world):
    delete(her)
    admin = sign_in(app, full_world.small.admin)
    admin.post(f"/en/admin/people/{full_world.small.bruno}/delete/", data={"email": "bruno@example.org"})

    with app.app_context():
        assert db.session.get(User, her_id).former_number == 2
        assert db.session.get(User, full_world.small.bruno).former_number == 3
