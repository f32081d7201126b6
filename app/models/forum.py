"""A forum: one consultation, with its texts, notices and documents."""

import enum
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from app.database import Base, InLanguage
from app.models.group import Group
from app.models.official import ChangeKind, OfficialChange
from app.models.page import Page
from app.models.period import Period, State, periods_of_group, schedules, state_of, state_of_forum

if TYPE_CHECKING:
    from app.models.attachment import Attachment
    from app.models.user import ForumRole


class Approval(enum.StrEnum):
    """Whose messages a moderator reads before they are published."""

    NOBODY = "nobody"
    NEWCOMERS = "newcomers"  # until a message of theirs has been published in the forum
    EVERYBODY = "everybody"


class Forum(Base):
    __tablename__ = "forum"

    MAX_SLUG = 80
    MAX_ORIGIN = 200

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(MAX_SLUG), unique=True)
    published_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    # When it was archived, of a forum that has been taken out since; archived again, it has the same date.
    archived_before: Mapped[datetime | None]
    approval: Mapped[str] = mapped_column(String(20), default=Approval.NOBODY)
    # Whether only approved participants may post; everyone may read.
    by_invitation: Mapped[bool] = mapped_column(default=False)
    # Whether its head names the moderators.
    names_moderators: Mapped[bool] = mapped_column(default=False)
    # The address of the site on which it was held, of a forum that was loaded from its archive; otherwise "".
    origin: Mapped[str] = mapped_column(String(MAX_ORIGIN), default="")

    # These count the published messages (app/counters.py).
    message_count: Mapped[int] = mapped_column(default=0)
    speaker_count: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]

    texts: Mapped[dict[str, "ForumText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )
    periods: Mapped[list[Period]] = relationship(order_by=(Period.opens_at, Period.id), cascade="all, delete-orphan")
    groups: Mapped[list[Group]] = relationship(
        order_by=(Group.number, Group.id), back_populates="forum", cascade="all, delete-orphan"
    )
    pages: Mapped[list[Page]] = relationship(order_by=(Page.position, Page.id), cascade="all, delete-orphan")
    notices: Mapped[list["Notice"]] = relationship(order_by="Notice.published_at.desc()", cascade="all, delete-orphan")
    documents: Mapped[list["Document"]] = relationship(
        order_by=lambda: (Document.position, Document.id), cascade="all, delete-orphan"
    )
    roles: Mapped[list["ForumRole"]] = relationship(back_populates="forum", cascade="all, delete-orphan")
    invitations: Mapped[list["Invitation"]] = relationship(cascade="all, delete-orphan")
    official_changes: Mapped[list[OfficialChange]] = relationship(
        order_by=OfficialChange.id, cascade="all, delete-orphan"
    )

    @property
    def first_archived_at(self) -> datetime | None:
        """When it was archived, also where it has been taken out of the archive since."""
        return self.archived_at or self.archived_before

    def changes_of(self, kind: str, thing_id: int) -> list[OfficialChange]:
        """What readers are told was changed of the forum or of one of its parts, the earliest first."""
        return [one for one in self.official_changes if (one.kind, one.thing_id) == (kind, thing_id)]

    def deletions_of(self, kind: str) -> list[OfficialChange]:
        """The parts of a kind that were deleted in public sight."""
        return [one for one in self.official_changes if one.kind == kind and one.change == ChangeKind.DELETED]

    @property
    def own_periods(self) -> list[Period]:
        """The periods of the forum as a whole."""
        return [period for period in self.periods if period.group_id is None]

    @property
    def dates(self) -> list[tuple[datetime, datetime]]:
        """From when to when any of its groups is open, in order; after a pause, a reopening has dates of its own."""
        told = [period for schedule in schedules(self.periods, self.group_numbers) for period in schedule]
        spans: list[tuple[datetime, datetime]] = []
        for opens_at, closes_at in sorted((one.opens_at, one.closes_at) for one in told if not one.called_off_at):
            if spans and opens_at <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(spans[-1][1], closes_at)
            else:
                spans.append((opens_at, closes_at))
        return spans

    @property
    def periods_told(self) -> list[Period]:
        """The periods of the forum and of its groups, in order, without the unchanged copies that groups took over."""
        own = {_dates_of(period) for period in self.own_periods}
        return [period for period in self.periods if period.group_id is None or _dates_of(period) not in own]

    def group_periods(self, group: Group) -> list[Period]:
        """The periods that apply to a group: its own if it has any, otherwise the forum's."""
        return periods_of_group(self.periods, group.id)

    def state(self, now: datetime) -> State:
        """The state of the whole forum, which follows from its groups."""
        return state_of_forum(self.periods, self.group_numbers, self.archived_at, now)

    def group_state(self, group: Group, now: datetime) -> State:
        return state_of(self.group_periods(group), self.archived_at, now)

    def group_states(self, now: datetime) -> list[tuple[Group, State]]:
        return [(group, self.group_state(group, now)) for group in self.groups]

    @property
    def group_numbers(self) -> dict[int, int]:
        """Each group's number, by its key."""
        return {group.id: group.number for group in self.groups}

    def notices_at(self, now: datetime) -> list["Notice"]:
        """The notices that readers see: those with a future date are not shown yet."""
        return [notice for notice in self.notices if notice.published_at <= now]

    @property
    def outcomes(self) -> list["Document"]:
        return [document for document in self.documents if document.kind == DocumentKind.OUTCOME]


def _dates_of(period: Period) -> tuple[object, ...]:
    """Everything that readers are told of a period except whose it is."""
    return period.kind, period.opens_at, period.closes_at, period.former_dates, period.called_off_at


class Invitation(Base):
    """A State that was invited to a forum by name, so that the figures show whether it has contributed."""

    __tablename__ = "invitation"

    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), primary_key=True)
    country: Mapped[str] = mapped_column(String(2), primary_key=True)


class ForumText(InLanguage, Base):
    __tablename__ = "forum_text"

    MAX_TITLE = 300
    MAX_SHORT_TITLE = 80
    MAX_DESCRIPTION = 300
    MAX_ORGANIZER = 200
    MAX_BODY = 40_000

    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    short_title: Mapped[str] = mapped_column(String(MAX_SHORT_TITLE))
    description: Mapped[str] = mapped_column(String(MAX_DESCRIPTION), default="")
    organizer: Mapped[str] = mapped_column(String(MAX_ORGANIZER), default="")
    remarks: Mapped[str] = mapped_column(Text, default="")
    about: Mapped[str] = mapped_column(Text, default="")
    about_html: Mapped[str] = mapped_column(Text, default="")
    mandate: Mapped[str] = mapped_column(Text, default="")
    mandate_html: Mapped[str] = mapped_column(Text, default="")


class Notice(Base):
    """A short text of the secretariat shown at the forum's head."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id"), index=True)
    published_at: Mapped[datetime]

    texts: Mapped[dict[str, "NoticeText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )


class NoticeText(InLanguage, Base):
    __tablename__ = "notice_text"

    MAX_TITLE = 200
    MAX_BODY = 4_000

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    body: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")


class DocumentKind(enum.StrEnum):
    BACKGROUND = "background"
    DRAFT = "draft"
    OUTCOME = "outcome"
    DECISION = "decision"
    NOTIFICATION = "notification"


class Document(Base):
    """A document of the forum, with its symbol, which is the same in all languages."""

    __tablename__ = "document"

    MAX_SYMBOL = 80

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    symbol: Mapped[str] = mapped_column(String(MAX_SYMBOL), default="")
    dated: Mapped[date | None]
    position: Mapped[int] = mapped_column(default=0)

    texts: Mapped[dict[str, "DocumentText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )
    attachments: Mapped[list["Attachment"]] = relationship(
        order_by="Attachment.id", back_populates="document", cascade="all, delete-orphan"
    )


class DocumentText(InLanguage, Base):
    __tablename__ = "document_text"

    MAX_TITLE = 300
    MAX_NOTE = 1_000
    MAX_URL = 500

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    note: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(MAX_URL), default="")  # where it can be read in this language
