"""Which numbers in a text, such as #1234, are those of messages: decided when the text is saved.

They become links, and the page of each message then says itself who may see it.
"""

from collections.abc import Mapping

from sqlalchemy import or_, select

from app.addresses import LARGEST_KEY
from app.extensions import db
from app.markup import CITED
from app.models import GUEST, Forum, Message
from app.permissions import MESSAGE_IS_VISIBLE, visible_to
from app.phrases import numbers_in

MOST = 200  # in one text


def cited(text: str, forum_id: int | None) -> frozenset[int]:
    """The numbers in a text of this forum, or of the site, that are those of public messages or of messages of the
    forum."""
    numbers = [number for number in numbers_in(text, MOST) if number <= LARGEST_KEY]
    if not numbers:
        return frozenset()
    is_known = or_(MESSAGE_IS_VISIBLE, Message.forum_id == forum_id)
    statement = select(Message.id).join(Forum, Forum.id == Message.forum_id)
    found = db.session.scalars(statement.where(Message.id.in_(numbers), is_known), visible_to(GUEST))
    return frozenset(found)


def cited_in_reason(text: str, forum_id: int | None = None) -> str:
    """The numbers of the messages that a reason without marks cites, as they are stored."""
    return " ".join(map(str, sorted(cited(text, forum_id))))


def with_citations(reason: Mapping[str, str], forum_id: int | None) -> dict[str, str]:
    """A reason, by language code, with the numbers of the messages that its texts cite."""
    numbers = cited_in_reason(" ".join(reason.values()), forum_id)
    return {**reason, CITED: numbers} if numbers else dict(reason)
