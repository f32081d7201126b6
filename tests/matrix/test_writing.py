"""What everybody can do, at every address that takes a form and in every state, is what the table says."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from app.extensions import db
from app.models import Mail, SignIn
from tests.databases import Kept as Database
from tests.full_world import FullWorld
from tests.matrix.asking import Answer, Asking
from tests.matrix.cells import asked_of, may_see
from tests.matrix.keeping import Kept
from tests.matrix.marks import START, Mark, marks_in
from tests.matrix.planting import NOWHERE, Planted, Thing
from tests.matrix.table import (
    DONE,
    PEOPLE,
    SENT_TO_A_FORUM,
    SENT_TO_A_HIDDEN_MESSAGE,
    SENT_TO_A_MESSAGE,
    SENT_TO_A_TOPIC,
)
from tests.route_table import ROWS, paths_of

pytestmark = pytest.mark.only_on(
    "sqlite", reason="a form that is refused changes no row, but PostgreSQL counts the rows that it locked"
)
SENT = asked_of(SENT_TO_A_FORUM, SENT_TO_A_TOPIC, SENT_TO_A_MESSAGE, SENT_TO_A_HIDDEN_MESSAGE)
FORMS_OF_THE_ADMINISTRATION = [row for row in ROWS if row.rule.startswith("/admin/") and "POST" in row.methods]
TAKE_POST_ONLY = ("/en/admin/forums/{small.forum}/copy/", "/en/admin/forums/{small.forum}/view/visitor/")
# Every other address that takes a form is about nobody but whoever sends it.
OF_ONESELF = """
    /auth/sign-up/ /auth/sign-in/ /auth/sign-out/ /auth/forgot/ /auth/confirm/ /auth/confirm/<token>/
    /auth/reset/<token>/ /auth/second-step/ /auth/email/<any(old,new):side>/<token>/ /preview/ /account/profile/
    /account/language/ /account/password/ /account/email/ /account/email/cancel/ /account/second-step/
    /account/second-step/codes/ /account/second-step/off/ /account/delete/ /account/sign-ins/end-others/
    /account/sign-ins/<int:sign_in_id>/end/ /view/end/ /account/follow/ /account/follow/again/ /follow/stop/<token>/
""".split()
# What somebody names, besides the address, who may do it there with what is of that forum: of another forum.
NAMED = [
    ("author", "/topics/{topic}/reply/?to=[number]", {}, 404),
    ("admin", "/topics/{topic}/reply/?to=[number]", {}, 404),
    ("author", "/messages/{number}/edit/", {"removed": "[file]"}, 422),
    ("moderator", "/moderation/topics/{topic}/move/", {"messages": "[number]"}, 404),
    ("moderator", "/moderation/topics/{topic}/split/", {"messages": "[number]"}, 404),
    ("moderator", "/moderation/topics/{topic}/move/", {"target": "[topic]"}, 422),
    ("moderator", "/moderation/topics/{topic}/merge/", {"target": "[topic]"}, 422),
    ("moderator", "/moderation/topics/{topic}/refile/", {"place": "[other_group]-0"}, 422),
    ("moderator", "/moderation/topics/{topic}/refile/", {"place": "{other_group}-[question]"}, 422),
    ("moderator", "/moderation/topics/{topic}/split/", {"place": "[other_group]-0"}, 422),
    ("admin", "/admin/documents/{document}/edit/", {"en-leaving": "[document_file]"}, 422),
]


@pytest.fixture(scope="module")
def kept(database: Database, planted: Planted, asking: Asking) -> Kept:
    """Everybody is signed in before."""
    for state, person in SENT:
        asking.client(person, state)
    return Kept(database)


@pytest.fixture
def untouched(kept: Kept) -> Iterator[Kept]:
    """Whatever a test does, the next one finds the database as it was made."""
    yield kept
    if not kept.is_untouched:
        kept.restore()


def filled_in(path: str, thing: Thing) -> dict[str, str]:
    """A form with everything that any of them asks for, but the version, which the client takes from the page. A
    message that is answered is edited without the title and the question of its topic."""
    of_the_topic = {} if "/messages/" in path and "/edit/" in path else {"title": "Another title", "question": "0"}
    return of_the_topic | {
        "body": "Other words.",
        "en-body": "Words of the Secretariat.",
        "entered_as": "closing",
        "language": "en",
        "reason": "Why",
        "words": "Why",
        "how": "digest",
        "place": f"{thing.values['other_group']}-0",
        "messages": f"{thing.values['number']}{'-' + thing.values['version'] if 'approve/?of=' in path else ''}",
        "target": str(thing.values["other_topic"]),
        "under": f"{thing.values['group_id']}-0",
    }


def told_too_much(app: Flask) -> list[tuple[str, Mark]]:
    """What mails hold besides their recipient's own name and the title of a forum that he may see; receipts may hold
    the recipient's own words as well."""
    with app.app_context():
        mails = db.session.scalars(db.select(Mail).where(~Mail.subject.contains(START)))
        texts = [(mail.recipient, f"{mail.subject}{mail.text}{mail.html}", mail.receipt_of_id) for mail in mails]
    return [(to, mark) for to, text, of in texts for mark in marks_in(text) if not _may_be_told(to, mark, of)]


def _may_be_told(address: str, mark: Mark, receipt_of: int | None) -> bool:
    states = [found.state for found in marks_in(address)]
    if mark.kind in ("who", "staff") or (receipt_of and mark.kind in ("words", "head", "profile")):
        return mark.state in states
    person = address.partition("-x@")[0] if not states else "moderator" if "site" in states else "author"
    return mark.kind == "texts" and may_see(person, "", mark)


def rule_of(app: Flask, path: str) -> str:
    adapter = app.url_map.bind("127.0.0.1:8000")
    return adapter.match(path.partition("?")[0], method="POST", return_rule=True)[0].rule.removeprefix(
        "/<language:lang>"
    )


def test_every_address_for_writing_is_in_a_table(one_app: Flask, planted: Planted):
    asked = [cell for cells in SENT.values() for cell in cells if cell.person == "admin"]
    of_things = {rule_of(one_app, planted.things[cell.state].address(cell.path)) for cell in asked}
    there = {
        rule.rule.removeprefix("/<language:lang>") for rule in one_app.url_map.iter_rules() if "POST" in rule.methods
    }

    assert there == {*of_things, *OF_ONESELF, *(row.rule for row in FORMS_OF_THE_ADMINISTRATION)}


def test_every_form_is_answered_as_the_table_says(planted: Planted, asking: Asking, one_app: Flask, untouched: Kept):
    """Where it is refused nothing changes; the same form is done for those who may."""
    wrong = []
    for cell in (cell for cells in SENT.values() for cell in cells):
        thing, path = planted.things[cell.state], planted.things[cell.state].address(cell.path)
        answer = Answer.of(asking.client(cell.person, cell.state).post(path, data=filled_in(path, thing)))
        foreign = [mark for mark in answer.marks - marks_in(path) if not may_see(cell.person, cell.state, mark)]
        is_right = (answer.status, untouched.is_untouched) == (DONE[cell.sign], cell.sign != "+")
        told = told_too_much(one_app)
        if foreign or told or not is_right:
            wrong.append((cell, answer.status, untouched.is_untouched, foreign, told))
        if not untouched.is_untouched:
            untouched.restore()

    assert wrong == []


def test_nobody_but_administrators_can_send_a_form_of_the_administration(full: FullWorld, asking, untouched: Kept):
    wrong = []
    paths = [path for row in FORMS_OF_THE_ADMINISTRATION for path in paths_of(row, full)]
    for path in (*paths, *(path.format_map(vars(full)) for path in TAKE_POST_ONLY)):
        for person in PEOPLE[:-1]:
            status = asking.client(person, "public").post(path).status_code
            if (status, untouched.is_untouched) != (403, True):
                wrong.append((path, person, status))

    assert wrong == []


@pytest.mark.parametrize("state", ["elsewhere", "draft"])
@pytest.mark.parametrize("sent", NAMED, ids=lambda sent: f"{sent[1]}{sent[2]}")
def test_what_is_of_another_forum_is_refused_like_what_does_not_exist(sent, state, planted, asking, untouched: Kept):
    person, path, named, status = sent
    here, answers = planted.things["public"], []
    for other in (planted.things[state], NOWHERE):
        address = here.address(_naming(path, other))
        data = {name: _naming(value, other).format(**here.values) for name, value in named.items()}
        answer = asking.client(person, "public").post(address, data=filled_in(address, here) | data)
        answers.append(Answer.of(answer))

    assert [answer.status for answer in answers] == [status, status]
    assert answers[0].shown == answers[1].shown
    assert untouched.is_untouched


def _naming(text: str, other: Thing) -> str:
    return re.sub(r"\[(\w+)\]", lambda match: str(other.values[match[1]]), text)


def test_place_where_somebody_else_is_signed_in_is_not_there(one_app: Flask, asking: Asking, untouched: Kept):
    with one_app.app_context():
        keys = db.session.scalars(
            db.select(SignIn.id).where(SignIn.user_id != asking.planted.people["participant"])
        ).all()

    statuses = {asking.client("participant", "").post(f"/en/account/sign-ins/{key}/end/").status_code for key in keys}
    assert (statuses, untouched.is_untouched) == ({404}, True)


def test_visitor_has_no_account_to_change(asking: Asking, untouched: Kept):
    paths = [f"/en{rule.replace('<int:sign_in_id>', '1')}" for rule in OF_ONESELF if rule.startswith("/account/")]
    visitor = asking.client("visitor", "")

    assert [path for path in paths if visitor.post(path, data={"language": "fr"}).status_code != 403] == []
    assert untouched.is_untouched
