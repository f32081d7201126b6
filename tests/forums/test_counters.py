"""Counters: every action keeps them right, at a cost that does not grow with the forum."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.counters import recount
from app.extensions import db
from app.models import Approval, Forum, Group, Message, MessageStatus, Topic, User
from tests.conftest import sign_in
from tests.moderation.conftest import do
from tests.moderation.tidying import act, furnish
from tests.test_queries import statements
from tests.world import World, make_message, make_topic, make_user

STEPS = 70
SPEAKERS = ("Ms Dora Letter", "Mr Egon Letter")
LETTER = {"capacity": "organization", "organization": "Society of Letters", "country": ""}
ACTIONS = (
    "reply",
    "reply",
    "reply",
    "letter",
    "start",
    "withdraw",
    "withhold",
    "restore",
    "approve",
    "question",
    "refile",
    "move",
    "split",
    "merge",
    "pin",
    "erase",
)


class Walk:
    """Random actions of several people in a small forum, in which newcomers need approval."""

    def __init__(self, app: Flask, world: World, seed: int) -> None:
        self.app, self.world, self.random = app, world, Random(seed)
        self.done: Counter[str] = Counter()
        self.steps = 0
        with app.app_context():
            furnish(world)
            people = [world.alice, world.bruno, *(make_user(f"person-{at}").id for at in range(6))]
            named = make_user("dora", title="Ms")
            named.name = "Dora Letter"
            db.session.get_one(Forum, world.forum).approval = Approval.NEWCOMERS
            db.session.commit()
            self.named = named.id
        self.clients = {key: sign_in(app, key) for key in people}
        self.moderator, self.admin = sign_in(app, world.moderator), sign_in(app, world.admin)

    def step(self) -> str:
        """Do a random action; in the second half, prefer those not done yet."""
        self.steps += 1
        missing = [name for name in ACTIONS if not self.done[name]]
        name = self.random.choice(missing if missing and self.steps > STEPS // 2 else ACTIONS)
        answer = getattr(self, name)()
        if answer and answer.status_code == 302:
            self.done[name] += 1
        return name

    def reply(self) -> Any:
        topic = self.one(select(Topic.id).join(Group).where(Group.forum_id == self.world.forum))
        return self.person().post(f"/en/topics/{topic}/reply/", data=self.words())

    def letter(self) -> Any:
        topic = self.one(self.topics())
        data = self.words() | LETTER | {"speaker": self.random.choice(SPEAKERS)}
        return self.moderator.post(f"/en/topics/{topic}/reply/", data=data)

    def start(self) -> Any:
        group = self.random.choice(("group-1", "group-2"))
        data = self.words() | {"title": f"Topic {self.random.random()}", "question": self.random.choice("01")}
        return self.person().post(f"/en/forums/open-forum/groups/{group}/new/", data=data)

    def withdraw(self) -> Any:
        number = self.one(self.messages().where(Message.author_id.in_(self.clients)))
        with self.app.app_context():
            client = self.clients.get(db.session.get_one(Message, number).author_id) if number else None
        return client and client.post(f"/en/messages/{number}/withdraw/")

    def withhold(self) -> Any:
        return do(self.moderator, self.one(self.messages()), "withhold")

    def restore(self) -> Any:
        number = self.one(self.messages(MessageStatus.WITHHELD))
        return number and do(self.moderator, number, "restore")

    def approve(self) -> Any:
        number = self.one(self.messages(MessageStatus.PENDING))
        return number and do(self.moderator, number, "approve", words="")

    def question(self) -> Any:
        """The author moves a topic to another question."""
        mine = select(Topic.id).where(Topic.author_id.in_(self.clients), Topic.last_position < 2)
        with self.app.app_context():
            topic = db.session.get(Topic, self.one(mine) or 0)
            first = topic and db.session.scalar(select(Message).where(Message.topic_id == topic.id))
            if first is None:
                return None
            client, other = self.clients[topic.author_id], "1" if topic.question is None else "0"
            data = {"body": first.body, "language": "en", "title": topic.title, "question": other}
        return client.post(f"/en/messages/{first.id}/edit/", data=data)

    def refile(self) -> Any:
        with self.app.app_context():
            groups = db.session.scalars(select(Group).where(Group.forum_id == self.world.forum)).all()
            places = [f"{group.id}-{asked}" for group in groups for asked in (0, *(q.id for q in group.questions))]
        return act(self.app, self.moderator, self.one(self.topics()), "refile", place=self.random.choice(places))

    def move(self) -> Any:
        source, target = self.one(self.topics()), self.one(self.topics())
        return act(self.app, self.moderator, source, "move", messages=self.some_of(source), target=str(target))

    def split(self) -> Any:
        source = self.one(self.topics())
        fields = {"title": f"Split {self.random.random()}", "language": "en", "place": f"{self.world.group}-0"}
        return act(self.app, self.moderator, source, "split", messages=self.some_of(source), **fields)

    def merge(self) -> Any:
        source, target = self.one(self.topics()), self.one(self.topics())
        return act(self.app, self.moderator, source, "merge", target=str(target))

    def pin(self) -> Any:
        return act(self.app, self.moderator, self.one(self.topics()), self.random.choice(("pin", "unpin")))

    def erase(self) -> Any:
        """Delete an account with the letters typed in its name; once in a walk."""
        if self.done["erase"] or self.steps < STEPS // 2:
            return None
        return self.admin.post(
            f"/en/admin/people/{self.named}/delete/", data={"email": "dora@example.org", "is_speaker": "y"}
        )

    def topics(self) -> Any:
        listed = select(Topic.id).join(Group).where(Group.forum_id == self.world.forum)
        return listed.where(Topic.last_position > 0, Topic.merged_into_id.is_(None))

    def messages(self, status: MessageStatus = MessageStatus.PUBLISHED) -> Any:
        return select(Message.id).where(Message.status == status, Message.forum_id == self.world.forum)

    def some_of(self, topic: int) -> list[str]:
        with self.app.app_context():
            found = db.session.scalars(select(Message.id).where(Message.topic_id == topic, Message.position > 0)).all()
        return [str(number) for number in self.random.sample(found, self.random.randint(1, min(2, len(found))))]

    def one(self, statement: Any) -> int:
        with self.app.app_context():
            found = sorted(db.session.scalars(statement))
        return self.random.choice(found) if found else 0

    def person(self) -> FlaskClient:
        return self.clients[self.random.choice(sorted(self.clients))]

    def words(self) -> dict[str, str]:
        return {"body": f"Words {self.random.random()}.", "language": "en"}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_action_keeps_every_counter_right(seed: int, app: Flask, world: World):
    walk = Walk(app, world, seed)
    for at in range(STEPS):
        name = walk.step()
        with app.app_context():
            assert recount() == [], f"step {at}: {name}"
            db.session.rollback()

    assert set(walk.done) == set(ACTIONS), "every action was possible at least once"


@pytest.fixture
def crowded(app: Flask, world: World) -> Callable[[], None]:
    """Adds many messages to the topic of the small world."""

    def add() -> None:
        with app.app_context():
            topic, bruno = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno)
            for at in range(40):
                make_message(topic, bruno, f"Filler {at}.")
            db.session.commit()

    return add


def test_number_of_rows_read_by_posting_does_not_grow_with_the_topic(
    app: Flask, world: World, alice: FlaskClient, crowded
):
    """Each statement on messages selects one by its key, or uses only an index and stops at the first row."""
    alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "First words.", "language": "en"})
    crowded()
    with statements(app) as made:
        alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "Other words.", "language": "en"})

    assert any("INSERT INTO message" in one for one in made)
    assert [one for one in made if "count(" in one.lower() and "message" in one] == []


@pytest.mark.only_on("sqlite", reason="the plans of PostgreSQL follow from how much there is")
@pytest.mark.parametrize(
    "path",
    [
        "forums/open-forum/",
        "forums/open-forum/groups/",
        "forums/open-forum/groups/group-1/",
        "feeds/forums/open-forum.atom",
        "feeds/topics/{topic}.atom",
    ],
)
def test_no_page_counts_or_sorts_rows(path: str, app: Flask, world: World, visitor: FlaskClient, crowded):
    """The query plan of each statement on topics or messages has an index search and no sorting."""
    crowded()
    made: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        made[statement] = parameters

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    assert visitor.get(f"/en/{path.format(topic=world.topic)}").status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    plans = {}
    with engine.connect() as connection:
        for statement, parameters in made.items():
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            plans[statement] = [row[3] for row in found]

    assert plans
    whole = ("SCAN topic", "SCAN message", "SCAN other")
    for statement, plan in plans.items():
        assert [step for step in plan if step.startswith(whole)] == [], statement
        if "LIMIT" in statement and "_text" not in statement:
            assert [step for step in plan if "TEMP B-TREE" in step] == [], statement


def test_order_of_a_list_is_the_same_across_its_pages(app: Flask, world: World, visitor, moderator, admin):
    """Pinned topics, then the others by their last message, with waiting ones among them, then emptied ones."""
    with app.app_context():
        alice, group = db.session.get_one(User, world.alice), db.session.get_one(Group, world.group)
        for at in range(120):
            topic = make_topic(group, alice, f"Topic {at:03}")
            if at % 10:
                make_message(topic, alice, "Words.")
        db.session.commit()
        for topic in db.session.scalars(select(Topic).where(Topic.id.in_((30, 60, 90)))):
            topic.pinned_at = topic.created_at
        db.session.commit()
        listed = select(Topic.title).order_by(Topic.pinned_at.is_(None), Topic.active_at.desc(), Topic.id.desc())
        everything = db.session.scalars(listed).all()
        public = db.session.scalars(listed.where(Topic.last_position > 0)).all()

    for client, titles in ((visitor, public), (moderator, everything), (admin, everything)):
        shown = [title for page in (1, 2, 3) for title in titles_of(client, page)]
        assert shown == titles
        assert client.get("/en/forums/open-forum/groups/group-1/?page=4").status_code == 404


def titles_of(client: FlaskClient, page: int) -> list[str]:
    shown = client.get(f"/en/forums/open-forum/groups/group-1/?page={page}").text
    rows = shown.split('<ul class="topics">')[1].partition("</ul>")[0].split("<li>")[1:]
    return [row.partition("</a>")[0].rpartition(">")[2] for row in rows]


def test_recount_counts_forums_groups_and_questions(app: Flask, world: World):
    with app.app_context():
        forum, group = db.session.get_one(Forum, world.forum), db.session.get_one(Group, world.group)
        forum.message_count, forum.speaker_count, forum.first_at = 7, 7, None
        group.message_count = group.topic_count = 7
        group.questions[0].message_count = group.questions[0].topic_count = 7
        db.session.commit()

        wrong = {(kind, name): (was, now) for kind, _key, name, was, now in recount()}
        assert wrong.pop(("Forum", "first_at"))[0] is None
        assert wrong == {
            ("Forum", "message_count"): (7, 2),
            ("Forum", "speaker_count"): (7, 2),
            ("Group", "message_count"): (7, 2),
            ("Group", "topic_count"): (7, 1),
            ("Question", "message_count"): (7, 0),
            ("Question", "topic_count"): (7, 0),
        }
        assert recount() == []


def test_forum_has_the_dates_of_its_first_and_last_readable_message(app: Flask, world: World, moderator):
    with app.app_context():
        topic, bruno = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno)
        known = db.session.get_one(Forum, world.forum).last_at
        late = known.replace(year=known.year + 1)
        last = make_message(topic, bruno, "Late words.", posted_at=late).id
        db.session.commit()
        assert db.session.get_one(Forum, world.forum).last_at == late
    do(moderator, last, "withhold")

    with app.app_context():
        assert db.session.get_one(Forum, world.forum).last_at == known
