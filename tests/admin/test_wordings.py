"""Nothing official changes in silence: what is corrected, deleted, or added after archiving stays in public sight."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html as lxml_html

from app.database import utcnow
from app.extensions import db
from app.models import (
    Document,
    DocumentText,
    Forum,
    Group,
    Message,
    Notice,
    NoticeText,
    OfficialChange,
    Page,
    PageText,
    QuestionText,
    Topic,
    User,
)
from app.models.forum import DocumentKind
from tests.admin.conftest import in_all_languages, typed
from tests.attachments.conftest import send
from tests.attachments.samples import PDF
from tests.world import make_pending, make_topic, texts

ADMIN, FORUM = "/en/admin/", "/en/forums/open-forum/"
GROUP, GROUPS, RECORD = f"{FORUM}groups/group-1/", f"{FORUM}groups/", f"{FORUM}record/"
PRINT, PRINT_GROUP = "/en/print/forums/open-forum/", "/en/print/forums/open-forum/groups/group-1/"
FEED = "/en/feeds/forums/open-forum.atom"
EVERYWHERE = (RECORD, PRINT, "/en/print/forums/open-forum/record/", FEED)
AT = ["2026-03-02", "09:00"]
FORUM_FORM = {"slug": "open-forum", **in_all_languages(title="Title of open-forum", short_title="Short open-forum")}
# The form of each text with its former words, where these are looked for besides EVERYWHERE, and its address.
TEXTS = {
    "question": ("questions/1/edit/", {"number": "1", **in_all_languages(text="WORDS")}, (GROUP, PRINT_GROUP)),
    "introduction": (
        "groups/1/edit/",
        {"number": "1", "slug": "group-1", **in_all_languages(title="Group of open-forum", introduction="WORDS")},
        (GROUP, PRINT_GROUP),
    ),
    "title of a group": (
        "groups/1/edit/",
        {"number": "1", "slug": "group-1", **in_all_languages(title="WORDS")},
        (GROUP, PRINT_GROUP),
    ),
    "mandate": ("forums/1/edit/", {**FORUM_FORM, **in_all_languages(mandate="WORDS")}, (FORUM,)),
    "about": ("forums/1/edit/", {**FORUM_FORM, **in_all_languages(about="WORDS")}, (FORUM,)),
    "title of the forum": ("forums/1/edit/", {**FORUM_FORM, **in_all_languages(title="WORDS")}, (FORUM,)),
    "organizer": ("forums/1/edit/", {**FORUM_FORM, **in_all_languages(organizer="WORDS")}, (PRINT,)),
    "notice": ("notices/1/edit/", {"published_at": AT, **in_all_languages(title="T", body="WORDS")}, (FORUM,)),
    "document": (
        "documents/1/edit/",
        {"kind": "draft", "symbol": "CBD/1", "position": "0", **in_all_languages(title="T", note="WORDS")},
        (FORUM,),
    ),
    "page of the forum": (
        "forum-pages/1/edit/",
        {"slug": "purpose", "position": "0", **in_all_languages(title="T", body="WORDS")},
        (f"{FORUM}pages/purpose/", "/en/print/forums/open-forum/pages/purpose/"),
    ),
}


@pytest.fixture(autouse=True)
def furnished(look, world) -> None:
    """The forum with a notice, a document and a page, and a topic under its question."""

    def add() -> None:
        at = utcnow() - timedelta(days=3)
        forum = db.session.get(Forum, 1)
        forum.notices.append(Notice(published_at=at, texts=texts(NoticeText, title="The notice")))
        document = Document(kind="draft", symbol="CBD/1", texts=texts(DocumentText, title="The paper"))
        forum.documents.append(document)
        forum.pages.append(Page(id=99, slug="purpose", texts=texts(PageText, title="The page")))
        db.session.get(Topic, world.topic).question_id = 1
        db.session.commit()

    look(add)


def send_files(client: Any, files: dict[str, bytes], **more: str) -> int:
    """Send the form of the document with files in English; the status of the answer."""
    fields = {"kind": "draft", "symbol": "CBD/1", "position": "0", **in_all_languages(title="The paper"), **more}
    return send(client, f"{ADMIN}documents/1/edit/", files, field="en-files", **fields).status_code


def wording(form: dict, words: str) -> dict:
    return {name: value.replace("WORDS", words) if isinstance(value, str) else value for name, value in form.items()}


def save(admin: FlaskClient, name: str, words: str) -> None:
    path, form, _places = TEXTS[name]
    path = path.replace("forum-pages/1/", "forum-pages/99/")
    answer = admin.post(ADMIN + path, data=wording(form, words))
    assert answer.status_code == 302, answer.text


def archive(look, days: int = 1) -> None:
    def date_it() -> None:
        forum = db.session.get(Forum, 1)
        forum.archived_at = utcnow() - timedelta(days=days)
        for period in forum.periods:
            period.opens_at, period.closes_at = (utcnow() - timedelta(days=at) for at in (days + 9, days + 1))
        db.session.commit()

    look(date_it)


def remove_french() -> None:
    """From the question."""
    db.session.delete(db.session.get(QuestionText, (1, "fr")))
    db.session.commit()


def today() -> str:
    at = utcnow()
    return f"{at.day}\N{NO-BREAK SPACE}{at:%B}\N{NO-BREAK SPACE}{at.year}"


@pytest.mark.parametrize("name", TEXTS)
def test_former_wording_stays_wherever_the_text_stands(name: str, admin: FlaskClient, visitor: FlaskClient):
    save(admin, name, "Do you support it?")
    save(admin, name, "Do you reject it?")

    for path in (*TEXTS[name][2], *EVERYWHERE):
        page = visitor.get(path).text
        assert "Do you support it? (en)" in page, path
    for path in TEXTS[name][2]:
        assert f"Corrected on {today()}" in visitor.get(path).text, path


def test_former_wording_is_one_click_away_without_a_script(admin: FlaskClient, visitor: FlaskClient):
    save(admin, "question", "Now?")
    page = lxml_html.document_fromstring(visitor.get(GROUP).text)
    [former] = page.xpath("//li[@id='question-1']/details")

    assert former.get("open") is None
    assert former.findtext("summary").strip() == f"Corrected on {today()}"
    assert "What would help most? (en)" in former.text_content()


@pytest.mark.parametrize(("name", "anchor"), [("question", "#question-1"), ("title of a group", "")])
def test_discussion_pages_tell_of_a_correction_and_lead_to_the_former_wording(name, anchor, admin, visitor):
    save(admin, name, "Now?")

    assert f'<a class="by" href="{GROUP}{anchor}">Corrected on {today()}</a>' in visitor.get(GROUPS).text


def test_former_wording_is_open_on_paper(admin: FlaskClient, visitor: FlaskClient):
    save(admin, "question", "Now?")
    printed = lxml_html.document_fromstring(visitor.get(PRINT).text)

    assert {former.get("open") for former in printed.xpath("//details[@class='former']")} == {""}


@pytest.mark.parametrize(("code", "words"), [("es", "Corregido el"), ("fr", "Corrigé le")])
def test_each_language_shows_its_own_former_wording(code: str, words: str, admin: FlaskClient, visitor: FlaskClient):
    save(admin, "question", "Now?")
    page = visitor.get(GROUP.replace("/en/", f"/{code}/")).text

    assert words in page
    assert f"What would help most? ({code})" in page
    assert "What would help most? (en)" not in page


def test_text_that_has_not_followed_a_correction_says_so(admin: FlaskClient, visitor: FlaskClient):
    words = {**in_all_languages(text="What would help most?"), "en-text": "Now?"}
    admin.post(f"{ADMIN}questions/1/edit/", data={"number": "1", **words})
    spanish, behind = GROUP.replace("/en/", "/es/"), "en otro idioma; el texto en español aún no se ha actualizado."

    assert behind in visitor.get(spanish).text
    assert behind in visitor.get(spanish.replace("/forums/", "/print/forums/")).text
    admin.post("/en/translate/questions/1/es/", data={"text": "¿Ahora?"})
    assert behind not in visitor.get(spanish).text


def test_record_shows_the_former_wording_in_all_languages(admin: FlaskClient, visitor: FlaskClient):
    save(admin, "question", "Now?")
    page = visitor.get(RECORD).text

    assert [code for code in ("en", "es", "fr") if f"What would help most? ({code})" in page] == ["en", "es", "fr"]
    assert "Group 1, guiding question 1" in page
    assert 'lang="es"' in page


def test_topic_says_that_its_question_was_corrected(admin: FlaskClient, visitor: FlaskClient, world):
    save(admin, "question", "Now?")

    for path in (f"/en/topics/{world.topic}/", f"/en/print/topics/{world.topic}/"):
        assert f'href="{GROUP}#question-1">Corrected on {today()}' in visitor.get(path).text


def test_every_wording_there_was_is_kept(admin: FlaskClient, visitor: FlaskClient):
    for words in ("Second", "Third", "Fourth"):
        save(admin, "question", words)
    page = visitor.get(GROUP).text

    assert [words in page for words in ("What would help most?", "Second", "Third", "Fourth")] == [True] * 4


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_kept_before_somebody_has_posted(name: str, admin: FlaskClient, visitor: FlaskClient, look):
    look(lambda: (db.session.query(Topic).update({"last_position": 0}), db.session.commit()))
    save(admin, name, "Do you support it?")
    save(admin, name, "Do you reject it?")

    assert look(lambda: db.session.query(OfficialChange).count()) == 0
    assert "support" not in visitor.get(PRINT).text


def test_question_is_kept_while_an_answer_to_it_waits_for_approval(admin: FlaskClient, visitor, look, world):
    def wait() -> None:
        db.session.get(Topic, world.topic).question_id = None
        author, group = db.session.get(User, world.alice), db.session.get(Group, world.group)
        make_pending(make_topic(group, author, "Waiting", question_id=1), author, "We do.")
        db.session.commit()

    look(wait)
    save(admin, "question", "Do you support it?")

    assert "What would help most? (en)" in visitor.get(GROUP).text


def test_question_is_not_kept_for_what_was_posted_elsewhere_in_its_group(admin: FlaskClient, visitor, look, world):
    look(lambda: (setattr(db.session.get(Topic, world.topic), "question_id", None), db.session.commit()))
    save(admin, "question", "Now?")

    assert "What would help most?" not in visitor.get(GROUP).text


def test_text_stays_kept_when_what_was_posted_is_withdrawn(admin: FlaskClient, visitor, alice, bruno, world):
    for client, number in ((alice, world.first), (bruno, world.second)):
        assert client.post(f"/en/messages/{number}/withdraw/").status_code == 302
    save(admin, "question", "Now?")

    assert "What would help most?" in visitor.get(GROUP).text


def test_draft_keeps_nothing(admin: FlaskClient, look):
    look(lambda: (setattr(db.session.get(Forum, 1), "published_at", None), db.session.commit()))
    save(admin, "question", "Now?")

    assert look(lambda: db.session.query(OfficialChange).count()) == 0


def test_translation_is_no_correction(admin: FlaskClient, visitor: FlaskClient, look):
    look(remove_french)
    admin.post(f"{ADMIN}questions/1/edit/", data={"number": "1", **in_all_languages(text="What would help most?")})

    assert look(lambda: db.session.query(OfficialChange).count()) == 0
    assert "(fr)" in visitor.get(GROUP.replace("/en/", "/fr/")).text


def test_what_no_language_had_is_told_to_be_added(admin: FlaskClient, visitor: FlaskClient):
    save(admin, "mandate", "We decide.")

    assert f"Added on {today()}" in visitor.get(FORUM).text


def test_text_that_is_removed_leaves_its_former_wording(admin: FlaskClient, visitor: FlaskClient):
    save(admin, "mandate", "We decide.")
    admin.post(f"{ADMIN}forums/1/edit/", data=FORUM_FORM)

    assert "We decide." in visitor.get(FORUM).text


def test_symbol_and_date_of_a_document_are_kept_too(admin: FlaskClient, visitor: FlaskClient):
    data = {"kind": "outcome", "symbol": "CBD/2", "position": "0", **in_all_languages(title="The paper")}
    admin.post(f"{ADMIN}documents/1/edit/", data=data)
    page = visitor.get(FORUM).text

    assert "CBD/1" in page
    assert "<p>Draft</p>" in page


def test_notice_that_is_dated_later_leaves_its_former_date(admin: FlaskClient, visitor: FlaskClient):
    later = typed(utcnow() + timedelta(days=1))
    admin.post(f"{ADMIN}notices/1/edit/", data={"published_at": later, **in_all_languages(title="The notice")})

    assert "The notice" not in visitor.get(FORUM).text
    assert "Published on" in visitor.get(RECORD).text


def test_notice_that_is_held_back_is_not_told(admin: FlaskClient, visitor: FlaskClient, look):
    at = utcnow() + timedelta(days=1)
    look(lambda: (setattr(db.session.get(Notice, 1), "published_at", at), db.session.commit()))
    admin.post(f"{ADMIN}notices/1/edit/", data={"published_at": typed(at), **in_all_languages(title="Other")})
    admin.post(f"{ADMIN}notices/1/delete/")

    assert [path for path in (FORUM, *EVERYWHERE) if "otice" in visitor.get(path).text.split("<h2 id")[0]] == []
    assert look(lambda: db.session.query(OfficialChange).count()) == 0


def hold_back(look) -> list[str]:
    """Date the notice to tomorrow, and give what the form then shows as its date."""
    at = utcnow() + timedelta(days=1)
    look(lambda: (setattr(db.session.get(Notice, 1), "published_at", at), db.session.commit()))
    return typed(at)


def test_words_that_a_notice_had_while_it_was_held_back_are_never_told(admin: FlaskClient, visitor: FlaskClient, look):
    for at, title in ((hold_back(look), "Never read"), (typed(utcnow()), "As it was read")):
        admin.post(f"{ADMIN}notices/1/edit/", data={"published_at": at, **in_all_languages(title=title)})

    assert "As it was read" in visitor.get(FORUM).text
    assert [path for path in (FORUM, *EVERYWHERE) if "Never read" in visitor.get(path).text] == []
    assert look(lambda: db.session.query(OfficialChange).count()) == 0


def test_notice_that_is_dated_later_and_then_deleted_leaves_its_line(admin: FlaskClient, visitor: FlaskClient):
    later = typed(utcnow() + timedelta(days=1))
    admin.post(f"{ADMIN}notices/1/edit/", data={"published_at": later, **in_all_languages(title="The notice")})
    admin.post(f"{ADMIN}notices/1/delete/")

    assert "Notice: " in visitor.get(RECORD).text
    assert "Deleted" in visitor.get(RECORD).text


def test_file_that_is_removed_from_a_document_stays_named(admin: FlaskClient, visitor: FlaskClient, look):
    send_files(admin, {"draft.pdf": PDF})
    assert "Corrected on" not in visitor.get(FORUM).text, "what came is no correction"
    key = look(lambda: db.session.get(Document, 1).attachments[0].id)
    assert send_files(admin, {}, **{"en-leaving": str(key)}) == 302

    assert re.search(r"draft\.pdf \(SHA-256 [0-9a-f]{64}\)", visitor.get(FORUM).text)


def test_file_that_is_removed_in_one_of_its_languages_stays_named(admin: FlaskClient, visitor: FlaskClient, look):
    for code in ("en", "fr"):
        form = {"kind": "draft", "symbol": "CBD/1", "position": "0", **in_all_languages(title="The paper")}
        assert (
            send(admin, f"{ADMIN}documents/1/edit/", {"a.pdf": PDF}, field=f"{code}-files", **form).status_code == 302
        )
    key = look(lambda: next(file.id for file in db.session.get(Document, 1).attachments if file.language == "fr"))
    assert send_files(admin, {}, **{"fr-leaving": str(key)}) == 302

    assert re.search(r"a\.pdf \(SHA-256 [0-9a-f]{64}\)", visitor.get(RECORD).text)


@pytest.mark.parametrize(
    ("kind", "told"), [("notices", "Notice: "), ("documents", '<span class="symbol" translate="no">CBD/1</span>')]
)
def test_deleted_notice_or_document_leaves_its_line(kind: str, told: str, admin: FlaskClient, visitor: FlaskClient):
    assert admin.post(f"{ADMIN}{kind}/1/delete/").status_code == 302

    for path in (FORUM, PRINT):
        page = visitor.get(path).text
        assert f"Deleted on {today()}" in page, path
        assert told in page, path
    for path in EVERYWHERE:
        assert "The notice" in visitor.get(path).text if kind == "notices" else "The paper" in visitor.get(path).text


@pytest.mark.only_on("sqlite", reason="PostgreSQL gives no key twice")
def test_new_notice_does_not_take_over_what_was_changed_of_a_deleted_one(admin: FlaskClient, visitor, look):
    save(admin, "notice", "Old words")
    save(admin, "notice", "Other words")
    admin.post(f"{ADMIN}notices/1/delete/")
    admin.post(f"{ADMIN}notices/new/1/", data={"published_at": AT, **in_all_languages(title="Next")})

    assert look(lambda: db.session.query(Notice.id).scalar()) == 1, "the key is given again"
    assert "Old words" not in visitor.get(FORUM).text
    assert "Old words" in visitor.get(RECORD).text


@pytest.mark.parametrize("name", TEXTS)
def test_form_warns_before_what_it_changes_is_kept(name: str, admin: FlaskClient, look):
    path = ADMIN + TEXTS[name][0].replace("forum-pages/1/", "forum-pages/99/")
    warned = "will remain visible to readers" in admin.get(path).text
    look(lambda: (db.session.query(Topic).update({"last_position": 0}), db.session.commit()))

    assert (warned, "will remain visible to readers" in admin.get(path).text) == (True, False)


def test_feed_dates_from_the_correction(admin: FlaskClient, visitor: FlaskClient, look):
    look(lambda: (db.session.query(Message).update({"posted_at": utcnow() - timedelta(days=9)}), db.session.commit()))
    look(lambda: (db.session.query(Forum).update({"published_at": utcnow() - timedelta(days=9)}), db.session.commit()))
    look(lambda: (db.session.query(Topic).update({"active_at": utcnow() - timedelta(days=9)}), db.session.commit()))
    save(admin, "question", "Now?")
    feed = visitor.get(FEED).text

    assert re.search(r"<updated>(.{10})", feed)[1] == f"{utcnow():%Y-%m-%d}"
    assert "<title>Text corrected: Group 1, guiding question 1</title>" in feed


def test_feed_and_record_say_it_in_the_readers_language(admin: FlaskClient, visitor: FlaskClient):
    save(admin, "question", "Now?")

    for path in (RECORD, FEED):
        assert "Corrección del texto" in visitor.get(path.replace("/en/", "/es/")).text


# Archived forums


def test_archived_forum_takes_an_outcome_and_says_so(admin: FlaskClient, visitor: FlaskClient, look, log):
    archive(look)
    data = {"kind": DocumentKind.OUTCOME, "position": "0", **in_all_languages(title="What came of it")}
    assert admin.post(f"{ADMIN}documents/new/1/", data=data).status_code == 302

    assert f"Added after archiving, on {today()}" in visitor.get(FORUM).text
    for path in EVERYWHERE:
        assert "Added (after archiving)" in visitor.get(path).text, path
    assert log()[-1] == ("create", "documents", "What came of it (en)")


def test_archived_forum_takes_files_of_its_documents_and_says_so(admin: FlaskClient, visitor: FlaskClient, look):
    archive(look)
    assert send_files(admin, {"outcome.pdf": PDF}) == 302

    assert f"Added after archiving, on {today()}" in visitor.get(FORUM).text


def test_archived_forum_takes_a_notice_and_says_so(admin: FlaskClient, visitor: FlaskClient, look):
    archive(look)
    data = {"published_at": AT, **in_all_languages(title="It was printed")}
    assert admin.post(f"{ADMIN}notices/new/1/", data=data).status_code == 302

    assert f"Added after archiving, on {today()}" in visitor.get(FORUM).text


def test_notice_held_back_in_an_archived_forum_is_told_at_its_date(admin: FlaskClient, visitor: FlaskClient, look):
    archive(look)
    later = typed(utcnow() + timedelta(days=1))
    admin.post(f"{ADMIN}notices/new/1/", data={"published_at": later, **in_all_languages(title="It was printed")})

    assert [path for path in (FORUM, *EVERYWHERE) if "It was printed" in visitor.get(path).text] == []


@pytest.mark.parametrize(("days", "is_told"), [(9, False), (0, True)])
def test_notice_held_back_in_an_archived_forum_is_told_as_it_is_at_the_date_it_has_then(
    days: int, is_told: bool, admin: FlaskClient, visitor: FlaskClient, look
):
    archive(look)
    first, then = (typed(utcnow() + timedelta(days=more)) for more in (1, days))
    admin.post(f"{ADMIN}notices/new/1/", data={"published_at": first, **in_all_languages(title="First words")})
    admin.post(f"{ADMIN}notices/2/edit/", data={"published_at": then, **in_all_languages(title="Last words")})
    told = look(lambda: [(one.at, one.change, one.name["en"]) for one in db.session.query(OfficialChange)])

    assert [line[1:] for line in told] == [("added", "Last words (en)")]
    assert (told[0][0] <= utcnow()) == is_told
    assert told[0][0] > utcnow() + timedelta(days=days - 1)
    assert ("Last words" in visitor.get(RECORD).text) == is_told


def test_archived_forum_takes_a_translation_and_says_so(admin: FlaskClient, visitor: FlaskClient, look):
    look(remove_french)
    archive(look)
    data = {"number": "1", **in_all_languages(text="What would help most?")}
    assert admin.post(f"{ADMIN}questions/1/edit/", data=data).status_code == 302

    assert "Ajouté après l’archivage" in visitor.get(GROUP.replace("/en/", "/fr/")).text
    assert "after archiving" not in visitor.get(GROUP).text


@pytest.mark.parametrize("name", TEXTS)
def test_archived_forum_takes_a_correction_of_a_text_and_says_so(name: str, admin: FlaskClient, visitor, look):
    save(admin, name, "Frist words")
    archive(look)
    save(admin, name, "First words")

    for path in TEXTS[name][2]:
        page = visitor.get(path).text
        assert f"Corrected after archiving, on {today()}" in page, path
        assert "Frist words" in page, path


def test_archived_forum_without_messages_tells_of_corrections_too(admin: FlaskClient, visitor: FlaskClient, look):
    look(lambda: (db.session.query(Topic).update({"last_position": 0}), db.session.commit()))
    archive(look)
    save(admin, "question", "Now?")

    assert f"Corrected after archiving, on {today()}" in visitor.get(GROUP).text


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("forums/1/settings/", {"slug": "open-forum", "approval": "nobody", "by_invitation": "y"}),
        ("forums/1/settings/", {"slug": "another", "approval": "nobody"}),
        ("forums/1/groups/", {}),
        ("groups/new/1/", {"number": "2", "slug": "group-2", **in_all_languages(title="New")}),
        ("questions/new/1/", {"number": "2", **in_all_languages(text="New")}),
        ("forum-pages/new/1/", {"slug": "new", "position": "0", **in_all_languages(title="New")}),
        ("notices/1/delete/", {}),
        ("documents/1/delete/", {}),
    ],
)
def test_archived_forum_takes_nothing_else(path: str, data: dict, admin: FlaskClient, look):
    archive(look)

    assert admin.post(ADMIN + path, data=data).status_code == 409
    assert look(lambda: db.session.query(OfficialChange).count()) == 0


def test_date_of_archiving_is_never_rewritten(admin: FlaskClient, visitor: FlaskClient, look):
    archive(look, days=400)
    before = look(lambda: db.session.get(Forum, 1).archived_at)
    shown = re.search(r"Archived on [^;]*;", visitor.get(FORUM).text)[0]
    for step in ("unarchive", "archive"):
        assert admin.post(f"{ADMIN}forums/1/{step}/").status_code == 302

    assert look(lambda: db.session.get(Forum, 1).archived_at) == before
    assert shown in visitor.get(FORUM).text
    for path in EVERYWHERE:
        page = visitor.get(path).text
        assert "Taken out of the archive" in page, path
        assert "Archived again; the date of archiving remains the first one" in page, path


def test_what_is_changed_while_a_forum_is_out_of_the_archive_came_after_archiving(admin: FlaskClient, visitor, look):
    archive(look)
    admin.post(f"{ADMIN}forums/1/unarchive/")
    save(admin, "question", "Now?")

    assert f"Corrected after archiving, on {today()}" in visitor.get(GROUP).text
