"""Five forums with everything that forums hold, a message in each state, and marks in whatever people write."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.database import utcnow
from app.extensions import db
from app.models import (
    Act,
    ActKind,
    Annotation,
    AnnotationKind,
    AnnotationText,
    Announcement,
    Capacity,
    EmailChange,
    FormerAddress,
    Forum,
    ForumRole,
    Invitee,
    LogEntry,
    Mail,
    Message,
    MessageStatus,
    Page,
    Reason,
    ReasonText,
    Report,
    Revision,
    Role,
    SignIn,
    SignUp,
    Topic,
    User,
)
from app.moderation.queue import version_of
from app.moderation.topics import version_of_topic
from tests.files import make_attachment
from tests.full_world import TOTP_SECRET, furnish
from tests.matrix.marks import Mark, plant
from tests.world import make_forum, make_message, make_pending, make_topic, make_user, texts

FORUMS = ("public", "draft", "closed", "archived", "elsewhere")


@dataclass
class Thing:
    """The message in a state, and where it stands: what addresses are filled in with."""

    values: dict[str, Any]
    author: int

    def address(self, path: str, language: str = "en") -> str:
        return ("" if path.startswith("/attachments/") else f"/{language}") + path.format(**self.values)


SLUGS = dict.fromkeys("forum group page file_name document_name".split(), "none")
KEYS = dict.fromkeys(
    "forum_id group_id other_group question notice page_id topic number file document document_file".split(), 999_999
)
NOWHERE = Thing(SLUGS | KEYS, author=0)


@dataclass
class Planted:
    """What was made: things by their state, people by their names, and the keys that tests ask for."""

    things: dict[str, Thing] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)

    @classmethod
    def make(cls) -> "Planted":
        made = cls()
        staff = made._make_people()
        for state in FORUMS:
            topic = _topic(state, _forum(state, staff), _author(state))
            message = make_message(topic, topic.author, "x")
            made._add(state, plant(message, state, "words"))
            _act(ActKind.PIN, staff["stranger" if state == "elsewhere" else "moderator"], state, "reason", topic=topic)
            other = make_topic(topic.group, staff["admin"], "Another topic")
            make_message(other, other.author, "Other words")
            if state == "public":
                made._in_the_open(message, staff)
        _of_the_site(staff)
        for thing in made.things.values():
            thing.values |= _needed_by_forms(thing)
        db.session.commit()
        return made

    def _make_people(self) -> dict[str, User]:
        """Everybody but the authors. The moderator is marked too."""
        made = {name: make_user(f"{name}-x") for name in ("participant", "stranger", "translator", "moderator")}
        made["admin"] = make_user("admin-x", is_admin=True, totp_secret=TOTP_SECRET, capacity=Capacity.SECRETARIAT)
        made["moderator"].capacity = Capacity.SECRETARIAT
        plant(made["moderator"], "site", "staff", "user.name", "user.email")
        self.people = {name: user.id for name, user in made.items()}
        return made

    def _in_the_open(self, public: Message, staff: dict[str, User]) -> None:
        """The messages of the open forum that not everybody sees, or whose words they do not."""
        moderator, topic = staff["moderator"], public.topic
        for hides in (True, False):
            _correct(public, moderator, "public", hides=hides)
        _report(public, staff["participant"], "public")
        for state in ("pending", "returned", "refused"):
            self._add(state, plant(make_pending(topic, _author(state), "x"), state, "words"))
        own = _topic("first", topic.group.forum, _author("first"))
        self._add("first", plant(make_pending(own, own.author, "x"), "first", "words"))
        for state in ("withheld", "withdrawn"):
            self._add(state, plant(make_message(topic, _author(state), "x"), state, "words"))
        found = {state: db.session.get_one(Message, thing.values["number"]) for state, thing in self.things.items()}
        _correct(found["pending"], moderator, "pending", hides=True)
        found["returned"].returned_at = utcnow()
        _act(ActKind.RETURN, moderator, "returned", "reason", message=found["returned"])
        for state in ("refused", "withheld"):
            found[state].status, found[state].withheld_at = MessageStatus.WITHHELD, utcnow()
            plant(found[state], state, "withholding", "message.withheld_for")
            _act(ActKind.WITHHOLD, moderator, state, "reason", message=found[state])
        _report(found["withheld"], staff["participant"], "withheld")
        found["withdrawn"].status, found["withdrawn"].withdrawn_at = MessageStatus.WITHDRAWN, utcnow()
        for state in ("withheld", "withdrawn"):
            _correct(found[state], moderator, state, hides=False)
        topic.message_count = 1

    def _add(self, state: str, message: Message) -> None:
        """Keep the keys of a message and of all that is around it, with a file of its own."""
        name = str(Mark(state, "words", "attachmentname"))
        eyes = "words" if state in FORUMS else "buried"
        _annotate(message.forum_id, state, eyes, kind=AnnotationKind.FOLLOW_UP, message_id=message.id)
        file = make_attachment(message, name, str(Mark(state, "words", "attachmentcontent")).encode())
        group, document = message.topic.group, message.topic.group.forum.documents[0]
        self.things[state] = Thing(
            {
                "forum": group.forum.slug,
                "forum_id": group.forum_id,
                "group": group.slug,
                "group_id": group.id,
                "question": group.questions[0].id,
                "notice": group.forum.notices[0].id,
                "page": group.forum.pages[0].slug,
                "page_id": group.forum.pages[0].id,
                "topic": message.topic_id,
                "number": message.id,
                "file": file.id,
                "file_name": name,
                "document": document.id,
                "document_file": document.attachments[0].id,
                "document_name": document.attachments[0].name,
            },
            message.author_id,
        )


def _needed_by_forms(thing: Thing) -> dict[str, Any]:
    """Another group and another topic of the forum, and the names of what is shown of the message and of its topic."""
    topic = db.session.get_one(Topic, thing.values["topic"])
    others = db.select(Topic.id).where(Topic.group == topic.group, Topic.title == "Another topic")
    return {
        "other_group": topic.group.forum.groups[1].id,
        "other_topic": db.session.scalars(others).one(),
        "version": version_of(db.session.get_one(Message, thing.values["number"])),
        "seen_of_topic": version_of_topic(topic),
    }


def _author(state: str) -> User:
    """Somebody who has written nothing but the message in this state."""
    return plant(make_user(f"author of {state}"), state, "who")


def _forum(state: str, staff: dict[str, User]) -> Forum:
    """A forum in a state with all the texts that one can have, and those who have a role in it.

    The period of the archived one still runs, so that nothing but the archive closes it.
    """
    forum = make_forum(f"{state}-x", published=state != "draft", closes=-1 if state == "closed" else 24)
    if state == "archived":
        forum.archived_at = utcnow() - timedelta(days=1)
    furnish(forum)
    for row in (*_texts_of(forum), *_changes_of(forum)):
        plant(row, state, "texts")
    file = str(Mark(state, "texts", "documentfilename"))
    make_attachment(forum.documents[0], file, str(Mark(state, "texts", "documentfilecontent")).encode())
    roles = (
        {"stranger": Role.MODERATOR}
        if state == "elsewhere"
        else {name: Role(name) for name in ("moderator", "translator")}
    )
    db.session.add_all(ForumRole(user=staff[name], forum_id=forum.id, role=role) for name, role in roles.items())
    db.session.flush()
    question = forum.groups[0].questions[0]
    for kind in AnnotationKind:
        for about in ({}, {"question_id": question.id}):
            _annotate(forum.id, state, "texts", kind=kind, **about)
    _annotate(forum.id, state, "texts", kind=AnnotationKind.SUMMARY, group_id=forum.groups[0].id)
    return forum


def _annotate(forum_id: int, state: str, kind_of_mark: str, **about: Any) -> None:
    """What the Secretariat wrote about something."""
    made = Annotation(forum_id=forum_id, texts=texts(AnnotationText, body="x", html="x", url="x"), **about)
    for text in made.texts.values():
        plant(text, state, kind_of_mark)
    db.session.add(made)


def _texts_of(forum: Forum) -> Iterator[Any]:
    """Of several groups, questions and documents the first, so that no two have the same address."""
    group = forum.groups[0]
    owners = [forum, group, group.questions[0], *forum.pages, *forum.notices, forum.documents[0]]
    for owner in owners:
        yield from owner.texts.values()
    yield from (forum, group, *forum.pages, forum.documents[0])


def _changes_of(forum: Forum) -> Iterator[Any]:
    """What was changed of its texts, and names that it and its first group had."""
    yield from forum.official_changes
    for owner in ({"forum_id": forum.id}, {"owner_id": forum.id, "group_id": forum.groups[0].id}):
        former = FormerAddress(slug="x", **owner)
        db.session.add(former)
        yield former


def _topic(state: str, forum: Forum, author: User) -> Topic:
    topic = make_topic(forum.groups[0], author, "x", question=forum.groups[0].questions[0])
    return plant(topic, state, "words")


def _correct(message: Message, by: User, state: str, *, hides: bool) -> None:
    """A moderator corrected it, and has or has not hidden what it said before."""
    written = {"message": message, "body": "x", "html": "x", "language": "es", "written_at": utcnow()}
    revision = plant(Revision(**written), state, "hidden" if hides else "words")
    db.session.add(revision)
    db.session.flush()
    message.edited_at = utcnow()
    detail = {"revision": revision.id, **({"hides": revision.id} if hides else {})}
    _act(ActKind.EDIT, by, state, "correction", message=message, detail=detail)


def _act(kind: ActKind, by: User, state: str, reason: str, **more: Any) -> None:
    about = more.get("topic") or more["message"].topic
    act = Act(kind=kind, user=by, forum_id=about.group.forum_id, reason={}, **more)
    db.session.add(plant(act, state, reason))


def _report(message: Message, by: User, state: str) -> None:
    db.session.add(plant(Report(message=message, reporter=by, reason="x"), state, "report"))


def _of_the_site(staff: dict[str, User]) -> None:
    """What belongs to no forum: a page, a listed reason, the log, and what there is about one person."""
    participant, admin = staff["participant"], staff["admin"]
    home = db.session.query(Page).filter_by(slug="home").one()
    page = db.session.query(Page).filter_by(slug="rules", parent_id=home.id).one()
    for text in page.texts.values():
        plant(text, "site", "page")
    reason = Reason(texts=texts(ReasonText, text="x"))
    for text in reason.texts.values():
        plant(text, "site", "listed")
    entry = plant(
        LogEntry(user=admin, action="edit", kind="forums", subject_id=1, subject="x", detail=[]), "site", "log"
    )
    suspended = db.session.query(User).filter(User.suspended_at.is_not(None)).one()
    plant(suspended, "site", "suspension", "user.suspended_for")
    mail = Mail(user_id=participant.id, recipient="x", language="en", subject="x", text="x", html="x", error="x")
    mail.given_up_at = utcnow()
    change = plant(EmailChange(user_id=participant.id, email="x"), "site", "own")
    browser = plant(SignIn(user_id=participant.id, browser="x", token_hash="x"), "site", "own")
    stated = {"capacity": "expert", "language": "en", "role": "participant"}
    invitee = Invitee(forum_id=1, email="x", name="x", organization="x", **stated)
    db.session.add(plant(invitee, "site", "invited"))
    sent = Announcement(forum_id=1, made_by=admin, kind="closing", audiences=["invited"], settled_at=utcnow(), texts={})
    db.session.add(plant(sent, "site", "mail"))
    waiting = SignUp(email="x", password_hash="x", name="x", capacity="expert", language="en")
    db.session.add_all([reason, plant(entry, "site", "log"), plant(mail, "site", "mail"), change, browser])
    db.session.add(plant(waiting, "site", "new"))
