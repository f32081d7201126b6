"""People are found and changed; there is always an administrator left."""

import re

import pytest
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Forum, ForumRole, LogEntry, SignUp, User
from tests.world import make_user

PROFILE = {
    "name": "Alice",
    "title": "",
    "organization": "Ministry of Tests",
    "country": "XA",
    "capacity": "party",
    "language": "en",
}


def people(admin: FlaskClient, query: str = "") -> list[str]:
    page = admin.get(f"/en/admin/people/?{query}").text
    return re.findall(r'people/\d+/"><bdi>([^<]*)</bdi>', page)


def test_people_are_listed_by_name(admin: FlaskClient):
    assert people(admin) == ["Admin", "Alice", "Bruno", "Moderator"]


@pytest.mark.parametrize("query", ["q=ALICE", "q=alice@example", "page=1&q=lic"])
def test_people_are_found_by_name_and_address(admin: FlaskClient, query):
    assert people(admin, query) == ["Alice"]


def test_case_and_accents_do_not_matter(admin: FlaskClient, look):
    look(lambda: (setattr(make_user("zoe"), "name", "Élodie Ñandú"), db.session.commit()))

    assert people(admin, "q=elodie+nandu") == ["Élodie Ñandú"]
    assert people(admin, "q=%C3%89LODIE") == ["Élodie Ñandú"]


def test_people_stand_in_the_order_of_the_language(admin: FlaskClient, look):
    names = ("Nz", "Ña", "Étienne", "Zoë")
    look(lambda: ([setattr(make_user(f"p{name}"), "name", name) for name in names], db.session.commit()))

    assert [name for name in people(admin) if name in names] == ["Étienne", "Ña", "Nz", "Zoë"]
    spanish = re.findall(r'people/\d+/"><bdi>([^<]*)</bdi>', admin.get("/es/admin/people/").text)
    assert [name for name in spanish if name in names] == ["Étienne", "Nz", "Ña", "Zoë"]


def test_people_are_found_by_organization(admin: FlaskClient, look):
    look(lambda: (make_user("zoe", organization="100 % Institute"), db.session.commit()))

    assert people(admin, "q=100+%25+inst") == ["Zoe"]
    assert people(admin, "q=1_0") == [], "signs that search patterns know are only signs"


def test_long_list_is_in_pages_that_keep_the_search(admin: FlaskClient, look):
    look(lambda: ([make_user(f"person{number}") for number in range(60)], db.session.commit()))
    page = admin.get("/en/admin/people/?q=person").text

    assert len(people(admin, "q=person")) == 50
    assert len(people(admin, "q=person&page=2")) == 10
    assert 'href="/en/admin/people/?page=2&amp;q=person"' in page
    assert admin.get("/en/admin/people/?q=person&page=3").status_code == 404


def test_list_says_who_is_not_confirmed(admin: FlaskClient, look):
    assert "not confirmed" not in admin.get("/en/admin/people/").text
    look(lambda: (make_user("zoe", confirmed_at=None), db.session.commit()))

    assert "not confirmed" in admin.get("/en/admin/people/").text


def test_list_says_how_many_addresses_wait_to_be_confirmed_and_not_whose(admin: FlaskClient, look):
    def sign_up(**values: object) -> None:
        db.session.add(SignUp(email="zoe@example.org", name="Zoe", capacity="expert", language="en", **values))

    look(lambda: (sign_up(password_hash="a"), sign_up(password_hash="b"), db.session.commit()))
    page = admin.get("/en/admin/people/").text

    assert "1 email address is awaiting confirmation." in page
    assert "zoe@example.org" not in page


@pytest.mark.parametrize("query", ["q=" + "x" * 5_000, "q=%ED%A0%80", "q=%F0%9F%98%80", "q=%27%3B--"])
def test_odd_search_finds_nobody(admin: FlaskClient, query):
    assert people(admin, query) == []


def test_search_of_control_characters_only_is_no_search(admin: FlaskClient):
    assert len(people(admin, "q=%00%07")) == 4


def test_profile_is_changed_and_logged_without_secrets(admin: FlaskClient, look, world):
    data = {**PROFILE, "name": "Alicia", "organization": "Institute", "capacity": "organization"}
    answer = admin.post(f"/en/admin/people/{world.alice}/", data=data)
    entry = look(lambda: db.session.query(LogEntry).one())

    assert answer.status_code == 302
    assert look(lambda: db.session.get(User, world.alice).name) == "Alicia"
    assert {change["field"] for change in entry.detail} == {"name", "organization", "capacity"}
    assert "password" not in str(entry.detail)


def test_administrator_is_made(admin: FlaskClient, alice: FlaskClient, world):
    admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, "is_admin": "y"})

    assert alice.get("/en/admin/").status_code == 200


def test_last_administrator_stays(admin: FlaskClient, look, world):
    answer = admin.post(f"/en/admin/people/{world.admin}/", data={**PROFILE, "name": "Root"})

    assert answer.status_code == 422
    assert "last administrator" in answer.text
    assert 'value="Root"' in answer.text
    assert admin.get("/en/admin/").status_code == 200


def test_unconfirmed_administrator_does_not_count(admin: FlaskClient, look, world):
    look(lambda: (make_user("zoe", confirmed_at=None, is_admin=True), db.session.commit()))

    assert admin.post(f"/en/admin/people/{world.admin}/", data=PROFILE).status_code == 422


def test_one_of_two_administrators_can_go(admin: FlaskClient, look, world):
    look(lambda: (make_user("zoe", confirmed_at=utcnow(), is_admin=True), db.session.commit()))

    assert admin.post(f"/en/admin/people/{world.admin}/", data=PROFILE).status_code == 302
    assert admin.get("/en/admin/").status_code == 403


def test_roles_are_given_and_taken(admin: FlaskClient, alice: FlaskClient, look, world):
    address = f"/en/admin/people/{world.alice}/"
    draft = "/en/forums/draft-forum/"
    before = alice.get(draft).status_code
    admin.post(address, data={**PROFILE, "moderator": ["2"], "translator": ["1", "2"]})
    with_role = alice.get(draft).status_code
    boxes = admin.get(address).text
    admin.post(address, data={**PROFILE, "translator": ["1"]})

    assert (before, with_role, alice.get(draft).status_code) == (404, 200, 404)
    assert len(re.findall(r"<input checked[^>]*checkbox", boxes)) == 3
    held = look(
        lambda: [(one.forum_id, one.role) for one in db.session.query(ForumRole).filter_by(user_id=world.alice)]
    )
    assert held == [(1, "translator")]


@pytest.mark.parametrize("forums", [["999"], ["1", "x"], ["-1"], ["99999999999999999999"]])
def test_role_in_an_unknown_forum_is_refused(admin: FlaskClient, world, forums):
    answer = admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, "moderator": forums})

    assert answer.status_code == 422
    assert 'href="#moderator"' in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("capacity", "king"), ("country", "??"), ("language", "de"), ("name", ""), ("name", "x" * 101),
     ("name", "http://spam.example"), ("organization", "x" * 201)],
)  # fmt: skip
def test_unfit_profile_is_given_back(admin: FlaskClient, look, world, field, value):
    answer = admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert look(lambda: getattr(db.session.get(User, world.alice), field)) == {**PROFILE}[field]


def test_invented_state_of_the_sample_is_kept(admin: FlaskClient, look, world):
    assert '<option selected value="XA">' in admin.get(f"/en/admin/people/{world.alice}/").text
    admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, "title": "Dr"})

    assert look(lambda: db.session.get(User, world.alice).country) == "XA"


def test_hostile_name_stays_text(admin: FlaskClient, look):
    look(lambda: (setattr(make_user("zoe"), "name", "<img src=x>{{7*7}}"), db.session.commit()))

    for path in ("people/", "people/5/"):
        page = admin.get(f"/en/admin/{path}").text
        assert "<img" not in page
        assert "{{7*7}}" in page


def archive(look, world) -> None:
    look(lambda: (setattr(db.session.get(Forum, world.forum), "archived_at", utcnow()), db.session.commit()))


def test_page_of_a_person_gives_no_role_of_participant_in_an_archived_forum(admin: FlaskClient, look, world):
    archive(look, world)
    answer = admin.post(f"/en/admin/people/{world.alice}/", data={**PROFILE, "participant": [str(world.forum)]})

    assert answer.status_code == 422
    assert "This forum is archived and accepts no more messages, so no one can be approved for it." in answer.text
    assert look(lambda: db.session.query(ForumRole).filter_by(user_id=world.alice).count()) == 0


def test_role_of_participant_from_before_stays_in_an_archived_forum(admin: FlaskClient, look, world):
    data = {**PROFILE, "participant": [str(world.forum)]}
    admin.post(f"/en/admin/people/{world.alice}/", data=data)
    archive(look, world)
    answer = admin.post(f"/en/admin/people/{world.alice}/", data={**data, "name": "Alicia"})

    assert answer.status_code == 302
    assert look(lambda: db.session.query(ForumRole).filter_by(user_id=world.alice).count()) == 1


def test_several_people_are_not_approved_for_an_archived_forum(admin: FlaskClient, look, world):
    archive(look, world)
    path = f"/en/admin/people/{world.alice}-{world.bruno}/approve/"
    answer = admin.post(path, data={"forum": str(world.forum), "people": [str(world.alice), str(world.bruno)]})

    assert answer.status_code == 409
    assert "This forum is archived" in answer.text
    assert look(lambda: db.session.query(ForumRole).filter_by(role="participant").count()) == 0
