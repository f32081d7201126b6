"""A renamed address leads to the new one for good."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Forum, Page, PageText
from tests.admin.conftest import in_all_languages
from tests.world import World, make_forum, texts

ADMIN = "/en/admin/"
# Where each name stands; OLD is what it was.
OF_THE_FORUM = (
    "/en/forums/OLD/",
    "/es/forums/OLD/groups/",
    "/fr/forums/OLD/groups/group-1/?page=1&question=1",
    "/en/forums/OLD/pages/purpose/",
    "/en/forums/OLD/record/?page=1",
    "/en/print/forums/OLD/",
    "/en/print/forums/OLD/record/",
    "/es/print/forums/OLD/groups/group-1/",
    "/fr/print/forums/OLD/pages/purpose/",
    "/fr/feeds/forums/OLD.atom",
)
OF_THE_GROUP = ("/en/forums/open-forum/groups/OLD/?question=1", "/fr/print/forums/open-forum/groups/OLD/")
OF_THE_FORUM_PAGE = ("/en/forums/open-forum/pages/OLD/", "/fr/print/forums/open-forum/pages/OLD/")
OF_THE_PAGE = ("/en/pages/OLD/", "/fr/print/pages/OLD/")


@pytest.fixture(autouse=True)
def page(app: Flask, world: World) -> None:
    with app.app_context():
        db.session.add(Page(id=99, forum_id=1, slug="purpose", texts=texts(PageText, title="Purpose")))
        db.session.commit()


def rename_forum(admin: FlaskClient, slug: str, key: int = 1) -> None:
    assert admin.post(f"{ADMIN}forums/{key}/settings/", data={"slug": slug, "approval": "nobody"}).status_code == 302


def rename_group(admin: FlaskClient, slug: str) -> None:
    data = {"slug": slug, "number": "1", **in_all_languages(title="Group")}
    assert admin.post(f"{ADMIN}groups/1/edit/", data=data).status_code == 302


def rename_forum_page(admin: FlaskClient, slug: str) -> None:
    data = {"slug": slug, "position": "0", **in_all_languages(title="Purpose")}
    assert admin.post(f"{ADMIN}forum-pages/99/edit/", data=data).status_code == 302


def rename_page(admin: FlaskClient, slug: str) -> None:
    with admin.application.app_context():
        texts_of_rules = db.select(PageText.page_id).where(PageText.title == "Rules (en)")
        rules = db.session.scalars(db.select(Page).where(Page.id.in_(texts_of_rules))).one()
    data = {"slug": slug, "position": "0", "parent_id": str(rules.parent_id), **in_all_languages(title="Rules")}
    assert admin.post(f"{ADMIN}pages/{rules.id}/edit/", data=data).status_code == 302


RENAMED = [
    (rename_forum, "open-forum", OF_THE_FORUM),
    (rename_group, "group-1", OF_THE_GROUP),
    (rename_forum_page, "purpose", OF_THE_FORUM_PAGE),
    (rename_page, "rules", OF_THE_PAGE),
]


@pytest.mark.parametrize(("rename", "old", "paths"), RENAMED, ids=[rename.__name__ for rename, *_more in RENAMED])
def test_former_address_leads_to_the_new_one_in_every_view(rename, old: str, paths, admin: FlaskClient, visitor):
    rename(admin, "new-name")

    for path in paths:
        answer = visitor.get(path.replace("OLD", old))
        assert (answer.status_code, answer.location) == (301, path.replace("OLD", "new-name"))
        assert visitor.get(answer.location).status_code == 200


@pytest.mark.parametrize(("rename", "old", "paths"), RENAMED, ids=[rename.__name__ for rename, *_more in RENAMED])
def test_no_former_address_leads_by_way_of_another(rename, old: str, paths, admin: FlaskClient, visitor):
    for name in ("second", "third"):
        rename(admin, name)

    for name in (old, "second"):
        assert visitor.get(paths[0].replace("OLD", name)).location == paths[0].replace("OLD", "third")


def test_forum_and_group_that_were_both_renamed_are_found_at_once(admin: FlaskClient, visitor: FlaskClient):
    rename_group(admin, "new-group")
    rename_forum(admin, "new-forum")

    answer = visitor.get("/fr/print/forums/open-forum/groups/group-1/")
    assert (answer.status_code, answer.location) == (301, "/fr/print/forums/new-forum/groups/new-group/")


def test_name_that_is_taken_back_leads_nowhere_else(admin: FlaskClient, visitor: FlaskClient):
    for name in ("new-forum", "open-forum"):
        rename_forum(admin, name)

    assert visitor.get("/en/forums/open-forum/").status_code == 200
    assert visitor.get("/en/forums/new-forum/").location == "/en/forums/open-forum/"


def test_new_object_that_takes_a_former_name_wins(app: Flask, admin: FlaskClient, visitor: FlaskClient):
    rename_forum(admin, "new-forum")
    with app.app_context():
        make_forum("open-forum")
        db.session.commit()

    answer = visitor.get("/en/forums/open-forum/")
    assert (answer.status_code, "Title of open-forum" in answer.text) == (200, True)


def test_latest_to_have_had_a_name_is_found_under_it(app: Flask, admin: FlaskClient, visitor: FlaskClient):
    rename_forum(admin, "first-one")
    with app.app_context():
        key = make_forum("open-forum").id
        db.session.commit()
    rename_forum(admin, "second-one", key)

    assert visitor.get("/en/forums/open-forum/").location == "/en/forums/second-one/"


def test_hidden_forum_is_not_found_under_a_former_name(app: Flask, admin: FlaskClient, visitor: FlaskClient, world):
    rename_forum(admin, "new-forum")
    with app.app_context():
        db.session.get(Forum, 1).published_at = None
        db.session.commit()

    assert visitor.get("/en/forums/open-forum/").status_code == 404
    assert admin.get("/en/forums/open-forum/").location == "/en/forums/new-forum/"


def test_draft_that_is_renamed_takes_no_address_from_others(app: Flask, admin: FlaskClient, visitor: FlaskClient):
    """What it was called in secret leads nowhere, neither now nor once it is published."""
    rename_forum(admin, "new-forum")
    with app.app_context():
        key = make_forum("open-forum", published=False).id
        db.session.commit()
    rename_forum(admin, "secret", key)

    assert visitor.get("/en/forums/open-forum/").location == "/en/forums/new-forum/"


@pytest.mark.parametrize("part", ["", "groups/group-1/", "pages/purpose/"])
def test_name_changed_while_a_forum_was_unpublished_leads_from_the_public_one(
    part: str, app: Flask, admin: FlaskClient, visitor: FlaskClient
):
    with app.app_context():
        forum = make_forum("quiet", published=False)
        forum.pages.append(Page(id=98, slug="purpose", texts=texts(PageText, title="Purpose")))
        db.session.commit()
        key, group_id = forum.id, forum.groups[0].id
    admin.post(f"{ADMIN}forums/{key}/publish/")
    admin.post(f"{ADMIN}forums/{key}/unpublish/")
    group = {"slug": "new-group", "number": "1", **in_all_languages(title="Group")}
    admin.post(f"{ADMIN}groups/{group_id}/edit/", data=group)
    admin.post(f"{ADMIN}forum-pages/98/edit/", data={"slug": "new", "position": "0", **in_all_languages(title="P")})
    rename_forum(admin, "new-forum", key)
    old = f"/en/forums/quiet/{part}"

    assert visitor.get(old).status_code == 404
    admin.post(f"{ADMIN}forums/{key}/publish/")
    new = f"/en/forums/new-forum/{part}".replace("group-1", "new-group").replace("purpose", "new")
    assert (visitor.get(old).status_code, visitor.get(old).location) == (301, new)


@pytest.mark.parametrize("path", ["/en/forums/none/", "/en/forums/open-forum/groups/none/", "/en/pages/none/"])
def test_name_that_never_was_leads_nowhere(path: str, admin: FlaskClient, visitor: FlaskClient):
    rename_forum(admin, "new-forum")

    assert visitor.get(path).status_code == 404


def test_name_of_a_group_leads_nowhere_in_another_forum(app: Flask, admin: FlaskClient, visitor: FlaskClient):
    with app.app_context():
        other = make_forum("other")
        other.groups[0].slug = "elsewhere"
        db.session.commit()
    rename_group(admin, "new-group")

    assert visitor.get("/en/forums/other/groups/group-1/").status_code == 404


@pytest.mark.only_on("sqlite", reason="PostgreSQL gives no key twice")
def test_former_name_goes_with_its_owner(app: Flask, admin: FlaskClient, visitor: FlaskClient):
    """Though its key may be given again."""
    with app.app_context():
        key = make_forum("quiet").id
        db.session.commit()
    rename_forum(admin, "renamed", key)
    for step in ("unpublish", "delete"):
        assert admin.post(f"{ADMIN}forums/{key}/{step}/").status_code == 302
    with app.app_context():
        assert make_forum("next").id == key
        db.session.commit()

    assert visitor.get("/en/forums/quiet/").status_code == 404


def test_form_of_a_former_address_is_sent_on_with_what_was_typed(app: Flask, admin: FlaskClient, alice: FlaskClient):
    rename_forum(admin, "new-forum")
    rename_group(admin, "new-group")
    data = {"title": "A topic", "body": "Words.", "language": "en", "question": "0"}
    answer = alice.post("/en/forums/open-forum/groups/group-1/new/", data=data)

    assert (answer.status_code, answer.location) == (308, "/en/forums/new-forum/groups/new-group/new/")
    assert alice.post(answer.location, data=data).status_code == 302


def test_address_that_was_renamed_is_in_the_sitemap_under_its_new_name(admin: FlaskClient, visitor: FlaskClient):
    rename_forum(admin, "new-forum")
    sitemap = visitor.get("/sitemap/site.xml").text

    assert "/en/forums/new-forum/" in sitemap
    assert "/en/forums/open-forum/" not in sitemap
