"""Sending emails: to an SMTP server or, for trying things out, into files of a folder.

`send` of a carrier returns what the worker prints about the email. It raises MailRefused if the server will never
accept this email, and OSError (which smtplib's errors are) if a later attempt may succeed.
"""

import os
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import parse_qs, unquote, urlsplit

from app.mail.letters import first_link
from config import LOOPBACK, Config, SettingError

# For one exchange with the server. Ten of them, more than an email takes, stay under worker.CLAIMED_FOR.
TIMEOUT_SECONDS = 30
PERMANENT = 500
PORTS = {"": 25, "starttls": 587, "tls": 465}


class MailRefused(Exception):
    """The server refuses this email permanently, so trying again is useless."""


class Carrier(Protocol):
    encoding: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *_error: object) -> None: ...

    def send(self, letter: EmailMessage) -> str: ...


@dataclass(frozen=True)
class Server:
    """An SMTP server; `tls` is "" for none, "starttls", or "tls" for implicit TLS."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = ""


def carrier_for(site: Config) -> Carrier:
    """SMTP if MAIL_URL is set, otherwise files in the instance folder. Raises SettingError."""
    return SmtpCarrier(server_of(site.mail_url)) if site.mail_url else FolderCarrier(site.instance / "mail")


def server_of(mail_url: str) -> Server:
    """Read `smtp://user:password@host:port?tls=starttls` or `smtps://...`. Raises SettingError."""
    try:
        address = urlsplit(mail_url)
        port, options = address.port, parse_qs(address.query, strict_parsing=bool(address.query))
    except ValueError:
        raise _bad_url() from None
    tls = "tls" if address.scheme == "smtps" else options.pop("tls", [""])[0]
    # Unknown options are refused: whoever set one may rely on a protection that does not exist.
    if address.scheme not in {"smtp", "smtps"} or not address.hostname or tls not in PORTS or options or port == 0:
        raise _bad_url()
    if address.password and not tls and address.hostname not in LOOPBACK:
        raise SettingError("MAIL_URL would send its password unprotected: add ?tls=starttls to it, or use smtps://")
    user, password = unquote(address.username or ""), unquote(address.password or "")
    return Server(address.hostname, port or PORTS[tls], user, password, tls)


class SmtpCarrier:
    """Sends over one connection, opened for the first email and again if it is lost."""

    encoding = "quoted-printable"

    def __init__(self, server: Server) -> None:
        self.server = server
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.quit()
        self._drop()

    def send(self, letter: EmailMessage) -> str:
        try:
            self._connected().send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            _raise_if_final(*next(iter(error.recipients.values())))
            raise
        except smtplib.SMTPDataError as error:
            _raise_if_final(error.smtp_code, error.smtp_error)
            raise
        except OSError:
            self._drop()
            raise
        return f"Sent {letter['Message-ID']}"

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None or self._connection.sock is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        server, secure = self.server, ssl.create_default_context()
        if server.tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_SECONDS, context=secure
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        try:
            if server.tls == "starttls":
                connection.starttls(context=secure)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class FolderCarrier:
    """Writes each email to a file of its own, readable by its owner only. Nothing ever deletes the files."""

    encoding = "8bit"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, letter: EmailMessage) -> str:
        name = str(letter["Message-ID"]).strip("<>").partition("@")[0]
        path, unfinished = self.folder / f"{name}.eml", self.folder / f".{name}.part"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(letter.as_bytes())
        unfinished.rename(path)
        lines = [f"To:      {letter['To']}", f"Subject: {letter['Subject']}", f"File:    {path}"]
        link = first_link(letter)
        return "\n".join([*lines, f"Link:    {link}\n" if link else ""])


def _bad_url() -> SettingError:
    return SettingError(
        "MAIL_URL must look like smtp://user:password@host:587?tls=starttls or smtps://user:password@host:465"
    )


def _raise_if_final(code: int, reason: bytes | str) -> None:
    """Raise MailRefused for a permanent refusal of this email or its recipient.

    A refused sign-in or sender is a fault of the settings, which can be corrected."""
    if code >= PERMANENT:
        raise MailRefused(f"{code} {reason.decode('utf-8', 'replace') if isinstance(reason, bytes) else reason}")
