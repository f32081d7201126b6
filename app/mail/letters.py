"""From a row of the outbox to a message for a mail server.

An email of a kind is written when it is sent, by what `create_app` names for this kind, since what it tells may have
been hidden, or its reader may have lost a right, while it waited. Only announcements have a text in their row before.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any
from urllib.parse import urlsplit

from app.models import Mail
from config import Config, SettingError

ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
LINK = re.compile(r"https?://\S+")


class Unfolded(UnstructuredHeader):
    """Addresses and identifiers, which would be encoded if they were longer than a line."""

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


HEADERS = HeaderRegistry()
for _name in ("List-Id", "List-Unsubscribe", "In-Reply-To", "References"):
    HEADERS.map_to_type(_name, Unfolded)  # type: ignore[arg-type]
POLICY = SMTP.clone(header_factory=HEADERS)


@dataclass(frozen=True)
class Letter:
    """What an email says.

    `key` is its identifier, the same at every attempt; `answers` is that of the email to which it is an answer, and
    `thread` those of all above it, the first one first. `list_key` names the list to which it belongs, if any, and
    `stop` is the address that ends it.
    """

    recipient: str
    language: str
    subject: str
    text: str
    html: str
    key: str
    answers: str = ""
    thread: Sequence[str] = ()
    list_key: str = ""
    stop: str = ""


Writer = Callable[[Mail], Letter | None]  # None if there is no longer anything to send


def is_one_address(text: str) -> bool:
    """Whether it is a single bare address, which cannot inject a header or a second recipient."""
    return text.isascii() and text.isprintable() and ADDRESS.fullmatch(text) is not None


def sender_of(site: Config) -> Address:
    """The sender: MAIL_FROM, by default `plenary@` with the host and the name of the site. Raises SettingError."""
    written = site.mail_from or f"plenary@{_host(site)}"
    [(name, address), *more] = getaddresses([written])
    if more or not (is_one_address(address) and written.isprintable()):
        raise SettingError("MAIL_FROM must be one address, such as forum@example.org or Forum <forum@example.org>")
    return Address(name or site.site_name, addr_spec=address)


def letter_of(mail: Mail) -> Letter:
    """What an email of no kind says, as it was written."""
    key = f"mail-{mail.id}-{mail.created_at:%Y%m%d%H%M%S}"
    return Letter(mail.recipient, mail.language, mail.subject, mail.text, mail.html, key)


def compose(mail: Mail, sender: Address, *, encoding: str, written: Letter | None = None) -> EmailMessage:
    """The message, as plain text and as HTML; `encoding` is the Content-Transfer-Encoding of both.

    The Message-ID is the same at every attempt, so that mailboxes recognize an email that is sent twice.
    """
    letter = written or letter_of(mail)
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = letter.subject
    message["Date"] = mail.created_at
    message["Message-ID"] = f"<{letter.key}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.answers:
        message["In-Reply-To"] = f"<{letter.answers}@{sender.domain}>"
        message["References"] = " ".join(f"<{key}@{sender.domain}>" for key in letter.thread)
    if letter.stop:
        message["List-Id"] = f"<{letter.list_key}.{sender.domain}>"
        message["List-Unsubscribe"] = f"<{letter.stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text, cte=encoding)
    message.add_alternative(letter.html, subtype="html", cte=encoding)
    message["Content-Language"] = letter.language  # last, since setting the content removes such headers
    return message


def first_link(message: EmailMessage) -> str:
    """The first address in the text of a composed message, "" if there is none."""
    body = message.get_body(("plain",))
    found = LINK.search(body.get_content()) if body else None
    return found.group() if found else ""


def _host(site: Config) -> str:
    host = urlsplit(site.site_url).hostname or ""
    return "localhost" if ":" in host else host
