"""Two administrators change the same thing: nobody's change is lost without somebody knowing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import Document, Forum, Group, Notice, Page, Period, Question, User
from tests.admin.conftest import in_all_languages, moment, typed
from tests.conftest import sign_in
from tests.full_world import FullWorld
from tests.world import make_forum, make_user

CHANGED = "This has been changed since you opened the page"
# Path, field, what one writes, what the other writes, how to read what is stored.
CASES = [
    ("forums/{small.forum}/edit/", "fr-about", "Leurs mots", "Nos mots",
     lambda world: db.session.get(Forum, world.small.forum).texts["fr"].about),
    ("pages/{child_page}/edit/", "es-title", "Sus reglas", "Mis reglas",
     lambda world: db.session.get(Page, world.child_page).texts["es"].title),
    ("forum-pages/{forum_page}/edit/", "position", "7", "8",
     lambda world: str(db.session.get(Page, world.forum_page).position)),
    ("groups/{small.group}/edit/", "en-remarks", "Their words", "Our words",
     lambda world: db.session.get(Group, world.small.group).texts["en"].remarks),
    ("questions/{small.group}/edit/", "en-text", "Their question", "Our question",
     lambda world: db.session.get(Question, world.small.group).texts["en"].text),
    ("notices/{notice}/edit/", "en-body", "Their words", "Our words",
     lambda world: db.session.get(Notice, world.notice).texts["en"].body),
    ("documents/{document}/edit/", "symbol", "CBD/1", "CBD/2",
     lambda world: db.session.get(Document, world.document).symbol),
    ("people/{small.alice}/", "organization", "Their institute", "Our institute",
     lambda world: db.session.get(User, world.small.alice).organization),
]  # fmt: skip


@pytest.fixture
def one(app: Flask, full_world: FullWorld) -> FlaskClient:
    return sign_in(app, full_world.small.admin)


@pytest.fixture
def other(app: Flask, full_world: FullWorld) -> FlaskClient:
    with app.app_context():
        user = make_user("other", is_admin=True)
        db.session.commit()
        return sign_in(app, user.id)


def fields(page: str) -> dict[str, list[str]]:
    """What a browser sends of the form on a page, filled in as it was shown."""
    form = html.document_fromstring(page).xpath("//main//form")[0]
    sent: dict[str, list[str]] = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    return sent


def given_back(page: str, name: str) -> str:
    return html.document_fromstring(page).xpath("//main//form")[0].fields[name]


def stored_beside(page: str, field: str) -> str:
    """What is told as stored below a field."""
    [found] = html.document_fromstring(page).xpath(f"//*[@class='stored'][.//*[@id='{field}-stored']]")
    return " ".join(found.text_content().split())


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_change_of_somebody_else_is_shown_beside_one_s_own_and_then_overwritten(
    one, other, full_world, look, log, case
):
    path, field, theirs, ours, read = case
    address = f"/en/admin/{path.format_map(vars(full_world))}"
    before = len(log())
    form = fields(other.get(address).text)
    assert one.post(address, data=fields(one.get(address).text) | {field: theirs}).status_code == 302

    answer = other.post(address, data=form | {field: ours})
    assert answer.status_code == 409
    assert CHANGED in answer.text
    assert answer.text.count('class="stored"') == 1, "only what differs is told twice"
    assert stored_beside(answer.text, field) == f"Currently stored: {theirs}"
    assert given_back(answer.text, field).strip() == ours
    assert look(lambda: read(full_world)) == theirs
    assert len(log()) == before + 1

    assert other.post(address, data=fields(answer.text)).status_code == 302
    assert look(lambda: read(full_world)) == ours


def test_what_would_be_overwritten_is_still_told_in_another_language(one, other, full_world, look):
    path, field, theirs, ours, read = CASES[1]
    address = f"/en/admin/{path.format_map(vars(full_world))}"
    form = fields(other.get(address).text)
    one.post(address, data=fields(one.get(address).text) | {field: theirs})
    told = other.post(address, data=form | {field: ours})
    french = other.post(address.replace("/en/", "/fr/"), data=fields(told.text) | {"continue_in": "fr"})

    assert french.status_code == 409
    assert theirs in french.text
    assert given_back(french.text, field).strip() == ours
    assert look(lambda: read(full_world)) == theirs


def test_end_of_a_period_that_somebody_else_has_moved(one, other, look, full_world):
    address = "/en/admin/periods/1/edit/"
    form = fields(other.get(address).text)
    theirs, ours = moment(9), moment(7)
    one.post(address, data=fields(one.get(address).text) | {"closes_at": theirs})
    shown = other.post(address.replace("edit", "preview"), data=form | {"closes_at": ours})
    answer = other.post(address, data=fields(shown.text))

    assert answer.status_code == 409
    assert stored_beside(answer.text, "closes_at") == f"Currently stored: {' '.join(theirs)} UTC"
    assert f'value="{ours[1]}"' in answer.text
    assert other.post(address, data=fields(answer.text)).status_code == 302
    assert f"{look(lambda: db.session.get(Period, 1).closes_at):%H:%M}" == ours[1]


def test_extension_typed_on_the_former_deadline_is_not_added_unknowingly(one, other, full_world, look):
    address = f"/en/admin/forums/{full_world.small.forum}/periods/extension/"
    form = fields(other.get(address).text)
    theirs, ours = moment(900), moment(990)
    assert one.post(address, data=fields(one.get(address).text) | {"closes_at": theirs}).status_code == 302
    shown = other.post(f"{address}preview/", data=form | {"closes_at": ours})
    answer = other.post(address, data=fields(shown.text))

    assert answer.status_code == 409
    assert CHANGED in answer.text
    assert stored_beside(answer.text, "closes_at") == f"Currently stored: {' '.join(theirs)} UTC"
    assert f'value="{ours[1]}"' in answer.text
    assert look(_deadlines)[-1] == theirs
    assert other.post(address, data=fields(answer.text)).status_code == 302
    assert look(_deadlines)[-1] == ours


def test_earlier_extension_than_somebody_else_s_is_told_both_dates(one, other, full_world, look):
    address = f"/en/admin/forums/{full_world.small.forum}/periods/extension/"
    form = fields(other.get(address).text)
    theirs, ours = moment(990), moment(900)
    one.post(address, data=fields(one.get(address).text) | {"closes_at": theirs})
    answer = other.post(address, data=form | {"closes_at": ours})

    assert answer.status_code == 409
    assert stored_beside(answer.text, "closes_at") == f"Currently stored: {' '.join(theirs)} UTC"
    assert other.post(address, data=fields(answer.text)).status_code == 422
    assert look(_deadlines)[-1] == theirs


def test_same_extension_sent_twice_is_no_change_of_somebody_else(one, full_world, log):
    address = f"/en/admin/forums/{full_world.small.forum}/periods/extension/"
    form = fields(one.get(address).text) | {"closes_at": moment(900)}
    before = len(log())

    assert [one.post(address, data=form).status_code for _time in range(2)] == [302, 302]
    assert len(log()) == before + 1


@pytest.mark.parametrize("kind", ["reopening", "scheduled"])
def test_period_that_somebody_else_has_added_is_told_beside_one_s_own(one, other, look, kind):
    """The reopening of a closed forum, and the first period of a draft."""

    def make() -> int:
        forum = make_forum("quiet", opens=-48, closes=-24, published=kind == "reopening")
        if kind == "scheduled":
            forum.periods.clear()
        db.session.commit()
        return forum.id

    address = f"/en/admin/forums/{look(make)}/periods/{kind}/"
    form = fields(other.get(address).text)
    theirs, ours = (moment(100), moment(200)), (moment(300), moment(400))
    sent = fields(one.get(address).text) | {"opens_at": theirs[0], "closes_at": theirs[1]}
    assert one.post(address, data=sent).status_code == 302
    answer = other.post(address, data=form | {"opens_at": ours[0], "closes_at": ours[1]})

    assert answer.status_code == 409
    for name, at, own in zip(("opens_at", "closes_at"), theirs, ours, strict=True):
        assert stored_beside(answer.text, name) == f"Currently stored: {' '.join(at)} UTC"
        assert fields(answer.text)[name] == own
    assert look(_deadlines)[-1] == theirs[1]


def test_period_that_somebody_else_has_deleted_is_told_as_nothing_stored(one, other, look):
    def make() -> tuple[int, int]:
        forum = make_forum("quiet", published=False)
        db.session.commit()
        return forum.id, forum.periods[0].id

    forum, period = look(make)
    address = f"/en/admin/forums/{forum}/periods/scheduled/"
    form = fields(other.get(address).text) | {"opens_at": moment(300), "closes_at": moment(400)}
    assert one.post(f"/en/admin/periods/{period}/delete/").status_code == 302
    answer = other.post(address, data=form)

    assert answer.status_code == 409
    assert stored_beside(answer.text, "closes_at") == "Currently stored: nothing"


def _deadlines() -> list[list[str]]:
    """Of all periods, the one added last at the end."""
    return [typed(period.closes_at) for period in db.session.query(Period).order_by(Period.id)]


def test_role_that_somebody_else_has_given_is_not_taken_unknowingly(one, other, look, full_world):
    address = f"/en/admin/people/{full_world.small.bruno}/"
    form = fields(other.get(address).text)
    one.post(address, data=fields(one.get(address).text) | {"moderator": [str(full_world.small.forum)]})
    answer = other.post(address, data=form | {"title": "Dr"})

    assert answer.status_code == 409
    assert stored_beside(answer.text, "moderator") == "Currently stored: Short open-forum (en)"
    assert stored_beside(answer.text, "title") == "Currently stored: nothing"
    assert look(lambda: [held.role for held in db.session.get(User, full_world.small.bruno).roles]) == ["moderator"]


def test_change_that_the_person_made_counts_too(app, one, full_world, look):
    address = f"/en/admin/people/{full_world.small.alice}/"
    form = fields(one.get(address).text)
    profile = {"name": "Alice", "organization": "Elsewhere", "country": "XA", "capacity": "party"}
    assert sign_in(app, full_world.small.alice).post("/en/account/profile/", data=profile).status_code == 302

    assert one.post(address, data=form | {"title": "Dr"}).status_code == 409
    assert look(lambda: db.session.get(User, full_world.small.alice).organization) == "Elsewhere"


def test_same_form_sent_twice_is_no_change_of_somebody_else(one, full_world, log):
    address = f"/en/admin/forums/{full_world.small.forum}/edit/"
    form = fields(one.get(address).text) | {"en-remarks": "New remarks"}
    before = len(log())

    assert [one.post(address, data=form).status_code for _time in range(2)] == [302, 302]
    assert len(log()) == before + 1


def test_version_outlives_an_error_of_the_form(one, other, full_world):
    address = f"/en/admin/groups/{full_world.small.group}/edit/"
    form = fields(other.get(address).text)
    one.post(address, data=fields(one.get(address).text) | {"en-remarks": "Theirs"})
    wrong = other.post(address, data=form | {"number": "x", "en-remarks": "Ours"})
    answer = other.post(address, data=fields(wrong.text) | {"number": "1"})

    assert (wrong.status_code, answer.status_code) == (422, 409)


def test_language_that_somebody_else_has_added_is_told(one, other, full_world, look):
    address = f"/en/admin/pages/{full_world.child_page}/edit/"
    form = fields(other.get(address).text)
    one.post(address, data=fields(one.get(address).text) | {"fr-title": "Règles", "fr-body": "Soyez courtois."})
    answer = other.post(address, data=form | {"es-description": "Cambiada"})

    assert stored_beside(answer.text, "fr-title") == "Currently stored: Règles"
    assert "Soyez courtois." in answer.text
    assert look(lambda: set(db.session.get(Page, full_world.child_page).texts)) == {"es", "fr"}


def test_change_of_another_thing_is_no_matter(one, other, full_world):
    address = f"/en/admin/groups/{full_world.small.group}/edit/"
    form = fields(other.get(address).text)
    one.post("/en/admin/groups/new/1/", data={"slug": "group-9", "number": "9", **in_all_languages(title="New")})

    assert other.post(address, data=form | {"en-remarks": "Ours"}).status_code == 302


def test_what_someone_else_has_deleted_meanwhile_gives_the_text_back(one, other, full_world):
    address = f"/en/admin/notices/{full_world.notice}/edit/"
    form = fields(other.get(address).text)
    one.post(address.replace("edit", "delete"))
    answer = other.post(address, data=form | {"en-body": "A long text that somebody typed."})

    assert answer.status_code == 404
    assert "A long text that somebody typed." in answer.text
    assert form["version"][0] not in answer.text


@pytest.mark.parametrize("version", ["", None, "0" * 64, "x" * 300])
def test_form_without_the_version_that_stands_is_refused(version, one, full_world, log):
    """It has shown nothing of what it would replace."""
    data = {"slug": "open-forum", **in_all_languages(title="T", short_title="S"), "version": version}
    before = len(log())

    assert one.post(f"/en/admin/forums/{full_world.small.forum}/edit/", data=data).status_code == 409
    assert len(log()) == before


def test_group_that_has_got_a_question_meanwhile_is_not_deleted(
    one: FlaskClient, other: FlaskClient, app: Flask, full_world
):
    one.post(f"/en/admin/groups/new/{full_world.small.forum}/", data={"number": "77", "en-title": "Empty"})
    with app.app_context():
        key = db.session.query(Group.id).filter_by(number=77).scalar()
    address = f"/en/admin/groups/{key}/delete/"
    one.get(address)
    other.post(f"/en/admin/questions/new/{key}/", data={"number": "1", "en-text": "What else?"})

    assert one.post(address).status_code == 409
    assert one.post(address).status_code == 302
