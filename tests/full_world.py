"""Everything that pages can show, added to the small world: each state, kind of text, role and odd case once."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.admin.kinds import KINDS
from app.counters import recount
from app.database import utcnow
from app.extensions import db
from app.markup import render
from app.models import (
    Act,
    ActKind,
    Annotation,
    AnnotationKind,
    AnnotationText,
    Announcement,
    AnnouncementKind,
    Attachment,
    Audience,
    Capacity,
    ChangeKind,
    Document,
    DocumentText,
    EmailChange,
    FormerAddress,
    Forum,
    ForumRole,
    Group,
    GroupText,
    Invitation,
    Invitee,
    LogEntry,
    Mail,
    Message,
    MessageStatus,
    Notice,
    NoticeText,
    OfficialChange,
    Page,
    PageText,
    Period,
    PeriodKind,
    Question,
    QuestionText,
    Reason,
    ReasonText,
    Report,
    Revision,
    Role,
    SignUp,
    Topic,
    User,
)
from app.models.forum import DocumentKind
from app.writing import record_act as record
from tests.files import make_attachment
from tests.world import World, make_forum, make_message, make_pending, make_period, make_topic, make_user, texts

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
REASON = {"en": "Off topic", "es": "Ajeno al tema", "fr": "Hors sujet"}
BODY = "Some *text* with a [link](https://example.org/) and\n\n- a list\n\n## A heading\n\n> and a quote"


@dataclass(frozen=True)
class Moderated:
    """The keys of what moderators have to do with, in a topic and in one that nobody else sees."""

    topic: int
    reported: int
    corrected: int
    withheld: int
    pending: int
    returned: int
    refused: int
    pending_topic: int
    pending_first: int
    reason: int

    @classmethod
    def make(cls, small: World, people: dict[str, User]) -> "Moderated":
        """Bruno wrote it all but for the message that is returned and the one that was never published, of Alice."""
        alice, bruno = people["alice"], people["bruno"]
        by = db.session.get_one(User, small.moderator)
        group = db.session.get_one(Group, small.group)
        topic = make_topic(group, bruno, "Moderated topic")
        reported, corrected, withheld = (make_message(topic, bruno, BODY, on_behalf_of="Some others") for _ in range(3))
        db.session.add(Report(message=reported, reporter=alice, reason="Off topic"))
        _correct(corrected, by)
        _withhold(withheld, by)
        topic.message_count -= 1
        waiting = {"on_behalf_of": "Some others", "reply_to": reported}
        pending, returned, refused = (make_pending(topic, author, BODY, **waiting) for author in (bruno, alice, alice))
        returned.returned_at = utcnow()
        _record(ActKind.RETURN, returned, by)
        _withhold(refused, by)
        pending_topic = make_topic(group, bruno, "Pending topic")
        pending_first = make_pending(pending_topic, bruno, BODY)
        reason = Reason(texts=texts(ReasonText, text="Off topic"))
        db.session.add(reason)
        db.session.flush()
        return cls(
            topic=topic.id,
            reported=reported.id,
            corrected=corrected.id,
            withheld=withheld.id,
            pending=pending.id,
            returned=returned.id,
            refused=refused.id,
            pending_topic=pending_topic.id,
            pending_first=pending_first.id,
            reason=reason.id,
        )


@dataclass(frozen=True)
class FullWorld:
    """The keys of what was added. Each value of `forums` is the key of a forum in that state, by its slug."""

    small: World
    forums: dict[str, int]
    translator: int
    suspended: int
    long_topic: int
    edited: int
    withdrawn: int
    locked_topic: int
    merged_topic: int
    hidden_topic: int
    hidden_message: int
    notice: int
    document: int
    forum_page: int
    child_page: int
    entry: int
    act: int
    coming_period: int
    mail: int
    invitee: int
    attachment: int
    document_file: int
    hidden_attachment: int
    moderated: "Moderated"

    @property
    def people(self) -> dict[str, int]:
        """Everybody who can sign in, by name."""
        small = self.small
        named = {"alice": small.alice, "bruno": small.bruno, "moderator": small.moderator, "admin": small.admin}
        return {**named, "translator": self.translator}

    @classmethod
    def make(cls) -> "FullWorld":
        small = World.make()
        people = {name: db.session.get_one(User, getattr(small, name)) for name in ("alice", "bruno", "admin")}
        translator = make_user(
            "translator",
            capacity=Capacity.IPLC,
            organization="",
            country="",
            title="Ms",
            language="fr",
            mails_refused=3,
        )
        suspended = make_user("suspended", suspended_at=utcnow(), suspended_for="Advertising", language="es")
        _former(people["admin"])
        people["admin"].totp_secret = TOTP_SECRET
        db.session.add(EmailChange(user_id=people["bruno"].id, email="bruno@example.net"))
        make_user("unconfirmed", confirmed_at=None, capacity=Capacity.EXPERT, language="fr")
        waiting = {"name": "Waiting", "organization": "x", "title": "Mr", "capacity": Capacity.EXPERT, "language": "en"}
        db.session.add(SignUp(email="waiting@example.org", password_hash="!", **waiting))
        forums = {forum.slug: forum.id for forum in _forums(people["alice"])}
        db.session.add(ForumRole(user=translator, forum_id=small.forum, role=Role.TRANSLATOR))
        db.session.get_one(Forum, small.forum).names_moderators = True
        invitee = make_invitee(small.forum, "invitee@example.org")
        make_announcement(small.forum, people["admin"])
        notice, document, page, coming = furnish(db.session.get_one(Forum, small.forum))
        for kind in AnnotationKind:
            annotate(db.session.get_one(Forum, small.forum), kind)
        long_topic, edited, withdrawn = _messages(db.session.get_one(Group, small.group), people)
        annotate(db.session.get_one(Forum, small.forum), AnnotationKind.FOLLOW_UP, message_id=edited.id)
        locked, merged = _moderated(long_topic, people)
        hidden = db.session.query(Group).join(Forum).filter(Forum.slug == "draft-forum").one()
        furnish(hidden.forum)
        hidden_topic = make_topic(hidden, people["alice"], "Hidden topic", question=hidden.questions[0])
        hidden_message = make_message(hidden_topic, people["alice"], BODY, on_behalf_of="Some others")
        attachment, document_file = _files(edited, withdrawn, document)
        hidden_attachment = make_attachment(hidden_message, "hidden.txt")
        child = _child_page()
        entry = _log(people["admin"], small.forum)
        act = _act(db.session.get_one(User, small.moderator), withdrawn, hidden_topic)
        db.session.add_all(Invitation(forum_id=small.forum, country=code) for code in ("XA", "FR"))
        moderated = Moderated.make(small, people)
        recount()  # since some were given their status past the actions
        failed_mail = _failed_mail()
        db.session.commit()
        return cls(
            small=small,
            forums=forums,
            translator=translator.id,
            suspended=suspended.id,
            long_topic=long_topic.id,
            edited=edited.id,
            withdrawn=withdrawn.id,
            locked_topic=locked.id,
            merged_topic=merged.id,
            hidden_topic=hidden_topic.id,
            hidden_message=hidden_message.id,
            notice=notice.id,
            document=document.id,
            forum_page=page.id,
            child_page=child.id,
            entry=entry.id,
            act=act.id,
            coming_period=coming.id,
            mail=failed_mail.id,
            invitee=invitee.id,
            attachment=attachment.id,
            document_file=document_file.id,
            hidden_attachment=hidden_attachment.id,
            moderated=moderated,
        )


def _forums(alice: User) -> list[Forum]:
    """A forum in each state that the small world has not; those that have ended with an outcome."""
    now = utcnow()
    planned = make_forum("planned-forum", opens=24, closes=2400)
    undated = make_forum("undated-forum")
    undated.periods.clear()
    last_hours = make_forum("last-hours-forum", opens=-24, closes=2)
    last_hours.periods[0].former_dates = ((now - timedelta(days=1), now + timedelta(days=9)),)
    extended = make_forum("extended-forum", opens=-240, closes=24)
    extended.periods.append(make_period(PeriodKind.EXTENSION, 24, 240, now))
    reopened = make_forum("reopened-forum", opens=-240, closes=-120)
    reopened.periods.append(make_period(PeriodKind.REOPENING, -24, 240, now))
    reopened.by_invitation = True
    closed = make_forum("closed-forum", opens=-240, closes=-24)
    closed.periods.append(make_period(PeriodKind.REOPENING, 24, 240, now))
    closed.periods[0].former_dates = ((now - timedelta(days=12), now - timedelta(hours=2)),)
    called_off = make_period(PeriodKind.EXTENSION, -2, 99, now, called_off_at=now - timedelta(days=1))
    closed.periods.append(called_off)
    archived = make_forum("archived-forum", opens=-24_000, closes=-2_400)
    archived.archived_at = now - timedelta(days=1)
    for forum in (closed, archived):
        add_document(forum, DocumentKind.OUTCOME)
        topic = make_topic(forum.groups[0], alice, "Topic of the past")
        make_message(topic, alice, BODY)
        make_message(topic, alice, BODY, speaker="Dora Letter", after_deadline=True, received_on=date(2012, 5, 1))
        make_message(topic, alice, BODY, after_deadline=True)
    archived.texts.pop("en")  # whoever reads English is told so, and sees another language
    return [planned, undated, last_hours, extended, reopened, closed, archived]


def furnish(forum: Forum) -> tuple[Notice, Document, Page, Period]:
    """Give a forum all the texts that one can have, and a second group with a period of its own to come."""
    for text in forum.texts.values():
        text.organizer, text.remarks, text.about, text.mandate = "Organizer", "Remarks", BODY, BODY
        text.about_html, text.mandate_html = html_of("forums", "about"), html_of("forums", "mandate")
    introduction, remarks = html_of("groups", "introduction"), html_of("groups", "remarks")
    group = Group(
        slug="group-2",
        number=2,
        texts=texts(GroupText, title="Second group", introduction_html=introduction, remarks_html=remarks),
        questions=[Question(number=1, texts=texts(QuestionText, text="And what else?"))],
    )
    notice = Notice(published_at=utcnow(), texts=texts(NoticeText, title="A notice", html=html_of("notices", "body")))
    html = html_of("forum-pages", "body")
    page = Page(slug="purpose", texts=texts(PageText, title="Purpose", description="What it is for", html=html))
    coming = make_period(PeriodKind.SCHEDULED, 240, 480)
    forum.groups.append(group)
    forum.notices.append(notice)
    forum.pages.append(page)
    db.session.flush()
    coming.group_id = group.id
    forum.periods.append(coming)
    documents = [add_document(forum, kind) for kind in DocumentKind]
    db.session.flush()
    annotate(forum, AnnotationKind.SUMMARY, group_id=group.id)
    for kind in AnnotationKind:
        annotate(forum, kind, question_id=group.questions[0].id)
    _change(forum, group, page, notice, documents[0])
    return notice, documents[0], page, coming


def annotate(forum: Forum, kind: str, **about: int) -> None:
    """A summary or follow-up in each language, which was corrected and has not been brought up to date in French."""
    html = render(BODY, first_heading=2, official=True)
    said = texts(AnnotationText, body=BODY)
    for text in said.values():
        text.html, text.url = html, "https://example.org/report"
    said["fr"].outdated_since = utcnow()
    db.session.add(Annotation(forum_id=forum.id, kind=kind, texts=said, corrected_at=utcnow(), **about))


def _change(forum: Forum, group: Group, page: Page, notice: Notice, document: Document) -> None:
    """Former wordings of all that can have some, what was added and deleted, and a name that the forum had."""
    long, short = {"html": render(BODY, first_heading=2, official=True)}, {"text": "Former words"}
    place: dict[str, int | str] = {"group": 2, "question": 1, "document": document.kind, "symbol": "UNEP/CBD/0"}
    for kind, thing, fields in (
        ("forums", forum, {"title": short, "organizer": short, "about": long, "mandate": long}),
        ("forum-pages", page, {"title": short, "body": long}),
        ("groups", group, {"title": short, "introduction": long}),
        ("questions", group.questions[0], {"text": short}),
        ("notices", notice, {"title": short, "body": long}),
        ("documents", document, {"title": short, "note": short, "url": {}}),
    ):
        former = dict.fromkeys(("en", "es", "fr"), fields)
        _add_change(forum, ChangeKind.CORRECTED, kind, thing.id, place=place, former=former)
    own = {"": {"kind": {"text": str(DocumentKind.DRAFT)}, "symbol": {"text": "UNEP/CBD/0"}}}
    _add_change(forum, ChangeKind.CORRECTED, "documents", document.id, place=place, former=own, after_archiving=True)
    added = {"fr": {"title": {}}}
    _add_change(forum, ChangeKind.ADDED, "notices", notice.id, former=added, after_archiving=True)
    for kind in ("notices", "documents"):
        _add_change(forum, ChangeKind.DELETED, kind, None, place=place)
    for change in (ChangeKind.TAKEN_OUT, ChangeKind.ARCHIVED):
        _add_change(forum, change, "forums", forum.id)
    db.session.add(FormerAddress(slug=f"former-{forum.slug}", forum_id=forum.id))


def _add_change(forum: Forum, change: ChangeKind, kind: str, thing_id: int | None, **more: Any) -> None:
    name = {"en": "Its name", "es": "Su nombre"}
    made = OfficialChange(at=utcnow(), change=change, kind=kind, thing_id=thing_id, name=name, **more)
    forum.official_changes.append(made)


def html_of(kind: str, column: str) -> str:
    """The body as the administration renders it for this column."""
    return render(BODY, first_heading=KINDS[kind].rendered[column][1], official=True)


def add_document(forum: Forum, kind: DocumentKind) -> Document:
    document = Document(
        kind=kind,
        symbol="UNEP/CBD/1",
        dated=date(2012, 5, 1),
        texts=texts(DocumentText, title=f"A paper {kind}", note="A note"),
    )
    for text in document.texts.values():
        text.url = f"https://example.org/paper-{text.language}"
    forum.documents.append(document)
    return document


def _messages(group: Group, people: dict[str, User]) -> tuple[Topic, Message, Message]:
    """A topic of two pages under a question, with an edited, a withdrawn and an answering message."""
    alice, bruno = people["alice"], people["bruno"]
    topic = make_topic(group, alice, "Long topic", question=group.questions[0])
    edited = make_message(topic, alice, BODY, on_behalf_of="Some others", edited_at=utcnow())
    db.session.add(
        Revision(
            message=edited,
            body="Before",
            html=render("Before"),
            language="es",
            on_behalf_of="Others",
            written_at=utcnow() - timedelta(hours=1),
        )
    )
    withdrawn = make_message(topic, bruno, "Withdrawn words", reply_to=edited)
    withdrawn.status, withdrawn.withdrawn_at = MessageStatus.WITHDRAWN, utcnow()
    for number in range(Message.PER_PAGE):
        make_message(topic, bruno, f"Filler {number}", reply_to=edited, language="fr")
    return topic, edited, withdrawn


def _correct(message: Message, by: User) -> None:
    """Twice: once for everybody to see, and before that with something that readers see no more."""
    for number, hides in enumerate((True, False)):
        before = Revision(
            message=message,
            body=f"Said before {number}",
            html=render(f"Said before {number}"),
            language="es",
            written_at=utcnow() - timedelta(hours=2 - number),
        )
        db.session.add(before)
        db.session.flush()
        _record(ActKind.EDIT, message, by, revision=before.id, **({"hides": before.id} if hides else {}))
    message.edited_at = utcnow()


def _withhold(message: Message, by: User) -> None:
    message.status, message.withheld_at, message.withheld_for = MessageStatus.WITHHELD, utcnow(), REASON
    _record(ActKind.WITHHOLD, message, by)


def _record(kind: ActKind, message: Message, by: User, **detail: int) -> None:
    record(kind, by=by, forum=message.topic.group.forum, reason=REASON, message=message, **detail)


def _moderated(topic: Topic, people: dict[str, User]) -> tuple[Topic, Topic]:
    """A topic that is pinned and locked, with a withheld message and one that came by letter; and a topic that was
    merged into the long one."""
    now = utcnow()
    locked = make_topic(topic.group, people["bruno"], "Locked topic", pinned_at=now, locked_at=now)
    letter = {"speaker": "Dora Letter", "on_behalf_of": "Some others", "edited_at": now}
    make_message(locked, people["admin"], BODY, **letter)
    withheld = make_message(locked, people["bruno"], "Withheld words")
    withheld.status, withheld.withheld_at = MessageStatus.WITHHELD, now
    withheld.withheld_for = {"en": "Off topic", "es": "Ajeno al tema"}
    merged = make_topic(topic.group, people["bruno"], "Merged topic", merged_into=topic, last_position=1)
    return locked, merged


def _files(edited: Message, withdrawn: Message, document: Document) -> tuple[Attachment, Attachment]:
    """Files under a message that shows them, of one that does not, and of a document; and one that was removed."""
    make_attachment(edited, "removed.txt", removed_at=utcnow())
    make_attachment(withdrawn, "withdrawn.txt")
    text = make_attachment(edited, "text.txt")
    return text, make_attachment(document, "paper.pdf", b"%PDF-1.4\n", media_type="application/pdf", language="es")


def make_invitee(forum_id: int, email: str) -> Invitee:
    """Somebody who was invited to a forum and has not signed up yet."""
    stated = {"capacity": Capacity.PARTY, "country": "XA", "language": "es", "role": Role.PARTICIPANT}
    invitee = Invitee(forum_id=forum_id, email=email, name="Clara", **stated)
    db.session.add(invitee)
    db.session.flush()
    return invitee


def make_announcement(forum_id: int, by: User) -> Announcement:
    """One of which all emails have been sent, in Greek letters as all data of a site in marks."""
    texts, now = {"en": {"subject": "Ανοικτό", "body": "Είναι ανοικτό."}}, utcnow()
    values = {"audiences": [Audience.INVITED], "written_at": now, "settled_at": now, "recipients": 2, "sent": 2}
    made = Announcement(forum_id=forum_id, made_by=by, kind=AnnouncementKind.OPENING, texts=texts, **values)
    db.session.add(made)
    db.session.flush()
    return made


def _failed_mail() -> Mail:
    """A mail that nobody could deliver, to an address that waits to be confirmed."""
    mail = Mail(
        recipient="waiting@example.org",
        language="es",
        subject="Confirme",
        text="x",
        html="x",
        attempts=20,
        error="550 No such user",
        given_up_at=utcnow(),
    )
    db.session.add(mail)
    db.session.flush()
    return mail


def _child_page() -> Page:
    """A page below another, in Spanish only."""
    rules = db.session.query(Page).filter_by(slug="rules").one()
    text = PageText(language="es", title="Reglas", description="Las reglas", html="<p>Reglas.</p>")
    child = Page(slug="child", parent=rules, texts={"es": text})
    db.session.add(child)
    db.session.flush()
    return child


def _former(admin: User) -> None:
    """Somebody whose account was deleted, with a message, a report and a line in the log that stay."""
    former = make_user("", name="", email="former-1", organization="", country="", former_number=1)
    topic = db.session.query(Topic).first()
    message = make_message(topic, former, "What somebody said who has left.")
    db.session.add(Report(message_id=message.id, reporter=admin, reason="Impolite"))
    db.session.add(Report(message_id=db.session.query(Message.id).first().id, reporter=former, reason=""))
    gone = {"action": "delete", "kind": "users", "subject_id": former.id, "subject": ""}
    db.session.add_all([LogEntry(user=admin, **gone), LogEntry(user=former, **gone)])


def _log(admin: User, forum_id: int) -> LogEntry:
    detail = [
        {"field": "title", "language": "es", "old": "Antes", "new": "Ahora"},
        {"field": "is_admin", "language": "", "old": False, "new": True},
        {"field": "capacity", "language": "", "old": "party", "new": "expert"},
        {"field": "kind", "language": "", "old": "", "new": "extension"},
        {"field": "closes_at", "language": "", "old": "", "new": "2012-03-02 23:00:00 UTC"},
    ]
    entry = LogEntry(user=admin, action="edit", kind="forums", subject_id=forum_id, subject="A forum", detail=detail)
    db.session.add_all([entry, LogEntry(action="delete", kind="periods", subject_id=9, subject="Gone")])
    db.session.flush()
    return entry


def _act(moderator: User, message: Message, hidden_topic: Topic) -> Act:
    """What a moderator did with a message, and with a topic of a forum that is not published."""
    reason = {"en": "It belongs here", "fr": "Sa place est ici"}
    forum_id, detail = message.topic.group.forum_id, {"from_topic": message.topic_id, "messages": [message.id]}
    moved = Act(kind=ActKind.MOVE, user=moderator, forum_id=forum_id, reason=reason, message=message, detail=detail)
    hidden = {"forum_id": hidden_topic.group.forum_id, "topic": hidden_topic}
    db.session.add_all([moved, Act(kind=ActKind.PIN, user=moderator, reason=reason, **hidden)])
    db.session.flush()
    return moved
