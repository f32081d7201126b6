"""Every text goes through gettext: with a catalogue that puts each into ⟦marks⟧, no letter stays outside them."""

import io
import re
import shutil
from collections.abc import Iterator
from types import SimpleNamespace

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from app.auth import tokens
from app.auth.email_change import PURPOSES as EMAIL_CHANGE
from app.auth.passwords import hash_password
from app.auth.sign_up import hash_for
from app.database import utcnow
from app.errors import EmailChangeExpired, SecondStepExpired, SecondStepNeeded, Suspended
from app.extensions import db
from app.mail.outbox import enqueue
from app.models import Group, GroupText, Message, Role, SignIn, SignUp, User
from config import ROOT
from tests.admin.conftest import moment
from tests.attachments.samples import compound
from tests.conftest import sign_in
from tests.full_world import TOTP_SECRET, FullWorld
from tests.languages.pseudo import bare_texts, forget_catalogues, make_pseudo_site, marked
from tests.route_table import PEOPLE, ROWS, paths_of

PASSWORD = "four plain words here"
MAILS = sorted({path.stem for path in (ROOT / "app/templates/mail").glob("*.txt")} - {"base"})
# Mails that say one thing or another, and what each of them says.
RECEIPT = {
    "message": Message(
        id=3, language="en", body="Κείμενο", speaker="Δ", capacity="expert", on_behalf_of="Δ", received_on=utcnow()
    ),
    "title": "Τίτλος",
    "recorded_as": "Δ",
    "group": 1,
    "at": utcnow(),
}
ANNOUNCED = {"subject": "Κείμενο", "body": "Κείμενο", "html": "<p>Κείμενο</p>"}
SENT = SimpleNamespace(
    **dict.fromkeys(("speaker", "organization", "country", "on_behalf_of"), ""),
    id=3,
    reply_to_id=2,
    author="Άννα",
    capacity="expert",
    confirmed=True,
    language="en",
    posted_at=utcnow(),
    html="<p>Κείμενο</p>",
    files=[],
    is_taken_back=False,
)
GROUP = Group(id=1, number=1, texts={"en": GroupText(language="en", title="Ομάδα")})
PART = SimpleNamespace(
    forum=SimpleNamespace(title="Φόρουμ", language="en"),
    topic=SimpleNamespace(id=5, title="Τίτλος", language="en", group=GROUP),
    messages=[(SENT, "Κείμενο")],
    more=2,
)
PLACE = "http://127.0.0.1:8000/en/"
OF_MESSAGES = {"subject": "Τίτλος", "why": "Λόγος", "stop": PLACE, "settings": PLACE, "reply": PLACE}
SAYINGS = {
    "announcement": [{"announced": {**ANNOUNCED, "language": code}} for code in ("en", "fr")],
    "receipt": [{**RECEIPT, "waits": waits, "is_changed": waits} for waits in (True, False)],
    "receipt_without_text": [{"is_withdrawn": withdrawn} for withdrawn in (True, False)],
    "followed": [{**OF_MESSAGES, "part": PART}],
    "digest": [{**OF_MESSAGES, "parts": [PART], "rest": 2, "ways": [("Λόγος", PLACE)]}],
    "moderated": [{"kind": kind} for kind in ("approve", "return", "edit", "withhold", "restore")],
    "followed_up": [{name: {"en": "Κείμενο"} for name in ("said", "html", "urls")}],
    "to_moderate": [{"what": what} for what in ("waits", "reported")],
    "to_moderate_more": [{"news": news} for news in (1, 2)],
    "role_ended": [{"role": role.value} for role in Role],
    "role_given": [{"role": role.value, "covered": "español"} for role in Role],
}
LETTERS = [(name, saying) for name in MAILS for saying in SAYINGS.get(name, [{}])]
READ = [row for row in ROWS if row.in_language and row.paths and not row.rule.endswith((".ics", ".json"))]
CLOSED = "/en/forums/closed-forum/groups/group-1/"
EDIT = {"body": "Κείμενο", "language": "en"}
TEXT = {"title": "Τίτλος", **EDIT}
TITLES = {f"{code}-{name}": "Τίτλος" for code in ("en", "es", "fr") for name in ("title", "short_title", "text")}
OBJECTS = {
    "pages": TITLES | {"kind": "text", "slug": "rules", "parent_id": "1", "position": "0"},
    "forums": TITLES | {"slug": "new-forum"},
    "groups": TITLES | {"number": "9", "slug": "group-9"},
    "questions": TITLES | {"number": "9"},
}
SIGN_UP = {"name": "Άννα", "email": "anna@example.org", "password": PASSWORD, "capacity": "expert", "language": "en"}
REASONED = {"listed": "0", "words": "Αιτία"}

# Who sends what to where, with success; the next page is shown with what was said about it.
ACTIONS = [
    ("alice", "/en/forums/open-forum/groups/group-1/new/", {**TEXT, "question": "0"}),
    ("alice", "/en/topics/{long_topic}/reply/?to={edited}", TEXT),
    ("alice", "/en/messages/{edited}/edit/", EDIT),
    ("alice", "/en/messages/{edited}/withdraw/", {}),
    ("translator", "/en/messages/{moderated.reported}/report/", {"reason": "Κείμενο"}),
    ("moderator", "/en/moderation/messages/{moderated.pending}/approve/", {}),
    ("moderator", "/en/moderation/messages/{moderated.pending}/return/", {"listed": "1"}),
    ("moderator", "/en/moderation/messages/{moderated.reported}/correct/", {**TEXT, "words": "Κείμενο"}),
    ("moderator", "/en/moderation/messages/{moderated.reported}/withhold/", {"words": "Κείμενο"}),
    ("moderator", "/en/moderation/messages/{moderated.withheld}/restore/", {"words": "Κείμενο"}),
    ("moderator", "/en/moderation/messages/{moderated.reported}/settle/", {}),
    ("moderator", "/en/moderation/summaries/groups/{small.group}/", {"en-body": "Κείμενο"}),
    ("moderator", "/en/moderation/follow-ups/messages/{moderated.reported}/", {"en-body": "Κείμενο"}),
    ("admin", f"{CLOSED}new/", {**TEXT, "question": "0", "entered_as": "closing"}),
    ("alice", "/en/messages/{moderated.returned}/edit/", EDIT),
    ("alice", "/en/account/profile/", {"name": "Άννα", "capacity": "expert", "country": ""}),
    ("alice", "/en/account/language/", {"language": "en"}),
    ("alice", "/en/account/password/", {"password": PASSWORD, "new_password": f"{PASSWORD} now"}),
    ("alice", "/en/account/email/", {"email": "alice@example.net", "password": PASSWORD}),
    ("alice", "/en/account/email/", {"email": "bruno@example.org", "password": PASSWORD}),
    ("bruno", "/en/account/email/cancel/", {}),
    ("visitor", "/en/auth/email/old/{email_change_old}/", {}),
    ("visitor", "/en/auth/email/new/{email_change_new}/", {}),
    ("alice", "/en/account/sign-ins/end-others/", {}),
    ("alice", "/en/account/sign-ins/{sign_in}/end/", {}),
    ("alice", "/en/account/second-step/", {"password": PASSWORD, "code": "{offered}"}),
    ("admin", "/en/account/second-step/codes/", {"password": PASSWORD, "code": "{code}"}),
    ("admin", "/en/account/second-step/off/", {"password": PASSWORD, "code": "{code}"}),
    ("visitor", "/en/auth/sign-in/", {"email": "admin@example.org", "password": PASSWORD}),
    ("alice", "/en/account/delete/", {"email": "alice@example.org", "password": PASSWORD}),
    ("visitor", "/en/auth/confirm/{confirm}/", {"password": PASSWORD}),
    ("visitor", "/en/auth/reset/{reset}/", {"new_password": f"{PASSWORD} now"}),
    ("visitor", "/en/auth/sign-in/", {"email": "alice@example.org", "password": PASSWORD}),
    ("visitor", "/en/auth/sign-up/", SIGN_UP),
    ("visitor", "/en/auth/forgot/", {"email": "alice@example.org"}),
    ("visitor", "/en/auth/confirm/", {"email": "alice@example.org"}),
    ("moderator", "/en/topics/{long_topic}/reply/", TEXT | {"speaker": "Δώρα", "capacity": "expert"}),
    *(
        ("moderator", f"/en/moderation/topics/{topic}/{name}/", REASONED | more)
        for topic, name, more in (
            ("{long_topic}", "pin", {}),
            ("{locked_topic}", "unpin", {}),
            ("{long_topic}", "lock", {}),
            ("{locked_topic}", "unlock", {}),
            ("{long_topic}", "retitle", {"title": "Τίτλος", "language": "es"}),
            ("{long_topic}", "refile", {"place": "{small.group}-0"}),
            ("{small.topic}", "move", {"messages": "1", "target": "/en/topics/{long_topic}/"}),
            (
                "{small.topic}",
                "split",
                {"messages": "1", "title": "Τίτλος", "language": "en", "place": "{small.group}-0"},
            ),
            ("{small.topic}", "merge", {"target": "/en/topics/{long_topic}/", "under": "{small.group}-0"}),
        )
    ),
    ("admin", "/en/admin/pages/new/", OBJECTS["pages"] | {"slug": "group-9"}),
    ("admin", "/en/admin/forums/new/", OBJECTS["forums"]),
    ("admin", "/en/admin/forums/{small.forum}/settings/", {"slug": "other-forum"}),
    ("admin", "/en/admin/forums/{small.forum}/groups/", {"g1-number": "7"}),
    ("admin", "/en/admin/forums/{small.forum}/copy/", {}),
    ("translator", "/en/translate/groups/{small.group}/fr/", {"title": "Τίτλος"}),
    ("admin", "/en/admin/groups/new/{small.forum}/", OBJECTS["groups"]),
    ("admin", "/en/admin/questions/{small.group}/edit/", OBJECTS["questions"]),
    ("admin", "/en/admin/pages/{child_page}/delete/", {}),
    ("admin", "/en/admin/forums/{forums[planned-forum]}/unpublish/", {}),
    ("admin", "/en/admin/forums/{forums[archived-forum]}/unarchive/", {}),
    ("admin", "/en/admin/forums/{small.forum}/close/", {}),
    ("admin", "/en/admin/periods/{coming_period}/delete/", {}),
    ("admin", "/en/admin/forums/{small.forum}/invitations/", {"countries": ["FR"]}),
    ("admin", "/en/admin/forums/{small.forum}/roles/", {"email": "alice@example.org", "role": "moderator"}),
    ("admin", "/en/admin/forums/{small.forum}/participants/{invitee}/withdraw/", {}),
    ("admin", "/en/admin/forums/{small.forum}/roles/{small.moderator}/moderator/end/", {}),
    (
        "admin",
        "/en/admin/people/{small.alice}/",
        {"name": "Άννα", "capacity": "expert", "language": "en", "country": ""},
    ),
    ("admin", "/en/admin/people/{small.alice}/suspend/", {"words": "Λόγος"}),
    ("admin", "/en/admin/people/{suspended}/reinstate/", {"words": "Λόγος"}),
    ("admin", "/en/admin/people/{small.bruno}/suspend/", {"words": "Λόγος", "withhold": "y"}),
    ("admin", "/en/admin/people/{small.bruno}/withhold/", {"words": "Λόγος"}),
    ("admin", "/en/admin/people/{small.bruno}/approve/", {"forum": "1"}),
    ("admin", "/en/admin/people/{small.bruno}/unlock/", {}),
    ("admin", "/en/admin/mails/{mail}/again/", {}),
    ("admin", "/en/admin/mails/{mail}/address/", {"email": "right@example.org"}),
    ("admin", "/en/admin/people/{small.alice}/delete/", {"email": "alice@example.org"}),
]

# Who asks for what and is refused: status, person, path, what is sent ("" for a GET).
REFUSALS = [
    (404, "visitor", "/en/none/", None),
    (404, "visitor", "/none/", None),
    (405, "visitor", "/en/auth/sign-out/", None),
    (403, "bruno", "/en/admin/", None),
    (403, "bruno", "/en/messages/{edited}/edit/", None),
    (403, "visitor", "/en/topics/{long_topic}/reply/", {"body": "Κείμενο"}),
    (409, "alice", "/en/forums/closed-forum/groups/group-1/new/", TEXT),
    (409, "alice", "/en/forums/archived-forum/groups/group-1/new/", TEXT),
    *(
        (422, "admin", f"{CLOSED}new/", TEXT | more)
        for more in (
            {"entered_as": ""},
            {"entered_as": "received"},
            {"entered_as": "received", "received_on": "2099-01-01"},
            {"entered_as": "closing", "speaker": "Δώρα", "capacity": "expert"},
        )
    ),
    (422, "moderator", "/en/moderation/follow-ups/forums/{small.forum}/", {"es-url": "https://x.org/", "es-body": ""}),
    (409, "bruno", "/en/messages/{withdrawn}/withdraw/", None),
    (409, "alice", "/en/messages/{moderated.reported}/report/", {"reason": "Κείμενο"}),
    (409, "moderator", "/en/moderation/messages/{moderated.reported}/approve/", {}),
    (409, "moderator", "/en/moderation/messages/{moderated.pending}/approve/", {"version": "0"}),
    (409, "bruno", "/en/topics/{locked_topic}/reply/", TEXT),
    (403, "bruno", "/en/forums/reopened-forum/groups/group-1/new/", TEXT),
    (403, "bruno", "/en/moderation/topics/{long_topic}/", None),
    (403, "bruno", "/en/topics/{long_topic}/reply/", TEXT | {"speaker": "Δώρα", "capacity": "expert"}),
    (422, "moderator", "/en/topics/{long_topic}/reply/", TEXT | {"organization": "Οργανισμός"}),
    (422, "moderator", "/en/topics/{long_topic}/reply/", TEXT | {"speaker": "Δώρα", "capacity": "party"}),
    (422, "moderator", "/en/topics/{long_topic}/reply/", TEXT | {"speaker": "Δώρα", "capacity": "organization"}),
    *(
        (status, "moderator", f"/en/moderation/topics/{{long_topic}}/{name}/", more)
        for status, name, more in (
            (409, "pin", REASONED | {"version": "9"}),
            (422, "pin", REASONED | {"words": ""}),
            (422, "retitle", REASONED),
            (422, "refile", REASONED | {"place": "-"}),
            (422, "refile", REASONED | {"place": "1-1"}),
            (422, "move", REASONED),
            (422, "move", REASONED | {"messages": "-", "further": "μ", "target": "-"}),
            (422, "move", REASONED | {"messages": [str(number) for number in range(1, 600)], "target": "1"}),
            (422, "merge", REASONED | {"target": "{hidden_topic}"}),
            (422, "merge", REASONED | {"target": "{long_topic}"}),
        )
    ),
    (410, "visitor", "/en/auth/confirm/nonsense/", None),
    (410, "visitor", "/en/auth/reset/nonsense/", None),
    (413, "alice", "/en/topics/{long_topic}/reply/", {"body": "α" * 1_000_000}),
    (409, "admin", "/en/admin/forums/{small.forum}/delete/", {}),
    (409, "admin", "/en/admin/forums/{small.forum}/archive/", {}),
    (409, "admin", "/en/admin/forums/{forums[archived-forum]}/unpublish/", {}),
    (409, "admin", "/en/admin/forums/{forums[archived-forum]}/settings/", None),
    (409, "admin", "/en/admin/forums/{forums[planned-forum]}/close/", {}),
    (409, "admin", "/en/admin/pages/1/delete/", {}),
    (409, "admin", "/en/admin/periods/1/delete/", {}),
    (409, "admin", "/en/admin/forums/{small.forum}/edit/", OBJECTS["forums"] | {"version": "-", "en-about": "Κείμενο"}),
    (409, "admin", "/en/admin/documents/{document}/edit/", TITLES | {"version": "-", "kind": "draft", "position": "9"}),
    (
        409,
        "admin",
        "/en/admin/periods/{coming_period}/edit/",
        {"version": "-", "opens_at": moment(900), "closes_at": moment(901)},
    ),
    (
        409,
        "admin",
        "/en/admin/people/{small.alice}/",
        {"version": "-", "name": "Άννα", "capacity": "expert", "language": "fr", "is_admin": "y", "moderator": "1"},
    ),
    (422, "visitor", "/en/auth/sign-in/", {"email": "", "password": ""}),
    (422, "visitor", "/en/auth/sign-in/", {"email": "alice@example.org", "password": "-"}),
    (422, "visitor", "/en/auth/sign-in/", {"email": "waiting@example.org", "password": PASSWORD}),
    (422, "visitor", "/en/auth/confirm/{confirm}/", {"password": "-"}),
    (422, "visitor", "/en/auth/sign-up/", {}),
    (
        422,
        "visitor",
        "/en/auth/sign-up/",
        {"name": "http://x", "title": "@", "email": "-", "password": "1", "country": "-"},
    ),
    (422, "visitor", "/en/auth/sign-up/", {"name": "αα.ββ", "title": "αα.ββ"}),
    (422, "visitor", "/en/auth/sign-up/", {"name": "α" * 500, "password": "1234567890", "capacity": "party"}),
    (422, "visitor", "/en/auth/sign-up/", {"name": "α", "password": "password-password", "capacity": "organization"}),
    (422, "visitor", "/en/auth/sign-up/", {"email": "alice@example.org", "password": "alice alice"}),
    (422, "visitor", "/en/auth/sign-up/", {"password": "1" * 900}),
    (422, "visitor", "/en/auth/forgot/", {"email": "-"}),
    (422, "visitor", "/en/auth/reset/{reset}/", {"new_password": ""}),
    (422, "alice", "/en/account/password/", {"password": "-", "new_password": f"{PASSWORD} now"}),
    (422, "alice", "/en/account/password/", {"password": "", "new_password": "1"}),
    (404, "alice", "/en/account/sign-ins/999/end/", {}),
    (410, "visitor", "/en/auth/email/new/nonsense/", None),
    (422, "alice", "/en/account/email/", {"email": "-", "password": ""}),
    (422, "alice", "/en/account/email/", {"email": "alice@example.org", "password": PASSWORD}),
    (422, "alice", "/en/account/second-step/", {"password": "", "code": ""}),
    (422, "alice", "/en/account/second-step/", {"password": PASSWORD, "code": "000000"}),
    (409, "admin", "/en/account/second-step/", {"password": PASSWORD, "code": "000000"}),
    (422, "alice", "/en/account/delete/", {"email": "-", "password": ""}),
    (422, "alice", "/en/account/delete/", {"email": "", "password": "-"}),
    (409, "admin", "/en/account/delete/", {"email": "admin@example.org", "password": PASSWORD, "code": "{code}"}),
    (422, "visitor", "/en/auth/sign-in/", {"email": "suspended@example.org", "password": PASSWORD}),
    (409, "admin", "/en/admin/people/{suspended}/suspend/", {"words": "Λόγος"}),
    (409, "admin", "/en/admin/people/{small.admin}/suspend/", {"words": "Λόγος"}),
    (409, "admin", "/en/admin/people/{small.admin}/delete/", {"email": "admin@example.org"}),
    (422, "admin", "/en/admin/people/{small.alice}/suspend/", {"words": ""}),
    (422, "admin", "/en/admin/people/{small.alice}-{small.bruno}/suspend/", {"words": ""}),
    (422, "admin", "/en/admin/people/{small.alice}/data/", {"asked_by": ""}),
    (422, "admin", "/en/admin/people/{small.alice}/delete/", {"email": ""}),
    (422, "admin", "/en/admin/mails/{mail}/address/", {"email": ""}),
    (422, "admin", "/en/admin/mails/{mail}/address/", {"email": "alice@example.org"}),
    (422, "alice", "/en/account/profile/", {"capacity": "-"}),
    (422, "alice", "/en/account/language/", {"language": "-"}),
    (422, "alice", "/en/topics/{long_topic}/reply/", {"body": " ", "language": "-"}),
    (422, "translator", "/en/messages/{moderated.reported}/report/", {"reason": ""}),
    (422, "moderator", "/en/moderation/messages/{moderated.pending}/return/", {}),
    (422, "moderator", "/en/moderation/messages/{moderated.pending}/return/", {"listed": "-"}),
    (422, "moderator", "/en/moderation/messages/{moderated.pending}/correct/", {"body": "", "language": "-"}),
    (422, "moderator", "/en/moderation/messages/{moderated.reported}/withhold/", {"title": "α" * 300}),
    (422, "alice", "/en/topics/{long_topic}/reply/", {"body": "α" * 31_000, "on_behalf_of": "α" * 300}),
    (422, "alice", "/en/topics/{long_topic}/reply/", {"body": "> " * 90}),
    (422, "alice", "/en/topics/{long_topic}/reply/", TEXT | {"body": "", "files": (io.BytesIO(b"x"), "α.txt")}),
    (422, "alice", "/en/topics/{long_topic}/reply/", TEXT | {"files": [(io.BytesIO(), f"{n}.β") for n in range(6)]}),
    (422, "alice", "/en/messages/{edited}/edit/", EDIT | {"files": [(io.BytesIO(b"x"), "α.txt")] * 5}),
    *(
        (422, "alice", "/en/topics/{long_topic}/reply/", TEXT | {"files": (io.BytesIO(content), name)})
        for name, content in {
            "α.txt": b"",
            "β.txt": b"\xff",
            "γ.exe": b"\0",
            "δ.pdf": b"x",
            "ε.docx": b"PK\3\4",
            "ζ.doc": compound("_VBA_PROJECT"),
            "η.txt": b"x" * 2_000,
        }.items()
    ),
    (422, "alice", "/en/forums/open-forum/groups/group-1/new/", {"question": "99", "title": "α" * 300}),
    (422, "admin", "/en/admin/pages/new/", {"slug": "Ω", "position": "-", "kind": "-", "parent_id": "-"}),
    (422, "admin", "/en/admin/forums/new/", OBJECTS["forums"] | {"slug": "open-forum", "en-title": ""}),
    (422, "admin", "/en/admin/groups/new/{small.forum}/", OBJECTS["groups"] | {"number": "-1", "slug": "group-1"}),
    (422, "admin", "/en/admin/groups/new/{small.forum}/", OBJECTS["groups"] | {"number": "1"}),
    (422, "admin", "/en/admin/pages/new/", OBJECTS["pages"] | {"kind": "home"}),
    (422, "admin", "/en/admin/documents/new/{small.forum}/", {"en-url": "-", "dated": "-", "kind": "-"}),
    (422, "admin", "/en/admin/forums/{small.forum}/groups/", {"g1-number": "-", "g1q1-en-text": ""}),
    (409, "admin", "/en/admin/forums/{small.forum}/groups/", {"version": "-", "g1-en-title": "Τίτλος"}),
    (409, "translator", "/en/translate/groups/{small.group}/fr/", {"version": "-", "title": "Τίτλος"}),
    (403, "alice", "/en/translate/groups/{small.group}/fr/", {"title": "Τίτλος"}),
    (422, "admin", "/en/admin/notices/new/{small.forum}/", {"published_at": "-"}),
    (422, "admin", "/en/admin/forums/{small.forum}/periods/extension/", {"group_id": "-", "closes_at": "-"}),
    (
        422,
        "admin",
        "/en/admin/forums/{small.forum}/periods/extension/",
        {"closes_at": moment(2)},
    ),
    (
        422,
        "admin",
        "/en/admin/forums/{small.forum}/periods/scheduled/",
        {"opens_at": moment(9), "closes_at": moment(8)},
    ),
    (
        422,
        "admin",
        "/en/admin/forums/{small.forum}/periods/scheduled/",
        {"opens_at": moment(1), "closes_at": moment(9)},
    ),
    (
        422,
        "admin",
        "/en/admin/forums/{forums[undated-forum]}/periods/reopening/",
        {"opens_at": moment(1), "closes_at": moment(2)},
    ),
    (422, "admin", "/en/admin/forums/{small.forum}/invitations/", {"countries": ["-"]}),
    (422, "admin", "/en/admin/forums/{small.forum}/roles/", {"email": "nobody@example.org", "role": "moderator"}),
    (422, "admin", "/en/admin/forums/{small.forum}/roles/", {"email": "-", "role": "-", "languages": "-"}),
    (409, "admin", "/en/admin/forums/{forums[archived-forum]}/invitations/", None),
    (403, "bruno", "/en/figures/forums/open-forum/", None),
    (422, "admin", "/en/admin/periods/1/edit/", {"closes_at": moment(99)}),
    (422, "admin", "/en/admin/periods/1/edit/", {"closes_at": moment(-9)}),
    (422, "admin", "/en/admin/people/{small.admin}/", {"name": "α", "capacity": "expert", "language": "en"}),
    (422, "admin", "/en/admin/people/{small.alice}/", {"capacity": "-", "moderator": "99"}),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, FullWorld]]:
    app, world = make_pseudo_site(tmp_path_factory.mktemp("pseudo"))
    with app.app_context():
        for user in db.session.scalars(db.select(User)):
            user.password_hash = hash_password(PASSWORD)
        for waiting in db.session.scalars(db.select(SignUp)):
            waiting.password_hash = hash_for(waiting.email, PASSWORD)
        db.session.commit()
        db.engine.dispose()
    folder = app.config["SITE"].instance
    shutil.copy(folder / "plenary.sqlite", folder / "full.sqlite")
    yield app, world
    with app.app_context():
        forget_catalogues()
        db.engine.dispose()


@pytest.fixture(scope="module")
def readers(site) -> dict[str, FlaskClient]:
    """A client of each person, to read with."""
    app, world = site
    return {"visitor": app.test_client(), **{name: sign_in(app, key) for name, key in world.people.items()}}


@pytest.fixture
def person(site) -> Iterator:
    """Gives a client of a person; what it does is undone after the test."""
    app, world = site
    yield lambda name: app.test_client() if name == "visitor" else sign_in(app, world.people[name])
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    folder = app.config["SITE"].instance
    for path in folder.glob("plenary.sqlite*"):
        path.unlink()
    shutil.copy(folder / "full.sqlite", folder / "plenary.sqlite")


@pytest.mark.parametrize("name", PEOPLE)
def test_pages_have_no_bare_text(name: str, site, readers):
    paths = [path for row in READ if name in row.readers for path in paths_of(row, site[1])]
    answers = {path: readers[name].get(path) for path in paths}

    assert answers
    assert [path for path, answer in answers.items() if answer.status_code != 200] == []
    assert {path: found for path, answer in answers.items() if (found := bare_texts(answer.text))} == {}


@pytest.mark.parametrize(("name", "path", "data"), ACTIONS, ids=[path for _name, path, _data in ACTIONS])
def test_what_is_said_after_an_action_has_no_bare_text(name: str, path: str, data: dict, site, person):
    client, path = person(name), filled(path, *site)
    answer = client.post(path, data=_sent(client, path, data, site), follow_redirects=True)

    assert answer.status_code == 200, bare_texts(answer.text)
    assert bare_texts(answer.text) == []


@pytest.mark.parametrize(("status", "name", "path", "data"), REFUSALS)
def test_refusal_has_no_bare_text(status: int, name: str, path: str, data: dict | None, site, person):
    client, path = person(name), filled(path, *site)
    answer = client.get(path) if data is None else client.post(path, data=_sent(client, path, data, site))

    assert answer.status_code == status
    assert [text for text in bare_texts(answer.text) if text not in str(data)] == []


def test_preview_of_a_period_has_no_bare_text(site, person):
    path = filled("/en/admin/forums/{small.forum}/periods/extension/preview/", *site)
    answer = person("admin").post(path, data={"group_id": "0", "opens_at": moment(23), "closes_at": moment(99)})

    assert answer.status_code == 200
    assert bare_texts(answer.text) == []


def test_form_that_was_opened_in_another_session_is_refused_without_bare_text(site, person):
    app, _world = site
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answers = [person(who).post("/en/account/profile/", data={"name": "Άννα"}) for who in ("alice", "visitor")]
    finally:
        app.config["WTF_CSRF_ENABLED"] = False

    for answer in answers:
        assert answer.status_code == 400
        assert bare_texts(answer.text) == []


@pytest.mark.parametrize(
    "case",
    [
        ("SIGN_IN_TO_ACCOUNT", "/en/auth/sign-in/", {"email": "alice@example.org", "password": "-"}, 429),
        ("MAILS_FROM_NETWORK", "/en/auth/forgot/", {"email": "alice@example.org"}, 429),
        ("CONFIRMATION_MAILS_TO_ACCOUNT", "/en/auth/sign-in/", {"email": "waiting@example.org"}, 422),
    ],
)
@pytest.mark.parametrize("amount", ["1 per 10 minutes", "1 per 3 hours"])
def test_too_many_attempts_are_refused_without_bare_text(site, person, monkeypatch, case, amount):
    (limit, path, data, status), (app, _world) = case, site
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setitem(app.config, f"LIMIT_{limit}", amount)
    answers = [person("visitor").post(path, data={"password": PASSWORD} | data) for _ in range(2)]

    assert answers[-1].status_code == status
    assert bare_texts(answers[-1].text) == []


def test_fault_of_the_server_is_told_without_bare_text(site, person, monkeypatch: pytest.MonkeyPatch):
    app, _world = site
    monkeypatch.setitem(app.view_functions, "forums.home", lambda: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = person("visitor").get("/en/")

    assert answer.status_code == 500
    assert bare_texts(answer.text) == []


def test_database_out_of_reach_is_told_without_bare_text(site, person, monkeypatch: pytest.MonkeyPatch):
    app, _world = site

    def fail() -> None:
        raise OperationalError("SELECT", None, Exception("no answer"))

    monkeypatch.setitem(app.view_functions, "forums.home", fail)
    answer = person("visitor").get("/en/")

    assert answer.status_code == 503
    assert bare_texts(answer.text) == []


def test_mail_has_no_bare_text(site):
    address = "http://127.0.0.1:8000/en/"
    values = dict.fromkeys(("address", "forgot", "queue", "sign_in", "sign_up"), address)
    values |= {"moment": utcnow(), "at": utcnow(), "name": "Άννα", "reason": "Λόγος", "email": "anna@example.org"}
    values |= {"number": 3, "count": 3, "forum": "Φόρουμ"}
    wrong = []
    with site[0].app_context():
        for name, saying in LETTERS:
            more = {"reason": {"en": "Εκτός θέματος"}} if name in ("moderated", "all_withheld", "suspended") else {}
            mail = enqueue(name, recipient="alice@example.org", language="en", **values | more | saying)
            for text in (mail.subject, mail.text, mail.html):
                if marked("") in text or bare_texts(text):
                    wrong.append((name, saying, bare_texts(text)))

    assert wrong == []


def test_second_step_has_no_bare_text(site, person):
    client = person("visitor")
    client.post("/en/auth/sign-in/", data={"email": "admin@example.org", "password": PASSWORD})

    assert bare_texts(client.get("/en/auth/second-step/").text) == []
    answer = client.post("/en/auth/second-step/", data={"code": "000000"})
    assert (answer.status_code, bare_texts(answer.text)) == (422, [])


@pytest.mark.parametrize("side", ["old", "new"])
def test_link_to_change_an_address_has_no_bare_text(site, person, side):
    answer = person("visitor").get(filled(f"/en/auth/email/{side}/{{email_change_{side}}}/", *site))

    assert answer.status_code == 200
    assert bare_texts(answer.text) == []


@pytest.mark.parametrize("error", [lambda: Suspended("Λόγος"), SecondStepNeeded, SecondStepExpired, EmailChangeExpired])
def test_page_of_an_error_has_no_bare_text(site, error):
    """Of those to which the other tests have no way."""
    app, _world = site
    with app.test_request_context("/en/admin/", method="POST"):
        app.preprocess_request()
        answer = app.make_response(app.handle_user_exception(error()))

    assert bare_texts(answer.get_data(as_text=True)) == []


def test_every_kind_of_mail_is_asked():
    """Each is a pair of templates."""
    folder = ROOT / "app/templates/mail"

    assert sorted({path.stem for path in folder.glob("*.html")} - {"base"}) == MAILS


def test_these_tests_find_bare_text():
    page = (
        '<p>⟦Reply⟧ to <a title="Press">⟦here⟧</a><br>a⟦b⟧</p><input type="submit" value="Send">'
        '<p aria-label="⟦at ⟦4 May⟧⟧">αβγ, 23:00 UTC ⟦:⟧ English</p><script>x</script>'
        '<meta name="description" content="É"><p>⟦Outcome: <span>Of this</span>⟧ and <a title="That">⟦that⟧</a>⟦</p>It'
    )

    assert bare_texts(page) == ["⟦Reply⟧ to", "Press", "a⟦b⟧", "Send", "É", "⟧ and", "That", "It"]


def _sent(client: FlaskClient, path: str, data: dict, site: tuple[Flask, FullWorld]) -> dict:
    """What is sent, with keys of the world in the fields that name something."""
    keys = {name: data[name].format_map(vars(site[1])) for name in ("place", "target", "under") if name in data}
    return with_codes(data | keys, client)


def with_codes(data: dict, client: FlaskClient) -> dict:
    """The data with codes of a device where it asks for them: of the secret that is offered, or of the one in use."""
    if data.get("code") == "{offered}":
        secret = re.search(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", client.get("/en/account/second-step/").text)[0]
        return data | {"code": pyotp.TOTP(secret.replace(" ", "")).now()}
    return data | {"code": pyotp.TOTP(TOTP_SECRET).now()} if data.get("code") == "{code}" else data


def filled(path: str, app: Flask, world: FullWorld) -> str:
    """The path with keys of the world, and with tokens where it asks for them."""
    with app.app_context():
        people = {user.email.partition("@")[0]: user for user in db.session.scalars(db.select(User))}
        made = {
            "confirm": tokens.make_confirmation(db.session.scalar(db.select(SignUp))),
            "reset": tokens.make(tokens.RESET, people["alice"]),
            **{f"email_change_{side}": tokens.make(EMAIL_CHANGE[side], people["bruno"]) for side in EMAIL_CHANGE},
            "sign_in": db.session.scalar(db.select(SignIn.id).where(SignIn.user_id == people["alice"].id)),
        }
    return path.format_map(vars(world) | made)
