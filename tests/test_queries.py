"""A page makes the same number of SQL statements however much there is; a signed-out topic page makes few."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from app.database import utcnow
from app.extensions import db
from app.mail.outbox import enqueue
from app.models import (
    ActKind,
    Annotation,
    AnnotationKind,
    AnnotationText,
    ChangeKind,
    Forum,
    ForumRole,
    Group,
    GroupText,
    LogEntry,
    Message,
    Notice,
    NoticeText,
    OfficialChange,
    Page,
    PageText,
    Period,
    Question,
    QuestionText,
    Reason,
    ReasonText,
    Report,
    Revision,
    Role,
    SignIn,
    Topic,
    User,
)
from app.models.forum import DocumentKind
from app.writing import record_act as record
from tests.full_world import FullWorld, add_document, make_announcement, make_invitee
from tests.route_table import PEOPLE, ROWS, paths_of
from tests.world import make_forum, make_message, make_pending, make_topic, make_user, texts

FEW, MANY = 2, 12
MORE = "more"
MOST_FOR_A_TOPIC = 8
READ = [row for row in ROWS if row.paths]
Counts = dict[tuple[str, str], int]


@pytest.fixture(scope="module")
def counted(one_app: Flask, full: FullWorld, people) -> tuple[Counts, Counts]:
    """How many statements each person's pages take with some of everything everywhere, and with many more."""
    counts = []
    for number in (FEW, MANY):
        with one_app.app_context():
            Growth(full, number).everywhere()
        counts.append(count_all(one_app, full, people))
    return counts[0], counts[1]


def test_page_makes_the_same_statements_however_much_there_is(full: FullWorld, counted):
    few, many = counted

    assert {path for _name, path in few} == {path for row in READ for path in paths_of(row, full)}
    assert {key: (count, many[key]) for key, count in few.items() if many[key] != count} == {}


def test_topic_page_of_a_signed_out_reader_makes_few_statements(full: FullWorld, counted):
    for path in (f"/en/topics/{full.long_topic}/", f"/en/topics/{full.long_topic}/?page=2"):
        assert counted[1]["visitor", path] <= MOST_FOR_A_TOPIC


def test_statements_are_counted(one_app: Flask, full: FullWorld):
    """So that the tests above can fail."""
    with statements(one_app) as made, one_app.app_context():
        for user in db.session.scalars(db.select(User)):
            assert isinstance(user.roles, list)

    assert len(made) > FEW


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL statements made inside; beginnings and ends of transactions aside."""
    made: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        made.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield made
    finally:
        event.remove(engine, "before_cursor_execute", note)


def count_all(app: Flask, full: FullWorld, people: dict[str, FlaskClient]) -> Counts:
    """The statements of every address, for the first and the last of those whom its guard answers best."""
    counts = {}
    for row in READ:
        best = min(row.guard)
        asking = [name for name, status in zip(PEOPLE, row.guard, strict=True) if status == best]
        for path in paths_of(row, full):
            for name in {asking[0], asking[-1]}:
                with statements(app) as made:
                    people[name].get(path, buffered=True)
                counts[name, path] = len(made)
    return counts


class Growth:
    """So many more of everything: in the site, in each forum, group and topic. Good for one use."""

    def __init__(self, full: FullWorld, number: int) -> None:
        self.full = full
        self.slugs = [f"{MORE}-{number}-{at}" for at in range(number)]
        self.users = [make_user(slug) for slug in self.slugs]
        self.alice, self.admin = (db.session.get_one(User, full.people[name]) for name in ("alice", "admin"))

    def everywhere(self) -> None:
        self._in_site()
        for forum in db.session.scalars(db.select(Forum)).all():
            for group in [group for group in forum.groups if not group.slug.startswith(MORE)]:
                self._in_group(group)
            self._in_forum(forum)
        for topic in db.session.scalars(db.select(Topic).where(Topic.title.not_like(f"{MORE}%"))).all():
            self._in_topic(topic)
        db.session.commit()
        db.session.execute(text("ANALYZE"))  # otherwise PostgreSQL plans for the rows that there were before
        db.session.commit()

    def _in_site(self) -> None:
        for user, slug in zip(self.users, self.slugs, strict=True):
            forum = make_forum(slug, opens=-48, closes=-24)
            detail = [{"field": "title", "language": "es", "old": "a", "new": "b"}]
            about = {"action": "edit", "kind": "pages", "subject_id": 1, "subject": slug, "detail": detail}
            db.session.add_all(
                [
                    Page(slug=slug, parent_id=self.full.child_page, texts=texts(PageText, title=slug)),
                    LogEntry(user_id=user.id, **about),
                    LogEntry(user_id=self.admin.id, **about),
                    SignIn(user_id=self.alice.id, token_hash=slug),
                    Reason(texts=texts(ReasonText, text=slug)),
                    ForumRole(user_id=self.alice.id, forum_id=forum.id, role=Role.TRANSLATOR),
                ]
            )
            enqueue("password_changed", recipient=self.alice.email, language="en", name="A", forgot="", moment=utcnow())

    def _in_forum(self, forum: Forum) -> None:
        """A period more is the first once again, so that its state stays as it is."""
        first = max(group.number for group in forum.groups) + 1
        periods = [(period.kind, period.opens_at, period.closes_at) for period in forum.own_periods[:1]]
        for number, slug in enumerate(self.slugs):
            group = Group(slug=slug, number=first + number, texts=texts(GroupText, title=slug))
            forum.groups.append(group)
            forum.pages.append(Page(slug=slug, texts=texts(PageText, title=slug)))
            forum.notices.append(Notice(published_at=utcnow(), texts=texts(NoticeText, title=slug)))
            forum.periods += [Period(kind=kind, opens_at=opens, closes_at=closes) for kind, opens, closes in periods]
            former = {"en": {"mandate": {"text": slug}}}
            about = {"change": ChangeKind.CORRECTED, "kind": "forums", "thing_id": forum.id, "former": former}
            forum.official_changes.append(OfficialChange(at=utcnow(), **about))
            add_document(forum, DocumentKind.BACKGROUND)
            add_document(forum, DocumentKind.OUTCOME)
            make_invitee(forum.id, f"{slug}@example.com")
            make_announcement(forum.id, self.users[number])
            db.session.add(ForumRole(user_id=self.users[number].id, forum_id=forum.id, role=Role.MODERATOR))
            db.session.flush()
            _annotate(forum.id, AnnotationKind.SUMMARY, group_id=group.id)

    def _in_group(self, group: Group) -> None:
        first = max((question.number for question in group.questions), default=0) + 1
        for number, slug in enumerate(self.slugs):
            question = Question(number=first + number, texts=texts(QuestionText, text=slug))
            group.questions.append(question)
            db.session.flush()
            for kind in AnnotationKind:
                _annotate(group.forum_id, kind, question_id=question.id)
            make_message(make_topic(group, self.alice, slug, question=question), self.alice, slug)

    def _in_topic(self, topic: Topic) -> None:
        edited = db.session.get_one(Message, self.full.edited)
        answered = None
        for user in self.users:
            answered = make_message(topic, user, "More", reply_to=answered, edited_at=utcnow())
            _annotate(topic.group.forum_id, AnnotationKind.FOLLOW_UP, message_id=answered.id)
            before = {"body": "Before", "html": "<p>Before</p>", "language": "en", "written_at": utcnow()}
            db.session.add_all([Revision(message=message, **before) for message in (answered, edited)])
            self._to_moderate(topic, user, edited, answered)

    def _to_moderate(self, topic: Topic, user: User, edited: Message, answered: Message) -> None:
        make_pending(topic, user, "More", reply_to=answered)
        returned = make_pending(topic, self.alice, "More", returned_at=utcnow())
        told = {"by": user, "forum": topic.group.forum, "reason": {"en": "More"}}
        for message in (edited, answered, returned):
            record(ActKind.RETURN, message=message, **told)
        record(ActKind.PIN, topic=topic, **told)
        db.session.add(Report(message=answered, reporter=self.admin, reason="More"))


def _annotate(forum_id: int, kind: str, **about: int) -> None:
    said = texts(AnnotationText, body="More", html="<p>More</p>", url="https://example.org/")
    db.session.add(Annotation(forum_id=forum_id, kind=kind, texts=said, **about))
