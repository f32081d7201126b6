"""Roles in a forum: given, limited to languages, ended, each with a line in the log; never without an administrator."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Forum, ForumRole, LogEntry, Mail, Role, User
from app.permissions import count_other_administrators, moderates
from app.roles import covered
from tests.admin.conftest import ALREADY
from tests.admin.test_users import PROFILE
from tests.conftest import sign_in
from tests.world import make_user

ROLES = "/en/admin/forums/1/roles/"


def held(look, user_id: int) -> list[tuple[int, str, str]]:
    """`(forum, role, languages)` of everything that somebody holds."""

    def roles() -> list[tuple[int, str, str]]:
        found = db.session.query(ForumRole).filter_by(user_id=user_id).order_by(ForumRole.forum_id, ForumRole.role)
        return [(one.forum_id, one.role, one.languages) for one in found]

    return look(roles)


def role_changes(look) -> list[tuple[int | None, str, object, object]]:
    """`(forum, role, before, after)` of every change of a role in the log."""

    def changes() -> list[tuple[int | None, str, object, object]]:
        entries = db.session.query(LogEntry).filter(LogEntry.kind == "users").order_by(LogEntry.id)
        return [
            (entry.forum_id, change["field"], change["old"], change["new"])
            for entry in entries
            for change in entry.detail
            if change["field"] in set(Role)
        ]

    return look(changes)


@pytest.mark.parametrize("role", Role)
def test_role_is_given_by_address_and_logged(admin: FlaskClient, look, world, role):
    answer = admin.post(ROLES, data={"email": " Alice@Example.org ", "role": role})

    assert answer.status_code == 302
    assert held(look, world.alice) == [(1, role, "")]
    assert role_changes(look) == [(1, role, False, True)]
    assert "Alice" in admin.get(ROLES).text


def test_moderator_can_be_limited_to_languages(admin: FlaskClient, look, world):
    admin.post(ROLES, data={"email": "alice@example.org", "role": "moderator", "languages": ["fr", "en"]})

    assert held(look, world.alice) == [(1, "moderator", "en fr")]
    assert role_changes(look) == [(1, "moderator", False, "en fr")]
    page = admin.get("/en/admin/log/1/").text
    assert "English, français" in page


def test_other_roles_know_no_languages(admin: FlaskClient, look, world):
    admin.post(ROLES, data={"email": "alice@example.org", "role": "translator", "languages": ["fr"]})

    assert held(look, world.alice) == [(1, "translator", "")]


def test_role_that_is_given_again_changes_its_languages_only(admin: FlaskClient, look, world):
    admin.post(ROLES, data={"email": "moderator@example.org", "role": "moderator", "languages": ["es"]})
    admin.post(ROLES, data={"email": "moderator@example.org", "role": "moderator", "languages": ["es"]})

    assert held(look, world.moderator) == [(1, "moderator", "es")]
    assert role_changes(look) == [(1, "moderator", True, "es")], "what changes nothing is not logged"


def test_all_languages_are_as_good_as_none(app):
    with app.app_context():
        assert covered(["fr", "es", "en"]) == covered([]) == ""
        assert covered(["fr", "en", "xx"]) == "en fr"


def test_languages_of_a_moderator_are_given_on_the_page_of_the_person(admin: FlaskClient, look, world):
    address = f"/en/admin/people/{world.alice}/"
    admin.post(address, data={**PROFILE, "moderator": ["1", "2"], "languages": ["1-fr", "1-es", "99-en"]})
    refused = held(look, world.alice)
    admin.post(address, data={**PROFILE, "moderator": ["1", "2"], "languages": ["1-fr", "1-es"]})
    page = admin.get(address).text

    assert refused == []
    assert held(look, world.alice) == [(1, "moderator", "es fr"), (2, "moderator", "")]
    assert page.count('type="checkbox" value="1-') == 3
    marked = re.findall(r'<input checked[^>]* name="languages"[^>]* value="([^"]+)"', page)
    assert marked == ["1-es", "1-fr"]


def test_moderator_of_some_languages_moderates_messages_in_these_only(admin: FlaskClient, look, world):
    admin.post(ROLES, data={"email": "alice@example.org", "role": "moderator", "languages": ["es"]})

    def asked() -> list[bool]:
        alice, forum = db.session.get(User, world.alice), db.session.get(Forum, 1)
        return [moderates(alice, forum, language) for language in ("", "es", "en")]

    assert look(asked) == [True, True, False]


def test_change_of_the_profile_and_of_roles_are_lines_of_their_own(admin: FlaskClient, look, world):
    """So that the log of a forum has what concerns it, and nothing else of the person."""
    data = {**PROFILE, "name": "Alicia", "moderator": ["1"], "translator": ["2"]}
    admin.post(f"/en/admin/people/{world.alice}/", data=data)

    entries = look(lambda: [(one.forum_id, [c["field"] for c in one.detail]) for one in db.session.query(LogEntry)])
    assert entries == [(None, ["name"]), (1, ["moderator"]), (2, ["translator"])]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"email": "nobody@example.org", "role": "moderator"}, "email"),
        ({"email": "alice", "role": "moderator"}, "email"),
        ({"email": "", "role": "moderator"}, "email"),
        ({"email": "alice@example.org", "role": "king"}, "role"),
        ({"email": "alice@example.org", "role": "moderator", "languages": ["de"]}, "languages"),
    ],
)
def test_unfit_role_is_given_back(admin: FlaskClient, look, world, data, field):
    answer = admin.post(ROLES, data=data)

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'value="{data["email"]}"' in answer.text
    assert held(look, world.alice) == []


def test_role_is_ended_after_asking(admin: FlaskClient, look, world):
    address = f"{ROLES}{world.moderator}/moderator/end/"
    asked = admin.get(address)
    still = held(look, world.moderator)
    answer = admin.post(address)

    assert asked.status_code == 200
    assert "Moderator" in asked.text
    assert still == [(1, "moderator", "")]
    assert answer.status_code == 302
    assert held(look, world.moderator) == []
    assert role_changes(look) == [(1, "moderator", True, False)]


def test_role_that_is_ended_twice_is_said_to_be_ended_already(admin: FlaskClient, world, log):
    address = f"{ROLES}{world.moderator}/moderator/end/"

    assert [admin.post(address).location for _ in range(2)] == [ROLES, ROLES]
    assert ALREADY in admin.get(ROLES).text
    assert len(log()) == 1
    assert admin.get(address).status_code == 404


def test_ended_role_ends_its_rights_at_once(admin: FlaskClient, moderator: FlaskClient, world):
    before = moderator.get("/en/figures/forums/open-forum/").status_code
    admin.post(f"{ROLES}{world.moderator}/moderator/end/")

    assert (before, moderator.get("/en/figures/forums/open-forum/").status_code) == (200, 403)


def test_page_of_the_forum_says_who_holds_what(admin: FlaskClient, look, world):
    admin.post(ROLES, data={"email": "alice@example.org", "role": "moderator", "languages": ["es"]})

    for page in (admin.get("/en/admin/forums/1/").text, admin.get(ROLES).text):
        assert "<bdi>Alice</bdi>" in page
        assert '<span lang="es">español</span>' in page
        assert "All languages" in page, "of the other moderator"


# What people are told


@pytest.fixture
def mails(look) -> Callable[[], list[Mail]]:
    """The mails written so far, oldest first."""
    return lambda: look(lambda: db.session.query(Mail).order_by(Mail.id).all())


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("moderator", "A partir de ahora modera el foro «Title of open-forum (es)»"),
        ("translator", "A partir de ahora traduce el foro «Title of open-forum (es)»"),
        ("participant", "Ya puede publicar en el foro «Title of open-forum (es)»"),
    ],
)
def test_person_who_is_given_a_role_is_told_in_the_own_language_and_where(admin, look, mails, world, role, subject):
    look(lambda: (setattr(db.session.get(User, world.alice), "language", "es"), db.session.commit()))
    admin.post(ROLES, data={"email": "alice@example.org", "role": role})
    [mail] = mails()

    assert (mail.recipient, mail.user_id, mail.language) == ("alice@example.org", world.alice, "es")
    assert mail.subject == subject
    for text in (mail.text, mail.html):
        assert "Title of open-forum (es)" in text
        assert "http://127.0.0.1:8000/es/forums/open-forum/" in text
        assert ("http://127.0.0.1:8000/es/moderation/" in text) == (role == "moderator")


def test_moderator_of_some_languages_is_told_which(admin: FlaskClient, mails, world):
    admin.post(ROLES, data={"email": "moderator@example.org", "role": "moderator", "languages": ["fr", "es"]})

    assert "messages in the following languages: español, français." in mails()[0].text


@pytest.mark.parametrize("role", Role)
def test_person_who_loses_a_role_is_told(admin: FlaskClient, mails, world, role):
    admin.post(ROLES, data={"email": "alice@example.org", "role": role})
    admin.post(f"{ROLES}{world.alice}/{role}/end/")
    mail = mails()[1]

    assert mail.recipient == "alice@example.org"
    assert mail.subject.startswith("You are no longer")
    assert "http://127.0.0.1:8000/en/forums/open-forum/" in mail.text


def test_address_of_a_draft_is_not_told_to_who_sees_it_no_more(admin: FlaskClient, mails, world):
    for held in ({"translator": ["2"]}, {}):
        admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, **held})

    assert ["draft-forum/" in mail.text for mail in mails()] == [True, False]


def test_roles_given_on_the_page_of_a_person_are_told_as_well_each_once(admin: FlaskClient, mails, world):
    for _ in range(2):
        admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, "moderator": ["1"], "participant": ["2"]})

    assert [mail.subject for mail in mails()] == [
        "You are now a moderator of the forum “Title of open-forum (en)”",
        "You may now post in the forum “Title of draft-forum (en)”",
    ]


def test_role_that_is_given_again_is_not_told_again(admin: FlaskClient, mails, world):
    admin.post(ROLES, data={"email": "moderator@example.org", "role": "moderator"})

    assert mails() == []


def test_refused_change_of_roles_is_told_to_nobody(admin: FlaskClient, mails, world):
    data = {**PROFILE, "moderator": ["1"], "version": "of another time"}
    assert admin.post(f"/en/admin/people/{world.alice}/", data=data).status_code in {409, 422}
    assert mails() == []


def test_administrator_who_gives_himself_a_role_is_not_told(admin: FlaskClient, mails, world):
    admin.post(ROLES, data={"email": "admin@example.org", "role": "moderator"})

    assert mails() == []


@pytest.mark.parametrize("values", [{"confirmed_at": None}, {"suspended_at": utcnow()}])
def test_account_that_nobody_can_use_is_told_of_no_role(admin: FlaskClient, look, mails, world, values):
    look(lambda: (make_user("zoe", **values), db.session.commit()))
    admin.post(ROLES, data={"email": "zoe@example.org", "role": "moderator"})

    assert mails() == []


# Always an administrator


@pytest.mark.parametrize(
    "values",
    [{"confirmed_at": None}, {"suspended_at": utcnow()}, {"former_number": 1}],
)
def test_administrator_who_cannot_sign_in_does_not_count(admin: FlaskClient, look, world, values):
    look(lambda: (make_user("zoe", is_admin=True, **values), db.session.commit()))

    assert admin.post(f"/en/admin/people/{world.admin}/", data=PROFILE).status_code == 422
    assert look(lambda: count_other_administrators(db.session.get(User, world.admin))) == 0


def test_two_administrators_cannot_take_the_right_from_each_other(app, admin: FlaskClient, look, world):
    """The second finds himself without the right, or alone."""
    look(lambda: (make_user("zoe", is_admin=True), db.session.commit()))
    zoe = look(lambda: db.session.query(User).filter_by(name="Zoe").one().id)
    other = sign_in(app, zoe)

    assert admin.post(f"/en/admin/people/{zoe}/", data={**PROFILE, "name": "Zoe"}).status_code == 302
    assert other.post(f"/en/admin/people/{world.admin}/", data={**PROFILE, "name": "Admin"}).status_code == 403
    assert admin.get("/en/admin/").status_code == 200


def test_command_line_takes_the_right_from_nobody(app, look, world):
    """It makes accounts and changes none: an address that has one is refused."""
    arguments = ["users", "create", "--email", "admin@example.org", "--name", "Robin"]
    result = app.test_cli_runner().invoke(args=arguments, input="four plain words here\n")

    assert result.exit_code == 1
    assert look(lambda: db.session.get(User, world.admin).is_admin)
    assert look(lambda: db.session.query(LogEntry).count()) == 0
