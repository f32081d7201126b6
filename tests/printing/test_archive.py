"""The archive of a forum: what is in it, its editions, who gets it, and how a copy is checked."""

import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Edition, Forum, ForumText, LogEntry, Message, Notice, NoticeText, Topic, User
from app.printing import archive, archive_check, archive_pages
from app.printing.contributions import VERSION
from app.printing.editions import place
from app.printing.pdf import make_next
from app.storage import LocalFolder
from tests.attachments.test_full_disk import no_file_larger_than
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.conftest import sign_in
from tests.full_world import FullWorld
from tests.moderation.conftest import changed, do
from tests.printing.archived import Read, bytes_of, close, dead_links, files_of, pages_of
from tests.world import World, make_pending, texts

PATH = "/en/print/forums/open-forum/archive.zip"
RECORD = "/en/print/forums/open-forum/download/"


@pytest.fixture(autouse=True)
def no_files(one_app: Flask) -> None:
    """The folder is empty before each test."""
    with one_app.app_context():
        for key in list(place().keys(older_than=-1)):
            place().delete(key)
    archive._failed.clear()


@pytest.fixture
def closed(app: Flask, world: World) -> World:
    with app.app_context():
        close(world.forum)
    return world


@pytest.fixture
def archived(app: Flask, world: World) -> World:
    with app.app_context():
        close(world.forum, archived=True)
    return world


@pytest.fixture(scope="module")
def files(one_app: Flask, full: FullWorld) -> dict[str, bytes]:
    """The archive of a forum that has everything that pages can show."""
    with one_app.app_context():
        close(full.small.forum, archived=True)
    return files_of(bytes_of(one_app, full.small.forum))


def run(app: Flask, *args: object):
    return app.test_cli_runner().invoke(args=["archive", *map(str, args)])


def work(app: Flask) -> None:
    """What the worker does until there is nothing more to do."""
    with app.app_context():
        while archive.make_due():
            pass


def editions(app: Flask) -> list[tuple[int, list[str], bool]]:
    """The number, the reasons and whether there is a file of each edition."""
    with app.app_context():
        found = db.session.scalars(db.select(Edition).order_by(Edition.number)).all()
        return [(one.number, one.reasons, bool(one.key) and place().exists(one.key)) for one in found]


# What is in it


def test_every_link_leads_to_a_file_and_a_place_that_are_there(files):
    assert len(pages_of(files)) > 100
    assert dead_links(files) == []


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(files):
    for name, page in pages_of(files).items():
        read = Read(page)
        assert [link for tag, link in read.links if tag != "a" and ":" in link] == [], name
        assert read.tags & {"script", "form", "input", "button", "iframe", "object", "embed", "base"} == set(), name
        assert "@import" not in page
        assert 'property="og:' not in page
    for name, content in files.items():
        if name.endswith(".css"):
            assert b"url(" not in content, name
            assert b"@import" not in content, name


def test_every_name_is_one_that_all_systems_take(files):
    assert [name for name in files if archive_check.unsafe(name)] == []
    assert [name for name in files if not name.isascii()] == []
    assert len({name.casefold() for name in files}) == len(files)
    assert max(map(len, files)) <= 120
    assert {"index.html", "es/index.html", "fr/index.html", "README.txt", "SHA256SUMS"} <= files.keys()


@pytest.mark.parametrize(
    "name", ["con.txt", "a/nul", "COM1.html", "a./b", "../a", "/a", "a//b", "a\\b", "a?b", "x" * 121]
)
def test_names_that_some_system_does_not_take_are_known(name):
    assert archive_check.unsafe(name)


def test_longest_names_in_addresses_make_no_path_of_more_than_120_characters(one_app: Flask):
    slug = "n" * 80
    of = archive_pages.Contents("f", frozenset(), frozenset(), {})
    pages = archive_pages.Pages(one_app, of, default="en", languages=["en"])

    for path in (f"groups/{slug}/?page=999&question=9999", f"pages/{slug}/"):
        assert len(pages.place(f"/en/forums/f/{path}").name) <= 120
    assert len(pages.place(f"/en/print/forums/f/groups/{slug}/?part=999").name) <= 120


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("con.txt", "7-con.txt"),
        ("rapport été (1).pdf", "7-rapport-ete-1.pdf"),
        ("中文.docx", "7-file.docx"),
        ("x" * 140 + ".pdf", f"7-{'x' * 60}.pdf"),
        ("../../etc/passwd", "7-file.etcpasswd"),
        ("no suffix", "7-no-suffix"),
    ],
)
def test_attached_file_gets_a_name_that_every_system_takes(given, name):
    assert archive_pages.file_name(7, given) == name
    assert archive_check.unsafe(f"files/{name}") == ""


def test_language_switch_leads_to_the_same_message_in_every_language(files, full: FullWorld):
    page = Read(files[f"en/messages/{full.edited}.html"].decode())
    links = {link for tag, link in page.links if tag == "a"}

    assert {f"../../{code}/messages/{full.edited}.html" for code in ("es", "fr")} <= links


def test_first_page_is_that_of_the_forum_in_the_default_language(files):
    assert "Title of open-forum (en)" in files["index.html"].decode()
    assert "Title of open-forum (fr)" in files["fr/index.html"].decode()
    assert 'href="static/base.css"' in files["index.html"].decode()


def test_every_public_message_is_in_its_topic_its_own_page_and_the_proceedings(one_app: Flask, full, files):
    with one_app.app_context():
        public = db.select(Message.id).where(Message.forum_id == full.small.forum, Message.position.is_not(None))
        numbers = db.session.scalars(public).all()
    for code in ("en", "es", "fr"):
        topics = "".join(page for name, page in pages_of(files).items() if name.startswith(f"{code}/topics/"))
        for number in numbers:
            assert f'id="message-{number}"' in topics
            assert f'id="message-{number}"' in files[f"{code}/messages/{number}.html"].decode()
            assert f'id="message-{number}"' in files[f"{code}/proceedings.html"].decode()


def test_attached_files_tables_and_data_are_in_it(one_app: Flask, full: FullWorld, files):
    data = json.loads(files["data/contributions.json"])
    attached = [file for owner in (*data["messages"], *data["documents"]) for file in owner["files"]]

    assert attached
    for file in attached:
        assert (
            hashlib.sha256(files[f"files/{archive_pages.file_name(file['number'], file['name'])}"]).hexdigest()
            == (file["sha256"])
        )
    assert {f"data/contributions-{code}.csv" for code in ("en", "es", "fr")} <= files.keys()


def test_sums_are_those_that_other_programs_compare(files):
    lines = files["SHA256SUMS"].decode().splitlines()
    sums = dict(reversed(line.split("  ", 1)) for line in lines)

    assert sums == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "SHA256SUMS"
    }


def test_read_me_tells_in_each_language_where_to_begin(files):
    read = files["README.txt"].decode()

    for words in ("Open index.html", "Abra es/index.html", "Ouvrez fr/index.html", "(en)", "(es)", "(fr)"):
        assert words in read


def test_links_to_other_pages_of_the_site_are_whole_and_those_that_need_an_account_are_gone(files):
    page = files["index.html"].decode()

    assert 'href="http://127.0.0.1:8000/en/' in page
    for name, text in pages_of(files).items():
        links = [link for tag, link in Read(text).links if tag == "a"]
        assert not any(word in link for link in links for word in ("/sign-in", "/sign-up", "/report/", ".atom")), name


def test_names_of_speakers_stay_without_their_links(files, full: FullWorld):
    pages = [files[f"en/{name}.html"].decode() for name in (f"topics/{full.small.topic}", "proceedings")]

    for page in pages:
        assert "Republic of Valdorenia" in page
        assert "/search/" not in page


def test_message_that_waits_is_not_in_it(app: Flask, archived: World, visitor):
    with app.app_context():
        topic, alice = db.session.get_one(Topic, archived.topic), db.session.get_one(User, archived.alice)
        number = make_pending(topic, alice, "Nobody has read zzyzx.").id
        db.session.commit()
    found = files_of(bytes_of(app, archived.forum))

    assert not any(b"zzyzx" in content for content in found.values())
    assert not any(f"/{number}.html" in name for name in found)


def test_former_topic_leads_to_the_one_that_it_was_merged_into(files, full: FullWorld):
    assert f"en/topics/{full.merged_topic}.html" not in files
    assert dead_links(files) == []


def test_pdfs_that_are_ready_are_in_it(app: Flask, archived: World):
    assert not any(name.endswith(".pdf") for name in files_of(bytes_of(app, archived.forum)))
    with app.app_context():
        while make_next():
            pass
        place().delete(db.session.scalar(db.select(Edition.key)))
    found = files_of(bytes_of(app, archived.forum))

    for code in ("en", "es", "fr"):
        assert found[f"{code}/proceedings.pdf"].startswith(b"%PDF-")
        assert 'href="proceedings.pdf"' in found[f"{code}/record.html"].decode()
    assert dead_links(found) == []


# Editions


def test_archive_of_a_forum_with_too_many_messages_is_not_made(app: Flask, closed: World, monkeypatch):
    monkeypatch.setattr("app.printing.editions.MOST_MESSAGES", 1)
    result = run(app, "make", "open-forum")

    assert result.exit_code == 1
    assert "too many messages" in result.output


def test_archive_of_an_open_forum_is_not_made(app: Flask, world: World):
    result = run(app, "make", "open-forum")

    assert result.exit_code == 1
    assert "once the forum is published and closed" in result.output
    assert editions(app) == []


def test_archive_of_an_unknown_forum_is_an_error_that_names_it(app: Flask, world: World):
    result = run(app, "make", "nowhere")

    assert result.exit_code == 1
    assert "There is no forum with the name nowhere" in result.output


def test_archive_of_a_forum_without_messages_is_made(app: Flask, world: World):
    with app.app_context():
        draft = db.session.scalar(db.select(Forum).where(Forum.slug == "draft-forum"))
        draft.published_at = utcnow()
        close(draft.id)
        key = draft.id

    assert dead_links(files_of(bytes_of(app, key))) == []


def test_without_a_public_change_the_edition_is_the_same(app: Flask, closed: World, tmp_path: Path):
    first, second = (run(app, "make", "open-forum", "--output", tmp_path / name) for name in ("1.zip", "2.zip"))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "Edition 1 was made." in first.output
    assert "Edition 1 is up to date" in second.output
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert editions(app) == [(1, ["first"], True)]


def test_same_content_at_the_same_moment_gives_the_same_bytes(app: Flask, closed: World):
    moment = utcnow() - timedelta(minutes=7)
    made = []
    with app.app_context():
        for _time in range(2):
            file = io.BytesIO()
            archive.write(file, "open-forum", 1, moment)
            made.append(file.getvalue())

    assert made[0] == made[1]


def withhold(app: Flask, world: World, moderator: FlaskClient) -> None:
    do(moderator, world.second, "withhold")


def delete_account(app: Flask, world: World, _moderator: FlaskClient) -> None:
    with changed(app, User, world.alice) as alice:
        alice.password_hash = PASSWORD_HASH
    answer = sign_in(app, world.alice).post(
        "/en/account/delete/", data={"password": PASSWORD, "email": "alice@example.org"}
    )
    assert answer.status_code == 302


def publish_notice(app: Flask, world: World, _moderator: FlaskClient) -> None:
    with app.app_context():
        db.session.add(Notice(forum_id=world.forum, published_at=utcnow(), texts=texts(NoticeText, title="News")))
        db.session.commit()


def move_to_archive(app: Flask, world: World, _moderator: FlaskClient) -> None:
    with changed(app, Forum, world.forum) as forum:
        forum.archived_at = utcnow()


CHANGES = {"withheld": withhold, "accounts": delete_account, "texts": publish_notice, "dates": move_to_archive}


@pytest.mark.parametrize("reason", CHANGES)
def test_public_change_makes_the_next_edition_which_says_why(reason, app, closed: World, moderator):
    bytes_of(app, closed.forum)
    CHANGES[reason](app, closed, moderator)
    work(app)

    assert editions(app) == [(1, ["first"], False), (2, [reason], True)]


@pytest.mark.parametrize("reason", ["withheld", "accounts", "texts"])
def test_edition_is_not_given_out_once_something_public_has_changed(reason, app, archived: World, moderator, visitor):
    bytes_of(app, archived.forum)
    assert visitor.get(PATH, buffered=True).status_code == 200
    CHANGES[reason](app, archived, moderator)
    answer = visitor.get(PATH)

    assert answer.status_code == 409
    assert "The next edition is being prepared" in answer.text


def test_words_that_are_withheld_are_in_no_file_any_more(app: Flask, archived: World, moderator, config):
    bytes_of(app, archived.forum)
    do(moderator, archived.second, "withhold")
    work(app)

    for path in (config.instance / "archives").rglob("*"):
        if path.is_file():
            assert not any(b"Estamos de acuerdo" in content for content in files_of(path.read_bytes()).values())


def test_what_nobody_reads_makes_no_next_edition(app: Flask, closed: World):
    before = bytes_of(app, closed.forum)
    with app.app_context():
        db.session.add(
            LogEntry(action="edit", kind="forums", subject_id=closed.forum, forum_id=closed.forum, subject="x")
        )
        db.session.commit()
    work(app)

    assert bytes_of(app, closed.forum) == before
    assert editions(app) == [(1, ["first"], True)]


def test_edition_is_taken_back_when_the_forum_is_reopened_for_messages(app: Flask, closed: World):
    bytes_of(app, closed.forum)
    with app.app_context():
        period = db.session.get_one(Forum, closed.forum).periods[0]
        period.closes_at = utcnow() + timedelta(days=1)
        db.session.commit()
    work(app)

    assert editions(app) == [(1, ["first"], False)]


def test_lost_file_is_made_again(app: Flask, closed: World):
    bytes_of(app, closed.forum)
    with app.app_context():
        place().delete(db.session.scalar(db.select(Edition.key)))
    bytes_of(app, closed.forum)

    assert editions(app) == [(1, ["first"], False), (2, ["again"], True)]


def test_notice_with_a_later_date_makes_an_edition_on_that_date(app: Flask, closed: World):
    with app.app_context():
        later = utcnow() + timedelta(hours=1)
        db.session.add(Notice(forum_id=closed.forum, published_at=later, texts=texts(NoticeText, title="Later")))
        db.session.commit()
    assert not any(b"Later (en)" in content for content in files_of(bytes_of(app, closed.forum)).values())
    with app.app_context():
        db.session.scalars(db.select(Notice)).one().published_at = utcnow()
        db.session.commit()
    work(app)

    assert editions(app)[1:] == [(2, ["texts"], True)]


# Ordering and giving out


def test_administrator_orders_it_and_the_worker_makes_it(app: Flask, archived: World, admin, visitor):
    path = f"/en/admin/forums/{archived.forum}/"
    assert "Make the archive" in admin.get(path).text
    answer = admin.post(f"{path}edition/", follow_redirects=True)
    assert "The archive will be made within a few minutes." in answer.text
    assert visitor.get(PATH).status_code == 404
    work(app)

    assert visitor.get(PATH, buffered=True).status_code == 200
    assert "Archive of the forum (ZIP)" in visitor.get(RECORD).text


def test_ordering_twice_makes_one(app: Flask, archived: World, admin):
    path = f"/en/admin/forums/{archived.forum}/edition/"
    admin.post(path)
    assert "This has already been done" in admin.post(path, follow_redirects=True).text
    work(app)
    admin.post(path)
    work(app)

    assert editions(app) == [(1, ["first"], True)]


def test_archive_of_an_open_forum_cannot_be_ordered(app: Flask, world: World, admin):
    path = f"/en/admin/forums/{world.forum}/"

    assert "Make the archive" not in admin.get(path).text
    assert admin.post(f"{path}edition/").status_code == 409


def test_before_the_forum_is_archived_it_is_for_moderators_and_administrators(
    app: Flask, closed: World, visitor, alice, moderator, admin
):
    bytes_of(app, closed.forum)

    assert [client.get(PATH, buffered=True).status_code for client in (visitor, alice, moderator, admin)] == [
        403,
        403,
        200,
        200,
    ]
    assert "Archive of the forum (ZIP)" not in visitor.get(RECORD).text
    assert "Archive of the forum (ZIP)" in moderator.get(RECORD).text


def test_archive_is_the_same_whoever_makes_it_and_whoever_gets_it(app: Flask, archived: World, visitor, admin):
    whole = bytes_of(app, archived.forum)
    answers = [client.get(PATH, buffered=True) for client in (visitor, admin)]

    assert [answer.get_data() for answer in answers] == [whole, whole]
    assert answers[0].headers["Content-Disposition"] == 'attachment; filename="open-forum-archive-1.zip"'
    assert b"Sign out" not in b"".join(files_of(whole).values())


def test_record_page_lists_the_editions_with_reason_and_checksum(app: Flask, archived: World, moderator, visitor):
    first = hashlib.sha256(bytes_of(app, archived.forum)).hexdigest()
    do(moderator, archived.second, "withhold")
    work(app)
    page = visitor.get(RECORD).text

    for words in ("Edition 1", "Edition 2", first, "First edition", "A message was withheld", "(no longer provided)"):
        assert words in page


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "The next edition is being prepared"),
        ("es", "Se está preparando la edición siguiente"),
        ("fr", "L’édition suivante est en préparation"),
    ],
)
def test_who_asks_meanwhile_is_told_in_their_language(language, heading, app, archived: World, moderator, visitor):
    bytes_of(app, archived.forum)
    do(moderator, archived.second, "withhold")
    answer = visitor.get(PATH.replace("/en/", f"/{language}/"))

    assert answer.status_code == 409
    assert heading in answer.text


# When something fails


def test_full_disk_is_told_and_leaves_nothing(app: Flask, closed: World, config, tmp_path: Path):
    before = set((config.instance / "archives").rglob("*"))
    with no_file_larger_than(20_000):
        result = run(app, "make", "open-forum", "--output", tmp_path / "a.zip")

    assert result.exit_code == 1
    assert "there is not enough room" in result.output
    assert editions(app) == []
    assert list(tmp_path.iterdir()) == []
    assert {path for path in set((config.instance / "archives").rglob("*")) - before if path.is_file()} == set()
    assert run(app, "make", "open-forum").exit_code == 0


def test_worker_that_cannot_store_it_keeps_what_there_is_and_tries_again(
    app: Flask, closed: World, moderator, monkeypatch: pytest.MonkeyPatch
):
    bytes_of(app, closed.forum)
    do(moderator, closed.second, "withhold")
    with monkeypatch.context() as patched:
        patched.setattr(LocalFolder, "put", lambda *_args: (_ for _ in ()).throw(OSError(28, "No space left")))
        work(app)
    assert editions(app) == [(1, ["first"], False)]
    archive._failed.clear()
    work(app)

    assert editions(app) == [(1, ["first"], False), (2, ["withheld"], True)]


def test_worker_that_is_told_to_end_leaves_the_order(app: Flask, closed: World, admin):
    admin.post(f"/en/admin/forums/{closed.forum}/edition/")
    with app.app_context():
        assert archive.make_due(lambda: True) is False
    assert editions(app) == [(1, [], False)]
    work(app)

    assert editions(app) == [(1, ["first"], True)]


def test_change_while_it_is_made_begins_again(app: Flask, closed: World, monkeypatch: pytest.MonkeyPatch):
    original, times = archive._write, []

    def write(*args):
        original(*args)
        times.append(1)
        if len(times) == 1:
            with app.app_context():
                db.session.get_one(ForumText, (closed.forum, "en")).title = "Changed meanwhile"
                db.session.commit()

    monkeypatch.setattr(archive, "_write", write)
    found = files_of(bytes_of(app, closed.forum))

    assert len(times) == 2
    assert b"Changed meanwhile" in found["index.html"]


def test_files_that_a_crash_left_are_deleted(app: Flask, closed: World, monkeypatch: pytest.MonkeyPatch):
    with app.app_context():
        place().put("0" * 32, io.BytesIO(b"half"))
    monkeypatch.setattr(archive, "LEFT_BEHIND", -1.0)
    work(app)

    with app.app_context():
        assert not place().exists("0" * 32)


# Checking


@pytest.fixture
def made(app: Flask, closed: World, tmp_path: Path) -> Path:
    path = tmp_path / "made.zip"
    path.write_bytes(bytes_of(app, closed.forum))
    return path


def changed_zip(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    files = files_of(path.read_bytes())
    change(files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_whole_archive_is_found_whole(app: Flask, made: Path):
    result = run(app, "check", made)

    assert result.exit_code == 0
    assert "The archive is whole" in result.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files.pop("index.html"), "index.html is missing."),
        (lambda files: files.update({"new.html": b"x"}), "new.html does not belong to the archive."),
        (lambda files: files.update({"index.html": b"x"}), "index.html has been changed."),
        (lambda files: files.pop("SHA256SUMS"), "SHA256SUMS is missing"),
        (lambda files: files.update({"SHA256SUMS": b"nonsense"}), "Line 1 of SHA256SUMS is not a checksum"),
        (lambda files: files.update({"../evil.txt": b"x"}), "leads out of the folder"),
        (lambda files: files.update({"en/con": b"x"}), "has a name that Windows does not take"),
        (lambda files: files.update({"INDEX.html": b"x"}), "differs from another name only in capital letters"),
        (lambda files: files.update({"zeros": bytes(100 * 1024 * 1024)}), "many times its size"),
    ],
    ids=["missing", "extra", "changed", "no sums", "bad sums", "way out", "reserved", "capitals", "bomb"],
)
def test_what_differs_is_named(change, said, app: Flask, made: Path):
    result = run(app, "check", changed_zip(made, change))

    assert result.exit_code == 1
    assert said in result.output


def test_data_of_a_newer_version_are_told(app: Flask, made: Path):
    def renew(files: dict[str, bytes]) -> None:
        newer = files["data/contributions.json"].replace(b'"version": %d' % VERSION, b'"version": %d' % (VERSION + 1))
        files["data/contributions.json"] = newer

    result = run(app, "check", changed_zip(made, renew))

    assert result.exit_code == 1
    assert "was made by a newer version of this software" in result.output


def test_link_to_another_file_is_refused(app: Flask, made: Path):
    with zipfile.ZipFile(made, "a") as archive:
        entry = zipfile.ZipInfo("shortcut")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")

    assert "is a link to another file" in run(app, "check", made).output


@pytest.mark.parametrize("kept", [0.3, 0.99])
def test_copy_that_is_cut_short_is_told(kept: float, app: Flask, made: Path):
    content = made.read_bytes()
    made.write_bytes(content[: int(len(content) * kept)])
    result = run(app, "check", made)

    assert result.exit_code == 1
    assert "This is not a whole zip file" in result.output


def test_damaged_byte_is_told(app: Flask, made: Path):
    content = bytearray(made.read_bytes())
    content[2000] ^= 0xFF
    made.write_bytes(content)
    result = run(app, "check", made)

    assert result.exit_code == 1
    assert result.output.count("\n") <= 3


def test_file_that_is_not_there_and_one_that_is_no_zip_are_told(app: Flask, tmp_path: Path):
    other = tmp_path / "other.zip"
    other.write_bytes(b"text")

    assert "There is no file" in run(app, "check", tmp_path / "none.zip").output
    assert "This is not a whole zip file" in run(app, "check", other).output
