"""People are invited to a forum by a list; their role waits until they sign up, and one list says how far each is."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.invitee_lists import read_list
from app.languages import site_languages, speaking
from app.models import Forum, ForumRole, Invitee, LogEntry, Mail, Role, Topic, User
from tests.auth.conftest import PASSWORD
from tests.moderation.test_on_behalf import LETTER
from tests.world import make_message

ADDRESS = "/en/admin/forums/1/participants/"
CLARA = "Clara Ruiz, clara@example.org, Mexico, Party, es"


def invite(admin: FlaskClient, text: str, role: str = "participant", **more: str):
    return admin.post(ADDRESS, data={"people": text, "role": role, **more})


def mails(look) -> list[Mail]:
    return look(lambda: list(db.session.scalars(db.select(Mail).order_by(Mail.id))))


def invited(look) -> list[str]:
    return look(lambda: list(db.session.scalars(db.select(Invitee.email).order_by(Invitee.id))))


def spaced(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def link_in(mail: Mail, part: str) -> str:
    """The path of the link in a mail that has this part."""
    return next(word for word in mail.text.split() if part in word).partition("127.0.0.1:8000")[2]


@pytest.fixture
def signs_up(app: Flask, look) -> Callable[..., None]:
    """Somebody signs up by the link of their invitation, and confirms the address."""

    def sign_up(email: str = "clara@example.org", **stated: str) -> None:
        [mail] = [mail for mail in mails(look) if mail.recipient == email and "/sign-up/" in mail.text]
        client, link = app.test_client(), link_in(mail, "/sign-up/")
        page = client.get(link).text
        chosen = re.findall(r'<option selected value="([^"]*)"', page)
        typed = dict(re.findall(r'<input[^>]* name="(name|email|organization)"[^>]* value="([^"]*)"', page))
        data = typed | {"capacity": chosen[0], "country": chosen[1], "language": chosen[2], "password": PASSWORD}
        assert client.post(link, data=data | stated).status_code == 302
        confirming = next(mail for mail in mails(look) if "/confirm/" in mail.text and mail.recipient == email)
        assert client.post(link_in(confirming, "/confirm/"), data={"password": PASSWORD}).status_code == 302

    return sign_up


def test_people_of_a_list_are_invited_in_their_language(admin: FlaskClient, look):
    lines = [f"Person {n}, person{n}@example.org, Kenya, Party, {code}" for n, code in enumerate(("en", "es", "fr"))]
    answer = invite(admin, "\n".join(lines))

    assert answer.status_code == 302
    assert [(mail.recipient, mail.language) for mail in mails(look)] == [
        ("person0@example.org", "en"), ("person1@example.org", "es"), ("person2@example.org", "fr")
    ]  # fmt: skip
    assert "Title of open-forum (es)" in mails(look)[1].text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("en", "Online Forum on: Title of open-forum (en). Open for messages until {}, inclusive."),
        ("es", "Foro en línea: Title of open-forum (es). Admite mensajes hasta el {}, inclusive."),
        ("fr", "Forum en ligne : Title of open-forum (fr). Messages acceptés jusqu’au {} inclus."),
    ],
)
def test_invitation_tells_in_one_line_the_title_the_deadline_and_the_address(admin: FlaskClient, look, code, told):
    invite(admin, f"Clara, clara@example.org, Mexico, Party, {code}")
    deadline = look(lambda: site_languages()[code].at(db.session.get(Forum, 1).periods[0].closes_at))
    line = f"{told.format(deadline)} http://127.0.0.1:8000/{code}/forums/open-forum/"
    [mail] = mails(look)
    paragraphs = re.sub(r"<(?!p|/p)[^>]+>", "", mail.html)

    assert spaced(line) in spaced(mail.text).splitlines()
    assert f"<p>{spaced(line)}</p>" in spaced(paragraphs)


def test_invitation_to_a_draft_forum_without_dates_tells_its_title_only(admin: FlaskClient, look):
    def prepare() -> None:
        forum = db.session.get(Forum, 1)
        forum.published_at, forum.periods = None, []
        db.session.commit()

    look(prepare)
    invite(admin, CLARA.replace(", es", ", en"))
    [mail] = mails(look)

    assert "Online Forum on: Title of open-forum (en)." in mail.text.splitlines()
    assert "/forums/" not in mail.text


def test_invitation_to_a_planned_forum_tells_when_it_opens(admin: FlaskClient, look):
    def prepare() -> None:
        [period] = db.session.get(Forum, 1).periods
        period.opens_at = utcnow() + timedelta(hours=1)
        db.session.commit()

    look(prepare)
    invite(admin, CLARA.replace(", es", ", en"))

    assert "Opens on " in mails(look)[0].text


def test_sixty_people_are_invited_by_one_form(admin: FlaskClient, look):
    invite(admin, "\n".join(f"Person {n}, person{n}@example.org, Kenya, Party, en" for n in range(60)))

    assert len(invited(look)) == 60
    assert "60 people have been invited." in admin.get(ADDRESS).text


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_comma_semicolon_and_tab_stand_between(one_app: Flask, mark):
    with one_app.app_context():
        [read] = read_list(mark.join(("Clara", "clara@example.org", "Mexico", "Party", "es")))

    assert read.reason == ""
    assert [read.person[name] for name in ("email", "country", "capacity", "language")] == [
        "clara@example.org",
        "MX",
        "party",
        "es",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Clara, clara@example.org, México, Parte, español", ("MX", "", "party", "es")),
        ("Clara, clara@example.org, mexique, partie, Spanish", ("MX", "", "party", "es")),
        ("Clara, clara@example.org, MX, Government", ("MX", "", "government", "en")),
        ("Clara, clara@example.org, Bolivia, Gobierno, fr", ("BO", "", "government", "fr")),
        ('Clara, clara@example.org, "Seeds, Soils", Organization,', ("", "Seeds, Soils", "organization", "en")),
        ("Clara; clara@example.org; Mexico; organization; en", ("", "Mexico", "organization", "en")),
        ("Clara, clara@example.org, , expert, en", ("", "", "expert", "en")),
        ("Clara, clara@example.org, University of Z, expert", ("", "University of Z", "expert", "en")),
    ],
)
def test_names_are_understood_in_every_language(one_app: Flask, line, told):
    with one_app.app_context(), speaking(site_languages()["en"]):
        [read] = read_list(line)

    assert read.reason == ""
    assert tuple(read.person[name] for name in ("country", "organization", "capacity", "language")) == told


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Clara", "Each line must contain a name"),
        ("Clara, clara@, Mexico, Party, es", "Enter the full email address"),
        (", clara@example.org, Mexico, Party, es", "Please enter the name."),
        ("http://spam.example, clara@example.org, Mexico, Party, es", "web address"),
        ("x" * 101 + ", clara@example.org, Mexico, Party, es", "Please enter the name."),
        ("Clara, clara@example.org, Atlantis, Party, es", "not in the list of States: “Atlantis”"),
        ("Clara, clara@example.org, , Organization, es", "name of the organization"),
        ("Clara, clara@example.org, Mexico, King, es", "capacity does not exist: “King”"),
        ("Clara, clara@example.org, Mexico, Secretariat, es", "capacity does not exist"),
        ("Clara, clara@example.org, Mexico, Party, Klingon", "is not available in this language: “Klingon”"),
        ("Clara, clara@example.org, Mexico, Party, es, more", "Each line must contain a name"),
        ("x" * 1_001, "too long"),
    ],
)
def test_bad_line_comes_back_with_its_reason_and_the_others_are_invited(admin: FlaskClient, look, line, reason):
    answer = invite(admin, f"Good, good@example.org, Kenya, Party, en\n{line}")
    box = re.search(r"<textarea[^>]*>\s*([^<]*)</textarea>", answer.text)[1]

    assert answer.status_code == 422
    assert invited(look) == ["good@example.org"]
    assert "good@example.org" not in box
    assert line[:20].strip() in box.replace("&#34;", '"')
    assert reason in box


def test_reason_in_the_box_is_not_read_when_it_is_sent_again(admin: FlaskClient, look):
    invite(admin, f"{CLARA}  # This State is not in the list")

    assert invited(look) == ["clara@example.org"]


def test_headings_and_empty_lines_are_left_out(admin: FlaskClient, look):
    assert invite(admin, f"Name, Email, State, Capacity, Language\n\n{CLARA}\n").status_code == 302
    assert invited(look) == ["clara@example.org"]


def test_address_that_stands_twice_is_invited_once(admin: FlaskClient, look):
    answer = invite(admin, f"{CLARA}\n{CLARA.upper()}")

    assert "in the list twice" in answer.text
    assert invited(look) == ["clara@example.org"]


def box_of(answer) -> str:
    return re.search(r"<textarea[^>]*>\s*([^<]*)</textarea>", answer.text)[1]


def test_person_who_was_invited_before_gets_no_second_mail_and_the_line_says_so(admin: FlaskClient, look):
    invite(admin, CLARA)
    answer = invite(admin, f"{CLARA}\nDora, dora@example.org, Kenya, Party, en")

    assert answer.status_code == 422
    assert [mail.recipient for mail in mails(look)] == ["clara@example.org", "dora@example.org"]
    assert box_of(answer).startswith(f"{CLARA}  # This person has already been invited")
    assert "dora" not in box_of(answer)


@pytest.mark.parametrize(("line", "role"), [(CLARA, "moderator"), (CLARA.replace("Mexico", "Kenya"), "participant")])
def test_invitation_that_waits_is_changed_by_another_role_or_another_statement(
    admin: FlaskClient, look, signs_up, line, role
):
    invite(admin, CLARA)
    answer = invite(admin, line, role)
    [mail] = mails(look)
    told = admin.get(ADDRESS).text
    signs_up()
    [held] = look(lambda: db.session.query(ForumRole).filter(ForumRole.user_id > 4).all())

    assert answer.status_code == 302
    assert "1 earlier invitation has been changed and sent again." in told
    assert ("moder" in mail.text) == (role == "moderator")
    assert (held.forum_id, held.role) == (1, role)
    assert confirmed(look)


def test_person_who_has_signed_up_gets_the_other_role_besides(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    signs_up()
    answer = invite(admin, CLARA, "moderator")
    user = look(lambda: db.session.query(User).filter_by(email="clara@example.org").one().id)
    held = look(lambda: {one.role for one in db.session.query(ForumRole).filter_by(user_id=user)})

    assert answer.status_code == 302
    assert held == {"participant", "moderator"}
    assert "1 person already has an account and has been assigned the role." in admin.get(ADDRESS).text
    assert invited(look) == ["clara@example.org"]


def test_line_says_that_somebody_has_the_role_already(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    signs_up()
    before = len(mails(look))
    answer = invite(admin, f"{CLARA}\nModerator, moderator@example.org, Kenya, Party, en")
    again = invite(admin, "Moderator, moderator@example.org, Kenya, Party, en", "moderator")

    assert f"{CLARA}  # This person already has this role" in box_of(answer)
    assert "moderator@example.org" not in box_of(answer)
    assert "# This person already has this role" in box_of(again)
    assert len(mails(look)) == before + 1


def test_person_is_found_by_the_address_of_the_invitation_and_by_a_later_one(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    signs_up()
    look(lambda: (db.session.query(User).filter_by(email="clara@example.org").update({"email": "ruiz@example.org"}),
                  db.session.commit()))  # fmt: skip
    for line in (CLARA, CLARA.replace("clara@", "ruiz@")):
        assert "# This person already has this role" in box_of(invite(admin, line))

    assert invited(look) == ["clara@example.org"]


def test_more_than_500_lines_are_refused_before_they_are_read(admin: FlaskClient, look):
    answer = invite(admin, "\n".join(f"P, p{n}@example.org, Kenya, Party" for n in range(501)))

    assert answer.status_code == 422
    assert "No more than 500 people" in answer.text
    assert invited(look) == []


def test_list_that_is_too_long_is_refused(admin: FlaskClient):
    assert invite(admin, "x" * 100_001).status_code == 422


def test_same_list_sent_twice_invites_once(admin: FlaskClient, look):
    for _ in range(2):
        assert invite(admin, CLARA, submission="a" * 32).status_code == 302

    assert len(mails(look)) == 1


def test_role_waits_for_the_sign_up(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    before = look(lambda: db.session.query(ForumRole).count())
    signs_up()

    assert look(lambda: db.session.query(ForumRole).count()) == before + 1
    held = look(lambda: db.session.query(ForumRole).order_by(ForumRole.user_id.desc()).first())
    assert (held.forum_id, held.role) == (1, Role.PARTICIPANT)


def archive(look) -> None:
    look(lambda: (setattr(db.session.get(Forum, 1), "archived_at", utcnow()), db.session.commit()))


def test_role_of_a_participant_that_waited_is_not_given_in_an_archived_forum(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    before = look(lambda: db.session.query(ForumRole).count())
    archive(look)
    signs_up()

    assert look(lambda: db.session.query(ForumRole).count()) == before


def test_moderator_who_was_invited_before_the_archiving_gets_the_role(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA, "moderator")
    before = look(lambda: db.session.query(ForumRole).count())
    archive(look)
    signs_up()

    assert look(lambda: db.session.query(ForumRole).count()) == before + 1


def test_list_of_the_invited_is_shown_in_pages(admin: FlaskClient):
    invite(admin, "\n".join(f"Person {n}, person{n}@example.org, Kenya, Party, en" for n in range(60)))

    assert "person59@example.org" in admin.get(ADDRESS).text
    assert "person9@example.org" not in admin.get(ADDRESS).text
    assert "person9@example.org" in admin.get(f"{ADDRESS}?page=2").text


def test_log_says_who_gave_a_role_that_has_waited(admin: FlaskClient, look, signs_up, world):
    invite(admin, CLARA, "moderator")
    signs_up()
    entries = look(lambda: [(one.action, one.user_id, one.kind) for one in db.session.query(LogEntry)])

    assert entries[:2] == [("invite", world.admin, "forums"), ("edit", world.admin, "users")]
    assert "@example.org" not in admin.get("/en/admin/log.csv").text


def test_link_of_an_invitation_fills_in_the_form(admin: FlaskClient, visitor: FlaskClient, look):
    invite(admin, CLARA)
    page = visitor.get(link_in(mails(look)[0], "/sign-up/")).text

    for told in ('value="Clara Ruiz"', 'value="clara@example.org"', 'selected value="MX"', 'selected value="party"'):
        assert told in page
    assert "Title of open-forum (es)" in page


@pytest.mark.parametrize("token", ["x", "", "x" * 3_000])
def test_bad_link_of_an_invitation_gives_the_empty_form(visitor: FlaskClient, token, world):
    answer = visitor.get(f"/en/auth/sign-up/?invitation={token}")

    assert answer.status_code == 200
    assert "has invited you" not in answer.text


def test_link_of_an_invitation_says_nothing_more_once_they_have_signed_up(admin, visitor, look, signs_up):
    invite(admin, CLARA)
    signs_up()

    assert "Clara" not in visitor.get(link_in(mails(look)[0], "/sign-up/")).text


def test_person_with_an_account_gets_the_role_at_once(admin: FlaskClient, look, world):
    invite(admin, "Bruno, Bruno@Example.org, Kenya, Party, en")

    assert [mail.subject for mail in mails(look)] == ["You may now post in the forum “Title of open-forum (en)”"]
    assert look(lambda: db.session.get(User, world.bruno).has_role(Role.PARTICIPANT, 1))
    assert "assigned the role" in admin.get(ADDRESS).text


def test_suspended_account_is_not_invited(admin: FlaskClient, look, world):
    look(lambda: (setattr(db.session.get(User, world.bruno), "suspended_at", utcnow()), db.session.commit()))
    answer = invite(admin, "Bruno, bruno@example.org, Kenya, Party, en")

    assert answer.status_code == 422
    assert "This account is suspended." in answer.text
    assert invited(look) == []


def test_one_list_says_who_was_invited_has_signed_up_and_has_written(admin: FlaskClient, look, signs_up, world):
    invite(admin, f"{CLARA}\nDora, dora@example.org, Kenya, Party, en")
    signs_up()

    def write() -> None:
        user = db.session.query(User).filter_by(email="clara@example.org").one()
        make_message(db.session.get(Topic, world.topic), user, "Here I am.")
        db.session.commit()

    look(write)
    rows = re.findall(r'<th scope="row">.*?</tr>', admin.get(ADDRESS).text, re.DOTALL)
    told = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]

    assert [(row.startswith("Dora"), row.endswith("not yet Withdraw : Dora")) for row in told[:1]] == [(True, True)]
    assert told[1].startswith("Clara Ruiz")
    assert told[1].endswith("yes 1")


def test_list_says_whose_invitation_could_not_be_delivered(admin: FlaskClient, look):
    invite(admin, CLARA)
    look(lambda: (db.session.query(Mail).update({"given_up_at": utcnow()}), db.session.commit()))

    assert "the email could not be delivered" in admin.get(ADDRESS).text


def test_invitation_goes_to_a_corrected_address_with_a_new_link(admin: FlaskClient, visitor, look):
    invite(admin, CLARA)
    look(lambda: (db.session.query(Mail).update({"given_up_at": utcnow()}), db.session.commit()))
    former = link_in(mails(look)[0], "/sign-up/")
    key = mails(look)[0].id
    admin.post(f"/en/admin/mails/{key}/address/", data={"email": "clara.ruiz@example.org"})
    [mail] = mails(look)

    assert mail.recipient == "clara.ruiz@example.org"
    assert invited(look) == ["clara.ruiz@example.org"]
    assert "Clara" in visitor.get(link_in(mail, "/sign-up/")).text
    assert "Clara" not in visitor.get(former).text


def test_archived_forum_invites_nobody_and_its_list_is_still_read(admin: FlaskClient, look):
    invite(admin, CLARA)
    archive(look)

    assert "clara@example.org" in admin.get(ADDRESS).text
    assert "so no one can be invited to it" in admin.get(ADDRESS).text
    answer = invite(admin, "Dora, dora@example.org, Kenya, Party, en")
    assert answer.status_code == 409
    assert "This forum is archived" in answer.text
    assert invited(look) == ["clara@example.org"]


def test_invitation_goes_with_the_account(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    signs_up()
    key = look(lambda: db.session.query(User.id).filter_by(email="clara@example.org").scalar())
    admin.post(f"/en/admin/people/{key}/delete/", data={"email": "clara@example.org"})

    assert invited(look) == []


# Invitations that are withdrawn


def withdraw(admin: FlaskClient, key: int = 1, version: str | None = None):
    page = admin.get(f"{ADDRESS}{key}/withdraw/").text
    shown = re.search(r'name="version"[^>]* value="([^"]*)"', page)
    return admin.post(f"{ADDRESS}{key}/withdraw/", data={"version": version or (shown[1] if shown else "")})


def test_invitation_that_nobody_has_used_can_be_withdrawn(admin: FlaskClient, look, log):
    invite(admin, CLARA)
    offered = admin.get(ADDRESS).text
    page = admin.get(f"{ADDRESS}1/withdraw/").text
    answer = withdraw(admin)

    assert f'href="{ADDRESS}1/withdraw/"' in offered
    assert "Clara Ruiz, clara@example.org" in page
    assert (answer.status_code, answer.location) == (302, ADDRESS)
    assert invited(look) == []
    assert [action for action, _kind, _subject in log()] == ["invite", "withdraw_invitation"]


def test_log_tells_of_a_withdrawn_invitation_without_the_person(admin: FlaskClient, look):
    invite(admin, CLARA)
    withdraw(admin)

    assert "clara" not in admin.get("/en/admin/log.csv").text.lower()


def test_invitation_that_was_withdrawn_gives_no_role(admin: FlaskClient, visitor: FlaskClient, look):
    invite(admin, CLARA)
    before = look(lambda: db.session.query(ForumRole).count())
    stated = {"name": "Clara Ruiz", "email": "clara@example.org", "country": "MX", "capacity": "party"}
    visitor.post(link_in(mails(look)[0], "/sign-up/"), data=stated | {"language": "en", "password": PASSWORD})
    withdraw(admin)
    [mail] = mails(look)
    visitor.post(link_in(mail, "/confirm/"), data={"password": PASSWORD})

    assert look(lambda: db.session.query(User).filter_by(email="clara@example.org").count()) == 1
    assert look(lambda: db.session.query(ForumRole).count()) == before


def test_link_of_a_withdrawn_invitation_says_what_happened(admin: FlaskClient, visitor: FlaskClient, look):
    invite(admin, CLARA)
    link = link_in(mails(look)[0], "/sign-up/")
    withdraw(admin)
    page = visitor.get(link.replace("/es/", "/en/")).text

    assert "The Secretariat has withdrawn this invitation." in page
    assert "Clara" not in page


def test_email_of_a_withdrawn_invitation_is_not_sent(admin: FlaskClient, look):
    invite(admin, f"{CLARA}\nDora, dora@example.org, Kenya, Party, en")
    withdraw(admin)

    assert [mail.recipient for mail in mails(look)] == ["dora@example.org"]


def test_withdrawing_twice_changes_nothing_more(admin: FlaskClient, look):
    invite(admin, CLARA)
    answers = [withdraw(admin), withdraw(admin, version="x")]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert "already been done" in admin.get(ADDRESS).text


def test_invitation_that_changed_meanwhile_is_not_withdrawn(admin: FlaskClient, look):
    invite(admin, CLARA)

    assert withdraw(admin, version="x").status_code == 409
    assert invited(look) == ["clara@example.org"]


def test_invitation_that_was_used_cannot_be_withdrawn(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    signs_up()
    page = admin.get(f"{ADDRESS}1/withdraw/").text

    assert "/1/withdraw/" not in admin.get(ADDRESS).text
    assert "has signed up already" in page
    assert "<button" not in page.partition("<h1")[2]
    assert withdraw(admin, version="x").status_code == 409
    assert invited(look) == ["clara@example.org"]


def test_invitation_of_another_forum_is_not_found(admin: FlaskClient, look):
    invite(admin, CLARA)

    assert admin.get(ADDRESS.replace("/1/", "/2/") + "1/withdraw/").status_code == 404


# Officers of the Secretariat

OFFICER = "Ola Berg, ola@example.org, , Secretariat, en"


def sign_up_as_officer(client: FlaskClient, link: str, email: str = "ola@example.org"):
    stated = {"name": "Ola Berg", "email": email, "capacity": "secretariat", "country": "", "language": "en"}
    return client.post(link, data=stated | {"password": PASSWORD})


def test_officer_of_the_secretariat_is_invited_as_moderator(admin: FlaskClient, visitor: FlaskClient, look):
    invite(admin, OFFICER, "moderator")
    link = link_in(mails(look)[0], "/sign-up/")
    page = visitor.get(link).text
    sign_up_as_officer(visitor, link)
    visitor.post(link_in(mails(look)[-1], "/confirm/"), data={"password": PASSWORD})
    user = look(lambda: db.session.query(User).filter_by(email="ola@example.org").one())

    assert '<option selected value="secretariat">' in page
    assert (user.capacity, user.is_profile_confirmed) == ("secretariat", True)
    assert look(lambda: db.session.get(User, user.id).has_role(Role.MODERATOR, 1))


@pytest.mark.parametrize("role", ["participant", "translator"])
def test_officer_of_the_secretariat_is_invited_in_no_other_role(admin: FlaskClient, look, role):
    answer = invite(admin, OFFICER, role)

    assert "capacity does not exist" in box_of(answer)
    assert invited(look) == []


@pytest.mark.parametrize("line", [None, CLARA])
def test_nobody_else_signs_up_as_the_secretariat(admin: FlaskClient, visitor: FlaskClient, look, line):
    link = "/en/auth/sign-up/"
    if line:
        invite(admin, line)
        link = link_in(mails(look)[0], "/sign-up/")
    answer = sign_up_as_officer(visitor, link, "clara@example.org")

    assert 'value="secretariat"' not in visitor.get(link).text
    assert answer.status_code == 422


def test_capacity_of_an_officer_holds_for_the_address_of_the_invitation_only(admin, visitor, look):
    invite(admin, OFFICER, "moderator")
    answer = sign_up_as_officer(visitor, link_in(mails(look)[0], "/sign-up/"), "other@example.org")

    assert answer.status_code == 422
    assert "valid only for the address to which the invitation was sent" in answer.text


def test_officer_whose_invitation_was_withdrawn_meanwhile_does_not_speak_for_the_secretariat(admin, visitor, look):
    invite(admin, OFFICER, "moderator")
    sign_up_as_officer(visitor, link_in(mails(look)[0], "/sign-up/"))
    withdraw(admin)
    answer = visitor.post(link_in(mails(look)[-1], "/confirm/"), data={"password": PASSWORD})

    assert answer.status_code == 409
    assert "has withdrawn the invitation" in answer.text
    assert look(lambda: db.session.query(User).filter_by(email="ola@example.org").count()) == 0


# Confirmed State and capacity


def confirmed(look, email: str = "clara@example.org") -> bool:
    return look(lambda: db.session.query(User).filter_by(email=email).one().is_profile_confirmed)


def test_state_and_capacity_of_an_invitation_are_confirmed(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    signs_up()

    assert confirmed(look)


@pytest.mark.parametrize("stated", [{"country": "FR"}, {"capacity": "expert"}])
def test_what_somebody_states_otherwise_than_their_invitation_is_not_confirmed(admin, look, signs_up, stated):
    invite(admin, CLARA)
    signs_up(**stated)

    assert not confirmed(look)


def test_organization_is_confirmed_only_under_its_own_name(admin: FlaskClient, look, signs_up):
    invite(admin, "Clara, clara@example.org, Seeds for All, Organization, en")
    signs_up(organization="Seeds for Some")

    assert not confirmed(look)


def test_ministry_can_be_named_freely(admin: FlaskClient, look, signs_up):
    invite(admin, CLARA)
    signs_up(organization="Ministry of Seeds")

    assert confirmed(look)


def post(client: FlaskClient, world, body: str) -> None:
    data = {"body": body, "language": "en", "on_behalf_of": ""}
    assert client.post(f"/en/topics/{world.topic}/reply/", data=data).status_code == 302


@pytest.fixture
def alice_is_confirmed(look, world) -> None:
    look(lambda: (setattr(db.session.get(User, world.alice), "profile_confirmed_at", utcnow()), db.session.commit()))


@pytest.mark.parametrize(
    "path", ["/en/topics/1/", "/en/print/topics/1/", "/en/print/forums/open-forum/", "/en/feeds/topics/1.atom"]
)
def test_confirmed_is_told_with_the_message_on_screen_paper_and_feed(
    alice_is_confirmed, alice: FlaskClient, visitor: FlaskClient, world, path
):
    post(alice, world, "As a confirmed Party.")
    page = visitor.get(path).text

    assert len(re.findall(r"\(confirmed\)", page)) == 1


@pytest.mark.parametrize(
    "path", ["/en/topics/1/", "/en/print/topics/1/", "/en/print/forums/open-forum/", "/en/feeds/topics/1.atom"]
)
def test_page_says_once_that_all_else_is_as_stated_by_the_participants(visitor: FlaskClient, world, path):
    assert visitor.get(path).text.count("as stated by the participants") == 1


@pytest.mark.parametrize(
    ("capacity", "told"),
    [
        ("party", "Republic of Valdorenia (confirmed), The Great Office"),
        ("organization", "The Great Office, Republic of Valdorenia (confirmed)"),
    ],
)
def test_mark_stands_beside_what_is_confirmed_and_before_what_is_named_freely(
    alice_is_confirmed, alice: FlaskClient, visitor: FlaskClient, look, world, capacity, told
):
    values = {"capacity": capacity, "organization": "The Great Office"}
    look(lambda: (db.session.query(User).filter_by(id=world.alice).update(values), db.session.commit()))
    post(alice, world, "As a confirmed Party.")
    for path in ("/en/topics/1/", "/en/print/topics/1/", "/en/feeds/topics/1.atom"):
        page = " ".join(re.sub(r"<[^>]+>", "", visitor.get(path).text).split())
        assert told in page, path


def test_message_keeps_what_was_confirmed_when_it_was_posted(alice_is_confirmed, alice, visitor, look, world):
    post(alice, world, "As a confirmed Party.")
    look(lambda: (setattr(db.session.get(User, world.alice), "profile_confirmed_at", None), db.session.commit()))
    post(alice, world, "Not any more.")

    assert visitor.get("/en/topics/1/").text.count("(confirmed)") == 1


@pytest.mark.parametrize(
    ("change", "stays"),
    [({"country": "FR"}, False), ({"capacity": "expert"}, False), ({"name": "Alicia"}, True), ({"title": "Dr"}, True)],
)
def test_confirmation_is_lost_with_a_change_of_state_or_capacity(
    alice_is_confirmed, alice: FlaskClient, look, change, stays
):
    profile = {"name": "Alice", "title": "", "organization": "Ministry", "country": "XA", "capacity": "party"}
    assert alice.post("/en/account/profile/", data=profile | change).status_code == 302

    assert confirmed(look, "alice@example.org") == stays


def test_person_is_told_before_that_a_change_loses_the_confirmation(alice_is_confirmed, alice: FlaskClient):
    assert "new messages will not be shown as confirmed" in alice.get("/en/account/profile/").text


def test_secretariat_confirms_on_the_page_of_the_person(admin: FlaskClient, look, world):
    profile = {"name": "Bruno", "country": "XA", "capacity": "party", "language": "en", "is_profile_confirmed": "y"}
    admin.post(f"/en/admin/people/{world.bruno}/", data=profile | {"organization": "Ministry of Tests"})
    entry = look(lambda: db.session.query(LogEntry).one())

    assert confirmed(look, "bruno@example.org")
    assert [(change["field"], change["new"]) for change in entry.detail] == [("is_profile_confirmed", True)]


def test_what_the_secretariat_types_for_others_is_not_confirmed(look, world, moderator: FlaskClient, visitor):
    look(lambda: (setattr(db.session.get(User, world.moderator), "profile_confirmed_at", utcnow()),
                  db.session.commit()))  # fmt: skip
    moderator.post(f"/en/topics/{world.topic}/reply/", data=LETTER)
    page = visitor.get("/en/topics/1/").text

    assert LETTER["speaker"] in page
    assert "(confirmed)" not in page


def test_line_of_a_suspended_account_comes_back_as_it_was_with_its_number(admin: FlaskClient, look, world):
    look(lambda: (setattr(db.session.get(User, world.bruno), "suspended_at", utcnow()), db.session.commit()))
    line = "Bruno, bruno@example.org, Kenya, Party, en"
    answer = invite(admin, f"nobody\n\n{line}")

    assert line in answer.text
    assert "Line 3" in answer.text
