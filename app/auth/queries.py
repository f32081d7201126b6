"""Finding accounts, and what is kept about a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import selectinload

from app.extensions import db
from app.models import Forum, ForumRole, Group, Mail, Message, SignIn, Topic, User
from app.permissions import FORUM_IS_VISIBLE, visible_to


@dataclass(frozen=True)
class OwnData:
    """What is kept about a person besides the profile; the messages by topic, as rows with their numbers."""

    message_count: int
    topics: list[list[Row[Any]]]
    sign_ins: Sequence[SignIn]
    roles: Sequence[ForumRole]
    mails: Sequence[Row[str, str, datetime]]


def find_by_email(email: str | None, *, for_update: bool = False) -> User | None:
    """The account of a normal e-mail address; `for_update` keeps it from other writers until the transaction ends."""
    statement = select(User).where(User.email == email)
    return db.session.scalar(statement.with_for_update() if for_update else statement) if email else None


def get_own_data(user: User) -> OwnData:
    """What the person may read about himself or herself; the latest topics and sign-ins first."""
    messages = db.session.execute(_messages(user), visible_to(user)).all()
    sign_ins = select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.id.desc())
    roles = select(ForumRole).where(ForumRole.user_id == user.id).order_by(ForumRole.forum_id, ForumRole.role)
    mails = select(Mail.subject, Mail.language, Mail.created_at).where(Mail.recipient == user.email)
    return OwnData(
        message_count=len(messages),
        topics=[list(rows) for _topic, rows in groupby(messages, key=lambda row: row.topic_id)],
        sign_ins=db.session.scalars(sign_ins).all(),
        roles=db.session.scalars(roles.options(selectinload(ForumRole.forum).selectinload(Forum.texts))).all(),
        mails=db.session.execute(mails.order_by(Mail.id.desc())).all(),
    )


def _messages(user: User) -> Any:
    return (
        select(Message.id, Message.topic_id, Message.speaker, Topic.title, Topic.language)
        .join(Topic, Topic.id == Message.topic_id)
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .where(Message.author_id == user.id, FORUM_IS_VISIBLE)
        .order_by(Message.topic_id.desc(), Message.id)
    )
