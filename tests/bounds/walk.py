"""Every form of the site, found on the page that shows it: its sender, its address and its fields."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.auth import tokens
from app.auth.email_change import PURPOSES
from app.auth.second_step import SECOND_STEP
from app.extensions import db
from app.following.queries import ANSWERS, Way
from app.following.stopping import address_to_stop
from app.models import AnnouncementKind, How, SignUp, User
from tests.conftest import sign_in
from tests.full_world import FullWorld
from tests.route_table import Row, paths_of

# Where the form of an address without a page is shown, and to whom. No one else can lose their sign-in afterwards.
SHOWN_ON = {
    "/moderation/messages/<int:number>/<any(approve,return,correct,withhold,restore,settle):name>/": (
        "moderator",
        "/en/moderation/messages/{moderated.pending}/",
    ),
    "/moderation/approve/": ("moderator", "/en/moderation/"),
    "/admin/forums/<int:forum_id>/copy/": ("admin", "/en/admin/forums/{small.forum}/"),
    "/admin/forums/<int:forum_id>/edition/": ("admin", "/en/admin/forums/{forums[archived-forum]}/"),
    "/admin/forums/<int:forum_id>/view/<any(participant,visitor):who>/": ("admin", "/en/admin/forums/{small.forum}/"),
    "/account/sign-ins/<int:sign_in_id>/end/": ("bruno", "/en/account/"),
    "/account/sign-ins/end-others/": ("bruno", "/en/account/"),
    "/account/follow/again/": ("translator", "/en/account/follow/"),
    "/account/email/cancel/": ("bruno", "/en/account/email/"),
}
SENT_BY_A_SCRIPT = {"/preview/": ("alice", "/en/preview/?forum=1", ("body", "language"))}
# The same form is sent to the address itself once the preview has been seen.
SHOWN_AFTER_A_PREVIEW = {f"/admin/forums/<int:forum_id>/announcements/<any({','.join(AnnouncementKind)}):kind>/"}
LINKED_IN_A_MAIL = {
    "/auth/reset/<token>/": ("alice", tokens.RESET, "/en/auth/reset/{}/"),
    "/auth/email/<any(old,new):side>/<token>/": ("bruno", PURPOSES["new"], "/en/auth/email/new/{}/"),
}


@dataclass(frozen=True)
class SentForm:
    client: FlaskClient
    path: str
    fields: tuple[str, ...]


def form_of(row: Row, app: Flask, full: FullWorld, people: dict[str, FlaskClient]) -> SentForm:
    """The form for the address of a row. Fails if none of its pages shows one."""
    if row.rule in SENT_BY_A_SCRIPT:
        person, path, fields = SENT_BY_A_SCRIPT[row.rule]
        return SentForm(people[person], path, fields)
    if row.rule in SHOWN_ON:
        person, page = SHOWN_ON[row.rule]
        client, pages = people[person], [page.format_map(vars(full))]
    elif row.rule in LINKED_IN_A_MAIL:
        name, purpose, page = LINKED_IN_A_MAIL[row.rule]
        client, pages = app.test_client(), [page.format(_token(app, f"{name}@example.org", purpose))]
    elif row.rule == "/auth/confirm/<token>/":
        client, pages = app.test_client(), [f"/en/auth/confirm/{_token_of_sign_up(app)}/"]
    elif row.rule == "/follow/stop/<token>/":
        client, pages = app.test_client(), [_path_to_stop(app)]
    elif row.rule == "/auth/sign-out/":
        client, pages = sign_in(app, full.people["translator"]), ["/en/account/"]  # a browser that no other test needs
    elif row.rule == "/auth/second-step/":
        client, pages = _half_signed_in(app, full), ["/en/auth/second-step/"]
    else:
        client, pages = people[row.readers[0]], paths_of(row, full)
    found = [form for page in pages for form in _found_on(client, page, row, app)]
    assert found, f"no page has a form for {row.rule}"
    return found[0]


def _found_on(client: FlaskClient, page: str, row: Row, app: Flask) -> Iterator[SentForm]:
    adapter = app.url_map.bind("localhost")
    shown = f"{row.rule}preview/" if row.rule in SHOWN_AFTER_A_PREVIEW else row.rule
    for form in html.document_fromstring(client.get(page).text).xpath("//form[@method='post']"):
        for action in (form.get("action") or page, *form.xpath(".//@formaction")):
            path = urldefrag(urljoin(page, action)).url
            rule = adapter.match(path.partition("?")[0], method="POST", return_rule=True)[0].rule
            if rule.removeprefix("/<language:lang>") == shown:
                yield SentForm(
                    client,
                    path.removesuffix("preview/") if shown != row.rule else path,
                    tuple(dict.fromkeys(form.xpath(".//@name"))),
                )


def _token(app: Flask, email: str, purpose: tokens.Purpose) -> str:
    with app.app_context():
        return tokens.make(purpose, db.session.scalars(db.select(User).filter_by(email=email)).one())


def _path_to_stop(app: Flask) -> str:
    with app.test_request_context():
        alice = db.session.scalars(db.select(User).filter_by(email="alice@example.org")).one()
        return urlsplit(address_to_stop(alice, Way(ANSWERS, 0, How.EACH))).path


def _token_of_sign_up(app: Flask) -> str:
    with app.app_context():
        return tokens.make_confirmation(db.session.scalars(db.select(SignUp)).one())


def _half_signed_in(app: Flask, full: FullWorld) -> FlaskClient:
    """Someone who has entered the right password and is asked for a code."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["second_step"] = [full.small.admin, _token(app, "admin@example.org", SECOND_STEP)]
    return client
