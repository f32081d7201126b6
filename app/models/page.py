"""Texts of the site and of forums, in a tree that the breadcrumb shows."""

import enum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from app.database import Base, InLanguage


class PageKind(enum.StrEnum):
    """Home, portal and archive have their own addresses and content other than their text."""

    TEXT = "text"
    HOME = "home"
    PORTAL = "portal"
    ARCHIVE = "archive"


class Page(Base):
    """A page of the site or, with `forum_id`, of that forum."""

    __tablename__ = "page"
    __table_args__ = (
        Index("uq_page_site_slug", "slug", unique=True, sqlite_where=text("forum_id IS NULL"),
              postgresql_where=text("forum_id IS NULL")),
        Index("uq_page_forum_slug", "forum_id", "slug", unique=True),
    )  # fmt: skip

    MAX_SLUG = 80

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(MAX_SLUG))
    kind: Mapped[str] = mapped_column(String(10), default=PageKind.TEXT)
    forum_id: Mapped[int | None] = mapped_column(ForeignKey("forum.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("page.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)

    parent: Mapped["Page | None"] = relationship(remote_side=id)
    texts: Mapped[dict[str, "PageText"]] = relationship(
        collection_class=attribute_keyed_dict("language"), cascade="all, delete-orphan"
    )


class PageText(InLanguage, Base):
    __tablename__ = "page_text"

    MAX_TITLE = 200
    MAX_DESCRIPTION = 300
    MAX_BODY = 40_000

    page_id: Mapped[int] = mapped_column(ForeignKey("page.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    description: Mapped[str] = mapped_column(String(MAX_DESCRIPTION), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
