"""Pages, forums, groups, questions, notices and documents: one mechanism, so most rules are tested on one kind."""

import pytest
from flask.testing import FlaskClient
from lxml import html as lxml_html

from app.admin import crud
from app.admin.kinds import KINDS
from app.database import utcnow
from app.errors import Refused
from app.extensions import db
from app.models import Document, Forum, Group, Notice, Page, Question, QuestionText, Topic, User
from tests.admin.conftest import ALREADY, in_all_languages
from tests.conftest import sign_in
from tests.world import make_forum, make_user, texts

HOSTILE = '<img src=x onerror=alert(1)> {{7*7}} [a](javascript:alert(2)) "quoted"'
NEW_OF_EACH_KIND = [
    ("forums/new/", "forums", {"slug": "new-forum", **in_all_languages(title="New", short_title="N")}),
    ("pages/new/", "pages", {"slug": "new", "kind": "text", "parent_id": "1", "position": "3"}
     | in_all_languages(title="New")),
    ("forum-pages/new/1/", "forum-pages", {"slug": "purpose", "position": "1", **in_all_languages(title="New")}),
    ("groups/new/1/", "groups", {"slug": "group-2", "number": "2", **in_all_languages(title="New")}),
    ("questions/new/1/", "questions", {"number": "2", **in_all_languages(text="New")}),
    ("notices/new/1/", "notices", {"published_at": ["2026-03-02", "09:00"], **in_all_languages(title="New")}),
    ("documents/new/1/", "documents", {"kind": "draft", "position": "0", "en-url": "https://example.org/a.pdf",
     "symbol": "CBD/X/1", "dated": "2026-02-01", **in_all_languages(title="New")}),
    ("reasons/new/", "reasons", {"position": "2", **in_all_languages(text="New")}),
]  # fmt: skip


def saved(answer) -> bool:
    return answer.status_code == 302


@pytest.mark.parametrize(("path", "kind", "form"), NEW_OF_EACH_KIND)
def test_each_kind_is_made_changed_and_deleted(admin: FlaskClient, log, path, kind, form):
    assert saved(admin.post(f"/en/admin/{path}", data=form)), path
    key = _last_key(admin, kind)
    changed = {**form, f"es-{'text' if kind in {'questions', 'reasons'} else 'title'}": "Cambiado"}
    assert "(en)" in admin.get(f"/fr/admin/{kind}/{key}/edit/").text
    assert saved(admin.post(f"/en/admin/{kind}/{key}/edit/", data=changed))
    assert "Cambiado" in admin.get(f"/en/admin/{kind}/{key}/edit/").text
    assert saved(admin.post(f"/en/admin/{kind}/{key}/delete/"))

    assert admin.get(f"/en/admin/{kind}/{key}/edit/").status_code == 404
    assert [action for action, kind_, _subject in log() if kind_ == kind] == ["create", "edit", "delete"]


@pytest.mark.parametrize(("path", "kind", "form"), NEW_OF_EACH_KIND)
def test_form_sent_twice_makes_one(admin: FlaskClient, log, path, kind, form):
    first = admin.post(f"/en/admin/{path}", data={**form, "submission": "f" * 32})
    second = admin.post(f"/en/admin/{path}", data={**form, "submission": "f" * 32})

    assert saved(first)
    assert second.headers["Location"] == first.headers["Location"]
    assert [action for action, _kind, _subject in log()] == ["create"]


@pytest.mark.parametrize(("path", "kind", "form"), NEW_OF_EACH_KIND)
def test_object_that_is_deleted_twice_is_said_to_be_deleted_already(admin: FlaskClient, log, path, kind, form):
    admin.post(f"/en/admin/{path}", data=form)
    address = f"/en/admin/{kind}/{_last_key(admin, kind)}/delete/"
    first, second = admin.post(address), admin.post(address)

    assert saved(first)
    assert second.location == first.location
    assert ALREADY in admin.get(second.location).text
    assert [action for action, _kind, _subject in log()] == ["create", "delete"]
    assert admin.get(address).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_object_that_never_was_is_not_deleted_already(admin: FlaskClient, log, kind: str):
    assert [admin.post(f"/en/admin/{kind}/{key}/delete/").status_code for key in (9_999, 9**30)] == [404, 404]
    assert log() == []


def test_saving_without_a_change_leaves_no_trace(admin: FlaskClient, look, log):
    form = {"slug": "open-forum", **in_all_languages(title="Title of open-forum", short_title="Short open-forum")}
    form |= in_all_languages(description="About tests.")

    assert saved(admin.post("/en/admin/forums/1/edit/", data=form))
    assert log() == []


@pytest.mark.parametrize("description", ["Plenary\u00a0: un forum", "Quoi\u202f?"])
def test_form_that_is_saved_untouched_changes_no_space(admin: FlaskClient, look, log, description: str):
    def write() -> None:
        db.session.get(Forum, 1).texts["fr"].description = description
        db.session.commit()

    look(write)
    form = lxml_html.document_fromstring(admin.get("/fr/admin/forums/1/edit/").text).xpath("//main//form")[0]

    assert saved(admin.post("/fr/admin/forums/1/edit/", data=dict(form.form_values())))
    assert log() == []
    assert look(lambda: db.session.get(Forum, 1).texts["fr"].description) == description


def test_text_is_rendered_for_readers(admin: FlaskClient, visitor: FlaskClient):
    form = {"slug": "open-forum", "fr-title": "Forum", "fr-short_title": "F"}
    form["fr-about"] = "# Pourquoi\n\nVoir [le portail](/fr/portal/).\n\n<script>alert(1)</script>"
    admin.post("/en/admin/forums/1/edit/", data=form)

    page = visitor.get("/fr/forums/open-forum/").text
    assert "<h3>Pourquoi</h3>" in page
    assert '<a href="/fr/portal/"' in page
    assert "<script>alert" not in page


def test_missing_language_is_marked_on_the_list_and_the_form(admin: FlaskClient):
    admin.post("/en/admin/groups/new/1/", data={"slug": "group-2", "number": "2", "en-title": "Needs"})

    assert "missing: español, français" in admin.get("/en/admin/forums/1/").text
    form = admin.get("/en/admin/groups/3/edit/").text
    assert form.count('<span class="missing">missing</span>') == 2


def test_half_translated_text_is_marked(admin: FlaskClient):
    data = {"slug": "group-2", "number": "2", "en-title": "Needs", "en-remarks": "Note", "es-title": "Necesidades"}
    admin.post("/en/admin/groups/new/1/", data=data)

    assert "incomplete: español" in admin.get("/en/admin/forums/1/").text
    assert "Missing in this language." in admin.get("/en/admin/groups/3/edit/").text


def test_incomplete_text_is_not_called_outdated_too(admin: FlaskClient):
    data = {"slug": "group-2", "number": "2", "en-title": "Needs", "es-title": "Necesidades"}
    admin.post("/en/admin/groups/new/1/", data=data)
    admin.post("/en/admin/groups/3/edit/", data={**data, "en-remarks": "Note"})
    page = admin.get("/en/admin/forums/1/").text

    assert "incomplete: español" in page
    assert "outdated: español" not in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_text_at_all_is_refused_in_the_column_of_the_reader(admin: FlaskClient, language):
    answer = admin.post(f"/{language}/admin/groups/new/1/", data={"slug": "group-2", "number": "2"})

    assert answer.status_code == 422
    assert f'href="#{language}-title"' in answer.text
    assert 'value="group-2"' in answer.text, "what was typed is given back"


def test_half_filled_language_is_refused_with_its_name(admin: FlaskClient):
    data = {"slug": "open-forum", "es-title": "", "es-short_title": "", "es-about": "Texto largo"}
    answer = admin.post("/en/admin/forums/1/edit/", data=data)

    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert "español: Please complete “Title” as well" in answer.text
    assert 'href="#es-short_title"' in answer.text
    assert "Texto largo" in answer.text


def test_emptied_language_is_removed(admin: FlaskClient, look):
    fields = ("title", "short_title", "description", "organizer", "remarks", "about", "mandate")
    data = {"slug": "open-forum"} | {f"es-{name}": "" for name in fields}
    assert saved(admin.post("/en/admin/forums/1/edit/", data=data))

    assert look(lambda: set(db.session.get(Forum, 1).texts)) == {"en", "fr"}


@pytest.mark.parametrize("slug", ["With-Capitals", "a b", "-a", "a--b", "é", "a/b", "a" * 81])
def test_unfit_name_for_an_address_is_refused(admin: FlaskClient, slug):
    answer = admin.post("/en/admin/forums/new/", data={"slug": slug, "en-title": "T", "en-short_title": "S"})

    assert answer.status_code == 422
    assert 'href="#slug"' in answer.text


@pytest.mark.parametrize(
    ("titles", "slug"),
    [
        ({"en": "Needs & Priorities: 2026", "fr": "Besoins"}, "needs-priorities-2026"),
        ({"fr": "Évaluation des besoins", "es": "x"}, "x"),
        ({"fr": "Évaluation des besoins"}, "evaluation-des-besoins"),
        ({"en": "Группа"}, "group"),
        ({"en": "Group 1"}, "group-1-2"),
        ({"en": "word " * 50}, "-".join(["word"] * 15)),
    ],
)
def test_name_in_the_address_is_made_from_the_title_where_it_is_left_empty(admin: FlaskClient, look, titles, slug):
    form = {"slug": "", "number": "9"} | {f"{code}-title": title for code, title in titles.items()}

    assert saved(admin.post("/en/admin/groups/new/1/", data=form))
    assert look(lambda: db.session.query(Group).filter_by(number=9).one().slug) == slug


def test_address_of_a_document_stands_in_each_language(admin: FlaskClient, visitor: FlaskClient):
    form = {"kind": "draft", "position": "0", **in_all_languages(title="Draft")}
    form |= {"en-url": "https://example.org/en", "fr-url": "https://example.org/fr"}
    admin.post("/en/admin/documents/new/1/", data=form)

    pages = [visitor.get(f"/{code}/forums/open-forum/").text for code in ("en", "fr", "es")]
    assert all(
        f'href="https://example.org/{code}"' in page for code, page in zip(("en", "fr", "en"), pages, strict=True)
    )
    assert "El documento enlazado" in pages[2]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("groups/1/edit/", "Readers will see this as soon as it is saved."),
        ("groups/2/edit/", "Readers will see this once the forum is published."),
        ("forums/new/", "Readers will see this once the forum is published."),
        ("pages/new/", "Readers will see this as soon as it is saved."),
    ],
)
def test_form_says_from_when_readers_see_a_change(admin: FlaskClient, path, said):
    assert said in admin.get(f"/en/admin/{path}").text


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("forums/new/", {"slug": "open-forum", "en-title": "T", "en-short_title": "S"}),
        ("groups/new/1/", {"slug": "group-1", "number": "7", "en-title": "T"}),
        ("groups/new/1/", {"slug": "group-7", "number": "1", "en-title": "T"}),
        ("questions/new/1/", {"number": "1", "en-text": "T"}),
        ("pages/new/", {"slug": "rules", "kind": "text", "parent_id": "1", "position": "0", "en-title": "T"}),
    ],
)
def test_name_or_number_in_use_is_refused_beside_its_field(admin: FlaskClient, path, data):
    answer = admin.post(f"/en/admin/{path}", data=data)

    assert answer.status_code == 422
    assert "in use already" in answer.text


def test_same_name_in_another_forum_is_fine(admin: FlaskClient):
    form = {"slug": "group-5", "number": "5", "en-title": "T"}

    assert saved(admin.post("/en/admin/groups/new/1/", data=form))
    assert saved(admin.post("/en/admin/groups/new/2/", data=form))


@pytest.mark.parametrize("number", ["", "0", "-1", "1000", "x", "1.5", "9" * 40])
def test_unfit_number_is_refused(admin: FlaskClient, number):
    answer = admin.post("/en/admin/groups/new/1/", data={"slug": "g", "number": number, "en-title": "T"})

    assert answer.status_code == 422
    assert "whole number" in answer.text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://example.org/a", "//example.org", "https://", "https://[", "https://a b"]
)
def test_document_address_is_http_only(admin: FlaskClient, url):
    data = {"kind": "draft", "position": "0", "es-url": url, "en-title": "T", "es-title": "T"}
    answer = admin.post("/en/admin/documents/new/1/", data=data)

    assert answer.status_code == 422
    assert 'href="#es-url"' in answer.text


@pytest.mark.parametrize("dated", ["tomorrow", "2026-02-30", "0001-01-01", "99999-01-01"])
def test_document_date_is_a_date(admin: FlaskClient, dated):
    data = {"kind": "draft", "position": "0", "dated": dated, "en-title": "T"}
    answer = admin.post("/en/admin/documents/new/1/", data=data)

    assert answer.status_code == 422
    assert f'value="{dated}"' in answer.text


def test_kind_that_is_not_offered_is_refused(admin: FlaskClient):
    data = {"kind": "treaty", "position": "0", "en-title": "T"}
    answer = admin.post("/en/admin/documents/new/1/", data=data)

    assert answer.status_code == 422
    assert "one of the options offered" in answer.text


def test_hostile_strings_stay_text(admin: FlaskClient, visitor: FlaskClient):
    form = {"slug": "open-forum", **in_all_languages(title=HOSTILE, short_title="<b>S</b>", about=HOSTILE)}
    admin.post("/en/admin/forums/1/edit/", data=form)

    pages = [admin.get(f"/en/admin/{path}").text for path in ("forums/", "forums/1/", "forums/1/edit/", "log/")]
    pages += [admin.get("/en/admin/log/1/").text, visitor.get("/en/forums/open-forum/").text]
    for page in pages:
        assert "<img" not in page
        assert 'href="javascript' not in page
        assert "<b>S" not in page
        assert "{{7*7}}" in page or "onerror" not in page


def test_odd_characters_are_no_error(admin: FlaskClient, look):
    form = {"slug": "odd", "en-title": "A\x00b\u202e \U0001f600", "en-short_title": "S", "en-about": "\x07 text\r\n"}

    assert saved(admin.post("/en/admin/forums/new/", data=form))
    assert look(lambda: db.session.get(Forum, 3).texts["en"].title) == "Ab \U0001f600"


def test_intricate_markdown_is_a_field_error(admin: FlaskClient):
    form = {"slug": "open-forum", "en-title": "T", "en-short_title": "S", "en-about": "> " * 30 + "x"}
    answer = admin.post("/en/admin/forums/1/edit/", data=form)

    assert answer.status_code == 422
    assert 'href="#en-about"' in answer.text


def test_too_long_text_is_given_back(admin: FlaskClient):
    form = {"slug": "open-forum", "en-title": "T" * 301, "en-short_title": "S"}
    answer = admin.post("/en/admin/forums/1/edit/", data=form)

    assert answer.status_code == 422
    assert "T" * 301 in answer.text


# What holds messages or is a part of the record


@pytest.mark.parametrize(("kind", "key"), [("forums", 1), ("groups", 1)])
def test_what_holds_messages_is_not_deleted(admin: FlaskClient, look, kind, key):
    page = admin.get(f"/en/admin/{kind}/{key}/delete/")
    answer = admin.post(f"/en/admin/{kind}/{key}/delete/")

    assert "This cannot be deleted: it contains messages" in page.text
    assert "<button" not in page.text.split("<main")[1]
    assert answer.status_code == 409
    assert look(lambda: db.session.get(Forum if kind == "forums" else Group, key))


@pytest.mark.parametrize(
    ("page", "offered", "kept"),
    [
        ("forums/1/", ("questions/3/",), ("forums/1/", "groups/1/", "questions/1/")),
        ("forums/1/groups/", ("questions/3/",), ("groups/1/", "questions/1/")),
        ("forums/2/", ("forums/2/", "groups/2/"), ()),
    ],
)
def test_deleting_is_offered_where_it_is_possible_alone(admin: FlaskClient, look, world, page, offered, kept):
    def answer_the_first_question() -> None:
        db.session.get(Topic, world.topic).question_id = 1
        db.session.add(Question(group_id=1, number=2, texts=texts(QuestionText, text="Two?")))
        db.session.commit()

    look(answer_the_first_question)
    shown = admin.get(f"/en/admin/{page}").text

    assert [path for path in (*offered, *kept) if f"{path}delete/" in shown] == list(offered)


def test_question_that_was_answered_is_not_deleted(admin: FlaskClient, look, world):
    def file_topic() -> None:
        db.session.get(Topic, world.topic).question_id = 1
        db.session.commit()

    look(file_topic)
    assert admin.post("/en/admin/questions/1/delete/").status_code == 409
    assert look(lambda: db.session.get(Question, 1))


def test_published_forum_is_not_deleted(admin: FlaskClient, look):
    look(lambda: (make_forum("quiet"), db.session.commit()))
    refused = admin.post("/en/admin/forums/3/delete/")
    admin.post("/en/admin/forums/3/unpublish/")

    assert refused.status_code == 409
    assert saved(admin.post("/en/admin/forums/3/delete/"))


def test_draft_with_all_that_is_in_it_is_deleted(admin: FlaskClient, look):
    group = look(lambda: db.session.get(Forum, 2).groups[0].id)
    for path, _kind, form in NEW_OF_EACH_KIND[2:]:
        owner = str(group) if path.startswith("questions") else "2"
        assert saved(admin.post("/en/admin/" + path.replace("/1/", f"/{owner}/"), data=form))
    data = {"group_id": str(group), "opens_at": ["2031-01-01", "00:00"], "closes_at": ["2031-02-01", "00:00"]}
    assert saved(admin.post("/en/admin/forums/2/periods/scheduled/", data=data))

    assert saved(admin.post("/en/admin/forums/2/delete/"))
    assert (
        look(lambda: [db.session.query(kind).filter_by(forum_id=2).count() for kind in (Group, Notice, Document)])
        == [0] * 3
    )


@pytest.fixture
def archived(look, world) -> None:
    look(lambda: (setattr(db.session.get(Forum, 1), "archived_at", utcnow()), db.session.commit()))


def test_archived_forum_takes_an_outcome(admin: FlaskClient, look, archived):
    page = admin.get("/en/admin/documents/new/1/?kind=outcome").text
    form = {"kind": "outcome", "position": "0", **in_all_languages(title="Report")}

    assert '<option selected value="outcome">' in page
    assert saved(admin.post("/en/admin/documents/new/1/", data=form))
    assert look(lambda: [one.kind for one in db.session.get(Forum, 1).documents]) == ["outcome"]


def test_texts_of_an_archived_forum_are_corrected_and_its_numbers_stay(admin: FlaskClient, look, archived):
    form = {"number": "7", "slug": "other", **in_all_languages(title="Corrected")}

    assert saved(admin.post("/en/admin/groups/1/edit/", data=form))
    group = look(lambda: (db.session.get(Group, 1).number, db.session.get(Group, 1).slug))
    assert group == (1, "group-1")
    assert look(lambda: db.session.get(Group, 1).texts["en"].title) == "Corrected (en)"


# The tree of the site


def test_page_below_itself_is_refused(admin: FlaskClient, look):
    portal, archive = look(lambda: [_page("portal").id, _page("archive").id])
    for parent in (portal, archive):
        data = {"parent_id": str(parent), "position": "0", "en-title": "Portal"}
        answer = admin.post(f"/en/admin/pages/{portal}/edit/", data=data)
        assert answer.status_code == 422
        assert 'href="#parent_id"' in answer.text
    assert look(lambda: _page("portal").parent_id) == look(lambda: _page("home").id)


def test_cycle_is_refused_by_the_action_too(app, world):
    with app.test_request_context("/en/"):
        archive, portal = _page("archive").id, _page("portal").id
        admin = db.session.get(User, world.admin)
        with pytest.raises(Refused) as refused:
            crud.update(KINDS["pages"], portal, crud.Sent({"parent_id": archive}), version="", viewer=admin)
    assert refused.value.field == "parent_id"


def test_page_moves_in_the_tree_and_the_breadcrumb_follows(admin: FlaskClient, visitor: FlaskClient, look):
    rules, portal = look(lambda: [_page("rules").id, _page("portal").id])
    data = {"slug": "rules", "parent_id": str(portal), "position": "0", "en-title": "Rules"}
    assert saved(admin.post(f"/en/admin/pages/{rules}/edit/", data=data))

    trail = visitor.get("/en/pages/rules/").text.split('class="breadcrumb"')[1]
    assert trail.index("Portal") < trail.index("Rules")


@pytest.mark.parametrize("parent", ["", "0", "999", "x"])
def test_unknown_parent_is_refused(admin: FlaskClient, look, parent):
    rules = look(lambda: _page("rules").id)
    data = {"slug": "rules", "parent_id": parent, "position": "0", "en-title": "Rules"}

    assert admin.post(f"/en/admin/pages/{rules}/edit/", data=data).status_code == 422


def test_page_of_a_forum_is_no_parent(admin: FlaskClient, look):
    admin.post("/en/admin/forum-pages/new/1/", data={"slug": "purpose", "position": "0", "en-title": "Purpose"})
    rules, purpose = look(lambda: [_page("rules").id, _page("purpose").id])
    data = {"slug": "rules", "parent_id": str(purpose), "position": "0", "en-title": "Rules"}

    assert admin.post(f"/en/admin/pages/{rules}/edit/", data=data).status_code == 422
    assert admin.get(f"/en/admin/pages/{purpose}/edit/").status_code == 404
    assert admin.get(f"/en/admin/forum-pages/{rules}/edit/").status_code == 404


@pytest.mark.parametrize("slug", ["home", "portal", "archive"])
def test_built_in_page_keeps_its_kind_and_stays(admin: FlaskClient, look, slug):
    key, parent = look(lambda: [_page(slug).id, _page(slug).parent_id])
    data = {"slug": "other", "kind": "text", "parent_id": str(parent or 0), "position": "2", "en-title": "Changed"}

    assert saved(admin.post(f"/en/admin/pages/{key}/edit/", data=data))
    assert admin.post(f"/en/admin/pages/{key}/delete/").status_code == 409
    assert look(lambda: (db.session.get(Page, key).kind, db.session.get(Page, key).slug)) == (slug, slug)


def test_second_home_is_refused(admin: FlaskClient):
    data = {"slug": "home-2", "kind": "home", "parent_id": "0", "position": "0", "en-title": "Home"}

    assert admin.post("/en/admin/pages/new/", data=data).status_code == 422


def test_page_with_pages_below_it_is_not_deleted(admin: FlaskClient, look):
    rules = look(lambda: _page("rules").id)
    data = {"slug": "more", "kind": "text", "parent_id": str(rules), "position": "0", "en-title": "More"}
    assert saved(admin.post("/en/admin/pages/new/", data=data))

    assert admin.post(f"/en/admin/pages/{rules}/delete/").status_code == 409


def test_deleting_a_page_is_offered_where_no_page_stands_below(admin: FlaskClient, look):
    rules = look(lambda: _page("rules").id)
    delete = f"/en/admin/pages/{rules}/delete/"
    before = admin.get("/en/admin/site/").text
    data = {"slug": "more", "kind": "text", "parent_id": str(rules), "position": "0", "en-title": "More"}
    admin.post("/en/admin/pages/new/", data=data)

    assert delete in before
    assert delete not in admin.get("/en/admin/site/").text


def test_site_without_pages_gets_its_home_first(app):
    with app.app_context():
        make_user("root", is_admin=True)
        db.session.commit()
        key = db.session.query(User).one().id
    client = sign_in(app, key)
    data = {"slug": "home", "kind": "home", "parent_id": "0", "position": "0", "en-title": "Welcome"}

    assert saved(client.post("/en/admin/pages/new/", data=data))
    assert "Welcome" in client.get("/en/").text


def _page(slug: str) -> Page:
    return db.session.query(Page).filter_by(slug=slug).one()


def _last_key(admin: FlaskClient, kind: str) -> int:
    with admin.application.app_context():
        return db.session.query(db.func.max(KINDS[kind].model.id)).scalar()
