"""Mails to people about their accounts, in their own language. Called inside the transaction that causes them."""

from app.addresses import absolute, link_in
from app.languages import language_or_default
from app.mail.outbox import enqueue
from app.models import User


def write_to(user: User, name: str, /, *, recipient: str = "", **values: object) -> None:
    """Mail `<name>` to this user, who has been flushed; to another address of the same person with `recipient`."""
    enqueue(
        name,
        recipient=recipient or user.email,
        language=user.language,
        user_id=user.id,
        name=user.name,
        **values,
    )


def address_for(user: User, endpoint: str, **values: str) -> str:
    """The whole address of a page in this user's language."""
    return absolute(link_in(language_or_default(user.language).code, endpoint, **values))
