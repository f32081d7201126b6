"""From a row of the outbox to a message for a mail server."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from urllib.parse import urlsplit

from app.models import Mail
from config import Config, SettingError

ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
LINK = re.compile(r"https?://\S+")


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


def compose(mail: Mail, sender: Address, *, encoding: str) -> EmailMessage:
    """The message, as plain text and as HTML; `encoding` is the Content-Transfer-Encoding of both.

    The Message-ID is the same at every attempt, so that mailboxes recognize an email that is sent twice.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = mail.created_at
    message["Message-ID"] = f"<mail-{mail.id}-{mail.created_at:%Y%m%d%H%M%S}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte=encoding)
    message.add_alternative(mail.html, subtype="html", cte=encoding)
    message["Content-Language"] = mail.language  # last, since setting the content removes such headers
    return message


def first_link(message: EmailMessage) -> str:
    """The first address in the text of a composed message, "" if there is none."""
    body = message.get_body(("plain",))
    found = LINK.search(body.get_content()) if body else None
    return found.group() if found else ""


def _host(site: Config) -> str:
    host = urlsplit(site.site_url).hostname or ""
    return "localhost" if ":" in host else host
