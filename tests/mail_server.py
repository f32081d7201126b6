"""A real SMTP server in a thread, whose answers a test can set."""

import socket

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.mail.letters import sender_of
from app.mail.outbox import enqueue
from app.mail.sending import SmtpCarrier, server_of
from app.mail.worker import deliver_due
from app.models import Mail


class MailServer:
    """Stores the emails that it accepts; `answers` has its answers to RCPT and DATA, which are success by default."""

    def __init__(self, **options: object) -> None:
        self.taken: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), **options)
        self.controller.start()
        self.runs = True

    def stop(self) -> None:
        if self.runs:
            self.controller.stop()
        self.runs = False

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list
    ):
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope):  # noqa: N802
        if "DATA" not in self.answers:
            self.taken.append(envelope)
        return self.answers.get("DATA", "250 OK")

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def add_mail(app: Flask, recipient: str = "clara@example.org", **changes: object) -> int:
    """Add a small email to the outbox. Returns its id."""
    with app.app_context():
        mail = enqueue(
            "no_account", recipient=recipient, language="en", sign_up="http://127.0.0.1:8000/en/auth/sign-up/"
        )
        for name, value in changes.items():
            setattr(mail, name, value)
        db.session.commit()
        return mail.id


def deliver(app: Flask, url: str) -> int:
    """Send what is due to the SMTP server at this address. Returns how many were tried."""
    with app.app_context():
        return deliver_due(SmtpCarrier(server_of(url)), sender_of(app.config["SITE"]))


def read_mail(app: Flask, mail_id: int) -> Mail:
    with app.app_context():
        mail = db.session.scalar(select(Mail).where(Mail.id == mail_id))
        db.session.expunge(mail)
        return mail
