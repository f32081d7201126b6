"""Adding emails to the outbox."""

import re
from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace

import polib
import pytest
from flask import Flask, g
from flask_babel import get_domain, gettext
from sqlalchemy import func, select

from app import create_app
from app.database import utcnow
from app.extensions import db, transaction
from app.languages import KNOWN, reader_language, site_languages, speaking
from app.mail.outbox import enqueue
from app.models import Mail, Message
from config import ROOT, Config

NAMES_OF_LINKS = ("address", "queue", "sign_in", "sign_up", "forgot", "reply", "stop", "settings")
PART = SimpleNamespace(
    forum=SimpleNamespace(title="Capacity-building", language="en"),
    topic=SimpleNamespace(id=5, title="Reporting formats", language="en"),
    messages=[],
    more=2,
)
VALUES = {
    "name": "Clara O'Brien",
    "moment": utcnow(),
    "email": "clara@example.net",
    "number": 3,
    "forum": "Capacity-building",
    "kind": "withhold",
    "what": "waits",
    "news": 12,
    "count": 3,
    "role": "moderator",
    "covered": "español",
    "reason": {"en": "Off topic", "es": "Ajeno al tema", "fr": "Hors sujet"},
    "said": {"en": "See paragraph 12.", "es": "Véase el párrafo 12.", "fr": "Voir le paragraphe 12."},
    "html": {"en": "<p>See paragraph 12.</p>", "es": "<p>Véase el párrafo 12.</p>", "fr": "<p>Voir.</p>"},
    "message": Message(
        id=3, language="en", body="A <long> text.", speaker="Ms Letter", capacity="party", on_behalf_of="A&B"
    ),
    "recorded_as": "Ms Letter",
    "group": 1,
    "title": "Fewer forms",
    "at": utcnow(),
    "sha256": "0" * 64,
    "announced": {
        "subject": "Forum: closed",
        "body": "It is closed.",
        "html": "<p>It is closed.</p>",
        "language": "en",
    },
    "subject": "Re: [Capacity] Reporting formats",
    "part": PART,
    "parts": [PART],
    "rest": 2,
    "why": "You receive this because the message replies to one of yours.",
    "ways": [("Because it answers a message of yours.", "http://127.0.0.1:8000/en/one/")],
    "urls": {"en": "http://127.0.0.1:8000/report/"},
    **{name: f"http://127.0.0.1:8000/en/{name}/" for name in NAMES_OF_LINKS},
}
NAMES = sorted(path.stem for path in (ROOT / "app/templates/mail").glob("*.txt") if path.stem != "base")


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with one subject translated differently in French."""
    folder = tmp_path_factory.mktemp("translations")
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    catalogue.append(polib.POEntry(msgid="Choose a new password", msgstr="[fr] Nouveau mot de passe"))
    (folder / "fr/LC_MESSAGES").mkdir(parents=True)
    catalogue.save_as_mofile(str(folder / "fr/LC_MESSAGES/messages.mo"))
    site = Config(
        secret_key="k" * 40,
        site_url="http://127.0.0.1:8000",
        instance=tmp_path_factory.mktemp("instance"),
        translations=(ROOT / "translations", folder),
        overrides={"TESTING": True, "RATELIMIT_ENABLED": False},
    )
    app = create_app(site)
    with app.app_context():
        db.create_all()
        get_domain().cache.clear()  # Flask-Babel caches catalogues for the whole process
    yield app
    with app.app_context():
        get_domain().cache.clear()
        db.engine.dispose()


def count_mails() -> int:
    return db.session.scalar(select(func.count(Mail.id))) or 0


def write_a_mail_and_fail() -> None:
    with transaction():
        enqueue("reset", recipient="clara@example.org", language="en", **VALUES)
        db.session.flush()
        raise LookupError


def faults_of(mail: Mail, language: str) -> list[str]:
    """What is wrong with a mail as any reader of this language would get it."""
    links = re.findall(r"http://\S+", mail.text)
    is_right = {
        "a subject": bool(mail.subject),
        "its language": mail.language == language and f'<html lang="{language}"' in mail.html,
        "a whole page": mail.html.startswith("<!doctype html>"),
        "the site's home, in the recipient's language": links[-1] == f"http://127.0.0.1:8000/{language}/",
        "whole addresses in both parts": all(f'<a href="{link}">{link}</a>' in mail.html for link in links),
        "nothing that is fetched": not re.search(r"<(img|script|link|iframe)\b|src=|url\(|@import", mail.html),
        "plain text that is not escaped": "&#39;" not in mail.text,
    }
    return [what for what, holds in is_right.items() if not holds]


def test_mail_is_whole_in_each_language(app):
    found = {}
    with app.app_context():
        for name, language in product(NAMES, KNOWN):
            mail = enqueue(name, recipient="clara@example.org", language=language, **VALUES)
            found[name, language] = faults_of(mail, language)

    assert {about: faults for about, faults in found.items() if faults} == {}


def test_email_is_in_the_language_of_its_recipient_and_not_of_the_reader(translated):
    with translated.test_request_context("/es/"):
        translated.preprocess_request()
        mail = enqueue("reset", recipient="clara@example.org", language="fr", **VALUES)

        assert mail.subject == "[fr] Nouveau mot de passe"
        assert reader_language().code == "es", "the page goes on in the reader's language"


def test_email_can_be_written_without_a_request(translated):
    with translated.app_context():
        mail = enqueue("reset", recipient="clara@example.org", language="fr", **VALUES)

        assert mail.subject == "[fr] Nouveau mot de passe"
        assert "language" not in g


def test_speaking_changes_the_language_of_gettext_and_restores_it(translated):
    with translated.app_context():
        before = gettext("Choose a new password")
        with speaking(site_languages()["fr"]):
            within = gettext("Choose a new password")

        assert within == "[fr] Nouveau mot de passe"
        assert gettext("Choose a new password") == before == "Choose a new password"


def test_speaking_restores_the_language_after_an_error(translated):
    with translated.test_request_context("/es/"):
        translated.preprocess_request()
        with pytest.raises(LookupError), speaking(site_languages()["fr"]):
            raise LookupError

        assert reader_language().code == "es"


def test_language_that_the_site_no_longer_has_is_replaced_by_the_default(app):
    with app.app_context():
        assert enqueue("reset", recipient="clara@example.org", language="xx", **VALUES).language == "en"


def test_email_is_part_of_the_transaction_that_causes_it(app):
    with app.app_context():
        with pytest.raises(LookupError):
            write_a_mail_and_fail()
        assert count_mails() == 0

        with transaction():
            enqueue("reset", recipient="clara@example.org", language="en", **VALUES)
        assert count_mails() == 1


def test_hostile_name_stays_text(app):
    name = "<img src=x onerror=alert(1)> {{7*7}} %(moment)s %s"
    with app.app_context():
        mail = enqueue("reset", recipient="clara@example.org", language="en", **VALUES | {"name": name})

    assert name in mail.text
    assert "<img" not in mail.html
    assert "&lt;img src=x onerror=alert(1)&gt; {{7*7}} %(moment)s %s" in mail.html


@pytest.mark.parametrize(
    "recipient",
    [
        "clara@example.org\nBcc: everybody@example.org",
        "clara@example.org\r\n\r\nHello",
        "clara@example.org, everybody@example.org",
        "Clara <clara@example.org>",
        "clara",
        "",
        "clara@example.org\x00",
    ],
)
def test_recipient_is_exactly_one_address(app, recipient):
    with app.app_context(), pytest.raises(ValueError, match="one email address"):
        enqueue("reset", recipient=recipient, language="en", **VALUES)


def test_templates_know_nothing_of_the_viewer(app, world):
    """Emails are rendered without the viewer and the form token of the request."""
    with app.test_request_context("/en/"):
        app.preprocess_request()
        enqueue("reset", recipient="clara@example.org", language="en", **VALUES)

        assert not {"viewer", "tree", "csrf_token"} & set(vars(g))


def test_every_email_has_both_templates():
    pages = (ROOT / "app/templates/mail").glob("*.html")

    assert sorted(path.stem for path in pages if path.stem != "base") == NAMES
