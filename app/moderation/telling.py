"""The mails of moderation: to the author of a message, in his own language, and to those who moderate it.

Written in the transaction of the act. They hold the reason, the number and addresses, and nothing of what the
message says. A moderator gets one mail an hour at most about a forum, the first at once: what happens meanwhile goes
into the next, which lies in the outbox until the hour has passed.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.addresses import absolute, link_in
from app.database import utcnow
from app.extensions import db
from app.languages import language_or_default, site_default
from app.mail.outbox import enqueue
from app.models import Act, ActKind, Forum, Mail, Message, User
from app.models.texts import best_text
from app.moderation.queries import is_visible_to, list_moderators

BETWEEN_MAILS = timedelta(hours=1)  # to one moderator about one forum
# Where the author is led after each act.
AUTHOR_GOES_TO = {
    ActKind.APPROVE: "forums.message",
    ActKind.RETURN: "posting.edit",
    ActKind.EDIT: "forums.history",
    ActKind.WITHHOLD: "forums.history",
    ActKind.RESTORE: "forums.message",
}


def tell_author(act: Act, message: Message) -> None:
    """Tell the author what somebody else did with a message, and why, unless the account or the right to see the
    forum is there no more."""
    author = message.author
    if author is not act.user and author.former_number is None and is_visible_to(author, message):
        kind = ActKind(act.kind)
        _tell("moderated", author, message, AUTHOR_GOES_TO[kind], kind=kind.value, reason=act.reason)


def tell_moderators(what: str, message: Message, *, but: User | None = None) -> None:
    """Tell those who moderate a message that it `waits` or was `reported`; not the one who knows already."""
    forum = message.topic.group.forum
    # One after the other, so that no two mails go out at the same moment.
    db.session.execute(select(Forum.id).where(Forum.id == forum.id).with_for_update(key_share=True))
    for person in list_moderators(forum, message.language):
        if person is not but:
            _tell_moderator(person, message, what)


def _tell_moderator(person: User, message: Message, what: str) -> None:
    """At once, or once the hour has passed; an email that has not been sent yet then counts one more message."""
    now, last = utcnow(), _last_mail(person, message.topic.group.forum)
    due_at, news = now, 1
    if last is not None and not last.attempts:
        due_at, news = last.due_at, last.news + 1
        db.session.delete(last)
    elif last is not None:
        due_at = max((last.sent_at or now) + BETWEEN_MAILS, now)
    mail, endpoint = ("to_moderate", "moderation.message") if news == 1 else ("to_moderate_more", "moderation.queue")
    made = _tell(mail, person, message, endpoint, what=what, news=news)
    made.forum_id, made.news, made.due_at = message.topic.group.forum_id, news, due_at


def _last_mail(person: User, forum: Forum) -> Mail | None:
    """The last mail that told the moderator of something in the forum, kept from the worker."""
    told = select(Mail).where(Mail.user_id == person.id, Mail.forum_id == forum.id).order_by(Mail.id.desc())
    return db.session.scalar(told.limit(1).with_for_update(), execution_options={"populate_existing": True})


def _tell(mail: str, person: User, message: Message, endpoint: str, **values: Any) -> Mail:
    language, default = language_or_default(person.language).code, site_default().code
    where = {} if endpoint == "moderation.queue" else {"number": message.id}
    forum = best_text(message.topic.group.forum.texts, language, default)
    return enqueue(
        mail,
        recipient=person.email,
        user_id=person.id,
        language=language,
        name=person.name,
        number=message.id,
        forum=forum.title if forum else "",
        address=absolute(link_in(language, endpoint, **where)),
        **values,
    )
