"""Texts in several languages: child rows of whatever they describe, one a language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column


class InLanguage:
    """Mixed into each `..._text` table; the owner's key is its other primary key column.

    `outdated_since` is when another language's text was changed first that this one has not followed yet.
    """

    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    outdated_since: Mapped[datetime | None]


class _Text(Protocol):
    language: Any


T = TypeVar("T", bound=_Text)


def best_text(texts: Mapping[str, T], language: str, default: str) -> T | None:
    """The text in the reader's language, else in the site's default, else in any; None where there is none.

    The text's own `language` tells the template whether it has to say that it is another one.
    """
    return texts.get(language) or texts.get(default) or next(iter(texts.values()), None)
