"""Who may post in a forum, whose messages a moderator reads first, and which States are invited."""

import re

import pytest
from flask.testing import FlaskClient

from app.database import utcnow
from app.errors import Archived
from app.extensions import db
from app.invitees import invite_states as invite
from app.models import Approval, Forum, Group, Invitation, LogEntry, User
from app.permissions import needs_approval
from tests.admin.conftest import in_all_languages

FORUM = "/en/admin/forums/1/settings/"
GROUP = "/en/admin/groups/1/edit/"
FORUM_DATA = {"slug": "open-forum", **in_all_languages(title="Title of open-forum", short_title="Short open-forum")}
GROUP_DATA = {"number": "1", "slug": "group-1", **in_all_languages(title="Group of open-forum")}
INVITATIONS = "/en/admin/forums/1/invitations/"


def changes(look) -> list[dict]:
    return look(lambda: [change for entry in db.session.query(LogEntry) for change in entry.detail])


def invited(look) -> list[str]:
    return look(lambda: [one.country for one in db.session.query(Invitation).order_by(Invitation.country)])


@pytest.mark.parametrize("policy", [Approval.NEWCOMERS, Approval.EVERYBODY])
def test_approval_of_a_forum_is_set_and_logged(admin: FlaskClient, look, policy):
    data = {**FORUM_DATA, "description": "", "approval": policy}
    answer = admin.post(FORUM, data=data)

    assert answer.status_code == 302
    assert look(lambda: db.session.get(Forum, 1).approval) == policy
    assert {"field": "approval", "language": "", "old": "nobody", "new": policy} in changes(look)
    assert f'selected value="{policy}"' in admin.get(FORUM).text


def test_new_forum_holds_nothing_back(admin: FlaskClient, look):
    page = admin.get("/en/admin/forums/new/").text
    admin.post("/en/admin/forums/new/", data={"slug": "new", **in_all_languages(title="T", short_title="S")})
    made = look(lambda: db.session.query(Forum).filter_by(slug="new").one())

    assert 'selected value="nobody"' in page
    assert (made.approval, made.by_invitation) == (Approval.NOBODY, False)


def test_forum_by_invitation_is_set_and_logged(admin: FlaskClient, alice: FlaskClient, look):
    admin.post(FORUM, data={**FORUM_DATA, "by_invitation": "y"})
    refused = alice.get("/en/forums/open-forum/groups/group-1/new/").text
    new = [change for change in changes(look) if change["field"] == "by_invitation"]

    assert look(lambda: db.session.get(Forum, 1).by_invitation)
    assert new == [{"field": "by_invitation", "language": "", "old": False, "new": True}]
    assert "Only participants approved by the Secretariat" in refused


def test_group_follows_its_forum_unless_it_says_otherwise(admin: FlaskClient, look, world):
    def is_held() -> bool:
        return needs_approval(db.session.get(User, world.alice), db.session.get(Group, 1))

    admin.post(FORUM, data={**FORUM_DATA, "approval": "everybody"})
    as_the_forum = look(is_held)
    admin.post(GROUP, data={**GROUP_DATA, "approval": "nobody"})
    on_its_own = look(is_held)
    admin.post(GROUP, data={**GROUP_DATA, "approval": ""})

    assert (as_the_forum, on_its_own, look(is_held)) == (True, False, True)
    assert look(lambda: db.session.get(Group, 1).approval) is None
    assert [(change["old"], change["new"]) for change in changes(look) if change["field"] == "approval"] == [
        ("nobody", "everybody"),
        ("", "nobody"),
        ("nobody", ""),
    ]


@pytest.mark.parametrize(("page", "data"), [(FORUM, FORUM_DATA), (GROUP, GROUP_DATA)])
def test_unknown_approval_is_given_back(admin: FlaskClient, log, page, data):
    answer = admin.post(page, data={**data, "approval": "sometimes"})

    assert answer.status_code == 422
    assert 'href="#approval"' in answer.text
    assert log() == []


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_settings_are_in_the_language_of_the_reader(admin: FlaskClient, language):
    known = {
        "en": "All messages",
        "es": "Todos los mensajes",
        "fr": "Tous les messages",
    }
    page = admin.get(f"/{language}/admin/forums/1/settings/").text.replace("&#39;", "'")

    assert known[language] in page


# Invited States


def test_states_are_invited_and_logged(admin: FlaskClient, look):
    answer = admin.post(INVITATIONS, data={"countries": ["FR", "AT"]})
    admin.post(INVITATIONS, data={"countries": ["FR", "ZA"]})

    assert answer.status_code == 302
    assert invited(look) == ["FR", "ZA"]
    assert [(change["old"], change["new"]) for change in changes(look)] == [("", "AT, FR"), ("AT, FR", "FR, ZA")]
    assert "France, South Africa" in admin.get("/en/admin/forums/1/").text
    assert "Afrique du Sud, France" in admin.get("/fr/admin/forums/1/").text


def test_invited_states_are_marked_in_the_form(admin: FlaskClient):
    admin.post(INVITATIONS, data={"countries": ["FR", "AT"]})
    marked = re.findall(r'<input checked[^>]* value="([^"]+)"', admin.get(INVITATIONS).text)

    assert marked == ["AT", "FR"]


def test_all_invitations_can_be_taken_back(admin: FlaskClient, look):
    admin.post(INVITATIONS, data={"countries": ["FR"]})
    admin.post(INVITATIONS, data={})

    assert invited(look) == []


def test_what_changes_nothing_is_not_logged(admin: FlaskClient, log):
    for _ in range(2):
        admin.post(INVITATIONS, data={"countries": ["FR"]})

    assert len(log()) == 1


@pytest.mark.parametrize("countries", [["??"], ["FR", "XX"], ["fr"], [""]])
def test_unknown_state_is_given_back(admin: FlaskClient, look, countries):
    answer = admin.post(INVITATIONS, data={"countries": countries})

    assert answer.status_code == 422
    assert 'href="#countries"' in answer.text
    assert invited(look) == []


def test_state_that_left_the_list_is_kept_where_it_is_invited(admin: FlaskClient, look):
    look(lambda: (db.session.add(Invitation(forum_id=1, country="XA")), db.session.commit()))
    admin.post(INVITATIONS, data={"countries": ["XA", "FR"]})

    assert invited(look) == ["FR", "XA"]


def test_archived_forum_invites_nobody(admin: FlaskClient, look):
    look(lambda: (setattr(db.session.get(Forum, 1), "archived_at", utcnow()), db.session.commit()))

    assert admin.get(INVITATIONS).status_code == 409
    assert admin.post(INVITATIONS, data={"countries": ["FR"]}).status_code == 409
    assert invited(look) == []
    assert INVITATIONS not in admin.get("/en/admin/forums/1/").text


def test_forum_archived_meanwhile_invites_nobody(app, look, world):
    """The action asks again, inside its transaction."""
    look(lambda: (setattr(db.session.get(Forum, 1), "archived_at", utcnow()), db.session.commit()))

    with app.test_request_context("/en/"), pytest.raises(Archived):
        invite(1, ["FR"], version="", viewer=db.session.get(User, world.admin))
    assert invited(look) == []


def test_invitations_go_with_their_forum(admin: FlaskClient, look):
    look(lambda: (db.session.add(Invitation(forum_id=2, country="FR")), db.session.commit()))
    admin.post("/en/admin/forums/2/delete/")

    assert invited(look) == []
