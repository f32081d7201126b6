"""What all pages of the administration share: where they lead, and what they say they are about."""

import pytest
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.extensions import db
from app.models import Forum, Group, Page, PageKind
from tests.admin.conftest import moment
from tests.admin.periods import add, make_quiet

ADMIN = "/en/admin/"
SCREENS = [ADMIN, *(f"{ADMIN}{name}/" for name in ("forums", "texts", "people", "site", "log"))]
OF_A_FORUM = ("groups/1/edit/", "forums/1/groups/", "forums/1/settings/", "forums/1/close/", "notices/new/1/")


def links(page: str, label: str) -> list[str]:
    return html.document_fromstring(page).xpath("//main//nav[@aria-label=$label]//a/@href", label=label)


def heading(page: str) -> str:
    return " ".join(html.document_fromstring(page).xpath("//h1")[0].text_content().split())


@pytest.mark.parametrize("path", [*SCREENS, *(ADMIN + one for one in OF_A_FORUM), "/en/translate/groups/1/fr/"])
def test_every_page_of_the_administration_leads_to_its_screens(admin: FlaskClient, path):
    assert links(admin.get(path).text, "Administration") == SCREENS


@pytest.mark.parametrize("path", SCREENS)
def test_screen_is_headed_as_the_link_to_it(admin: FlaskClient, path):
    page = admin.get(path).text

    assert html.document_fromstring(page).xpath("//main//nav//a[@aria-current='page']/text()") == [heading(page)]


def test_dates_of_an_archived_forum_offer_no_actions(admin: FlaskClient, look):
    look(lambda: (setattr(db.session.get_one(Forum, 1), "archived_at", utcnow()), db.session.commit()))
    page = html.document_fromstring(admin.get(f"{ADMIN}forums/1/").text)

    assert page.xpath("//section[@aria-labelledby='dates']//th[@scope='col']/text()") == [
        "Kind",
        "For",
        "Opens",
        "Deadline for messages (inclusive)",
    ]


@pytest.mark.parametrize("path", ["forums/1/", *OF_A_FORUM])
def test_page_of_a_forum_leads_to_its_parts(admin: FlaskClient, path):
    parts = [f"{ADMIN}forums/1/#{part}" for part in ("settings", "dates", "groups", "papers", "people")]

    assert links(admin.get(ADMIN + path).text, "Parts of the forum") == [*parts, f"{ADMIN}forums/1/announcements/"]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("groups/1/edit/", "Edit the group: Group of open-forum (en)"),
        ("forums/1/edit/", "Edit the texts of the forum: Short open-forum (en)"),
        ("forums/1/settings/", "Settings of the forum: Short open-forum (en)"),
        ("forums/1/groups/", "Groups and questions: Short open-forum (en)"),
        ("forums/1/roles/", "Roles in the forum: Short open-forum (en)"),
        ("forums/1/participants/", "Participants by invitation: Short open-forum (en)"),
        ("forums/1/invitations/", "Invited States: Short open-forum (en)"),
        ("notices/new/1/", "Add a notice: Short open-forum (en)"),
        ("forums/1/periods/extension/", "Extend the deadline: Short open-forum (en)"),
    ],
)
def test_form_names_what_it_is_about(admin: FlaskClient, path, named):
    assert heading(admin.get(ADMIN + path).text) == named


def test_long_name_in_a_heading_is_cut_with_an_ellipsis(admin: FlaskClient, look):
    def lengthen() -> None:
        db.session.get_one(Group, 1).texts["en"].title = "Risk assessment " * 12
        db.session.commit()

    look(lengthen)

    assert heading(admin.get(f"{ADMIN}groups/1/edit/").text).endswith("Risk assessment…")


def test_first_period_sets_the_dates(admin: FlaskClient, look):
    forum = make_quiet(look)
    path = f"{ADMIN}forums/{forum}/periods/scheduled/"
    before = heading(admin.get(path).text), "Set the dates" in admin.get(f"{ADMIN}forums/{forum}/").text
    add(admin, "scheduled", moment(1), moment(9), forum=forum)

    assert before == ("Set the dates: Short quiet (en)", True)
    assert heading(admin.get(path).text) == "Add a scheduled period: Short quiet (en)"


def test_groups_to_choose_from_are_named_by_their_titles(admin: FlaskClient):
    page = html.document_fromstring(admin.get(f"{ADMIN}forums/1/periods/scheduled/").text)

    assert page.xpath("//select[@name='group_id']/option/text()")[1] == "Group 1: Group of open-forum (en)"


def test_spare_question_is_marked_as_new(admin: FlaskClient):
    page = html.document_fromstring(admin.get(f"{ADMIN}forums/1/groups/").text)
    [spare] = page.xpath("//div[contains(@class, 'new')]/h3/text()")

    assert spare.strip() == "New question 2"


@pytest.mark.parametrize(("code", "words"), [("es", "Archivado En el archivo desde"), ("fr", "Archivé Aux archives")])
def test_state_of_the_archive_does_not_say_its_name_twice(visitor: FlaskClient, look, world, code, words):
    look(lambda: (setattr(db.session.get_one(Forum, 1), "archived_at", utcnow()), db.session.commit()))
    state = html.document_fromstring(visitor.get(f"/{code}/forums/open-forum/").text).find_class("state")[0]

    assert " ".join(state.text_content().split()).startswith(words)


@pytest.mark.parametrize("path", ["groups/1/edit/", "forums/1/groups/", "forums/1/edit/", "notices/new/1/"])
def test_form_explains_markdown_once(admin: FlaskClient, path):
    page = html.document_fromstring(admin.get(ADMIN + path).text)

    assert len(page.xpath("//form//details[contains(@class, 'help')][not(@open)]")) == 1


def test_form_without_markdown_does_not_explain_it(admin: FlaskClient):
    assert "details" not in admin.get(f"{ADMIN}questions/1/edit/").text


@pytest.mark.parametrize(("kind", "is_asked"), [(PageKind.HOME, False), (PageKind.PORTAL, True)])
def test_home_page_is_not_asked_for_its_place(admin: FlaskClient, look, kind, is_asked):
    key = look(lambda: db.session.query(Page.id).filter_by(kind=kind).scalar())

    assert ('name="position"' in admin.get(f"{ADMIN}pages/{key}/edit/").text) == is_asked
