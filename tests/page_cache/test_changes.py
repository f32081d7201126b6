"""Each kind of public change shows on every page that shows it: within a second, or at the minute."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.counters import recount
from app.database import utcnow
from app.extensions import db
from app.models import Forum, Notice, NoticeText, Page, Period, Topic, User
from tests.admin.conftest import in_all_languages
from tests.auth.conftest import PASSWORD, PASSWORD_HASH
from tests.moderation.conftest import changed, do
from tests.moderation.tidying import Place, act, check_everything_in_place, furnish
from tests.page_cache.conftest import Site
from tests.world import World, make_forum, texts

FORUM, GROUP, SECOND_GROUP = ("forums/open-forum/" + rest for rest in ("", "groups/group-1/", "groups/group-2/"))
GROUPS, RECORD = "forums/open-forum/groups/", "forums/open-forum/record/"
FORUM_FEED = "feeds/forums/open-forum.atom"
HOME, PORTAL, ARCHIVE = "", "portal/", "archive/"


@dataclass
class Case:
    """The site with what there is to change, and who changes it."""

    site: Site
    app: Flask
    world: World
    place: Place
    alice: FlaskClient
    bruno: FlaskClient
    moderator: FlaskClient
    admin: FlaskClient

    @property
    def topic(self) -> str:
        return f"topics/{self.world.topic}/"

    @property
    def other(self) -> str:
        return f"topics/{self.place.other}/"

    @property
    def topic_feed(self) -> str:
        return f"feeds/topics/{self.world.topic}.atom"

    @property
    def history(self) -> str:
        return f"messages/{self.world.first}/history/"

    @property
    def paths(self) -> list[str]:
        """Every kind of page that readers who are signed out get, and what each prints."""
        pages = [
            HOME,
            PORTAL,
            ARCHIVE,
            "pages/rules/",
            FORUM,
            GROUPS,
            GROUP,
            f"{GROUP}?question=1",
            SECOND_GROUP,
            RECORD,
        ]
        pages += [self.topic, self.other, self.history, FORUM_FEED, self.topic_feed]
        printed = [FORUM, GROUP, SECOND_GROUP, RECORD, self.topic, self.other, "pages/rules/", "pages/home/"]
        messages = [f"print/messages/{number}/" for number in (self.world.first, self.world.second)]
        sitemap = ("/sitemap.xml", "/sitemap/site.xml", "/sitemap/topics-1.xml")
        return [*(f"/en/{path}" for path in (*pages, *(f"print/{one}" for one in printed), *messages)), *sitemap]

    def read_all(self) -> dict[str, object]:
        return {path: content_of(self.site.read(path)) for path in self.paths}

    def change(self, kind: type, key: int, **values: object) -> None:
        with changed(self.app, kind, key) as thing:
            for name, value in values.items():
                setattr(thing, name, value)


def content_of(answer: Any) -> object:
    return answer.status_code, answer.location, answer.text


@pytest.fixture
def case(site: Site, app: Flask, world: World, alice, bruno, moderator, admin) -> Iterator[Case]:
    with app.app_context():
        place = furnish(world)
    yield Case(site, app, world, place, alice, bruno, moderator, admin)
    check_everything_in_place(app)


def post(case: Case) -> object:
    return case.alice.post(f"/en/{case.topic}reply/", data={"body": "Words that are new.", "language": "en"})


def start_topic(case: Case) -> object:
    data = {"title": "A new topic", "body": "Words.", "language": "en", "question": "1"}
    return case.alice.post(f"/en/{GROUP}new/", data=data)


def edit(case: Case) -> object:
    return case.alice.post(f"/en/messages/{case.world.first}/edit/", data={"body": "Other words.", "language": "en"})


def withdraw(case: Case) -> object:
    return case.alice.post(f"/en/messages/{case.world.first}/withdraw/")


def withhold(case: Case) -> object:
    return do(case.moderator, case.world.first, "withhold")


def restore(case: Case) -> object:
    return do(case.moderator, case.world.first, "restore")


def correct(case: Case) -> object:
    corrected = {"body": "Better words.", "language": "en", "on_behalf_of": ""}
    return do(case.moderator, case.world.first, "correct", **corrected)


def move(case: Case) -> object:
    return act(case.app, case.moderator, case.world.topic, "move", messages=case.world.second, target=case.place.other)


def split(case: Case) -> object:
    data = {"messages": case.world.second, "title": "On its own", "language": "en", "place": f"{case.world.group}-0"}
    return act(case.app, case.moderator, case.world.topic, "split", **data)


def merge(case: Case) -> object:
    return act(case.app, case.moderator, case.world.topic, "merge", target=case.place.other)


def rename(case: Case) -> object:
    return act(case.app, case.moderator, case.world.topic, "retitle", title="Another title", language="en")


def refile(case: Case) -> object:
    place = f"{case.place.group}-{case.place.question}"
    return act(case.app, case.moderator, case.world.topic, "refile", place=place)


def pin(case: Case) -> object:
    return act(case.app, case.moderator, case.world.topic, "pin")


def lock(case: Case) -> object:
    return act(case.app, case.moderator, case.world.topic, "lock")


def publish_notice(case: Case) -> None:
    with case.app.app_context():
        add_notice(case.world.forum, utcnow())


def extend(case: Case) -> None:
    with changed(case.app, Forum, case.world.forum) as forum:
        last = forum.periods[0].closes_at
        forum.periods.append(Period(kind="extension", opens_at=last, closes_at=last + timedelta(days=7)))


def close(case: Case) -> object:
    return case.admin.post(f"/en/admin/forums/{case.world.forum}/close/", data={"reason-en": "Done"})


def archive(case: Case) -> None:
    case.change(Forum, case.world.forum, archived_at=utcnow())


def unpublish(case: Case) -> None:
    case.change(Forum, case.world.forum, published_at=None)


def change_page(case: Case) -> None:
    with case.app.app_context():
        page = db.session.scalars(db.select(Page).where(Page.slug == "rules")).one()
        page.texts["en"].title, page.texts["en"].html = "Rules of the forum", "<p>Be brief.</p>"
        db.session.commit()


def correct_question(case: Case) -> object:
    data = {"number": "1", **in_all_languages(text="What would help least?")}
    return case.admin.post("/en/admin/questions/1/edit/", data=data)


def correct_introduction(case: Case) -> object:
    data = {"number": "1", "slug": "group-1", **in_all_languages(title="Group of open-forum", introduction="Welcome.")}
    return case.admin.post("/en/admin/groups/1/edit/", data=data)


def rename_group(case: Case) -> object:
    data = {"number": "1", "slug": "renamed", **in_all_languages(title="Group of open-forum")}
    return case.admin.post("/en/admin/groups/1/edit/", data=data)


def name_moderators(case: Case) -> None:
    case.change(Forum, case.world.forum, names_moderators=True)


def delete_account(case: Case) -> object:
    case.change(User, case.world.alice, password_hash=PASSWORD_HASH)
    return case.alice.post("/en/account/delete/", data={"password": PASSWORD, "email": "alice@example.org"})


def add_notice(forum_id: int, at: datetime) -> None:
    html = {"title": "A notice", "html": "<p>Read this.</p>"}
    db.session.add(Notice(forum_id=forum_id, published_at=at, texts=texts(NoticeText, **html)))
    db.session.commit()


ON_LISTS = {FORUM, GROUPS, GROUP, f"print/{FORUM}", f"print/{GROUP}"}
# What is done, and some of the pages on which it has to show; T is the topic, M the first message.
CHANGES: dict[Callable[[Case], object], set[str]] = {
    post: {GROUPS, GROUP, "T", "print/T", "T.atom", FORUM_FEED, f"print/{FORUM}", f"print/{GROUP}"},
    start_topic: {GROUPS, GROUP, f"{GROUP}?question=1", FORUM_FEED, f"print/{FORUM}"},
    edit: {"T", "print/T", "T.atom", FORUM_FEED, "M/history", f"print/{FORUM}", "print/M"},
    withdraw: {"T", "print/T", "T.atom", FORUM_FEED, "M/history", f"print/{FORUM}", "print/M"},
    withhold: {"T", "print/T", "T.atom", FORUM_FEED, "M/history", f"print/{FORUM}", "print/M", RECORD},
    correct: {"T", "print/T", "T.atom", FORUM_FEED, "M/history", f"print/{FORUM}", "print/M", RECORD},
    move: {"T", "O", "print/T", "print/O", "T.atom", GROUP, GROUPS, f"print/{FORUM}", RECORD},
    split: {"T", "print/T", "T.atom", GROUP, GROUPS, f"print/{FORUM}", RECORD},
    merge: {"T", "O", "print/T", "print/O", "T.atom", GROUP, GROUPS, f"print/{FORUM}", RECORD},
    rename: {"T", "print/T", "T.atom", GROUP, GROUPS, f"print/{FORUM}", "print/M", RECORD},
    refile: {"T", GROUP, SECOND_GROUP, GROUPS, f"print/{FORUM}", f"print/{SECOND_GROUP}", RECORD},
    pin: {GROUP, GROUPS, RECORD},
    lock: {"T", GROUP, GROUPS, RECORD},
    publish_notice: {FORUM, f"print/{FORUM}", FORUM_FEED},
    extend: {HOME, PORTAL, "T", *ON_LISTS},
    archive: {HOME, PORTAL, ARCHIVE, "T", *ON_LISTS},
    unpublish: {HOME, PORTAL, "T", *ON_LISTS, FORUM_FEED, "print/M", RECORD},
    change_page: {HOME, PORTAL, "T", *({FORUM, GROUPS, GROUP}), "pages/rules/", "print/pages/rules/"},
    correct_introduction: {GROUP, f"print/{FORUM}", f"print/{GROUP}", RECORD, FORUM_FEED},
    rename_group: {GROUP, GROUPS, FORUM, f"print/{GROUP}", "T", "/sitemap/site.xml"},
    name_moderators: {FORUM, f"print/{FORUM}"},
    delete_account: {"T", "print/T", GROUP, GROUPS, f"print/{FORUM}", "print/M", FORUM_FEED},
}


def expected(case: Case, shown: set[str]) -> set[str]:
    short = {"T": case.topic, "O": case.other, "T.atom": case.topic_feed, "M/history": case.history}
    short |= {"print/T": f"print/{case.topic}", "print/O": f"print/{case.other}"}
    short |= {"print/M": f"print/messages/{case.world.first}/"}
    return {path if path.startswith("/") else f"/en/{short.get(path, path)}" for path in shown}


def check_change(case: Case, change: Callable[[Case], object], shown: set[str]) -> None:
    before = case.read_all()
    not_kept = [path for path in case.paths if case.site.read(path).status_code != 200]
    assert case.site.renders(case.read_all) == len(not_kept), "every page that there is is kept"

    answer: Any = change(case)
    assert answer is None or answer.status_code == 302, answer.text
    case.site.clock.advance(1)
    after = case.read_all()

    assert after == {path: content_of(case.site.render(path)) for path in case.paths}
    assert expected(case, shown) <= {path for path in case.paths if after[path] != before[path]}


@pytest.mark.parametrize(("change", "shown"), CHANGES.items(), ids=[change.__name__ for change in CHANGES])
def test_change_shows_on_every_page_within_a_second(change: Callable[[Case], object], shown: set[str], case: Case):
    check_change(case, change, shown)


def test_message_that_is_restored_shows_on_every_page_within_a_second(case: Case):
    withhold(case)

    check_change(case, restore, CHANGES[withhold])


def test_question_that_is_corrected_shows_on_every_page_within_a_second(case: Case):
    with case.app.app_context():
        db.session.get_one(Topic, case.world.topic).question_id = 1
        recount()
        db.session.commit()

    check_change(case, correct_question, {"T", "print/T", GROUP, GROUPS, f"print/{GROUP}", RECORD, FORUM_FEED})


def test_change_made_in_the_same_process_shows_within_a_second(case: Case):
    case.alice = case.site.sign_in(case.world.alice)

    check_change(case, post, CHANGES[post])


@pytest.mark.parametrize("archived", [False, True])
def test_message_withheld_is_kept_on_no_page(case: Case, archived: bool):
    case.read_all()
    withhold(case)
    if archived:
        archive(case)
    case.site.clock.advance(1)

    assert [path for path, content in case.read_all().items() if "A shorter form" in str(content)] == []


def opens_next_minute(case: Case, minute: datetime) -> None:
    case.change(Period, 1, opens_at=minute, closes_at=minute + timedelta(days=1))


def ends_with_this_minute(case: Case, minute: datetime) -> None:
    case.change(Period, 1, closes_at=minute - timedelta(seconds=1))


def has_a_day_less(case: Case, minute: datetime) -> None:
    case.change(Period, 1, closes_at=minute + timedelta(days=3, seconds=-1))


def has_an_hour_less(case: Case, minute: datetime) -> None:
    case.change(Period, 1, closes_at=minute + timedelta(hours=3))


def has_a_notice_due(case: Case, minute: datetime) -> None:
    with case.app.app_context():
        add_notice(case.world.forum, minute)


WITH_STATE = {HOME, PORTAL, "T", *ON_LISTS}
TURNS: dict[Callable[[Case, datetime], None], set[str]] = {
    opens_next_minute: WITH_STATE,
    ends_with_this_minute: WITH_STATE,
    has_a_day_less: WITH_STATE,
    has_an_hour_less: WITH_STATE,
    has_a_notice_due: {FORUM, f"print/{FORUM}", FORUM_FEED},
}


@pytest.mark.parametrize(("prepare", "shown"), TURNS.items(), ids=[turn.__name__ for turn in TURNS])
def test_what_depends_on_time_turns_at_the_minute(prepare: Callable[[Case, datetime], None], shown, case: Case):
    """And nothing turns before it: pages are kept through the minute."""
    clock = case.site.clock
    prepare(case, datetime.fromtimestamp((clock.now // 60 + 1) * 60, utcnow().tzinfo))
    before = case.read_all()

    clock.advance(39.9)
    assert case.site.renders(case.read_all) == 0
    clock.to_second(0)
    after = case.read_all()

    assert after == {path: content_of(case.site.render(path)) for path in case.paths}
    assert expected(case, shown) <= {path for path in case.paths if after[path] != before[path]}


def test_deadline_on_the_full_minute_is_over_a_second_later(case: Case):
    """The moment itself is within the period, and a page rendered in it says so."""
    clock, path = case.site.clock, f"/en/{FORUM}"
    ends = datetime.fromtimestamp((clock.now // 60 + 1) * 60, utcnow().tzinfo)
    case.change(Period, 1, closes_at=ends)

    clock.to_second(0.5)
    assert "state-open" in case.site.read(path).text
    clock.advance(0.5)

    assert "state-closed" in case.site.read(path).text


def test_forum_that_is_published_shows_within_a_second(case: Case):
    """Also at its own address, which led nowhere before."""
    with case.app.app_context():
        forum = make_forum("late-forum", published=False)
        db.session.commit()
        key = forum.id
    assert case.site.read("/en/forums/late-forum/").status_code == 404
    assert "late-forum" not in case.site.read("/en/portal/").text

    case.change(Forum, key, published_at=utcnow())
    case.site.clock.advance(1)

    assert case.site.read("/en/forums/late-forum/").status_code == 200
    assert "late-forum" in case.site.read("/en/portal/").text


def test_change_while_a_page_is_rendered_is_not_missed(case: Case, monkeypatch: pytest.MonkeyPatch):
    """The page is not taken for one that knows of it, though it is finished afterwards."""
    original = case.site.app.view_functions["forums.topic"]

    def slow(**values: Any) -> Any:
        made = original(**values)
        if "New title" not in made:
            case.change(Topic, case.world.topic, title="New title")
        return made

    monkeypatch.setitem(case.site.app.view_functions, "forums.topic", slow)
    assert "New title" not in case.site.read(f"/en/{case.topic}").text
    case.site.clock.advance(1)

    assert "New title" in case.site.read(f"/en/{case.topic}").text


def test_minute_that_begins_while_a_page_is_rendered_is_not_missed(case: Case, monkeypatch: pytest.MonkeyPatch):
    original, clock = case.site.app.view_functions["forums.forum"], case.site.clock
    case.change(Period, 1, closes_at=datetime.fromtimestamp((clock.now // 60 + 1) * 60 - 1, utcnow().tzinfo))

    def slow(**values: Any) -> Any:
        made = original(**values)
        clock.to_second(2)
        return made

    monkeypatch.setitem(case.site.app.view_functions, "forums.forum", slow)
    assert "state-open" in case.site.read(f"/en/{FORUM}").text
    monkeypatch.setitem(case.site.app.view_functions, "forums.forum", original)

    assert "state-closed" in case.site.read(f"/en/{FORUM}").text
