"""Loading the sample into a real database."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.auth.passwords import UNUSABLE, is_right
from app.database import utcnow
from app.extensions import db
from app.models import (
    Act,
    ActKind,
    Annotation,
    Attachment,
    Capacity,
    Forum,
    Message,
    MessageStatus,
    Page,
    PageKind,
    Period,
    Revision,
    Role,
    StateKind,
    Topic,
    User,
)
from app.sample.files import ATTACHED, read
from app.sample.load import ANNOTATIONS, FORUMS, TOPICS, Loaded, NotEmpty, load
from app.sample.people import keep
from app.storage import storage
from tests.conftest import Shelf

LANGUAGES = ("en", "es", "fr")


@pytest.fixture(scope="module")
def made(one_app: Flask, shelf: Shelf) -> Loaded:
    """The sample, loaded once and kept for `loaded`."""
    shelf.database.put_back("empty")
    with one_app.app_context():
        made = load(utcnow())
    shelf.keep("sample")
    return made


@pytest.fixture
def loaded(app: Flask, made: Loaded, shelf: Shelf) -> Loaded:
    shelf.put_back("sample")
    return made


def test_everything_in_the_files_is_loaded(app, loaded):
    topics = [topic for name in TOPICS for topic in read(name)["topic"]]
    wanted = {
        Forum: len(FORUMS),
        User: len(read("site")["user"] + read("forum_open")["user"]),
        Topic: len(topics),
        Message: sum(len(topic["message"]) for topic in topics),
        Revision: sum("edit" in message for topic in topics for message in topic["message"]),
        Attachment: len(list(ATTACHED.iterdir())),
        Page: len(read("site")["page"]) + sum(len(read(name)["forum"]["page"]) for name in FORUMS),
    }
    with app.app_context():
        assert {model: db.session.scalar(select(func.count(model.id))) for model in wanted} == wanted
    assert (loaded.forums, loaded.users, loaded.messages) == (wanted[Forum], wanted[User], wanted[Message])


def test_attachments_are_served_unchanged(app, loaded, visitor):
    with app.app_context():
        attachments = db.session.scalars(select(Attachment)).all()
    for attachment in attachments:
        answer = visitor.get(f"/attachments/{attachment.id}/{attachment.name}", buffered=True)
        assert answer.data == (ATTACHED / attachment.name).read_bytes()


def test_numbers_rise_with_time(app, loaded):
    with app.app_context():
        times = db.session.scalars(select(Message.posted_at).order_by(Message.id)).all()
        assert list(times) == sorted(times)
        assert times[-1] < utcnow()


@pytest.mark.parametrize(
    ("language", "note"),
    [("en", "Note by the editor."), ("es", "Nota de la redacción."), ("fr", "Note de la rédaction.")],
)
def test_notes_of_the_editor_on_2012_are_marked_and_are_no_messages(app, loaded, visitor, language, note):
    slug = read("forum_2012")["forum"]["slug"]

    assert {number: visitor.get(f"/{language}/forums/{slug}/groups/group-{number}/").text.count(note)
            for number in (1, 2, 3)} == {1: 1, 2: 1, 3: 1}  # fmt: skip
    with app.app_context():
        assert db.session.scalar(select(Forum).filter_by(slug=slug)).message_count == 0


def test_head_of_2012_tells_the_reopening_too(app, loaded, visitor):
    slug = read("forum_2012")["forum"]["slug"]
    heads = [re.search(r'class="dates">([^<]+)<', visitor.get(f"/{code}/forums/{slug}/").text)[1] for code in LANGUAGES]

    assert [head.replace("\N{NO-BREAK SPACE}", " ") for head in heads] == [
        "20 February – 4 May 2012; 17–31 July 2012",
        "20 de febrero a 4 de mayo de 2012; 17 a 31 de julio de 2012",
        "20 février – 4 mai 2012 ; 17–31 juillet 2012",
    ]


def test_documents_of_2012_say_that_no_file_is_kept(app, loaded, visitor):
    forum = read("forum_2012")["forum"]

    assert visitor.get(f"/en/forums/{forum['slug']}/").text.count("No file is kept on this site.") == len(
        forum["document"]
    )


def test_counters_agree_with_the_messages(app, loaded):
    with app.app_context():
        for topic in db.session.scalars(select(Topic)):
            messages = db.session.scalars(select(Message).filter_by(topic_id=topic.id).order_by(Message.position)).all()
            published = [message for message in messages if message.status == MessageStatus.PUBLISHED]
            assert [message.position for message in messages] == list(range(1, topic.last_position + 1))
            assert topic.message_count == len(published)
            assert topic.participant_count == len({message.author_id for message in published})
            assert topic.active_at == messages[-1].posted_at
            assert topic.created_at == messages[0].posted_at
            assert topic.author_id == messages[0].author_id


def test_edited_messages_keep_their_former_text(app, loaded):
    with app.app_context():
        edited = db.session.scalars(select(Message).where(Message.edited_at.is_not(None))).all()
        assert len(edited) == 3
        for message in edited:
            (before,) = message.revisions
            assert before.body != message.body
            assert before.html != message.html
            assert before.written_at == message.posted_at < message.edited_at


def test_withdrawn_messages_keep_their_place(app, loaded):
    with app.app_context():
        withdrawn = db.session.scalars(select(Message).where(Message.status == MessageStatus.WITHDRAWN)).all()
        assert len(withdrawn) == 2
        assert all(message.withdrawn_at > message.posted_at for message in withdrawn)


def test_one_message_is_withheld_with_its_act_in_the_record(app, loaded, visitor):
    with app.app_context():
        withheld = db.session.scalars(select(Message).where(Message.status == MessageStatus.WITHHELD)).one()
        number, text, slug = withheld.id, withheld.body.strip().splitlines()[0], withheld.topic.group.forum.slug
        act = db.session.scalars(select(Act).filter_by(kind=ActKind.WITHHOLD)).one()
        assert (act.message_id, act.at, act.reason) == (number, withheld.withheld_at, withheld.withheld_for)
        assert act.user.email.startswith("moderator@")
    page = visitor.get(f"/fr/messages/{number}/", follow_redirects=True).text

    assert "Publicité" in page
    assert text not in page
    assert f"#{number}" in visitor.get(f"/es/forums/{slug}/record/").text


def test_letter_is_marked_as_received_in_time_and_entered_later_and_is_in_the_record(app, loaded, visitor):
    with app.app_context():
        letter = db.session.scalars(select(Message).filter_by(after_deadline=True)).one()
        assert letter.id == db.session.scalar(select(func.max(Message.id)))
        number, slug = letter.id, letter.topic.group.forum.slug

    assert "Received by the Secretariat on" in visitor.get(f"/en/messages/{number}/", follow_redirects=True).text
    assert "Entered after the deadline" in visitor.get(f"/en/forums/{slug}/record/").text


def test_summaries_and_follow_up_cite_messages_by_their_numbers(app, loaded, visitor):
    with app.app_context():
        bodies = [text.body for one in db.session.scalars(select(Annotation)) for text in one.texts.values()]
        html = [text.html for one in db.session.scalars(select(Annotation)) for text in one.texts.values()]

    assert len(bodies) == 3 * len(read(ANNOTATIONS)["annotation"])
    assert not any("#m" in body for body in bodies)
    assert sum(body.count("#") for body in bodies) == sum(one.count('href="/messages/') for one in html)
    for code, word in {"en": "Follow-up", "es": "Seguimiento", "fr": "Suite"}.items():
        assert word in visitor.get(f"/{code}/print/forums/{read('forum_open')['forum']['slug']}/?whole=1").text


def test_messages_have_the_capacity_organization_and_country_of_their_authors(app, loaded):
    with app.app_context():
        for message in db.session.scalars(select(Message).where(Message.speaker == "")):
            author = message.author
            assert (message.capacity, message.organization, message.country) == (
                author.capacity,
                author.organization,
                author.country,
            )
            assert author.created_at < message.posted_at
            assert message.reply_to is None or message.reply_to.topic_id == message.topic_id


def test_forums_and_groups_are_in_the_expected_states(app, loaded):
    now = utcnow()
    with app.app_context():
        past, present = db.session.scalars(select(Forum).order_by(Forum.id))
        assert past.state(now).kind == StateKind.ARCHIVED
        assert past.published_at.year == 2012
        assert [period.kind for period in past.periods] == ["scheduled"] * 3 + ["extension", "reopening"]
        assert [period.kind for period in past.group_periods(past.groups[2])] == ["scheduled", "reopening"]
        assert len(past.outcomes) == 1
        assert present.state(now).kind == StateKind.EXTENDED
        assert [present.group_state(group, now).kind for group in present.groups] == [
            StateKind.EXTENDED,
            StateKind.EXTENDED,
            StateKind.CLOSED,
        ]
        assert present.published_at <= present.own_periods[0].opens_at
        assert db.session.scalar(select(func.count(Period.id)).where(Period.group_id.is_not(None))) == 5


def test_state_lines_of_2012_show_the_former_dates_too(app, loaded, visitor):
    """Wherever group 1, which was extended, and group 3, which was reopened, are shown."""
    slug = read("forum_2012")["forum"]["slug"]
    extended = "The deadline was 9 March 2012 at 23:00 UTC; the original deadline was 2 March 2012 at 23:00 UTC."
    reopened = "was 31 July 2012 at 23:00 UTC. It was closed on 4 May 2012 at 23:00 UTC and later reopened."
    group, forum = f"forums/{slug}/groups/group-", f"forums/{slug}/"

    for told, paths in {
        extended: (f"{group}1/", f"print/{group}1/"),
        reopened: (f"{group}3/", f"print/{group}3/", forum, f"print/{forum}"),
    }.items():
        for path in paths:
            page = visitor.get(f"/en/{path}").text.replace("\N{NO-BREAK SPACE}", " ")
            line = re.sub("</?time[^>]*>", "", page.split('<p class="state ')[1].split("</p>")[0])
            assert told in line, path
            assert "Outcome: " in line, path


def test_every_timeline_of_2012_shows_all_its_dates(app, loaded, visitor):
    """Including those of groups, whether the dates are the forum's or their own."""
    slug = read("forum_2012")["forum"]["slug"]
    dates = {
        1: ["20 February 2012, 01:00 UTC", "2 March 2012, 23:00 UTC", "9 March 2012, 23:00 UTC"],
        2: ["20 February 2012, 01:00 UTC", "4 May 2012, 23:00 UTC"],
        3: ["20 February 2012, 01:00 UTC", "4 May 2012, 23:00 UTC", "17 July 2012, 01:00 UTC",
            "31 July 2012, 23:00 UTC"],
    }  # fmt: skip

    for number, moments in dates.items():
        page = visitor.get(f"/en/forums/{slug}/groups/group-{number}/").text.replace("\N{NO-BREAK SPACE}", " ")
        shown = page.split('class="timeline"')[1].split("</ol>")[0]
        assert all(moment in shown for moment in moments), number


def test_deadlines_of_the_sample_include_their_last_minute(app, loaded):
    with app.app_context():
        assert {closes_at.second for closes_at in db.session.scalars(select(Period.closes_at))} == {59}


def test_three_people_can_sign_in_and_no_one_else(app, loaded):
    with app.app_context():
        people = {user.email: user for user in db.session.scalars(select(User))}
        for account in loaded.accounts:
            user = people.pop(account.email)
            assert len(account.password) >= 12
            assert is_right(user.password_hash, account.password)
        assert [account.what for account in loaded.accounts] == ["administrator", "moderator", "participant"]
        assert not any(is_right(user.password_hash, "") for user in people.values())
        assert {user.password_hash for user in people.values()} == {UNUSABLE}


def test_roles(app, loaded):
    with app.app_context():
        admin, moderator, participant = (
            db.session.scalars(select(User).filter_by(email=account.email)).one() for account in loaded.accounts
        )
        assert (admin.is_admin, moderator.is_admin, participant.is_admin) == (True, False, False)
        assert admin.capacity == Capacity.SECRETARIAT
        assert [(role.forum.slug, role.role) for role in moderator.roles] == [
            (read("forum_open")["forum"]["slug"], Role.MODERATOR)
        ]
        assert all(user.confirmed_at for user in db.session.scalars(select(User)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_shown_in_each_language(app, loaded, visitor, language):
    with app.app_context():
        of_text = select(Page.slug).where(Page.forum_id.is_(None), Page.kind == PageKind.TEXT)
        paths = [f"pages/{slug}/" for slug in db.session.scalars(of_text)]
        paths += [f"topics/{number}/" for number in db.session.scalars(select(Topic.id))]
        for forum in db.session.scalars(select(Forum)):
            paths += [f"forums/{forum.slug}/", f"forums/{forum.slug}/groups/"]
            paths += [f"forums/{forum.slug}/groups/{group.slug}/" for group in forum.groups]
            paths += [f"forums/{forum.slug}/pages/{page.slug}/" for page in forum.pages]
    for path in ("", "portal/", "archive/", *paths):
        answer = visitor.get(f"/{language}/{path}")
        assert answer.status_code == 200, path
        assert "language-note" not in answer.text, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_offers_portal_and_archive_once_each(loaded, visitor, language):
    page = visitor.get(f"/{language}/").text

    assert [page.count(f'href="/{language}/{name}/"') for name in ("portal", "archive")] == [1, 1]


def test_the_sample_is_loaded_once(app, loaded):
    with app.app_context(), pytest.raises(NotEmpty, match="already has forums or pages"):
        load(utcnow())


def test_the_sample_is_not_mixed_with_other_forums(app, world):
    with app.app_context():
        messages = db.session.scalar(select(func.count(Message.id)))
        with pytest.raises(NotEmpty):
            load(utcnow())
        assert db.session.scalar(select(func.count(Message.id))) == messages


def test_a_failed_load_leaves_nothing(app, tmp_path):
    nowhere = tmp_path / "absent" / "accounts.txt"
    with app.app_context():
        before = set(storage().keys(older_than=-1))
        with pytest.raises(FileNotFoundError):
            load(utcnow(), keep=lambda accounts: keep(accounts, nowhere))
        assert set(storage().keys(older_than=-1)) == before
        assert db.session.scalar(select(func.count(User.id))) == 0
        assert load(utcnow()).messages > 60


def test_the_sample_can_be_loaded_at_any_time_of_day(app):
    midnight = utcnow().replace(hour=0, minute=0, second=0)
    with app.app_context():
        load(midnight)
        assert db.session.scalar(select(func.max(Message.posted_at))) < midnight
        forum = db.session.scalars(select(Forum).where(Forum.archived_at.is_(None))).one()
        assert forum.state(midnight).is_open
        assert forum.state(midnight + timedelta(days=14)).is_open


def test_accounts_are_kept_for_their_owner_only(app, loaded, tmp_path):
    path = tmp_path / "accounts.txt"
    path.write_text("from before")
    path.chmod(0o644)

    keep(loaded.accounts, path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert "from before" not in path.read_text()
    for account in loaded.accounts:
        assert account.email in path.read_text()
        assert account.password in path.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sizes_that_are_told_of_the_proceedings_are_within_15_per_cent(language, loaded, visitor):
    forum = "biosafety-in-national-planning"
    page = visitor.get(f"/{language}/print/forums/{forum}/download/").text
    told = re.findall(
        rf'href="(/{language}/print/forums/[^"]*)".*?</a> <span class="by">\d+ \w+, [^<]*?(\d+)\s[Kk]', page
    )

    assert len(told) == 4
    for path, size in told:
        assert int(size) * 1024 == pytest.approx(len(visitor.get(path).data), rel=0.15), path
