"""Emails as mail servers receive them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP

import pytest

from app.mail.letters import compose, first_link, is_one_address, sender_of
from app.models import Mail
from config import Config, SettingError


def site(**more: str) -> Config:
    return Config(**{"secret_key": "k" * 40, "site_url": "https://forum.example.org"} | more)


def mail(**more: object) -> Mail:
    values = {
        "id": 7,
        "recipient": "clara@example.org",
        "language": "fr",
        "subject": "Confirmez votre adresse électronique",
        "text": "Chère Clara,\n\nhttps://forum.example.org/fr/" + "x" * 150 + "/\n",
        "html": "<!doctype html><p>Chère Clara</p>",
        "created_at": datetime(2012, 5, 4, 23, 0, tzinfo=UTC),
    }
    return Mail(**values | more)


def read(encoding: str = "quoted-printable", **more: object):
    """The message as the recipient parses it."""
    return message_from_bytes(compose(mail(**more), sender_of(site()), encoding=encoding).as_bytes(), policy=SMTP)


@pytest.mark.parametrize("encoding", ["quoted-printable", "8bit"])
def test_both_parts_arrive_whole(encoding):
    message = read(encoding)
    text, html = message.iter_parts()

    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert text.get_content().replace("\r\n", "\n") == mail().text
    assert "Chère Clara" in html.get_content()


def test_headers_are_complete():
    message = read()

    assert message["Subject"] == "Confirmez votre adresse électronique"
    assert message["To"] == "clara@example.org"
    assert message["From"] == "Plenary <plenary@forum.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    assert message["Date"].datetime == datetime(2012, 5, 4, 23, 0, tzinfo=UTC)


def test_message_id_is_constant_for_an_email_and_unique_among_emails():
    assert read()["Message-ID"] == read()["Message-ID"]
    assert read()["Message-ID"] != read(id=8)["Message-ID"]
    assert read()["Message-ID"].endswith("@forum.example.org>")


def test_lines_are_short_enough_for_every_server():
    raw = compose(mail(text="x" * 5000), sender_of(site()), encoding="quoted-printable").as_bytes()

    assert max(len(line) for line in raw.splitlines()) < 998


@pytest.mark.parametrize("field", ["subject", "recipient"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_no_header_can_be_added(field, end):
    with pytest.raises(ValueError, match=r"."):
        compose(mail(**{field: f"clara@example.org{end}Bcc: all@example.org"}), sender_of(site()), encoding="8bit")


def test_sender_is_set_by_mail_from():
    assert str(sender_of(site(mail_from="post@example.org"))) == "Plenary <post@example.org>"
    assert str(sender_of(site(mail_from="The Forum <post@example.org>"))) == "The Forum <post@example.org>"
    assert str(sender_of(site(site_name="Foro «Uno»"))) == "Foro «Uno» <plenary@forum.example.org>"


@pytest.mark.parametrize("wrong", ["nobody", "a@b@c", "a@b.org\nBcc: c@d.org", "<>"])
def test_malformed_mail_from_is_refused(wrong):
    with pytest.raises(SettingError, match="MAIL_FROM"):
        sender_of(site(mail_from=wrong))


def test_first_link_is_found():
    assert first_link(compose(mail(), sender_of(site()), encoding="8bit")) == mail().text.split()[-1]
    assert first_link(compose(mail(text="None."), sender_of(site()), encoding="8bit")) == ""


@pytest.mark.parametrize(("text", "answer"), [("a@b.org", True), ("a@b.org b@c.org", False), ("é@b.org", False)])
def test_only_a_single_bare_address_is_accepted(text, answer):
    assert is_one_address(text) is answer
