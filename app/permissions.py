"""All rules of who may do what.

`can(viewer, action, object)` answers for one object; the `..._IS_VISIBLE` conditions, with the parameters of
`visible_to(viewer)`, are the rules of visibility in SQL. Actions pass in the time of the server.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, bindparam, literal, or_, select

from app import errors
from app.database import LOCKED, utcnow
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

# A statement with one of these conditions joins Forum and is executed with the parameters of `visible_to(viewer)`, so
# that a statement built once serves all viewers; without them it fails.
_HELD = select(ForumRole.forum_id).where(ForumRole.user_id == bindparam("viewer_id"))
_IS_ADMIN = bindparam("viewer_is_admin", type_=Boolean)
FORUM_IS_VISIBLE: ColumnElement[bool] = or_(Forum.published_at.is_not(None), _IS_ADMIN, Forum.id.in_(_HELD))
# The forums in which the viewer can read messages that wait for approval.
FORUM_IS_MODERATED: ColumnElement[bool] = or_(_IS_ADMIN, Forum.id.in_(_HELD.where(ForumRole.role == Role.MODERATOR)))
# The messages that the viewer moderates: those of such a forum in a language that the viewer's role covers.
_COVERS_ITS_LANGUAGE = (ForumRole.languages == "") | literal(" ").concat(ForumRole.languages).concat(" ").contains(
    literal(" ").concat(Message.language).concat(" ")
)
MESSAGE_IS_MODERATED: ColumnElement[bool] = or_(
    _IS_ADMIN,
    _HELD.where(ForumRole.forum_id == Forum.id, ForumRole.role == Role.MODERATOR, _COVERS_ITS_LANGUAGE).exists(),
)
# A message has a position once it has been published; until then only its author and the moderators see it.
TOPIC_IS_VISIBLE: ColumnElement[bool] = FORUM_IS_VISIBLE & or_(
    Topic.last_position > 0, Topic.author_id == bindparam("viewer_id"), FORUM_IS_MODERATED
)
MESSAGE_IS_VISIBLE: ColumnElement[bool] = FORUM_IS_VISIBLE & or_(
    Message.position.is_not(None), Message.author_id == bindparam("viewer_id"), FORUM_IS_MODERATED
)

# A file is visible to whoever may read the text of its message, hidden or not (see_history below), or its document.
ATTACHMENT_IS_VISIBLE: ColumnElement[bool] = FORUM_IS_VISIBLE & or_(
    Attachment.document_id.is_not(None),
    Message.status == MessageStatus.PUBLISHED,
    Message.author_id == bindparam("viewer_id"),
    FORUM_IS_MODERATED,
)


def visible_to(viewer: Viewer) -> dict[str, object]:
    """The parameters of a visibility condition for this viewer."""
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
    """Whether the viewer moderates the forum; with `language`, its messages in that language."""
    return moderates_in(viewer, forum.id, language)


def moderates_in(viewer: Viewer, forum_id: int, language: str = "") -> bool:
    """As `moderates`, by the key of the forum."""
    return viewer.is_admin or viewer.has_role(Role.MODERATOR, forum_id, language)


def moderates_anything(viewer: Viewer) -> bool:
    """Whether the viewer moderates any forum."""
    return viewer.is_admin or (isinstance(viewer, User) and any(held.role == Role.MODERATOR for held in viewer.roles))


def translates_anything(viewer: Viewer) -> bool:
    """Whether there is a text that the viewer may write."""
    return viewer.is_admin or (isinstance(viewer, User) and any(held.role == Role.TRANSLATOR for held in viewer.roles))


# What the Secretariat can still do in an archived forum without taking it out: create these, correct or translate the
# `texts` of these, and `edit` these as a whole.
TAKEN_IN_ARCHIVE = {
    "create": frozenset({"notices", "documents", "files", "summaries", "follow-ups"}),
    "texts": frozenset(
        {"forums", "forum-pages", "groups", "questions", "notices", "documents", "summaries", "follow-ups"}
    ),
    "edit": frozenset({"notices", "documents"}),
}


def require_forum_takes(kind: str, forum: Forum | None, action: str) -> None:
    """Raise Archived if a forum is archived and no longer accepts this change of an object of this kind.

    `action` is "create", "texts", "edit" or another one, which no archived forum takes. What belongs to the site
    has no forum (None).
    """
    if forum is not None and forum.archived_at and kind not in TAKEN_IN_ARCHIVE.get(action, ()):
        raise errors.Archived


def count_other_administrators(user: User) -> int:
    """The number of other administrators with a confirmed address who are not suspended.

    Called inside the transaction that removes a right: it locks all administrators, in a fixed order, so that no two of
    them can remove each other at the same time.
    """
    can_sign_in = User.confirmed_at.is_not(None) & User.suspended_at.is_(None) & User.former_number.is_(None)
    statement = select(User.id).where(User.is_admin, can_sign_in).order_by(User.id).with_for_update(**LOCKED)
    return len(set(db.session.scalars(statement)) - {user.id})


def is_invited(viewer: Viewer, forum_id: int) -> bool:
    """Whether the viewer may post in a forum in which only approved participants may."""
    return viewer.has_role(Role.PARTICIPANT, forum_id) or moderates_in(viewer, forum_id)


@dataclass(frozen=True)
class PostingContext:
    """The facts that decide whether someone can post in a group, or in one of its topics."""

    forum_id: int
    state: State
    by_invitation: bool
    is_locked: bool

    @classmethod
    def of_group(cls, group: Group, now: datetime, topic: Topic | None = None) -> "PostingContext":
        """For a group, or for one of its topics."""
        forum, is_locked = group.forum, topic is not None and topic.locked_at is not None
        return cls(forum.id, forum.group_state(group, now), forum.by_invitation, is_locked)

    @classmethod
    def of_row(cls, row: Any, periods: Sequence[Any], now: datetime) -> "PostingContext":
        """For a topic given as a row, with the rows of the periods of its forum."""
        state = state_of(periods_of_group(periods, row.group_id), row.archived_at, now)
        return cls(row.forum_id, state, row.by_invitation, row.locked_at is not None)

    @property
    def takes_messages(self) -> bool:
        """Whether anyone can post."""
        return self.state.is_open and not self.is_locked

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed, but the forum is not archived: the Secretariat can still enter messages."""
        return self.state.kind == StateKind.CLOSED


def posting_refusal(viewer: Viewer, where: PostingContext, *, late: bool = False) -> errors.ForumError | None:
    """The reason why the viewer cannot post there; None if they can. With `late`, the Secretariat can also enter what
    it has to say, or what came in time, after the deadline."""
    if not viewer.is_authenticated:
        return errors.Forbidden()
    if where.state.kind == StateKind.ARCHIVED:
        return errors.Archived()
    if late and where.is_over and moderates_in(viewer, where.forum_id):
        return errors.Locked() if where.is_locked else None
    if not where.state.is_open:
        return errors.NotYetOpen() if where.state.kind == StateKind.PLANNED else errors.Closed()
    if where.by_invitation and not is_invited(viewer, where.forum_id):
        return errors.ByInvitation()
    return errors.Locked() if where.is_locked else None


def needs_approval(author: User, group: Group) -> bool:
    """Whether a moderator has to approve what this author posts in the group."""
    policy = group.approval or group.forum.approval
    if policy == Approval.NOBODY or moderates(author, group.forum):
        return False
    return policy == Approval.EVERYBODY or not _has_been_published(author, group.forum)


def _has_been_published(author: User, forum: Forum) -> bool:
    own = select(Message.id).join(Topic, Topic.id == Message.topic_id).join(Group, Group.id == Topic.group_id)
    published = (Message.author_id == author.id) & (Message.status == MessageStatus.PUBLISHED)
    return db.session.scalar(own.where(published, Group.forum_id == forum.id).limit(1)) is not None


def _refusal(viewer: Viewer, action: str, thing: Any, now: datetime) -> Exception | None:
    """Suspended people and deleted accounts can do nothing, even with a form opened before."""
    if isinstance(viewer, User) and viewer.suspended_at:
        return errors.Suspended(viewer.suspended_for)
    return errors.SignedOut() if viewer.former_number else RULES[action](viewer, thing, now)


def _change_account(viewer: Viewer, _thing: Any, _now: datetime) -> Exception | None:
    return None if viewer.is_authenticated else errors.SignedOut()


def _administer(viewer: Viewer, _thing: Any, _now: datetime) -> Exception | None:
    return None if viewer.is_admin else errors.Forbidden()


def _translate(viewer: Viewer, where: tuple[Forum | None, str], _now: datetime) -> Exception | None:
    """Translators write the texts of their forum in their languages, and nothing else; where is the forum, None for
    the site, and the language."""
    forum, language = where
    if viewer.is_admin or (forum and viewer.has_role(Role.TRANSLATOR, forum.id, language)):
        return None
    held = {one.forum_id for one in viewer.roles} if isinstance(viewer, User) else set()
    return errors.NotFound() if forum and not forum.published_at and forum.id not in held else errors.Forbidden()


def _sign_in_to_post(viewer: Viewer, group: Group, now: datetime) -> Exception | None:
    """For readers who only need to sign in before they can post."""
    takes_messages = PostingContext.of_group(group, now).takes_messages
    return None if takes_messages and not viewer.is_authenticated else errors.Forbidden()


def _post_in_group(viewer: Viewer, group: Group, now: datetime) -> Exception | None:
    return posting_refusal(viewer, PostingContext.of_group(group, now))


def _start_topic(viewer: Viewer, group: Group, now: datetime) -> Exception | None:
    return posting_refusal(viewer, PostingContext.of_group(group, now), late=True)


def _reply(viewer: Viewer, topic: Topic, now: datetime) -> Exception | None:
    return posting_refusal(viewer, PostingContext.of_group(topic.group, now, topic), late=True)


def _speak_for(viewer: Viewer, group: Group, _now: datetime) -> Exception | None:
    """The Secretariat posts contributions that came by email or letter."""
    return None if moderates(viewer, group.forum) else errors.Forbidden()


def _withdraw(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """Authors can change their own messages while the group is open. After that, the record is final."""
    if viewer.id != message.author_id:
        return errors.Forbidden()
    if message.status == MessageStatus.WITHDRAWN:
        return errors.AlreadyWithdrawn()
    if message.status == MessageStatus.WITHHELD:
        return errors.AlreadyWithheld()
    return _post_in_group(viewer, message.topic.group, now)


def _edit(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """Approved messages cannot be changed; those that wait can, even if their topic has been locked meanwhile."""
    refusal = _withdraw(viewer, message, now)
    if refusal or message.status == MessageStatus.PENDING or not isinstance(viewer, User):
        return refusal
    if message.topic.locked_at:
        return errors.Locked()
    return errors.ApprovedAsItStands() if needs_approval(viewer, message.topic.group) else None


def _change_title(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    """Authors of a topic can change its title and question with its first message, as long as no one else has posted
    in it and there has been no act of moderation on it."""
    topic = message.topic
    if viewer.id != topic.author_id or (topic.last_position and message.position != 1):
        return errors.Forbidden()
    by_others = select(Message.id).where(Message.topic_id == topic.id, Message.author_id != topic.author_id)
    acts = select(Act.id).where(Act.topic_id == topic.id)
    is_shared = any(db.session.scalar(found.limit(1)) for found in (by_others, acts))
    return errors.TitleStands() if is_shared else None


def _see_history(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """The history is public; if the message is not, it is for the author and the moderators."""
    return None if message.status == MessageStatus.PUBLISHED else _see_unpublished(viewer, message, now)


def _see_unpublished(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    """Texts that were never public, or no longer are, of a message whose history is public."""
    if viewer.id == message.author_id or moderates(viewer, message.topic.group.forum):
        return None
    return errors.Forbidden() if viewer.is_authenticated else errors.NotPublic()


def _report(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    if not viewer.is_authenticated or viewer.id == message.author_id or message.status != MessageStatus.PUBLISHED:
        return errors.Forbidden()
    return errors.Archived() if message.topic.group.forum.archived_at else None


def _see_moderation(viewer: Viewer, message: Message, _now: datetime) -> Exception | None:
    """Moderators can see how a message was moderated in archived forums too."""
    return None if moderates(viewer, message.topic.group.forum, message.language) else errors.Forbidden()


def _annotate(viewer: Viewer, forum: Forum, _now: datetime) -> Exception | None:
    """Moderators write summaries and what became of contributions, also after archiving."""
    return None if moderates(viewer, forum) else errors.Forbidden()


def _follow_up(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """What became of a message is told under it, so only of one that readers see."""
    refusal = _see_moderation(viewer, message, now)
    return refusal or (None if message.status == MessageStatus.PUBLISHED else errors.NoSuchMessage())


def _see_figures(viewer: Viewer, forum: Forum, _now: datetime) -> Exception | None:
    """The figures are for moderators and administrators, also after the forum has been archived."""
    return None if moderates(viewer, forum) else errors.Forbidden()


def _see_contributions(viewer: Viewer, forum: Forum, now: datetime) -> Exception | None:
    """Everyone may see the table of contributions once the forum is archived; before, those who may see its figures."""
    return errors.NotArchivedYet() if not forum.archived_at and _see_figures(viewer, forum, now) else None


def _see_archive(viewer: Viewer, forum: Forum, now: datetime) -> Exception | None:
    """As the table of contributions."""
    return errors.NoArchiveYet() if _see_contributions(viewer, forum, now) else None


def _moderate(viewer: Viewer, forum: Forum, _now: datetime) -> Exception | None:
    """Nothing can be changed in an archived forum, except what `_on_status` allows."""
    if not moderates(viewer, forum):
        return errors.Forbidden()
    return errors.Archived() if forum.archived_at else None


def _rearrange(viewer: Viewer, topic: Topic, now: datetime) -> Exception | None:
    """Move messages out of a topic or into it, unless it was merged into another."""
    return _moderate(viewer, topic.group.forum, now) or (errors.AlreadyDecided() if topic.merged_into_id else None)


def _moderate_topic(viewer: Viewer, topic: Topic, now: datetime) -> Exception | None:
    """Acts on a whole topic are for those who moderate in its language."""
    if not moderates(viewer, topic.group.forum, topic.language):
        return errors.Forbidden()
    return _rearrange(viewer, topic, now)


def _moderate_message(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
    """Moderators may be limited to messages in some languages."""
    return _see_moderation(viewer, message, now) or _moderate(viewer, message.topic.group.forum, now)


def _on_status(*statuses: MessageStatus, in_archive: bool = False) -> Rule:
    """The rule of an act of moderation on messages with one of these statuses.

    With `in_archive`, it is possible in an archived forum too, on messages that readers have seen.
    """

    def rule(viewer: Viewer, message: Message, now: datetime) -> Exception | None:
        is_open = in_archive and message.position is not None
        refusal = (_see_moderation if is_open else _moderate_message)(viewer, message, now)
        return refusal or (None if message.status in statuses else errors.AlreadyDecided())

    return rule


RULES: dict[str, Rule] = {
    "administer": _administer,
    "change_account": _change_account,
    "translate": _translate,
    "translate_anything": lambda viewer, _thing, _now: None if translates_anything(viewer) else errors.Forbidden(),
    "post": _post_in_group,
    "start_topic": _start_topic,
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
    "see_contributions": _see_contributions,
    "annotate": _annotate,
    "follow_up": _follow_up,
    "see_archive": _see_archive,
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
