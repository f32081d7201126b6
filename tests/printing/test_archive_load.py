"""Loading the archive of a forum into an empty site: the same forum, and nothing by halves."""

import hashlib
import io
import json
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func

from app.database import utcnow
from app.extensions import db
from app.models import (
    Act,
    ActKind,
    AnnotationKind,
    Attachment,
    ChangeKind,
    Edition,
    Forum,
    ForumRole,
    Group,
    LogEntry,
    Message,
    OfficialChange,
    Page,
    Period,
    Revision,
    Role,
    Topic,
    User,
)
from app.printing import archive, archive_data, archive_load
from app.printing.editions import place
from app.storage import storage
from tests.attachments.test_full_disk import no_file_larger_than
from tests.conftest import sign_in
from tests.forums.test_named_moderators import line
from tests.full_world import REASON, FullWorld
from tests.hostile import HOSTILE
from tests.printing.archived import bytes_of, close, files_of
from tests.world import World, _pages, make_forum, make_message, make_topic, make_user

DATA, EDITION, SUMS = "data/contributions.json", "data/edition.json", "SHA256SUMS"


def run(app: Flask, *args: object):
    return app.test_cli_runner().invoke(args=["archive", *map(str, args)])


def _all_that_happens(full: FullWorld) -> None:
    """What the full world has not: acts of all kinds, hidden versions, hostile words, and a moderator who has posted
    nothing."""
    group, by = db.session.get_one(Group, full.small.group), db.session.get_one(User, full.small.moderator)
    forum, topic = group.forum, db.session.get_one(Topic, full.long_topic)
    db.session.add(ForumRole(user=make_user("silent", title="Dr"), forum=forum, role=Role.MODERATOR))
    approved = make_message(topic, db.session.get_one(User, full.small.bruno), "After approval and after")
    for body in ("Before approval", "After approval"):
        said = {"body": body, "html": f"<p>{body}</p>", "language": "en", "written_at": utcnow()}
        db.session.add(Revision(message=approved, **said))
    approved.edited_at = utcnow()
    db.session.flush()
    letter = {"speaker": "Dora Letter", "after_deadline": True, "received_on": date(2012, 5, 1)}
    late = make_message(topic, db.session.get_one(User, full.small.admin), "By post", **letter)
    for words in HOSTILE:
        make_message(topic, by, words)

    def act(kind: ActKind, **more: object) -> None:
        db.session.add(Act(forum_id=forum.id, user=by, kind=kind, reason=more.pop("reason", REASON), **more))

    act(ActKind.APPROVE, message=approved, detail={"hides": approved.revisions[0].id}, reason={})
    act(ActKind.ENTER, message=late, detail={"received_on": "2012-05-01"}, reason={})
    act(ActKind.MERGE, topic=topic, detail={"from_topic": full.merged_topic, "messages": [full.edited]})
    act(ActKind.PIN, topic_id=full.moderated.pending_topic)
    act(ActKind.RETITLE, topic=topic, reason={"fr": "Voir #1", "#": "1"})
    place = {"group": 2, "question": 1}
    change = {"kind": AnnotationKind.SUMMARY, "change": ChangeKind.CORRECTED, "place": place, "name": {"en": "x"}}
    db.session.add(OfficialChange(forum_id=forum.id, at=utcnow(), **change))
    db.session.commit()


@pytest.fixture(scope="module")
def archives(one_app: Flask, full: FullWorld, tmp_path_factory) -> dict[str, Path]:
    """Archives of forums that have everything that pages can show, by the names in the addresses of these."""
    folder = tmp_path_factory.mktemp("archives")
    with one_app.app_context():
        forum = db.session.get_one(Forum, full.small.forum)
        _all_that_happens(full)
        close(forum.id)
        archive.make(forum.id)
        close(forum.id, archived=True)  # the second edition says that it was archived
        close(full.forums["reopened-forum"])
    made = {}
    for slug, key in {"open-forum": full.small.forum, **full.forums}.items():
        if slug in {"open-forum", "closed-forum", "reopened-forum", "archived-forum"}:
            made[slug] = folder / f"{slug}.zip"
            made[slug].write_bytes(bytes_of(one_app, key))
    return made


@pytest.fixture(scope="module")
def made(archives) -> Path:
    return archives["open-forum"]


@pytest.fixture
def empty(app: Flask) -> Iterator[Flask]:
    """An empty site, in whose folders nothing may be left over."""
    with app.app_context():
        before = [set(folder.keys(older_than=-1)) for folder in (storage(), place())]
    yield app
    with app.app_context():
        for folder, known in zip((storage(), place()), before, strict=True):
            for key in set(folder.keys(older_than=-1)) - known:
                folder.delete(key)


@pytest.fixture
def loaded(made: Path, empty: Flask) -> Flask:
    """A site that was empty, with that archive."""
    load(empty, made)
    return empty


def load(app: Flask, path: Path) -> str:
    answer = run(app, "load", path)
    assert answer.exit_code == 0, answer.output
    return answer.output


def left(app: Flask) -> list[object]:
    """What a site has of forums: rows, and the keys of all files, also of those whose storing has not ended."""
    with app.app_context():
        rows = [db.session.scalar(db.select(func.count(model.id))) for model in (Forum, Message, User, LogEntry, Page)]
        kept = [{path.name for path in folder.folder.rglob("*") if path.is_file()} for folder in (storage(), place())]
    return [rows, *kept]


# The same forum


@pytest.mark.parametrize("slug", ["open-forum", "closed-forum", "reopened-forum", "archived-forum"])
def test_archive_made_again_has_the_same_bytes(slug, archives, empty: Flask, tmp_path: Path):
    load(empty, archives[slug])
    answer = run(empty, "make", slug, "--output", tmp_path / "again.zip")

    assert "is up to date" in answer.output
    assert (tmp_path / "again.zip").read_bytes() == archives[slug].read_bytes()


@pytest.mark.parametrize("slug", ["open-forum", "closed-forum", "archived-forum"])
def test_all_pages_written_again_from_the_rows_have_the_same_bytes(slug, archives, empty: Flask):
    with empty.app_context():
        _pages()  # to which every page links
        db.session.delete(db.session.scalars(db.select(Page).where(Page.slug == "rules")).one())
        db.session.commit()
    load(empty, archives[slug])
    file, before = io.BytesIO(), files_of(archives[slug].read_bytes())
    with empty.app_context():
        edition = db.session.scalars(db.select(Edition).order_by(Edition.number.desc())).first()
        archive.write(file, slug, edition.number, edition.made_at)
    again = files_of(file.getvalue())

    assert again.keys() == before.keys()
    made_of_facts = {EDITION, SUMS} if edition.number > 1 else set()  # which only the site that made it has
    assert {name for name in before if again[name] != before[name]} <= made_of_facts


def test_sample_is_loaded_again(one_app: Flask, empty: Flask, database, tmp_path: Path):
    empty.test_cli_runner().invoke(args=["sample"])
    with empty.app_context():
        forums = dict(db.session.execute(db.select(Forum.slug, Forum.id)).all())
        for key in forums.values():
            close(key, archived=True)
    made = {slug: tmp_path / f"{slug}.zip" for slug in forums}
    for slug, path in made.items():
        path.write_bytes(bytes_of(empty, forums[slug]))
    for slug, path in made.items():
        database.put_back("empty")
        load(empty, path)
        assert "is up to date" in run(empty, "make", slug, "--output", tmp_path / "again.zip").output
        assert (tmp_path / "again.zip").read_bytes() == path.read_bytes()


def test_edition_has_its_number_date_checksum_and_reason(loaded: Flask, made: Path):
    known = json.loads(files_of(made.read_bytes())[EDITION])
    with loaded.app_context():
        first, second = db.session.scalars(db.select(Edition).order_by(Edition.number)).all()
        assert (first.number, first.reasons, first.key) == (1, ["first"], "")
        assert first.sha256 == known["earlier"][0]["sha256"]
        assert (second.number, second.reasons) == (2, ["dates"])
        assert f"{second.made_at:%Y-%m-%dT%H:%M:%SZ}" == known["made_at"]
        assert second.sha256 == hashlib.sha256(made.read_bytes()).hexdigest()


def test_next_edition_says_why_there_is_one(loaded: Flask):
    with loaded.app_context():
        db.session.scalars(db.select(Forum)).one().texts["en"].title = "Another title"
        forum_id = db.session.scalars(db.select(Forum.id)).one()
        db.session.add(LogEntry(action="edit", kind="forums", subject_id=forum_id, forum_id=forum_id, subject="x"))
        db.session.commit()
        while archive.make_due():
            pass
        editions = db.session.scalars(db.select(Edition).order_by(Edition.number)).all()
        assert [(one.number, one.reasons, bool(one.key)) for one in editions][1:] == [
            (2, ["dates"], False),
            (3, ["texts"], True),
        ]


def test_address_of_the_site_where_it_was_held_remains_in_the_data(made: Path, empty: Flask, site_with, tmp_path: Path):
    site_with(site_url="https://another.example.org")
    load(empty, made)

    assert "is up to date" in run(empty, "make", "open-forum", "--output", tmp_path / "again.zip").output
    assert (tmp_path / "again.zip").read_bytes() == made.read_bytes()


def test_loading_says_how_far_it_is(made: Path, empty: Flask):
    said = load(empty, made)

    for words in ("Checking the archive", "attached files", "messages loaded", "Edition 2 was loaded"):
        assert words in said


# A site that can be used


PAGES = """
/en/ /en/portal/ /en/archive/ /en/forums/{slug}/ /fr/forums/{slug}/ /en/forums/{slug}/groups/
/en/forums/{slug}/groups/group-1/ /en/forums/{slug}/record/ /en/feeds/forums/{slug}.atom /sitemap.xml
/en/print/forums/{slug}/ /en/print/forums/{slug}/download/ /en/print/forums/{slug}/archive.zip
/en/print/forums/{slug}/contributions.csv /en/print/forums/{slug}/contributions.json
/en/topics/{topic}/ /en/print/topics/{topic}/ /en/messages/{message}/history/ /en/forums/{slug}/pages/purpose/
"""


def test_all_pages_can_be_read(loaded: Flask, full: FullWorld):
    visitor = loaded.test_client()
    paths = PAGES.format(slug="open-forum", topic=full.long_topic, message=full.edited).split()

    for path in paths:
        assert visitor.get(path, buffered=True).status_code == 200, path


def test_archive_that_is_given_out_is_the_one_that_was_loaded(loaded: Flask, made: Path):
    answer = loaded.test_client().get("/en/print/forums/open-forum/archive.zip", buffered=True)

    assert answer.data == made.read_bytes()


def test_next_message_has_the_number_after_the_highest(archives, empty: Flask):
    load(empty, archives["closed-forum"])
    with empty.app_context():
        user = make_user("newcomer").id
        for period in db.session.scalars(db.select(Period)):
            period.closes_at = utcnow() + timedelta(days=1)
        db.session.commit()
        highest, topic = db.session.scalar(db.select(func.max(Message.id))), db.session.scalar(db.select(Topic.id))
    sign_in(empty, user).post(f"/en/topics/{topic}/reply/", data={"body": "New words", "language": "en"})

    with empty.app_context():
        assert db.session.scalar(db.select(Message.id).where(Message.body == "New words")) == highest + 1


@pytest.mark.parametrize("model", [Topic, Attachment, Group])
def test_other_numbers_go_on_too(model, loaded: Flask):
    with loaded.app_context():
        highest = db.session.scalar(db.select(func.max(model.id)))
        forum, user = db.session.scalars(db.select(Forum)).one(), make_user("newcomer")
        group = Group(slug="group-9", number=9, forum=forum)
        topic = make_topic(group, user, "New topic")
        message = make_message(topic, user, "x")
        message.attachments.append(
            file := Attachment(name="x", media_type="text/plain", size=1, sha256="0" * 64, key="0" * 32)
        )
        db.session.flush()
        assert {Topic: topic, Attachment: file, Group: group}[model].id == highest + 1


def test_first_administrator_is_made_as_on_any_site_and_sees_no_account_that_does_not_exist(loaded: Flask):
    create = ["users", "create", "--email", "first@example.org", "--name", "First", "--admin"]
    assert loaded.test_cli_runner().invoke(args=create).exit_code == 0
    with loaded.app_context():
        admin = db.session.scalar(db.select(User.id).where(User.email == "first@example.org"))
        others = db.session.scalars(db.select(User.id).where(User.id != admin)).all()
        forum = db.session.scalars(db.select(Forum.id)).one()
    client = sign_in(loaded, admin)
    people = client.get("/en/admin/people/").text

    assert "First" in people
    assert "without-account" not in people
    assert not any(name in people for name in ("Alice", "Bruno", "Moderator"))
    assert all(client.get(f"/en/admin/people/{key}/").status_code == 404 for key in others)
    for path in (f"/en/admin/forums/{forum}/", f"/en/admin/forums/{forum}/roles/", "/en/admin/log/", "/en/moderation/"):
        page = client.get(path, follow_redirects=True)
        assert page.status_code == 200, path
        assert "without-account" not in page.text
        assert not any(f"/admin/people/{key}/" in page.text for key in others)


def test_nobody_can_sign_in_with_a_name_that_was_loaded_or_is_written_to(loaded: Flask):
    with loaded.app_context():
        known = db.session.scalars(db.select(User)).all()
        assert known
        assert [user.email for user in known if user.confirmed_at or user.has_account or user.is_admin] == []


def test_someone_without_an_account_can_be_erased_and_the_next_edition_says_so(loaded: Flask, full: FullWorld):
    erase = ["users", "erase", "--yes", "--message", str(full.edited)]
    answer = loaded.test_cli_runner().invoke(args=erase)
    assert "former participant 2" in answer.output
    page = loaded.test_client().get(f"/en/topics/{full.long_topic}/").text

    assert "Former participant 2" in page
    assert "Alice" not in page
    with loaded.app_context():
        while archive.make_due():
            pass
        last = db.session.scalars(db.select(Edition).order_by(Edition.number.desc())).first()
        assert (last.number, last.reasons) == (3, ["accounts"])
    assert loaded.test_cli_runner().invoke(args=erase).exit_code == 1


@pytest.fixture
def letter(app: Flask, world: World) -> int:
    """A message that Bruno, who has no account any more, typed for Dora Letter."""
    with app.app_context():
        bruno = db.session.get_one(User, world.bruno)
        bruno.email = "without-account-1"
        made = make_message(db.session.get_one(Topic, world.topic), bruno, "By post", speaker="Dora Letter")
        db.session.commit()
        return made.id


@pytest.mark.parametrize(
    ("option", "gone", "stays"), [([], "Dora Letter", "Bruno"), (["--typed-by"], "Bruno", "Dora Letter")]
)
def test_of_a_letter_whoever_wrote_it_is_erased_unless_the_typist_is_asked_for(
    option: list[str], gone: str, stays: str, app: Flask, world: World, letter: int
):
    erase = ["users", "erase", "--message", str(letter), *option]
    asked = app.test_cli_runner().invoke(args=erase, input="n\n")
    before = app.test_client().get(f"/en/topics/{world.topic}/").text
    done = app.test_cli_runner().invoke(args=erase, input="y\n")
    page = app.test_client().get(f"/en/topics/{world.topic}/").text

    assert f"The name of {gone} will be lost for good." in asked.output
    assert gone in before
    assert stays in before
    assert f"The messages of {gone} are now those of former participant 1." in done.output
    assert "Former participant 1" in page
    assert gone not in page
    assert stays in page
    assert app.test_cli_runner().invoke(args=[*erase, "--yes"]).exit_code == 1, "once is enough"


def test_moderator_who_has_written_is_erased_from_the_head_too(archives, empty: Flask, full: FullWorld):
    load(empty, archives["open-forum"])
    with empty.app_context():
        number = db.session.scalar(db.select(Message.id).join(User).where(User.name == "Moderator"))
    before = line(empty.test_client().get("/en/forums/open-forum/").text)
    empty.test_cli_runner().invoke(args=["users", "erase", "--yes", "--message", str(number)])

    assert "Moderator" in before
    assert "Moderator" not in line(empty.test_client().get("/en/forums/open-forum/").text)


def test_moderator_who_has_not_written_is_erased_by_name(loaded: Flask):
    page = "/en/forums/open-forum/"
    erase = ["users", "erase", "--yes", "--moderator", "Dr Silent"]
    before = line(loaded.test_client().get(page).text)
    answer = loaded.test_cli_runner().invoke(args=erase)

    assert "Dr Silent" in before
    assert "Dr Silent is now former participant 2." in answer.output
    assert "Silent" not in line(loaded.test_client().get(page).text)
    assert loaded.test_cli_runner().invoke(args=erase).exit_code == 1, "once is enough"
    with loaded.app_context():
        assert db.session.scalar(db.select(func.count(User.id)).where(User.name == "Silent")) == 0
        while archive.make_due():
            pass
        assert db.session.scalar(db.select(func.max(Edition.number))) == 3, "the edition with the name is not given out"


@pytest.mark.parametrize(
    "options", [[], ["--message", "1", "--moderator", "Ada"], ["--moderator", "Ada", "--typed-by"]]
)
def test_person_to_erase_is_named_in_one_way(options: list[str], app: Flask, world: World):
    answer = app.test_cli_runner().invoke(args=["users", "erase", "--yes", *options])

    assert answer.exit_code == 2
    assert "Give either --message" in answer.output


def test_moderator_with_an_account_is_not_erased_by_name(app: Flask, world: World):
    answer = app.test_cli_runner().invoke(args=["users", "erase", "--yes", "--moderator", "Moderator"])

    assert answer.exit_code == 1
    assert "No moderator without an account has the name Moderator." in answer.output


def test_someone_with_an_account_is_not_erased_from_the_command_line(app: Flask, world: World):
    erase = ["users", "erase", "--yes", "--message", str(world.first)]
    answer = app.test_cli_runner().invoke(args=erase)

    assert "Accounts are deleted in the administration. Nothing was changed." in answer.output


# Bad input


def rewritten(path: Path, there: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of an archive with other content, whose checksums are right."""
    files = files_of(path.read_bytes())
    change(files)
    sums = sorted((name, content) for name, content in files.items() if name != SUMS)
    files[SUMS] = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sums).encode()
    with zipfile.ZipFile(there, "w", zipfile.ZIP_DEFLATED) as changed:
        for name, content in files.items():
            changed.writestr(name, content)
    return there


def data_with(change: Callable[[dict], None], name: str = DATA) -> Callable[[dict[str, bytes]], None]:
    def edit(files: dict[str, bytes]) -> None:
        data = json.loads(files[name])
        change(data)
        files[name] = json.dumps(data).encode()

    return edit


def set_in(*place: object, to: object) -> Callable[[dict[str, bytes]], None]:
    def change(data: dict) -> None:
        for step in place[:-1]:
            data = data[step]
        data[place[-1]] = to

    return data_with(change)


NOT_STORED = "holds what cannot be stored"
BAD = {
    "newer": (
        lambda files: files.update({DATA: files[DATA].replace(b'"version": 1,', b'"version": 2,', 1)}),
        "was made by a newer version of this software",
    ),
    "no data": (lambda files: files.pop(DATA), f"{DATA} is missing"),
    "no edition": (lambda files: files.pop(EDITION), f"{EDITION} is missing"),
    "no JSON": (lambda files: files.update({DATA: b"{"}), "is not JSON"),
    "too deep": (lambda files: files.update({DATA: b"[" * 200_000}), "is not JSON"),
    "lacks something": (data_with(lambda data: data.pop("topics")), "$: lacks topics"),
    "wrong type": (set_in("messages", 0, "position", to="1"), "$.messages[0].position"),
    "script": (
        set_in("messages", 0, "html", to="<p>x</p><script>alert(1)</script>"),
        "$.messages[0].html: '<p>x</p><script>alert(1)</script>' is not clean-html",
    ),
    "link that runs": (set_in("documents", 0, "texts", "en", "url", to="javascript:alert(1)"), "$.documents[0]"),
    "path in a name": (set_in("forum", "slug", to="../x"), "$.forum.slug"),
    "other languages": (set_in("languages", to=["en", "ar"]), "The forum was held in other languages (en ar)"),
    "file of another size": (set_in("documents", 0, "files", 0, "size", to=5), "is not the file that"),
    "kind of file": (set_in("documents", 0, "files", 0, "media_type", to="text/html"), "of a kind that cannot be"),
    "no such group": (set_in("messages", 0, "topic", to=10**6), NOT_STORED),
    "same number twice": (
        data_with(lambda data: data["messages"].append(data["messages"][0])),
        NOT_STORED,
    ),
    "number beyond all": (set_in("messages", 0, "number", to=10**30), NOT_STORED),
    "no such day": (set_in("documents", 0, "dated", to="2012-02-31"), NOT_STORED),
    "line end": (set_in("forum", "slug", to="x\n"), "$.forum.slug"),
    "no text": (set_in("groups", 0, "texts", to={}), "$.groups[0].texts: is empty"),
    "countless versions": (set_in("messages", 0, "version", to=10**9), "999999999 former versions"),
    "half a letter": (set_in("messages", 0, "markdown", to="\ud800"), NOT_STORED),
    "group of a topic": (set_in("topics", 0, "group", to=77), "The data have no group 77"),
    "long text": (set_in("topics", 0, "title", to="x" * 1_000), "A text is too long for this site"),
    "not public": (set_in("forum", "published_at", to=None), "The forum of the archive is not published"),
    "wrong count": (set_in("messages", 1, "position", to=400), "would not give data/contributions.json back"),
    "edition": (data_with(lambda data: data.update(number=0), EDITION), "$.number: 0 is too small"),
    "way out": (lambda files: files.update({"../evil.txt": b"x"}), "leads out of the folder"),
    "absolute": (lambda files: files.update({"/etc/passwd": b"x"}), "leads out of the folder"),
    "backslash": (lambda files: files.update({"files\\x": b"x"}), "has a character that not all systems take"),
    "bomb": (lambda files: files.update({"zeros": bytes(100 * 1024 * 1024)}), "many times its size"),
    "letters twice": (lambda files: files.update({"INDEX.html": b"x"}), "differs from another name only in capital"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_archive_is_refused_in_plain_words_and_leaves_nothing(case, made: Path, empty: Flask, tmp_path: Path):
    change, said = BAD[case]
    before = left(empty)
    answer = run(empty, "load", rewritten(made, tmp_path / "bad.zip", change))

    assert answer.exit_code == 1, answer.output
    assert said in answer.output
    assert "Nothing was changed." in answer.output
    assert "Traceback" not in answer.output
    assert left(empty) == before


def test_changed_archive_is_refused_and_the_file_is_named(made: Path, empty: Flask, tmp_path: Path):
    files, bad = files_of(made.read_bytes()), tmp_path / "bad.zip"
    files["index.html"] += b" "
    with zipfile.ZipFile(bad, "w") as changed:
        for name, content in files.items():
            changed.writestr(name, content)

    assert "index.html has been changed." in run(empty, "load", bad).output


def test_same_entry_twice_is_refused(made: Path, empty: Flask, tmp_path: Path):
    bad = tmp_path / "bad.zip"
    bad.write_bytes(made.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(bad, "a") as changed:
        changed.writestr(DATA, b"{}")
    before = left(empty)

    assert "occurs twice" in run(empty, "load", bad).output
    assert left(empty) == before


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 and so on"])
def test_file_that_is_no_zip_is_refused(content, empty: Flask, tmp_path: Path):
    other = tmp_path / "other.zip"
    other.write_bytes(content)
    answer = run(empty, "load", other)

    assert answer.exit_code == 1
    assert "This is not a whole zip file" in answer.output


def test_file_that_is_not_there_is_told(empty: Flask, tmp_path: Path):
    assert "There is no file" in run(empty, "load", tmp_path / "none.zip").output


def test_data_larger_than_the_memory_are_refused(made: Path, empty: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive_data, "LARGEST", 1024)

    assert "is larger than" in run(empty, "load", made).output


# A site that is not empty, and loading that does not end


def test_site_with_a_forum_is_told_what_is_in_the_way(made: Path, app: Flask, world: World):
    before = left(app)
    answer = run(app, "load", made)

    assert answer.exit_code == 1
    assert "This site is not empty (forums: 2, topics: 1, messages: 2)." in answer.output
    assert left(app) == before


def test_site_with_a_deleted_account_is_not_empty(made: Path, empty: Flask):
    with empty.app_context():
        make_user("", name="", email="former-1", former_number=1)
        db.session.commit()

    assert "(deleted accounts: 1)" in run(empty, "load", made).output


def test_site_that_has_begun_and_has_accounts_is_empty(made: Path, empty: Flask):
    empty.test_cli_runner().invoke(args=["begin"])
    with empty.app_context():
        make_user("first", is_admin=True)
        db.session.commit()

    load(empty, made)


def test_loading_twice_is_refused(made: Path, loaded: Flask):
    before = left(loaded)

    assert "This site is not empty" in run(loaded, "load", made).output
    assert left(loaded) == before


def test_site_that_is_no_longer_empty_once_the_rows_are_added_stays_as_it_is(made, empty: Flask, monkeypatch):
    original = archive_load.ForumRows.__init__

    def late(self, *args) -> None:
        make_forum("open-forum")
        original(self, *args)

    monkeypatch.setattr(archive_load.ForumRows, "__init__", late)
    before = left(empty)

    assert NOT_STORED in run(empty, "load", made).output
    assert left(empty) == before


def test_only_one_process_loads_at_a_time(made: Path, empty: Flask):
    with empty.app_context(), archive_load._alone():
        answer = run(empty, "load", made)

    assert "Another process is loading an archive" in answer.output


def test_full_disk_is_told_and_nothing_is_left(made: Path, empty: Flask):
    before = left(empty)
    with no_file_larger_than(made.stat().st_size // 2):
        answer = run(empty, "load", made)

    assert answer.exit_code == 1
    assert "there is not enough room. Nothing was changed." in answer.output
    assert left(empty) == before
    load(empty, made)


@pytest.mark.only_on("sqlite")
def test_full_disk_of_the_database_is_told_and_nothing_is_left(made: Path, empty: Flask, monkeypatch):
    before = left(empty)
    with empty.app_context():
        size = db.session.scalar(db.text("PRAGMA page_count"))
    original = archive_load.ForumRows.add

    def add(self, told):
        db.session.execute(db.text(f"PRAGMA max_page_count={size + 5}"))
        return original(self, told)

    monkeypatch.setattr(archive_load.ForumRows, "add", add)
    answer = run(empty, "load", made)
    with empty.app_context():
        db.engine.dispose()

    assert "database or disk is full. Nothing was changed." in answer.output
    assert left(empty) == before


@pytest.mark.parametrize("step", ["Storing", "Loading", "Comparing"])
def test_process_that_is_asked_to_end_leaves_nothing(step, made: Path, empty: Flask, monkeypatch):
    def load_until(path, *, told):
        def tell(said: str) -> None:
            if said.startswith(step):
                os.kill(os.getpid(), signal.SIGTERM)

        return archive_load.load(path, told=tell)

    monkeypatch.setattr("app.printing.archive_cli.load", load_until)
    before = left(empty)

    assert run(empty, "load", made).exit_code == 128 + signal.SIGTERM
    assert left(empty) == before


@pytest.mark.parametrize("step", ["Loading", "Comparing"])
def test_killed_process_leaves_an_empty_site_into_which_it_can_be_loaded(step, made: Path, empty: Flask):
    before = left(empty)
    with empty.app_context():
        db.session.remove()
        db.engine.dispose()
    child = os.fork()
    if not child:
        with empty.app_context():
            archive_load.load(made, told=lambda said: said.startswith(step) and os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert left(empty)[0] == before[0]
    load(empty, made)

    with empty.app_context():
        known = set(db.session.scalars(db.select(Attachment.key))) | set(db.session.scalars(db.select(Edition.key)))
    new = set().union(*left(empty)[1:]) - set().union(*before[1:])
    assert new <= known
