"""What is done to a text is done to what searches find, at once."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.database import utcnow
from app.extensions import db, transaction
from app.models import (
    Annotation,
    AnnotationKind,
    AnnotationText,
    Document,
    DocumentText,
    Forum,
    Message,
    Page,
    PageText,
    SearchText,
    Topic,
    User,
)
from app.models.forum import DocumentKind
from app.search.index import check
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.conftest import sign_in
from tests.files import make_attachment
from tests.moderation.conftest import changed, do
from tests.moderation.test_annotations import path_of
from tests.moderation.test_annotations import write as annotate
from tests.search.conftest import Find
from tests.world import World, make_forum, make_message, make_pending, make_topic, texts

WORD = "zyzzyva"


@pytest.fixture(autouse=True)
def right_in_the_end(app: Flask):
    """After each test the index is what it would be if it were made anew."""
    yield
    with app.app_context():
        assert check(lambda _done, _all: None) == []


@pytest.fixture
def rows(app: Flask) -> Callable[[], int]:
    """How many rows of the index have the word."""

    def counted() -> int:
        with app.app_context():
            stored = db.session.execute(db.select(SearchText.words, SearchText.tokens)).all()
            return sum(WORD in f"{row.words} {row.tokens}" for row in stored)

    return counted


@pytest.fixture
def number(write) -> int:
    return write(f"About a {WORD}.", on_behalf_of=f"{WORD} union")


def test_posted_message_is_found_and_edited_one_by_its_new_words(alice, world: World, find: Find, rows):
    form = {"body": f"A {WORD}.", "language": "en", "submission": "1"}
    posted = alice.post(f"/en/topics/{world.topic}/reply/", data=form)
    number = posted.location.rpartition("-")[2]
    assert find(WORD) == [f"/messages/{number}/"]

    assert alice.post(f"/en/messages/{number}/edit/", data=form | {"body": "Beetles."}).status_code == 302
    assert (find(WORD), find("beetle"), rows()) == ([], [f"/messages/{number}/"], 0)


def test_withdrawn_message_is_not_found(alice, number: int, find: Find, rows):
    assert find(WORD) == [f"/messages/{number}/"]
    assert alice.post(f"/en/messages/{number}/withdraw/").status_code == 302

    assert (find(WORD), rows()) == ([], 0)


def test_withheld_message_is_found_only_once_it_is_restored(moderator, number: int, find: Find, rows):
    do(moderator, number, "withhold")
    assert (find(WORD), find(WORD, moderator), rows()) == ([], [], 0)
    do(moderator, number, "restore")

    assert (find(WORD), rows()) == ([f"/messages/{number}/"], 1)


def test_corrected_message_is_not_found_by_what_is_hidden(moderator, number: int, find: Find, rows):
    do(moderator, number, "correct", body="Clean.", language="en", on_behalf_of="", hide="y")

    assert (find(WORD), find(f"author:{WORD}"), rows()) == ([], [], 0)


def test_message_that_waits_is_found_by_its_author_and_moderators_alone(
    app: Flask, world: World, visitor, alice, bruno, moderator, find: Find
):
    with app.app_context():
        made = make_pending(db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno), f"A {WORD}.")
        db.session.commit()
        number = made.id
    hit = [f"/messages/{number}/"]

    assert [find(WORD, one) for one in (visitor, alice, bruno, moderator)] == [[], [], hit, hit]
    do(moderator, number, "approve")
    assert find(WORD) == hit


def test_words_of_a_deleted_account_that_are_not_in_the_record_are_erased(app: Flask, world: World, number, rows):
    with changed(app, User, world.alice) as user:
        user.password_hash, user.name = PASSWORD_HASH, f"Alice {WORD}"
    with changed(app, Message, number) as message:
        message.organization = WORD
    alice = sign_in(app, world.alice)
    alice.post(f"/en/messages/{number}/withdraw/")
    answer = alice.post("/en/account/delete/", data={"password": PASSWORD, "email": "alice@example.org"})

    assert (answer.status_code, rows()) == (302, 0)


def test_name_and_organization_of_a_deleted_account_are_not_found(app: Flask, world: World, find: Find, rows):
    with changed(app, User, world.alice) as user:
        user.password_hash, user.name = PASSWORD_HASH, f"Alice {WORD}"
    with changed(app, Message, world.first) as message:
        message.organization = f"{WORD} institute"
    assert find(f"author:{WORD}") == [f"/messages/{world.first}/"]
    client = sign_in(app, world.alice)
    client.post("/en/account/delete/", data={"password": PASSWORD, "email": "alice@example.org"})

    assert (find(f"author:{WORD}"), rows()) == ([], 0)
    assert find("shorter form") == [f"/messages/{world.first}/"]


def test_renamed_person_is_found_by_the_new_name(app: Flask, world: World, find: Find):
    with changed(app, User, world.bruno) as user:
        user.name = "Berenice"

    assert (find("author:bruno"), find("author:berenice")) == ([], [f"/messages/{world.second}/"])


def test_topic_is_found_by_its_new_title(moderator, world: World, find: Find):
    answer = moderator.post(
        f"/en/moderation/topics/{world.topic}/retitle/",
        data={"title": f"A {WORD}", "language": "en", "reason": "", "words": "x"},
    )

    assert answer.status_code == 302
    assert (find(WORD), find("reporting formats")) == ([f"/topics/{world.topic}/"], [])


def test_moved_message_is_found_in_its_new_group(app: Flask, moderator, world: World, number: int, find: Find, visitor):
    with app.app_context():
        other = make_topic(
            db.session.get_one(Topic, world.topic).group, db.session.get_one(User, world.alice), "Elsewhere"
        )
        make_message(other, other.author, "x")
        db.session.commit()
        target = other.id
    form = {"messages": str(number), "target": str(target), "words": "x", "reason": ""}
    assert moderator.post(f"/en/moderation/topics/{world.topic}/move/", data=form).status_code == 302

    assert f"/en/topics/{target}/#message-{number}" in visitor.get(f"/en/search/?q={WORD}").text


def test_merged_topic_is_not_found(moderator, app: Flask, world: World, find: Find):
    with app.app_context():
        other = make_topic(
            db.session.get_one(Topic, world.topic).group, db.session.get_one(User, world.alice), f"{WORD}"
        )
        make_message(other, other.author, "x")
        db.session.commit()
        key = other.id
    assert find(WORD) == [f"/topics/{key}/"]
    form = {"target": str(world.topic), "words": "x", "reason": ""}
    assert moderator.post(f"/en/moderation/topics/{key}/merge/", data=form).status_code == 302

    assert find(WORD) == []


def test_texts_of_a_forum_are_found_while_it_is_published(app: Flask, admin, visitor, find: Find, world: World):
    with app.app_context():
        forum = make_forum(f"{WORD}-forum", published=False)
        forum.pages = [Page(slug="purpose", texts=texts(PageText, title=f"{WORD} purpose"))]
        document = Document(
            kind=DocumentKind.DRAFT, symbol="ZYZ/1", texts=texts(DocumentText, title=f"The {WORD} paper")
        )
        forum.documents = [document]
        db.session.flush()
        make_attachment(document, "zyz_annex.txt", b"x")
        topic = make_topic(forum.groups[0], db.session.get_one(User, world.alice), f"{WORD} topic")
        make_message(topic, topic.author, f"{WORD} message")
        db.session.commit()
        key = forum.id
    assert (find(WORD), find("ZYZ/1"), find("zyz_annex"), find("author:alice zyzzyva")) == ([], [], [], [])
    assert len(find(WORD, admin)) == 6
    with changed(app, Forum, key) as forum:
        forum.published_at = forum.periods[0].opens_at

    assert len(find(WORD)) == 6
    assert find("ZYZ/1") == find("zyz_annex") == [f"/forums/{WORD}-forum/#document-{document_of(app, key)}"]


def document_of(app: Flask, forum: int) -> int:
    with app.app_context():
        return db.session.get_one(Forum, forum).documents[0].id


def test_deleted_draft_is_gone_with_all_its_words(app: Flask, admin: FlaskClient, world: World, rows):
    with app.app_context():
        forum = make_forum(f"{WORD}-forum", published=False)
        topic = make_topic(forum.groups[0], db.session.get_one(User, world.alice), f"{WORD} topic")
        make_message(topic, topic.author, f"{WORD} message")
        db.session.commit()
        key = forum.id
    assert rows() == 4
    answer = admin.post(f"/en/admin/forums/{key}/delete/")

    assert (answer.status_code, rows()) == (302, 0)


def test_text_of_a_question_and_of_a_page_are_found_by_their_new_words(app: Flask, world: World, find: Find):
    with app.app_context():
        forum = db.session.get_one(Forum, world.forum)
        forum.groups[0].questions[0].texts["fr"].text = f"Quel {WORD}"
        db.session.query(Page).filter_by(slug="rules").one().texts["es"].html = f"<p>{WORD}</p>"
        db.session.commit()

    assert set(find(WORD)) == {"/forums/open-forum/groups/group-1/", "/pages/rules/"}


@pytest.mark.parametrize("of", ["forum", "group", "question"])
def test_summary_is_found_where_it_stands_until_it_is_deleted(
    of: str, app: Flask, world: World, moderator: FlaskClient, visitor: FlaskClient, find: Find
):
    with app.app_context():
        group = db.session.get_one(Forum, world.forum).groups[0]
        about = {"forum": group.forum_id, "group": group.id, "question": group.questions[0].id}[of]
    path = path_of("summaries", f"{of}s", about)
    annotate(moderator, path, **{"fr-body": f"Beaucoup de **{WORD}**."})
    place = "/forums/open-forum/" if of == "forum" else "/forums/open-forum/groups/group-1/"
    assert find(WORD) == [place]
    assert f"Beaucoup de <mark>{WORD}</mark>." in visitor.get(f"/en/search/?q={WORD}").text
    annotate(moderator, path, **{"fr-body": ""})

    assert find(WORD) == []


def test_summaries_are_read_at_once_however_many_forums_are_found(app: Flask, moderator, world: World, visitor, find):
    def statements() -> int:
        made: list[object] = []
        event.listen(engine, "before_cursor_execute", note := lambda *asked: made.append(asked))
        assert find(WORD)
        event.remove(engine, "before_cursor_execute", note)
        return len(made)

    with app.app_context():
        engine, slugs = db.engine, ["second-forum", "third-forum", "fourth-forum"]
        forums = [db.session.get_one(Forum, world.forum), *map(make_forum, slugs)]
        db.session.commit()
        keys = [forum.id for forum in forums]
    annotate_forum(app, keys[0])
    before = statements()
    for key in keys[1:]:
        annotate_forum(app, key)

    assert statements() == before
    assert len(find(WORD)) == len(keys)


def annotate_forum(app: Flask, forum_id: int) -> None:
    with app.app_context():
        summary = texts(AnnotationText, html=f"<p>{WORD}</p>", body=WORD)
        db.session.add(Annotation(kind=AnnotationKind.SUMMARY, forum_id=forum_id, texts=summary, written_at=utcnow()))
        db.session.commit()


def test_removed_file_is_not_found(app: Flask, world: World, find: Find):
    with app.app_context():
        file = make_attachment(db.session.get_one(Message, world.first), f"{WORD}.txt", b"x")
        db.session.commit()
        key = file.id
    assert find(WORD) == [f"/messages/{world.first}/"]
    with app.app_context():
        file = db.session.get_one(type(file), key)
        file.removed_at = file.created_at
        db.session.commit()

    assert find(WORD) == []


def test_text_and_file_that_are_taken_out_of_their_owner_are_not_found(app: Flask, world: World, find: Find):
    with app.app_context():
        forum, page = db.session.get_one(Forum, world.forum), db.session.query(Page).filter_by(slug="rules").one()
        document = Document(kind=DocumentKind.DRAFT, symbol="X/1", texts=texts(DocumentText, title="A paper"))
        forum.documents.append(document)
        db.session.flush()
        make_attachment(document, f"{WORD}.txt", b"x")
        page.texts["es"].title = WORD
        db.session.commit()
    assert len(find(WORD)) == 2
    with app.app_context(), transaction():
        document, page = db.session.query(Document).one(), db.session.query(Page).filter_by(slug="rules").one()
        document.attachments.remove(document.attachments[0])
        page.texts.pop("es")

    assert find(WORD) == []
