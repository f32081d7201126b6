"""What the Secretariat changed of its own texts in public sight, and the former names in addresses."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class ChangeKind(enum.StrEnum):
    CORRECTED = "corrected"
    ADDED = "added"
    DELETED = "deleted"
    TAKEN_OUT = "taken_out"  # of the archive, the forum
    ARCHIVED = "archived"  # the forum, which had been taken out


@dataclass(frozen=True, slots=True)
class Said:
    """What one field said before, in one language ("" where it is the same in all); plain text, or HTML from
    `markup.render`. Both are "" where it said nothing."""

    language: str
    field: str
    text: str
    html: str

    @property
    def is_blank(self) -> bool:
        return not (self.text or self.html)


class OfficialChange(Base):
    """One change of a forum, of its groups, questions, pages, notices or documents that readers are told of.

    `kind` and `thing_id` say of what, as in the log; the key is None once it is deleted. `name` is what it is called,
    by language code, and `place` tells `group` and `question` by number, and `document` (its kind) and `symbol`.
    `former` is what it said before, as `{language: {field: {"text" or "html": ...}}}`.
    """

    __tablename__ = "official_change"
    __table_args__ = (Index("ix_official_change_kind_thing_id", "kind", "thing_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    change: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    thing_id: Mapped[int | None]
    after_archiving: Mapped[bool] = mapped_column(default=False)
    name: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    place: Mapped[dict[str, int | str]] = mapped_column(JSON, default=dict)
    former: Mapped[dict[str, dict[str, dict[str, str]]]] = mapped_column(JSON, default=dict)

    def said(self, codes: Collection[str] | None = None, fields: Collection[str] | None = None) -> list[Said]:
        """What the changed fields said before, in these languages (by default in all)."""
        return [
            Said(code, field, value.get("text", ""), value.get("html", ""))
            for code, values in self.former.items()
            if codes is None or code in codes
            for field, value in values.items()
            if fields is None or field in fields
        ]


class FormerAddress(Base):
    """A name that stood in the address of a forum, a group or a page, to which it leads.

    `owner_id` is the forum in which a group or page has its name; None for forums and for pages of the site.
    """

    __tablename__ = "former_address"
    __table_args__ = (Index("ix_former_address_slug", "slug"),)

    MAX_SLUG = 80

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(MAX_SLUG))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"))
    forum_id: Mapped[int | None] = mapped_column(ForeignKey("forum.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id", ondelete="CASCADE"))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("page.id", ondelete="CASCADE"))
