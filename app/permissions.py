"""Who may do what: the one place for rules.

`can(viewer, action, object)` answers for one object; the `..._IS_VISIBLE` conditions, with the parameters
of `visible_to(viewer)`, are the rules of seeing as SQL. Times are the server's, handed in by whoever writes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, bindparam, literal, or_, select

from app import errors
from app.database import utcnow
from app.extensions import db
from app.models import (
    Act,
    Approval,
    Attachment,
    Forum,
    ForumRole,
    Group,
    Message,
    MessageStatus,
    Role,
    State,
    StateKind,
    Topic,
    User,
    Viewer,
    periods_of_group,
    state_of,
)

Rule = Callable[[Viewer, Any, datetime], Exception | None]

# A statement with one of these conditions joins Forum and is run with the parameters of `visible_to(viewer)`,
# so one statement, built once, serves every viewer; without them it does not run at all.
_HELD = select(ForumRole.forum_id).where(ForumRole.user_id == bindparam("viewer_id"))
_IS_ADMIN = bindparam("viewer_is_admin", type_=Boolean)
FORUM_IS_VISIBLE: ColumnElement[bool] = or_(Forum.published_at.is_not(None), _IS_ADMIN, Forum.id.in_(_HELD))
# The forums in which the viewer reads what waits for approval.
FORUM_IS_MODERATED: ColumnElement[bool] = or_(_IS_ADMIN, Forum.id.in_(_HELD.where(ForumRole.role == Role.MODERATOR)))
# The messages that the viewer moderates: those of such a forum, where his role covers their language.
_COVERS_ITS_LANGUAGE = (ForumRole.languages == "") | literal(" ").concat(ForumRole.languages).concat(" ").contains(
    literal(" ").concat(Message.language).concat(" ")
)
MESSAGE_IS_MODERATED: ColumnElement[bool] = or_(
    _IS_ADMIN,
    _HELD.where(ForumRole.forum_id == Forum.id, ForumRole.role == Role.MODERATOR, _COVERS_ITS_LANGUAGE).exists(),
)
# A message has a position once it was published; until then its author and the moderators see it.
TOPIC_IS_VISIBLE: ColumnElement[bool] = FORUM_IS_VISIBLE & or_(
    Topic.last_position > 0, Topic.author_id == bindparam("viewer_id"), FORUM_IS_MODERATED
)
MESSAGE_IS_VISIBLE: ColumnElement[bool] = FORUM_IS_VISIBLE & or_(
    Message.position.is_not(None), Message.author_id == bindparam("viewer_id"), FORUM_IS_MODERATED
)

# A file is as visible as the text of its message, hidden ones included (see_history below), or as its document.
ATTACHMENT_IS_VISIBLE: ColumnElement[bool] = FORUM_IS_VISIBLE & or_(
    Attachment.document_id.is_not(None),
    Message.status == MessageStatus.PUBLISHED,
    Message.author_id == bindparam("viewer_id"),
    FORUM_IS_MODERATED,
)


def visible_to(viewer: Viewer) -> dict[str, object]:
    """The parameters of a visibility condition: what this viewer may see."""
    return {"viewer_id": viewer.id or 0, "viewer_is_admin": viewer.is_admin}


def can(viewer: Viewer, action: str, thing: Any = None, *, now: datetime | None = None) -> bool:
    """Whether the viewer may do it now; `require` says why not."""
    return _refusal(viewer, action, thing, now or utcnow()) is None


def require(viewer: Viewer, action: str, thing: Any = None, *, now: datetime | None = None) -> None:
    """Raise the ForumError that explains why the viewer may not do it."""
    refusal = _refusal(viewer, action, thing, now or utcnow())
    if refusal is not None:
        raise refusal


def moderates(viewer: Viewer, forum: Forum, language: str = "") -> bool:
    """Whether the viewer moderates the forum and, with `language`, its messages in that language."""
    return moderates_in(viewer, forum.id, language)


def moderates_in(viewer: Viewer, forum_id: int, language: str = "") -> bool:
    """As `moderates`, for who knows the key of the forum alone."""
    return viewer.is_admin or viewer.has_role(Role.MODERATOR, forum_id, language)


def moderates_anything(viewer: Viewer) -> bool:
    """Whether there is a forum that the viewer moderates."""
    return viewer.is_admin or (isinstance(viewer, User) and any(held.role == Role.MODERATOR for held in viewer.roles))


# What an archived forum still takes from the Secretariat, without being taken out: what is `create`d there, texts that
# are edited, which are corrections or translations (`edit`), and what stands beside the texts and changes (`set`).
TAKEN_IN_ARCHIVE = {
    "create": frozenset({"notices", "documents", "files"}),
    "edit": frozenset({"forums", "forum-pages", "groups", "questions", "notices", "documents"}),
    "set": frozenset({"notices", "documents"}),
}


def require_forum_takes(kind: str, forum: Forum | None, action: str) -> None:
    """Raise Archived where a forum is archived and takes no such change of an object of this kind any more.

    `action` is "create", "edit" (of texts), "set" (of anything else) or "delete"; None stands for the site itself.
    """
    if forum is not None and forum.archived_at and kind not in TAKEN_IN_ARCHIVE.get(action, ()):
        raise errors.Archived


def count_other_administrators(user: User) -> int:
    """How many others could administer: administrators with a confirmed address, who are not suspended.

    Asked inside the transaction that takes a right away: the administrators are kept from other writers until its
    end, so that no two of them take the right from each other at once; all hold them in the same order.
    """
    can_sign_in = User.confirmed_at.is_not(None) & User.suspended_at.is_(None) & User.former_number.is_(None)
    statement = select(User.id).where(User.is_admin, can_sign_in).order_by(User.id).with_for_update()
    return len(set(db.session.scalars(statement)) - {user.id})


def is_invited(viewer: Viewer, forum_id: int) -> bool:
    """Whether the viewer may post in a forum where only approved participants may."""
    return viewer.has_role(Role.PARTICIPANT, forum_id) or moderates_in(viewer, forum_id)


@dataclass(frozen=True)
class PostingContext:
    """What decides whether someone can post in a group, or in one of its topics."""

    forum_id: int
    state: State
    by_invitation: bool
    is_locked: bool

    @classmethod
    def of_group(cls, group: Group, now: datetime, topic: Topic | None = None) -> "PostingContext":
        """Of a group, or of one of its topics."""
        forum, is_locked = group.forum, topic is not None and topic.locked_at is not None
        return cls(forum.id, forum.group_state(group, now), forum.by_invitation, is_locked)

    @classmethod
    def of_row(cls, row: Any, periods: Sequence[Any], now: datetime) -> "PostingContext":
        """Of a topic, from a row of its columns, and the rows of the periods of its forum."""
        state = state_of(periods_of_group(periods, row.group_id), row.archived_at, now)
        return cls(row.forum_id, state, row.by_invitation, row.locked_at is not None)

    @property
    def takes_messages(self) -> bool:
        """Whether there are people who can post."""
        return self.state.is_open and not self.is_locked


def posting_refusal(viewer: Viewer, where: PostingContext) -> errors.ForumError | None:
    """Why the viewer cannot post there; None where that is possible."""
    if not viewer.is_authenticated:
        return errors.Forbidden()
    if where.state.kind == StateKind.ARCHIVED:
        return errors.Archived()
    if not where.state.is_open:
        return errors.NotYetOpen() if where.state.kind == StateKind.PLANNED else errors.Closed()
    if where.by_invitation and not is_invited(viewer, where.forum_id):
        return errors.ByInvitation()
    return errors.Locked() if where.is_locked else None


def needs_approval(author: User, group: Group) -> bool:
    """Whether a moderator reads what this author posts in the group before it is published."""
    policy = group.approval or group.forum.approval
    if policy == Approval.NOBODY or moderates(author, group.forum):
        return False
    return policy == Approval.EVERYBODY or not _has_been_published(author, group.forum)


def _has_been_published(author: User, forum: Forum) -> bool:
    own = select(Message.id).join(Topic, Topic.id == Message.topic_id).join(Group, Group.id == Topic.group_id)
    published = (Message.author_id == author.id) & (Message.status == MessageStatus.PUBLISHED)
    return db.session.scalar(own.where(published, Group.forum_id == forum.id).limit(1)) is not None


def _refusal(viewer: Viewer, action: str, thing: Any, now: datetime) -> Exception | None:
    """Whoever is suspended, or gone, does nothing any more, also with a form that was opened before."""
    if isinstance(viewer, User) and viewer.suspended_at:
        return errors.Suspended(viewer.suspended_for)
    return errors.SignedOut() if viewer.former_number else RULES[action](viewer, thing, now)


def _change_account(viewer: Viewer, _thing: Any, _now: datetime) -> Exception | None:
    return None if viewer.is_authenticated else errors.SignedOut()


def _administer(viewer: Viewer, _thing: Any, _now: datetime) -> Exception | None:
    return None if viewer.is_admin else errors.Forbidden()


def _sign_in_to_post(viewer: Viewer, group: Group, now: datetime) -> Exception | None:
    """Whether signing in is all that a reader needs to do first."""
    takes_messages = PostingContext.of_group(group, now).takes_messages
    return None if takes_messages and not viewer.is_authenticated else errors.Forbidden()


def _post_in_group(viewer: Viewer, group: Group, now: datetime) -> Exception | None:
    return posting_refusal(viewer, PostingContext.of_group(group, now))


def _reply(viewer: Viewer, topic: Topic, now: datetime) -> Exception | None:
    return posting_refusal(viewer, PostingContext.of_group(topic.group, now, topic))


def _speak_for(viewer: Viewer, group: Group, _now: datetime) -> Exception | None:
    """The Secretariat posts what came by e-mail or letter."""
    return None if moderates(viewer, group.forum) else errors.Forbidden()


def _withdraw(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """Authors change their own messages while the group is open, so that the record then stands."""
    if viewer.id != message.author_id:
        return errors.Forbidden()
    if message.status == MessageStatus.WITHDRAWN:
        return errors.AlreadyWithdrawn()
    if message.status == MessageStatus.WITHHELD:
        return errors.AlreadyWithheld()
    return _post_in_group(viewer, message.topic.group, now)


def _edit(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """What was approved stays as it was approved; what waits can be changed, even where its topic is locked by now."""
    refusal = _withdraw(viewer, message, now)
    if refusal or message.status == MessageStatus.PENDING or not isinstance(viewer, User):
        return refusal
    if message.topic.locked_at:
        return errors.Locked()
    return errors.ApprovedAsItStands() if needs_approval(viewer, message.topic.group) else None


def _change_title(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    """With its first message, authors of a topic change its title and its question as long as nobody else has written
    in it, and the Secretariat has done nothing with it."""
    topic = message.topic
    if viewer.id != topic.author_id or (topic.last_position and message.position != 1):
        return errors.Forbidden()
    by_others = select(Message.id).where(Message.topic_id == topic.id, Message.author_id != topic.author_id)
    acts = select(Act.id).where(Act.topic_id == topic.id)
    is_shared = any(db.session.scalar(found.limit(1)) for found in (by_others, acts))
    return errors.TitleStands() if is_shared else None


def _see_history(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """Edits are public; what a message said that is not shown is for its author and the moderators."""
    return None if message.status == MessageStatus.PUBLISHED else _see_unpublished(viewer, message, now)


def _see_unpublished(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    """What was never public, or is to be so no more, of a message whose history everybody may see."""
    if viewer.id == message.author_id or moderates(viewer, message.topic.group.forum):
        return None
    return errors.Forbidden() if viewer.is_authenticated else errors.NotPublic()


def _report(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    if not viewer.is_authenticated or viewer.id == message.author_id or message.status != MessageStatus.PUBLISHED:
        return errors.Forbidden()
    return errors.Archived() if message.topic.group.forum.archived_at else None


def _see_moderation(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    """What was done with a message stays readable to its moderators in the archive too."""
    return None if moderates(viewer, message.topic.group.forum, message.language) else errors.Forbidden()


def _see_figures(viewer: Viewer, forum: Forum, _now: datetime) -> Exception | None:
    """Who is silent is for those who run the forum, archived or not."""
    return None if moderates(viewer, forum) else errors.Forbidden()


def _moderate(viewer: Viewer, forum: Forum, _now: datetime) -> Exception | None:
    """In a forum that is archived all topics stay as they are, and so do messages but for what `_on_status` lets in."""
    if not moderates(viewer, forum):
        return errors.Forbidden()
    return errors.Archived() if forum.archived_at else None


def _rearrange(viewer: Viewer, topic: Topic, now: datetime) -> Exception | None:
    """Take messages out of a topic or put some into it. One that was merged has none and takes none."""
    return _moderate(viewer, topic.group.forum, now) or (errors.AlreadyDecided() if topic.merged_into_id else None)


def _moderate_topic(viewer: Viewer, topic: Topic, now: datetime) -> Exception | None:
    """A topic as a whole is for those who moderate in its language."""
    if not moderates(viewer, topic.group.forum, topic.language):
        return errors.Forbidden()
    return _rearrange(viewer, topic, now)


def _moderate_message(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """A moderator may be limited to messages in some languages."""
    return _see_moderation(viewer, message, now) or _moderate(viewer, message.topic.group.forum, now)


def _on_status(*statuses: MessageStatus, in_archive: bool = False) -> Rule:
    """The rule of an act of moderation that is possible on messages of these statuses; `in_archive` on what readers
    have seen of an archived forum too."""

    def rule(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
        is_open = in_archive and message.position is not None
        refusal = (_see_moderation if is_open else _moderate_message)(viewer, message, now)
        return refusal or (None if message.status in statuses else errors.AlreadyDecided())

    return rule


RULES: dict[str, Rule] = {
    "administer": _administer,
    "change_account": _change_account,
    "start_topic": _post_in_group,
    "sign_in_to_post": _sign_in_to_post,
    "reply": _reply,
    "speak_for": _speak_for,
    "edit": _edit,
    "withdraw": _withdraw,
    "change_title": _change_title,
    "see_history": _see_history,
    "see_unpublished": _see_unpublished,
    "report": _report,
    "see_figures": _see_figures,
    "moderate_anything": lambda viewer, _thing, _now: None if moderates_anything(viewer) else errors.Forbidden(),
    "see_moderation": _see_moderation,
    "moderate": _moderate,
    "moderate_topic": _moderate_topic,
    "rearrange": _rearrange,
    "moderate_message": _moderate_message,
    "approve": _on_status(MessageStatus.PENDING),
    "return": _on_status(MessageStatus.PENDING),
    "correct": _on_status(MessageStatus.PENDING, MessageStatus.PUBLISHED, in_archive=True),
    "withhold": _on_status(MessageStatus.PENDING, MessageStatus.PUBLISHED, in_archive=True),
    "restore": _on_status(MessageStatus.WITHHELD, in_archive=True),
    "move": _on_status(MessageStatus.PUBLISHED, MessageStatus.WITHHELD, MessageStatus.WITHDRAWN),
}
