"""The index follows from the texts, however they are written."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, event, inspect, text, update

from app import create_app, stress
from app.database import utcnow
from app.extensions import db, transaction
from app.models import Message, MessageStatus, SearchText, Topic
from app.search.index import OTHERS, SOURCES, check, complete, key_of, kind_of, rebuild
from config import Config
from tests.search.conftest import Find
from tests.test_queries import statements
from tests.world import World


def silently(_done: int, _all: int) -> None: ...


def wrong(app: Flask) -> list[int]:
    with app.app_context():
        return check(silently)


def test_keys_say_what_they_are_of():
    for kind in ("message", *OTHERS):
        assert kind_of(key_of(kind, 12)) == (kind, 12)


def test_statements_that_change_many_rows_are_noticed(app: Flask, world: World, find: Find):
    with app.app_context(), transaction():
        statement = update(Message).where(Message.id == world.first).values(html="<p>Zyzzyva</p>")
        db.session.execute(statement.execution_options(synchronize_session=False))
    assert find("zyzzyva") == [f"/messages/{world.first}/"]
    with app.app_context(), transaction():
        db.session.execute(
            update(Message).where(Message.topic_id == world.topic).values(status=MessageStatus.WITHDRAWN)
        )
    assert find("zyzzyva") == []
    assert wrong(app) == []
    with app.app_context(), transaction():
        db.session.execute(update(Message).values(reply_to_id=None))
        db.session.execute(delete(Message).where(Message.topic_id == world.topic))
        db.session.execute(delete(Topic).where(Topic.id == world.topic))
    assert wrong(app) == []
    assert find("reporting") == []


def test_counting_and_moving_write_nothing_in_the_index(app: Flask, world: World):
    with app.app_context(), statements(app) as made, transaction():
        db.session.execute(update(Topic).values(message_count=7))
        db.session.execute(update(Message).where(Message.position.is_not(None)).values(position=Message.position + 9))
        db.session.get_one(Topic, world.topic).participant_count = 3

    assert made
    assert not [one for one in made if "search_" in one]


def test_what_is_rolled_back_is_not_in_the_index(app: Flask, world: World, find: Find):
    def fail() -> None:
        with transaction():
            db.session.get_one(Message, world.first).html = "<p>Zyzzyva</p>"
            db.session.flush()
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        fail()

    assert find("zyzzyva") == []
    assert wrong(app) == []


def test_every_column_of_words_is_known_to_be_one():
    """A table that is indexed has no further column with words, unless it is left out here."""
    left_out = {
        "message.body message.country message.capacity attachment.media_type attachment.sha256 attachment.key",
        "attachment.language forum.slug forum.approval forum_text.about forum_text.mandate group.slug group.approval",
        "annotation.kind annotation_text.body annotation_text.url",
        "group_text.introduction group_text.remarks page.slug page.kind page_text.body document.kind document_text.url",
        "user.email user.password_hash user.title user.country user.capacity user.language user.suspended_for",
        "user.organization user.suspended_cited user.totp_secret user.mail_answers user.mail_topics forum.origin",
        "forum_text.organizer",
    }
    named = set(" ".join(left_out).split()) | {f"{kind.__tablename__}.language" for kind in SOURCES}
    unknown = {
        f"{kind.__tablename__}.{column.key}"
        for kind, source in SOURCES.items()
        for column in inspect(kind).columns
        if isinstance(column.type, db.String) and column.key not in source.columns
    }

    assert unknown <= named


def test_rebuilding_mends_whatever_is_wrong(app: Flask, world: World, find: Find):
    with app.app_context(), transaction():
        for statement in (
            "UPDATE search_text SET words = 'x' WHERE id = 1",
            "DELETE FROM search_text WHERE id = 2",
            "INSERT INTO search_text (id, words, tokens) VALUES (999, 'x', 'ghost')",
            "DELETE FROM search_text WHERE id < 0",
        ):
            db.session.execute(text(statement))
    assert len(wrong(app)) > 4
    with app.app_context():
        rebuild(silently)

    assert wrong(app) == []
    assert find("shorter form") == [f"/messages/{world.first}/"]
    assert find("ghost") == []


@pytest.mark.only_on("sqlite", reason="PostgreSQL keeps its indexes itself")
def test_full_text_index_that_is_not_that_of_the_rows_is_noticed_and_made_anew(app: Flask, world: World, find: Find):
    with app.app_context(), transaction():
        db.session.execute(text("INSERT INTO search_index (search_index) VALUES ('delete-all')"))
    assert find("shorter form") == []
    assert wrong(app) == [0]
    with app.app_context():
        rebuild(silently)

    assert wrong(app) == []
    assert find("shorter form") == [f"/messages/{world.first}/"]


def test_site_from_before_is_completed_where_it_was_left(app: Flask, world: World):
    with app.app_context(), transaction():
        db.session.execute(delete(SearchText).where(SearchText.id != world.second))
    with app.app_context():
        assert complete(silently) > 1
        assert complete(silently) == 0

    assert wrong(app) == []


def test_check_is_not_disturbed_by_what_is_written_meanwhile(app: Flask, world: World):
    def write_at_the_end(done: int, total: int) -> None:
        if done == total:
            with db.engine.connect() as connection:
                connection.execute(text('UPDATE "user" SET title = title'))
                connection.commit()

    with app.app_context():
        assert check(write_at_the_end) == []


def test_commands_rebuild_and_check(app: Flask, world: World):
    runner = app.test_cli_runner()
    assert runner.invoke(args=["search", "check"]).exit_code == 0
    with app.app_context(), transaction():
        db.session.execute(delete(SearchText).where(SearchText.id == world.first))
    broken = runner.invoke(args=["search", "check"])
    assert (broken.exit_code, "flask search rebuild" in broken.output) == (1, True)

    assert "Texts in the index" in runner.invoke(args=["search", "rebuild"]).output
    assert runner.invoke(args=["search", "check"]).exit_code == 0


def test_upgrade_fills_the_index(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.cli.upgrade", lambda: None)
    with app.app_context(), transaction():
        db.session.execute(delete(SearchText))

    assert "Added to the index" in app.test_cli_runner().invoke(args=["upgrade"]).output
    assert wrong(app) == []


def test_messages_for_measuring_are_indexed(app: Flask, world: World):
    with app.app_context():
        stress.fill(2, 50, utcnow())

    assert wrong(app) == []


def test_site_that_starts_reads_no_index_and_makes_no_stemmer(
    app: Flask, world: World, config: Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.search.tokens.Stemmer", None)
    made: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        made.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        site = create_app(config)
        assert site.test_client().get("/en/").status_code == 200
        with site.app_context():
            db.engine.dispose()
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert made
    assert not [one for one in made if "search_" in one]
