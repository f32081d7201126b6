"""All texts in one table, what is missing or outdated first; translators write the cells of their forums alone."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.extensions import db
from app.models import (
    Annotation,
    AnnotationKind,
    AnnotationText,
    Forum,
    ForumRole,
    Group,
    LogEntry,
    Message,
    MessageStatus,
    Role,
)
from tests.admin.conftest import in_all_languages
from tests.conftest import sign_in
from tests.world import make_user

TABLE, CELL = "/en/admin/texts/", "/en/translate/groups/1/fr/"


@pytest.fixture
def translator(app: Flask, world) -> FlaskClient:
    """A translator of the open forum, for French alone."""
    with app.app_context():
        user = make_user("translator")
        db.session.add(ForumRole(user_id=user.id, forum_id=world.forum, role=Role.TRANSLATOR, languages="fr"))
        db.session.commit()
        return sign_in(app, user.id)


@pytest.fixture
def without_french(look, world) -> None:
    def remove() -> None:
        group = db.session.get_one(Group, 1)
        group.texts.pop("fr")
        db.session.commit()

    look(remove)


def lines(page: str) -> list[str]:
    """The rows of the table, as people read them."""
    found = html.document_fromstring(page).xpath("//table[contains(@class, 'texts')]/tbody/tr")
    return [" ".join(row.text_content().split()) for row in found]


def links(page: str) -> list[str]:
    return html.document_fromstring(page).xpath("//main//a/@href")


def test_missing_text_stands_first(admin: FlaskClient, without_french):
    [first, *others] = lines(admin.get(TABLE).text)

    assert first.startswith("Group: Group of open-forum (en)")
    assert "missing" in first
    assert not any("missing" in line for line in others)


def test_long_title_is_cut_between_words_with_an_ellipsis_in_its_links_too(admin: FlaskClient, look):
    def lengthen() -> None:
        db.session.get_one(Group, 1).texts["en"].title = "Assessment " * 12
        db.session.commit()

    look(lengthen)
    cut = "Assessment " * 9 + "Assessment…"

    [line] = [line for line in lines(admin.get(TABLE).text) if line.startswith(f"Group: {cut}")]
    assert f": {cut}, English" in line


def test_missing_field_is_named(admin: FlaskClient, look):
    def write_english_remarks() -> None:
        db.session.get_one(Group, 1).texts["en"].remarks = "Note"
        db.session.commit()

    look(write_english_remarks)

    assert lines(admin.get(TABLE).text)[0].count("missing: Remarks") == 2


def test_changed_text_makes_those_in_other_languages_outdated(admin: FlaskClient):
    admin.post("/en/admin/groups/1/edit/", data=_group(en="Changed"))

    assert lines(admin.get(TABLE).text)[0].count("outdated") == 2


def test_text_that_follows_is_up_to_date_and_makes_no_other_outdated(admin: FlaskClient):
    admin.post("/en/admin/groups/1/edit/", data=_group(en="Changed"))
    for code in ("fr", "es"):
        admin.post(f"/en/translate/groups/1/{code}/", data={"title": f"Changed too ({code})"})

    assert not any("outdated" in line for line in lines(admin.get(TABLE).text))


def test_correction_of_a_translation_makes_no_other_text_outdated(admin: FlaskClient):
    admin.post(CELL, data={"title": "Groupe corrigé"})

    assert not any("outdated" in line for line in lines(admin.get(TABLE).text))


def test_cell_warns_that_the_former_wording_will_remain_visible(admin: FlaskClient):
    assert "its former wording will remain visible" in admin.get(CELL).text


def test_text_that_is_still_right_is_saved_as_it_is(admin: FlaskClient, log):
    admin.post("/en/admin/groups/1/edit/", data=_group(en="Changed"))
    page = admin.get(CELL).text
    form = dict(html.document_fromstring(page).xpath("//main//form")[0].form_values())
    admin.post(CELL, data=form)

    assert "Bring this one up to date" in page
    assert lines(admin.get(TABLE).text)[0].count("outdated") == 1
    assert len(log()) == 1


def test_language_that_is_added_makes_no_other_outdated(admin: FlaskClient, without_french):
    admin.post(CELL, data={"title": "Groupe"})

    assert not any("outdated" in line or "missing" in line for line in lines(admin.get(TABLE).text))


def test_cell_leads_to_its_form_with_the_other_languages_beside(admin: FlaskClient, without_french):
    assert CELL in links(admin.get(TABLE).text)[:10]
    page = admin.get(CELL).text

    assert "Group of open-forum (en)" in page
    assert "Group of open-forum (es)" in page
    assert "Missing in this language." in page


def test_saved_cell_leads_back_to_the_same_filter_and_page(admin: FlaskClient, without_french):
    place = "?forum=1&language=fr&page=1"
    [cell, *_others] = [path for path in links(admin.get(TABLE + place).text) if path.startswith("/en/translate/")]

    assert cell == CELL + place
    assert admin.post(cell, data={"title": "Groupe"}).location == TABLE + place


def test_former_wording_is_warned_of_only_where_there_is_one(admin: FlaskClient, without_french):
    warning = "its former wording will remain visible"
    whole = html.document_fromstring(admin.get("/en/admin/groups/1/edit/").text)
    [warned] = [" ".join(one.text_content().split()) for one in whole.xpath("//p[@class='warning']")]

    assert warning in admin.get(CELL.replace("/fr/", "/es/")).text
    assert warning not in admin.get(CELL).text
    assert warned.endswith("Languages with a former wording to keep: English, español")


def test_first_missing_text_is_two_clicks_from_the_start(admin: FlaskClient, without_french):
    assert TABLE in links(admin.get("/en/admin/").text)
    assert CELL in links(admin.get("/en/admin/").text)


def test_table_is_filtered_by_forum_and_language(admin: FlaskClient, without_french):
    all_lines, of_forum = lines(admin.get(TABLE).text), lines(admin.get(f"{TABLE}?forum=2").text)
    of_site = lines(admin.get(f"{TABLE}?forum=0").text)

    assert {line.split(":")[0] for line in of_forum} == {"Forum", "Group", "Guiding question"}
    assert {line.split(":")[0] for line in of_site} == {"Page of the site"}
    assert len(all_lines) == 2 * len(of_forum) + len(of_site)
    assert "español" not in admin.get(f"{TABLE}?language=fr").text.split("<thead")[1].split("</thead")[0]


def test_translator_writes_a_cell_of_their_language(translator: FlaskClient, look, log):
    assert translator.post(CELL, data={"title": "Titre"}).location == "/en/translate/"
    assert look(lambda: db.session.get_one(Group, 1).texts["fr"].title) == "Titre"
    assert log() == [("edit", "groups", "Group of open-forum (en)")]


def test_translator_is_shown_the_cells_of_their_forums_and_languages_alone(translator: FlaskClient):
    page = translator.get("/en/translate/").text
    cells = [path for path in links(page) if path.startswith("/en/translate/")]

    assert cells
    assert all(path.endswith("/fr/") for path in cells if path != "/en/translate/")
    assert len(lines(page)) == 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/en/translate/groups/1/es/", 403),
        ("/en/translate/groups/2/fr/", 404),
        ("/en/translate/pages/1/fr/", 403),
        ("/en/translate/reasons/9/fr/", 404),
        ("/en/translate/groups/1/de/", 404),
        ("/en/translate/nothing/1/fr/", 404),
        ("/en/admin/groups/1/edit/", 403),
        ("/en/admin/texts/", 403),
    ],
)
def test_translator_reaches_nothing_else(translator: FlaskClient, look, path, status):
    answers = [translator.get(path).status_code]
    answers += (
        [translator.post(path, data={"title": "Other", "text": "Other"}).status_code] if "texts" not in path else []
    )

    assert set(answers) == {status}
    assert look(lambda: db.session.query(LogEntry).count()) == 0


def test_translator_cannot_empty_the_last_language(translator: FlaskClient, look):
    def keep_french() -> None:
        group = db.session.get_one(Group, 1)
        group.texts.pop("en"), group.texts.pop("es")
        db.session.commit()

    look(keep_french)

    assert translator.post(CELL, data={"title": ""}).status_code == 409
    assert look(lambda: set(db.session.get_one(Group, 1).texts)) == {"fr"}


def test_cell_that_somebody_else_has_changed_is_shown_beside(translator: FlaskClient, admin: FlaskClient):
    form = dict(html.document_fromstring(translator.get(CELL).text).xpath("//main//form")[0].form_values())
    admin.post(CELL, data={"title": "Leur titre"})
    answer = translator.post(CELL, data=form | {"title": "Notre titre"})

    assert answer.status_code == 409
    assert "Leur titre" in answer.text
    assert 'value="Notre titre"' in answer.text


@pytest.mark.parametrize("title", ["Titre", "Group of open-forum (fr)"])
def test_translation_of_a_text_that_was_changed_meanwhile_is_not_taken_as_up_to_date(
    title: str, translator: FlaskClient, admin: FlaskClient
):
    form = dict(html.document_fromstring(translator.get(CELL).text).xpath("//main//form")[0].form_values())
    admin.post("/en/translate/groups/1/en/", data={"title": "Quite another title"})
    answer = translator.post(CELL, data=form | {"title": title})

    assert answer.status_code == 409
    assert "Quite another title" in answer.text
    assert "outdated" in lines(admin.get(TABLE).text)[0]


def test_texts_of_an_archived_forum_are_translated(translator: FlaskClient, admin: FlaskClient, look):
    look(lambda: (setattr(db.session.get_one(Forum, 1), "archived_at", utcnow()), db.session.commit()))

    assert translator.post(CELL, data={"title": "Titre"}).status_code == 302


def _group(**titles: str) -> dict[str, str]:
    form = {"number": "1", "slug": "group-1", **in_all_languages(title="Group of open-forum")}
    return form | {f"{code}-title": title for code, title in titles.items()}


# Summaries and follow-up


@pytest.fixture
def annotated(look, world) -> list[str]:
    """A summary of the forum and the follow-up of a message, in English; the paths of their cells in French."""

    def write() -> list[int]:
        about = {AnnotationKind.SUMMARY: {}, AnnotationKind.FOLLOW_UP: {"message_id": world.first}}
        made = [Annotation(forum_id=world.forum, kind=kind, **of) for kind, of in about.items()]
        for one in made:
            one.texts["en"] = AnnotationText(language="en", body="See *this*.", html="<p>See <em>this</em>.</p>")
        db.session.add_all(made)
        db.session.commit()
        return [one.id for one in made]

    return [f"/en/translate/{kind}/{key}/fr/" for kind, key in zip(AnnotationKind, look(write), strict=True)]


def test_table_tells_in_which_languages_summaries_and_follow_up_are_missing(annotated, translator: FlaskClient):
    page = translator.get("/en/translate/").text

    assert [line.split(" Short")[0] for line in lines(page)[:2]] == ["Summary: See *this*.", "Follow-up: See *this*."]
    assert lines(page)[0].count("missing") == lines(page)[1].count("missing") == 2
    assert set(annotated) <= set(links(page))


def test_translator_writes_summaries_and_follow_up_which_makes_no_other_outdated(
    annotated, translator: FlaskClient, visitor: FlaskClient, admin: FlaskClient
):
    for path in annotated:
        assert translator.post(path, data={"body": "Voir **ceci**.", "url": ""}).status_code == 302

    for path in ("/fr/forums/open-forum/", "/fr/messages/1/"):
        assert "Voir <strong>ceci</strong>." in visitor.get(path).text
        assert "Corrigé le" not in visitor.get(path).text
    assert not any("outdated" in line for line in lines(admin.get(TABLE).text))


def test_translation_of_a_summary_that_is_corrected_says_so(annotated, translator: FlaskClient, visitor: FlaskClient):
    for body in ("Voir ceci.", "Voir cela."):
        version = html.document_fromstring(translator.get(annotated[0]).text).xpath(
            "string(//*[@name='version']/@value)"
        )
        translator.post(annotated[0], data={"body": body, "version": version})

    page = visitor.get("/fr/forums/open-forum/").text
    assert "Voir cela." in page
    assert "Corrigé le" in page


def test_follow_up_of_a_message_that_is_hidden_is_not_translated(annotated, translator: FlaskClient, look, world):
    def withhold() -> None:
        db.session.get_one(Message, world.first).status = MessageStatus.WITHHELD
        db.session.commit()

    look(withhold)

    assert annotated[1] not in links(translator.get("/en/translate/").text)
    assert translator.get(annotated[1]).status_code == 404


@pytest.mark.parametrize("path", ["/en/admin/summaries/1/edit/", "/en/admin/summaries/1/delete/"])
def test_summary_has_no_form_in_the_administration(path: str, annotated, admin: FlaskClient):
    assert admin.get(path).status_code == 404


def test_log_names_what_a_translated_summary_is_about(annotated, translator: FlaskClient, look):
    translator.post(annotated[1], data={"body": "Voir ceci."})

    assert look(lambda: db.session.query(LogEntry.subject).scalar()) == "#1"
