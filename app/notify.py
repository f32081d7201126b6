"""Emails about acts of others: to authors, to moderators, and to people who get or lose a role, each in their language.

Written in the transaction of the act. They contain the reason, the number of the message and addresses, but nothing of
its text. A moderator gets at most one email an hour about a forum, the first at once; what happens meanwhile is in the
next one, which waits in the outbox until the hour has passed.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.auth.emails import address_for, write_to
from app.citations import with_citations
from app.database import LOCKED, utcnow
from app.extensions import db
from app.languages import language_or_default, site_languages, text_in
from app.mail.outbox import enqueue
from app.models import Act, ActKind, Annotation, Follow, Forum, ForumRole, Group, How, Mail, Message, Role, Topic, User
from app.permissions import MESSAGE_IS_VISIBLE, visible_to

BETWEEN_MAILS = timedelta(hours=1)  # to one moderator about one forum
# The page to which the email links.
AUTHOR_GOES_TO = {
    ActKind.APPROVE: "forums.message",
    ActKind.RETURN: "posting.edit",
    ActKind.EDIT: "forums.history",
    ActKind.WITHHOLD: "forums.history",
    ActKind.RESTORE: "forums.message",
}


def tell_author(act: Act, message: Message) -> None:
    """Tell the author what someone else has done with a message, and why. Authors without an account, or who may no
    longer see the forum, get no email."""
    author = message.author
    if author is not act.user and author.has_account and _may_see(author, message):
        kind = ActKind(act.kind)
        tell("moderated", author, message, AUTHOR_GOES_TO[kind], kind=kind.value, reason=act.reason)


def tell_of_follow_up(message: Message, follow_up: Annotation, *, by: User) -> None:
    """Tell the author of a message, in the Secretariat's words, what became of it. Who only typed it is not told."""
    author, texts = message.author, follow_up.texts.items()
    if author is by or message.speaker or not author.has_account or not _may_see(author, message):
        return
    said = with_citations({code: text.body for code, text in texts}, message.forum_id)
    html, urls = ({code: getattr(text, name) for code, text in texts} for name in ("html", "url"))
    tell("followed_up", author, message, "forums.message", said=said, html=html, urls=urls)


def tell_of_all_withheld(user: User, count: int, reason: Mapping[str, str]) -> None:
    """Tell a person that all their messages, so many, were withheld, and why."""
    if user.has_account:
        write_to(user, "all_withheld", count=count, reason=reason, address=address_for(user, "auth.account"))


def follow_own(topic: Topic) -> None:
    """Let the author follow a new topic, in the way that they have chosen for their own."""
    if topic.author.mail_topics != How.NONE:
        db.session.add(Follow(user_id=topic.author.id, topic_id=topic.id, how=topic.author.mail_topics))


def tell_moderators(what: str, message: Message, *, but: User | None = None) -> None:
    """Tell the moderators of a message that it `waits` or was `reported`, except the person who caused this."""
    forum = message.topic.group.forum
    # Lock the forum, so that two transactions do not each write a first email.
    db.session.execute(select(Forum.id).where(Forum.id == forum.id).with_for_update(**LOCKED))
    for person in _moderators_of(forum, message.language):
        if person is not but:
            _tell_moderator(person, message, what)


def tell_of_role(user: User, role: Role, forum: Forum, languages: str | None) -> None:
    """Tell a person that they have the role for these languages ("" for all), or, with None, that it has ended.

    People whose address is not confirmed, or whose account is suspended, get no email.
    """
    if user.confirmed_at is None or user.suspended_at:
        return
    text = text_in(forum, language_or_default(user.language))
    address = address_for(user, "forums.forum", forum_slug=forum.slug)
    told = {"role": role.value, "forum": text.title if text else ""}
    if languages is None:
        write_to(user, "role_ended", **told, address=address if forum.published_at else "")
        return
    names = [language.name for code, language in site_languages().items() if code in languages.split()]
    write_to(
        user,
        "role_given",
        **told,
        covered=", ".join(names),
        address=address,
        queue=address_for(user, "moderation.queue"),
    )


def _tell_moderator(person: User, message: Message, what: str) -> None:
    """At once, or after an hour since the last email. One that has not been sent yet is replaced and counts up."""
    now, last = utcnow(), _last_mail(person, message.topic.group.forum)
    due_at, news = now, 1
    if last is not None and not last.attempts:
        due_at, news = min(last.due_at, now + BETWEEN_MAILS), last.news + 1
        db.session.delete(last)
    elif last is not None:
        due_at = min(
            max((last.sent_at or now) + BETWEEN_MAILS, now), now + BETWEEN_MAILS
        )  # a clock may have been wrong
    mail, endpoint = ("to_moderate", "moderation.message") if news == 1 else ("to_moderate_more", "moderation.queue")
    made = tell(mail, person, message, endpoint, what=what, news=news)
    made.forum_id, made.news, made.due_at = message.topic.group.forum_id, news, due_at


def _last_mail(person: User, forum: Forum) -> Mail | None:
    """The last email to the moderator about the forum, locked so that the worker does not send it now."""
    told = select(Mail).where(Mail.user_id == person.id, Mail.forum_id == forum.id).order_by(Mail.id.desc())
    return db.session.scalar(told.limit(1).with_for_update(**LOCKED), execution_options={"populate_existing": True})


def tell(mail: str, person: User, message: Message, endpoint: str, /, **values: Any) -> Mail:
    """Write an email to a person about a message, with the address of a page about it or of the queue."""
    where = {} if endpoint == "moderation.queue" else {"number": message.id}
    forum = text_in(message.topic.group.forum, language_or_default(person.language))
    return enqueue(
        mail,
        recipient=person.email,
        user_id=person.id,
        language=person.language,
        name=person.name,
        number=message.id,
        forum=forum.title if forum else "",
        address=address_for(person, endpoint, **where),
        **values,
    )


def _moderators_of(forum: Forum, language: str) -> Sequence[User]:
    """The moderators of a forum for this language; the administrators if it has none."""
    active = select(User).where(User.confirmed_at.is_not(None), User.suspended_at.is_(None)).order_by(User.id)
    held = active.join(ForumRole).where(ForumRole.forum_id == forum.id, ForumRole.role == Role.MODERATOR)
    moderators = [user for user in db.session.scalars(held) if user.has_role(Role.MODERATOR, forum.id, language)]
    return moderators or db.session.scalars(active.where(User.is_admin)).all()


def _may_see(person: User, message: Message) -> bool:
    """Whether a person may see the message, even if only without its text."""
    statement = select(Message.id).join(Topic, Topic.id == Message.topic_id).join(Group, Group.id == Topic.group_id)
    statement = statement.join(Forum).where(MESSAGE_IS_VISIBLE, Message.id == message.id)
    return db.session.scalar(statement, visible_to(person)) is not None
