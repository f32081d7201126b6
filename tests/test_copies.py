"""What is withdrawn, withheld, hidden, removed or erased is looked for in every column of the database and in every
file: it is where app/copies.py says that it may be, and nowhere else."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import JSON, String

from app.copies import ARCHIVES, FILES, PDFS, PLACES, Fate
from app.database import utcnow
from app.extensions import db
from app.following.publication_actions import give_out_next
from app.models import Approval, Edition, Follow, Forum, Mail, Message, User
from app.models.search import Tokens
from app.printing.archive import make_due
from app.printing.editions import latest
from app.printing.editions import place as place_of_archives
from app.printing.pdf import make_next
from app.printing.renditions import place as place_of_pdfs
from app.storage import storage
from config import Config
from tests.attachments.conftest import send
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.conftest import sign_in
from tests.moderation.conftest import changed, do
from tests.printing.archived import files_of
from tests.world import World

WORD = "zzyzx"
# What is written into each place; a wording and its predecessor differ in the rest.
WORDS = {
    "message.body": f"{WORD}body",
    "message.on_behalf_of": f"{WORD}behalf",
    "topic.title": f"{WORD}title",
    "attachment.name": f"{WORD}name",
    FILES: f"{WORD}content",
}
TEXT = {"language": "en", "on_behalf_of": WORDS["message.on_behalf_of"], "title": WORDS["topic.title"], "question": "0"}
CLEAN = {"body": "Clean words.", "language": "en", "on_behalf_of": ""}
NEW = "/en/forums/open-forum/groups/group-1/new/"


class Site:
    """Where the word is in the database and in the folders, and which words a person finds on the pages."""

    def __init__(self, app: Flask, config: Config, author: FlaskClient) -> None:
        self.app, self.config, self.author = app, config, author
        self.number = self.topic = self.file = 0

    def write(self) -> None:
        """A topic, and an edit of its first message, as a participant would."""
        file = {f"{WORDS['attachment.name']}.txt": WORDS[FILES].encode()}
        first = send(self.author, NEW, file, **TEXT, body=f"First {WORDS['message.body']}.", submission="a")
        with self.app.app_context():
            message = db.session.scalars(db.select(Message).order_by(Message.id.desc())).first()
            self.number, self.topic, self.file = message.id, message.topic_id, message.files[0].id
            while give_out_next():  # to those who follow it by email
                pass
        second = self.edit(body=f"Second {WORDS['message.body']}.")
        assert (first.status_code, second.status_code) == (302, 302)

    def edit(self, **more: object):
        return send(self.author, f"/en/messages/{self.number}/edit/", **{**TEXT, **more})

    def places(self) -> set[str]:
        """After the worker has made all PDFs that are due."""
        with self.app.app_context():
            while make_next():
                pass
            in_files = {name for name, is_in in ((FILES, self._is_in_files()), (PDFS, self._is_in_pdfs())) if is_in}
            return {*self._columns(), *in_files}

    def _is_in_pdfs(self) -> bool:
        """The title of the topic is not looked for, which belongs to all who write in it."""
        texts = []
        for key in place_of_pdfs().keys(older_than=-1):
            with place_of_pdfs().open(key) as file:
                texts += [page.extract_text() for page in PdfReader(file).pages]
        assert texts
        return WORDS["message.body"] in "".join(texts)

    def _columns(self) -> Iterator[str]:
        """What searches look in has rows of topics, in which their titles are: these are looked for in the topics."""
        for table in db.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, String | JSON | Tokens):
                    of_messages = column.table.c.id > 0 if table.name == "search_text" else db.true()
                    values = db.session.scalars(db.select(column).where(of_messages)).all()
                    if WORD in json.dumps(values, ensure_ascii=False, default=str).casefold():
                        yield f"{table.name}.{column.name}"

    def _is_in_files(self) -> bool:
        """Attached ones, mails that are written to files, and what was left half written."""
        pdfs = self.config.instance / "pdf"
        found = (path for path in self.config.instance.rglob("*") if path.is_file() and ".sqlite" not in path.name)
        paths = (path for path in found if pdfs not in path.parents)
        return any(WORD.encode() in path.read_bytes() for path in paths)

    def change_dates(self, *, closed: bool) -> None:
        """Close the forum and order its archive, or open it."""
        with self.app.app_context():
            forum = db.session.scalars(db.select(Forum).where(Forum.slug == "open-forum")).one()
            forum.periods[0].closes_at = utcnow() + timedelta(hours=-1 if closed else 1)
            if closed and not latest(forum.id):
                db.session.add(Edition(forum_id=forum.id, number=1))
            db.session.commit()

    def archived(self) -> str:
        """All that is in archives once the worker has made those that are due."""
        with self.app.app_context():
            while make_due():
                pass
            found = []
            for key in place_of_archives().keys(older_than=-1):
                with place_of_archives().open(key) as file:
                    found += files_of(file.read()).values()
            return "".join(content.decode("utf-8", "replace") for content in found)

    def read_by(self, client: FlaskClient) -> set[str]:
        """The places whose words are on a page, in a feed or in a file."""
        forum, topic, message = "forums/open-forum", f"topics/{self.topic}", f"messages/{self.number}"
        paths = [
            *(f"/en/{path}/" for path in ("portal", forum, f"{forum}/groups", f"{forum}/groups/group-1", topic)),
            *(f"/en/{path}/" for path in (message, f"{message}/history", f"{topic}/reply", f"{forum}/record")),
            *(f"/en/print/{path}/" for path in (forum, f"{forum}/groups/group-1", topic, message, f"{forum}/record")),
            *(
                f"/en/moderation/{path}/"
                for path in (f"{forum}/annotations", "summaries/forums/1", "summaries/groups/1")
            ),
            f"/en/feeds/{forum}.atom",
            f"/en/feeds/{topic}.atom",
            f"/attachments/{self.file}/{WORDS['attachment.name']}.txt",
            "/sitemap/site.xml",
            "/sitemap/topics-1.xml",
        ]
        return self._found_in(client, paths)

    def listed_for(self, client: FlaskClient) -> set[str]:
        """The same in the table of contributions and in the data of the forum."""
        return self._found_in(client, [f"/en/print/forums/open-forum/contributions.{form}" for form in ("csv", "json")])

    def _found_in(self, client: FlaskClient, paths: list[str]) -> set[str]:
        # A page that says that something does not exist names the address that was asked for.
        pages = (client.get(path, follow_redirects=True, buffered=True).get_data(as_text=True) for path in paths)
        read = "".join(page.replace(path, "") for path, page in zip(paths, pages, strict=True))
        return {place for place, word in WORDS.items() if word in read}


@pytest.fixture
def site(app: Flask, config: Config, world: World) -> Site:
    with app.app_context():
        for key in list(storage().keys(older_than=-1)):
            storage().delete(key)
        for key in list(place_of_pdfs().keys(older_than=-1)):
            place_of_pdfs().delete(key)
        for key in list(place_of_archives().keys(older_than=-1)):
            place_of_archives().delete(key)
        for person, how in ((world.bruno, "each"), (world.moderator, "digest")):
            db.session.add(Follow(user_id=person, forum_id=world.forum, how=how))
        db.session.commit()
    with changed(app, User, world.alice) as alice:
        alice.password_hash = PASSWORD_HASH
    return Site(app, config, sign_in(app, world.alice))


def withdraw(site: Site, _moderator: FlaskClient) -> None:
    site.author.post(f"/en/messages/{site.number}/withdraw/")


def withhold(site: Site, moderator: FlaskClient) -> None:
    do(moderator, site.number, "withhold", title="Another title")


def hide(site: Site, moderator: FlaskClient) -> None:
    do(moderator, site.number, "correct", **CLEAN, hide="y")


ACTS = {"withdrawn": withdraw, "withheld": withhold, "hidden": hide}


def delete_account(site: Site) -> None:
    answer = site.author.post("/en/account/delete/", data={"password": PASSWORD, "email": "alice@example.org"})
    assert answer.status_code == 302


def allowed(act: str) -> set[str]:
    return {place.name for place in PLACES if getattr(place, act) != Fate.GONE}


def test_list_names_real_places():
    names = {f"{table.name}.{column.name}" for table in db.metadata.sorted_tables for column in table.columns}

    assert {place.name for place in PLACES} <= names | {FILES, PDFS, ARCHIVES}


def test_written_words_are_in_the_places_of_the_list_alone(site: Site):
    """The email that waits for a follower has none."""
    site.write()

    with site.app.app_context():
        assert len(db.session.scalars(db.select(Mail).where(Mail.kind == "followed")).all()) == 1

    assert site.places() == {place.name for place in PLACES} - {"log_entry.detail", ARCHIVES}
    assert site.read_by(site.author) == set(WORDS)


def test_summary_and_follow_up_of_the_secretariat_copy_nothing(site: Site, moderator: FlaskClient):
    site.write()
    before = site.places()
    for path in (f"follow-ups/messages/{site.number}", "summaries/groups/1"):
        answer = moderator.post(f"/en/moderation/{path}/", data={"en-body": f"See #{site.number}."})
        assert answer.status_code == 302

    assert site.places() == before


@pytest.mark.parametrize("act", ["withdrawn", "withheld"])
def test_contributions_to_cite_leave_out_what_is_hidden(act: str, site: Site, moderator: FlaskClient):
    site.write()
    path = "/en/moderation/summaries/groups/1/"
    assert WORDS["message.body"] in moderator.get(path).text
    ACTS[act](site, moderator)

    assert WORDS["message.body"] not in moderator.get(path).text


@pytest.mark.parametrize("act", [*ACTS, "erased"])
def test_no_archive_keeps_what_an_act_hides(act: str, site: Site, moderator: FlaskClient):
    """It is made before the act and again after it; until then, none is left."""
    body, title = WORDS["message.body"], WORDS["topic.title"]
    site.write()
    site.change_dates(closed=True)
    assert body in site.archived()
    site.change_dates(closed=False)
    if act == "erased":
        withdraw(site, moderator)
        delete_account(site)
    else:
        ACTS[act](site, moderator)
    assert site.archived() == ""
    site.change_dates(closed=True)
    after = site.archived()

    assert f"/messages/{site.number}/" in after
    assert body not in after
    assert (title in after) == (act != "withheld")


@pytest.mark.parametrize("act", ACTS)
def test_act_leaves_the_words_where_the_list_says(act: str, site: Site, moderator: FlaskClient):
    site.write()
    before = site.places()
    ACTS[act](site, moderator)

    assert before & allowed(act) <= site.places() <= allowed(act)


@pytest.mark.parametrize("act", ACTS)
def test_act_leaves_readers_what_the_list_says(act: str, site: Site, moderator, bruno, visitor):
    site.write()
    ACTS[act](site, moderator)
    shown = {place.name for place in PLACES if getattr(place, act) == Fate.SHOWN}

    for client in (visitor, bruno):
        assert site.read_by(client) == shown & set(WORDS)
    for client in (site.author, moderator):
        assert "message.body" in site.read_by(client), "in the history"


@pytest.mark.parametrize("act", ACTS)
def test_table_and_data_of_the_forum_hold_what_is_shown_alone(act: str, site: Site, moderator: FlaskClient):
    site.write()
    assert site.listed_for(moderator) == set(WORDS) - {FILES}
    ACTS[act](site, moderator)

    shown = {place.name for place in PLACES if getattr(place, act) == Fate.SHOWN}
    assert site.listed_for(moderator) == shown & set(WORDS) - {FILES}


def test_removed_file_is_gone_and_its_name_stays_in_the_history(site: Site, visitor: FlaskClient):
    site.write()
    before = site.places()
    site.edit(body=f"Second {WORDS['message.body']}.", removed=site.file)

    assert before - site.places() == {FILES}
    assert {"attachment.name", FILES} & site.read_by(visitor) == {"attachment.name"}


def test_message_that_waits_is_erased_with_the_account(app: Flask, world: World, site: Site, moderator: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        forum.approval = Approval.EVERYBODY
    site.write()
    do(moderator, site.number, "correct", body=f"Corrected {WORDS['message.body']}", language="en", on_behalf_of="")
    delete_account(site)

    assert site.places() == set()


def test_withdrawn_message_is_erased_with_the_account(site: Site, moderator: FlaskClient):
    site.write()
    withdraw(site, moderator)
    delete_account(site)

    assert site.places() == {"topic.title"}, "under which others may have written"


def test_record_keeps_its_words_when_the_account_goes(site: Site, visitor: FlaskClient):
    site.write()
    delete_account(site)

    assert site.read_by(visitor) == set(WORDS)
