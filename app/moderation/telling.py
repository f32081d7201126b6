"""The mails of moderation: to the author of a message, in his own language, and to those who moderate it.

Written in the transaction of the act. They hold the reason, the number and addresses, and nothing of what the
message says.
"""

from typing import Any

from app.addresses import absolute, link_in
from app.languages import language_or_default, site_default
from app.mail.outbox import enqueue
from app.models import Act, ActKind, Message, User
from app.models.texts import best_text
from app.moderation.queries import is_visible_to, list_moderators

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
    for person in list_moderators(forum, message.language):
        if person is not but:
            _tell("to_moderate", person, message, "moderation.message", what=what)


def _tell(mail: str, person: User, message: Message, endpoint: str, **values: Any) -> None:
    language, default = language_or_default(person.language).code, site_default().code
    forum = best_text(message.topic.group.forum.texts, language, default)
    enqueue(
        mail,
        recipient=person.email,
        user_id=person.id,
        language=language,
        name=person.name,
        number=message.id,
        forum=forum.title if forum else "",
        address=absolute(link_in(language, endpoint, number=message.id)),
        **values,
    )
