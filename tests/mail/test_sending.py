"""Sending by SMTP and into a folder of files."""

import shutil
import ssl
import subprocess
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.smtp import AuthResult

from app.mail.sending import FolderCarrier, Server, SmtpCarrier, carrier_for, server_of
from config import Config, SettingError
from tests.mail_server import MailServer, add_mail, deliver, read_mail


def test_mail_url_is_read():
    expected = {
        "smtp://mail.example.org": Server("mail.example.org", 25),
        "smtp://mail.example.org:2525": Server("mail.example.org", 2525),
        "smtp://u%40x:p%2Fw@mail.example.org?tls=starttls": Server("mail.example.org", 587, "u@x", "p/w", "starttls"),
        "smtps://u:p@mail.example.org": Server("mail.example.org", 465, "u", "p", "tls"),
        "smtp://u:p@localhost": Server("localhost", 25, "u", "p"),
    }

    assert {url: server_of(url) for url in expected} == expected


@pytest.mark.parametrize(
    "url",
    ["mail.example.org", "http://x", "smtp://", "smtp://x:port", "smtp://x?tls=perhaps", "smtp://u:p@mail.example.org"],
)
def test_unclear_or_unsafe_mail_url_is_refused(url):
    with pytest.raises(SettingError, match="MAIL_URL"):
        server_of(url)


def test_password_is_not_shown_in_the_repr_of_a_server():
    assert "secret" not in repr(server_of("smtps://u:secret@mail.example.org"))


def test_files_are_the_default_and_mail_url_sets_smtp():
    site = {"secret_key": "k" * 40, "site_url": "https://forum.example.org"}

    assert isinstance(carrier_for(Config(**site)), FolderCarrier)
    assert isinstance(carrier_for(Config(**site, mail_url="smtps://x")), SmtpCarrier)


def test_email_arrives_over_smtp(app, server: MailServer):
    mail_id = add_mail(app)

    assert deliver(app, server.url) == 1

    [envelope] = server.taken
    message = message_from_bytes(envelope.content, policy=default)
    assert envelope.rcpt_tos == ["clara@example.org"]
    assert envelope.mail_from == "plenary@127.0.0.1"
    assert message.get_body(("plain",)).get_content().split() == read_mail(app, mail_id).text.split()


def test_several_emails_use_one_connection(app, server: MailServer):
    for number in range(3):
        add_mail(app, f"person{number}@example.org")
    with app.app_context():
        carrier = SmtpCarrier(server_of(server.url))
        with carrier:
            first = carrier._connected()
            assert carrier._connected() is first

    assert deliver(app, server.url) == 3
    assert [envelope.rcpt_tos for envelope in server.taken] == [[f"person{n}@example.org"] for n in range(3)]


def test_refused_email_does_not_hold_up_the_next(app, server: MailServer):
    server.answers["RCPT"] = "550 no such person"
    refused = add_mail(app)
    deliver(app, server.url)
    server.answers.clear()
    taken = add_mail(app, "diana@example.org")

    deliver(app, server.url)

    assert read_mail(app, refused).sent_at is None
    assert read_mail(app, taken).sent_at


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory):
    """A certificate for 127.0.0.1, as `(certificate, key)`."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is needed to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


@pytest.fixture
def secure_server(certificate):
    """An SMTP server that accepts email only after STARTTLS and signing in as `forum`."""
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(*certificate)

    def check(_server, _session, _envelope, _mechanism, given):
        return AuthResult(success=(given.login, given.password) == (b"forum", b"p/w"), handled=False)

    server = MailServer(tls_context=secure, require_starttls=True, authenticator=check, auth_required=True)
    yield server
    server.stop()


def with_account(url: str, password: str = "p%2Fw") -> str:
    return url.replace("smtp://", f"smtp://forum:{password}@") + "?tls=starttls"


@pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")  # raised by the server
def test_starttls_and_signing_in_work(app, secure_server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    mail_id = add_mail(app)

    deliver(app, with_account(secure_server.url))

    assert read_mail(app, mail_id).error == ""
    assert len(secure_server.taken) == 1


def test_untrusted_server_gets_no_password_and_the_email_waits(app, secure_server):
    mail_id = add_mail(app)

    deliver(app, with_account(secure_server.url))

    mail = read_mail(app, mail_id)
    assert "certificate" in mail.error.lower()
    assert mail.given_up_at is None


def test_wrong_settings_do_not_make_an_email_be_given_up(app, secure_server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    mail_id = add_mail(app)

    deliver(app, with_account(secure_server.url, password="wrong"))

    mail = read_mail(app, mail_id)
    assert "SMTPAuthenticationError" in mail.error
    assert mail.given_up_at is None


def test_server_without_starttls_gets_no_password(app, server: MailServer):
    mail_id = add_mail(app)

    deliver(app, with_account(server.url))

    assert "STARTTLS" in read_mail(app, mail_id).error
    assert not server.taken
