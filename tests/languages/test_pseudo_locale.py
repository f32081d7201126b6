"""Every text goes through gettext: with a catalogue that puts each into ⟦marks⟧, no word stays outside them."""

import html
import re
import shutil
from collections.abc import Iterator

import polib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import get_domain

from app import create_app
from app.database import utcnow
from app.extensions import db
from app.mail.outbox import enqueue
from app.models import Mail, User
from config import ROOT, Config
from tests.conftest import SECRET, sign_in
from tests.contract.test_guards import ASKED
from tests.world import World
from tools.catalogues import extract

SHOWN = re.compile(r'(?:aria-label|alt|placeholder|title|content)="([^"]*)"')
UNSEEN = re.compile(
    r"<(script|style|code|dd)\b.*?</\1>|<select[^>]*name=\"country\".*?</select>|<!--.*?-->"
    r"|<meta name=\"(?:viewport|robots)\"[^>]*>",
    re.DOTALL,
)
# Data of the tests' own world, names of languages, units and what stands in every address.
DATA = re.compile(
    r"Alice|Bruno|Moderator|Admin|Plenary|Ministry of Tests|Republic of Valdorenia|English|español|français|UTC"
    r"|h?ttps?://\S+|\S+@example\.org|(?:Title|Short|Group) (?:of )?(?:open|draft)-forum|\(e[ns]\)|\(fr\)"
    r"|Home|Portal|Archive|Rules|Be kind|Reporting formats|A shorter form would help|Estamos de acuerdo"
    r"|What would help most\?|About tests|January|February|March|April|May|June|July|August|September|October"
    r"|November|December|text/html|application/atom\+xml|(?:open|draft)-forum|group-1|home|portal|archive|rules"
)


def marked(text: str) -> str:
    return f"⟦{text}⟧"


@pytest.fixture(scope="module")
def pseudo_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with every English text in marks."""
    folder = tmp_path_factory.mktemp("pseudo")
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    for entry in extract().values():
        if entry.msgid_plural:
            entry.msgstr_plural = {0: marked(entry.msgid), 1: marked(entry.msgid_plural)}
        else:
            entry.msgstr = marked(entry.msgid)
        catalogue.append(entry)
    target = folder / "translations" / "en" / "LC_MESSAGES"
    target.mkdir(parents=True)
    catalogue.save_as_mofile(str(target / "messages.mo"))
    shutil.copytree(ROOT / "translations" / "states", folder / "translations" / "states")
    app = create_app(
        Config(
            secret_key=SECRET,
            site_url="http://127.0.0.1:8000",
            instance=folder / "instance",
            languages=("en",),
            translations=(folder / "translations",),
            overrides={"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False, "TREE_SECONDS": 0},
        )
    )
    with app.app_context():
        get_domain().cache.clear()  # Flask-Babel keeps catalogues for the whole process
        db.create_all()
        World.make()
    yield app
    with app.app_context():
        get_domain().cache.clear()


@pytest.fixture
def clients(pseudo_app: Flask) -> dict[str, FlaskClient]:
    with pseudo_app.app_context():
        keys = {user.name.lower(): user.id for user in db.session.scalars(db.select(User))}
    return {"visitor": pseudo_app.test_client(), **{name: sign_in(pseudo_app, key) for name, key in keys.items()}}


def bare_texts(page: str) -> list[str]:
    """The pieces of a page that have letters outside any marks and are no data."""
    page = UNSEEN.sub(" ", page)
    pieces = [*SHOWN.findall(page), re.sub(r"<[^>]+>", "\n", page)]
    text = html.unescape("\n".join(pieces))
    while "⟦" in text:
        shorter = re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
        if shorter == text:
            break
        text = shorter
    left = DATA.sub(" ", text)
    return [piece.strip() for piece in left.splitlines() if re.search(r"[^\W\d_]{2,}", piece)]


@pytest.mark.parametrize(
    "endpoint", [name for name, row in ASKED.items() if row[1].startswith("/en/") and not row[1].endswith(".atom")]
)
def test_page_has_no_bare_text(endpoint: str, clients: dict[str, FlaskClient]):
    path = ASKED[endpoint][1]
    viewers = ("visitor", "alice") if ASKED[endpoint][0] in {"public", "form"} else ("alice",)

    for viewer in viewers:
        answer = clients[viewer].get(path, follow_redirects=True)
        assert bare_texts(answer.text) == [], viewer


@pytest.mark.parametrize("path", ["", "pages/", "forums/1/", "users/", "users/1/", "log/", "pages/new/", "forums/new/"])
def test_page_of_the_administration_has_no_bare_text(path: str, clients: dict[str, FlaskClient]):
    answer = clients["admin"].get(f"/en/admin/{path}", follow_redirects=True)

    assert answer.status_code == 200
    assert bare_texts(answer.text) == []


@pytest.mark.parametrize(
    ("viewer", "path", "data"),
    [
        ("visitor", "/en/none/", None),
        ("visitor", "/en/auth/confirm/nonsense/", None),
        ("visitor", "/en/auth/sign-in/", {"email": "x", "password": ""}),
        ("visitor", "/en/auth/sign-up/", {"email": "x", "password": "short"}),
        ("alice", "/en/topics/1/reply/", {"body": "", "language": "xx"}),
        ("alice", "/en/forums/open-forum/groups/group-1/new/", {"body": "[" * 900}),
        ("bruno", "/en/messages/1/edit/", {"body": "x"}),
        ("alice", "/en/account/password/", {"password": "wrong", "new_password": "123"}),
        ("bruno", "/en/admin/", None),
    ],
)
def test_error_has_no_bare_text(viewer: str, path: str, data: dict | None, clients: dict[str, FlaskClient]):
    client = clients[viewer]
    answer = client.get(path) if data is None else client.post(path, data=data)

    assert answer.status_code >= 400
    typed = re.sub(r"<textarea.*?</textarea>", "", answer.text, flags=re.DOTALL)
    assert bare_texts(typed) == []


MAILS = sorted({path.stem for path in (ROOT / "app/templates/mail").glob("*.txt")} - {"base"})


@pytest.mark.parametrize("mail_name", MAILS)
def test_mail_has_no_bare_text(mail_name: str, pseudo_app: Flask):
    address = "http://127.0.0.1:8000/en/"
    values = dict.fromkeys(("address", "forgot", "sign_in", "sign_up"), address) | {"moment": utcnow(), "name": "Alice"}
    with pseudo_app.app_context():
        enqueue(mail_name, recipient="alice@example.org", language="en", **values)
        db.session.commit()
        mail = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
        texts = [mail.subject, mail.text, mail.html]

    for text in texts:
        assert bare_texts(text) == []
