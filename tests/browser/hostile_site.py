"""A forum in which hostile text stands in every field that people write, and in what moderators do about it."""

import email
import email.policy
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.audit import changed, record
from app.database import utcnow
from app.errors import TooIntricate
from app.extensions import db
from app.mail.outbox import enqueue
from app.markup import render
from app.models import Act, Attachment, Forum, ForumRole, LogEntry, Mail, Message, Revision, Role, Topic, User
from app.plain import is_blank, plain, plain_line
from config import Config
from tests.browser.server import POLL_SECONDS, SECRET, Site, serving
from tests.conftest import sign_in
from tests.files import make_attachment
from tests.world import make_forum, make_message, make_pending, make_topic, make_user

SLUG = "hostile"
IN_A_HISTORY = 20
STEPS = ("", "suspend/", "reinstate/", "delete/")
IN_AN_EXCERPT = 280  # characters
SECONDS_FOR_MAILS = 60
MAILS = (
    "already_registered confirm email_change_new email_change_old email_change_taken email_changed password_changed "
    "reinstated reset role_ended role_given second_step_off second_step_on to_moderate to_moderate_more"
).split()


@dataclass
class Planted:
    """The keys of what was made: messages with `histories`, some in which nothing is hostile yet, some that wait."""

    forum: int = 0
    people: list[int] = field(default_factory=list)
    topics: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    histories: list[int] = field(default_factory=list)
    harmless: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    acts: list[int] = field(default_factory=list)


class Planter:
    """Plants each text in each field: a message of its own for each, and in short fields as many as there is room."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.bodies = [body for text in texts if (body := plain(text)[: Message.MAX_BODY]) and _is_taken(body)]
        self.on_behalf_of = cycle(self.lines(Message.MAX_ON_BEHALF_OF))
        self.planted = Planted()
        self.people: list[User] = []

    def lines(self, most: int) -> list[str]:
        """The texts as lines of at most so many characters."""
        lines = [line for text in self.texts if (line := plain_line(text)[:most].strip()) and not is_blank(line)]
        return list(_joined(lines, most))

    def plant(self) -> Planted:
        """Make the rows. Needs an application context."""
        forum = make_forum(SLUG)
        group = forum.groups[0]
        self.planted.forum = forum.id
        self._people(forum)
        titled = zip(cycle(self.people), self.lines(Topic.MAX_TITLE), strict=False)
        topics = [make_topic(group, person, title) for person, title in titled]
        messages = self._messages(topics)
        self._files(messages)
        self._histories(messages)
        moderated = make_topic(group, self.people[0], "Moderated")
        self._to_moderate(moderated)
        self._log()
        self._mails()
        db.session.commit()
        self.planted.people = [person.id for person in self.people]
        self.planted.topics = [topic.id for topic in (*topics, moderated)]
        self.planted.messages = [message.id for message in messages]
        return self.planted

    def _people(self, forum: Forum) -> None:
        names, organizations = self.lines(User.MAX_NAME), self.lines(User.MAX_ORGANIZATION)
        titles = self.lines(User.MAX_TITLE)
        profiles = zip(cycle(names), cycle(organizations), titles, strict=False)
        for number, (name, organization, title) in enumerate(profiles):
            profile = {"name": name, "organization": organization, "title": title, "capacity": "organization"}
            self.people.append(make_user(f"hostile{number}", **profile))
        for person in self.people[:20]:
            db.session.add(ForumRole(user_id=person.id, forum_id=forum.id, role=Role.PARTICIPANT))

    def _messages(self, topics: list[Topic]) -> list[Message]:
        """Of each text one, and of every second one the author says that it is somebody else's."""
        speakers = self.lines(Message.MAX_SPEAKER)
        bodies = islice(cycle(self.bodies), max(len(self.bodies), 2 * len(speakers)))
        voices = (voice for speaker in speakers for voice in ("", speaker))
        rows = zip(cycle(topics), cycle(self.people), bodies, strict=False)
        return [make_message(*row, on_behalf_of=next(self.on_behalf_of), speaker=next(voices, "")) for row in rows]

    def _files(self, messages: list[Message]) -> None:
        for number, (message, name) in enumerate(zip(cycle(messages), self.lines(Attachment.MAX_NAME), strict=False)):
            make_attachment(message, name, removed_at=utcnow() if number % 5 == 4 else None)

    def _histories(self, messages: list[Message]) -> None:
        """A few messages with many earlier versions each."""
        for number in range(0, len(self.bodies), IN_A_HISTORY):
            message = messages[number]
            message.edited_at = utcnow()
            for minutes, body in enumerate(self.bodies[number : number + IN_A_HISTORY]):
                before = utcnow() - timedelta(minutes=60 - minutes)
                version = {"body": body, "html": render(body), "language": "en", "written_at": before}
                message.revisions.append(Revision(on_behalf_of=next(self.on_behalf_of), **version))
            self.planted.histories.append(message.id)

    def _to_moderate(self, topic: Topic) -> None:
        """Three published messages for each reason, and many that wait, with as much in each as an excerpt shows."""
        reasons = self.lines(User.MAX_REASON)
        excerpts = [line for line in self.lines(IN_AN_EXCERPT) if _is_taken(line)]
        for author in islice(cycle(self.people), 3 * len(reasons)):
            self.planted.harmless.append(make_message(topic, author, "A text.").id)
        bodies = islice(cycle(excerpts), max(len(excerpts), 2 * len(reasons)))
        for author, body in zip(cycle(self.people), bodies, strict=False):
            self.planted.waiting.append(make_pending(topic, author, body).id)

    def _log(self) -> None:
        for person in self.people:
            record(person, "edit", "users", person, changed("name", person.name, person.organization))

    def _mails(self) -> None:
        """Every text in some mail to somebody of that name."""
        for name, line in zip(cycle(MAILS), self.lines(Topic.MAX_TITLE), strict=False):
            address = "http://127.0.0.1/"
            links = dict.fromkeys(("address", "queue", "sign_in", "sign_up", "forgot"), address)
            told = {"name": line, "email": line, "forum": line, "number": 1, "what": "waits", "moment": utcnow()}
            told |= {"news": 2, "role": "moderator", "covered": line}
            enqueue(name, recipient="somebody@example.org", language="en", **told, **links)


@dataclass(frozen=True)
class HostileSite:
    """A running site with what was planted in it; `cookies` are those of sessions, by who is signed in."""

    site: Site
    app: Flask
    planted: Planted
    cookies: dict[str, str]

    def paths(self, who: str) -> list[str]:
        """The pages on which something hostile stands, as far as it is for these eyes."""
        paths = {"visitor": _public, "participant": _own, "administrator": _inside}[who](self.planted)
        return [f"/en{path}" for path in paths]

    def mails(self) -> list[str]:
        """The HTML of every letter, once the worker has sent them all."""
        latest = time.monotonic() + SECONDS_FOR_MAILS
        while self._count_of_unsent():
            assert time.monotonic() < latest, "Not all mails were sent in time"
            time.sleep(POLL_SECONDS)
        letters = (path.read_bytes() for path in (self.site.instance / "mail").glob("*.eml"))
        messages = (email.message_from_bytes(letter, policy=email.policy.default) for letter in letters)
        return [message.get_body(("html",)).get_content() for message in messages]

    def _count_of_unsent(self) -> int:
        """Those that wait for their hour, such as a moderator's next one, are not counted."""
        is_due = Mail.sent_at.is_(None) & (Mail.due_at <= utcnow())
        with self.app.app_context():
            return db.session.scalar(select(func.count(Mail.id)).where(is_due))


@contextmanager
def hostile_site(folder: Path, texts: Sequence[str]) -> Iterator[HostileSite]:
    """A site with hostile texts in all its fields, until the end of the block."""
    with serving(folder) as site:
        unchecked = {"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
        many = {"posts_per_hour": 10_000, "reports_per_hour": 10_000}
        app = create_app(Config(secret_key=SECRET, site_url=site.address, instance=folder, overrides=unchecked, **many))
        planter = Planter(texts)
        with app.app_context():
            planted = planter.plant()
            administrator = db.session.scalars(select(User.id).where(User.is_admin)).first()
        moderate(app, administrator, planted, planter)
        with app.app_context():
            planted.entries, planted.acts = (list(db.session.scalars(select(kind.id))) for kind in (LogEntry, Act))
        signed_in = {"participant": planted.people[0], "administrator": administrator}
        cookies = {who: sign_in(app, key).get_cookie("session").value for who, key in signed_in.items()}
        yield HostileSite(site, app, planted, {"visitor": "", **cookies})


def moderate(app: Flask, administrator: int, planted: Planted, planter: Planter) -> None:
    """Do what moderators do, with hostile reasons, by the forms of the site; that also writes the mails about it."""
    admin, reader = sign_in(app, administrator), sign_in(app, planted.people[0])
    harmless, waiting, suspended = (iter(keys) for keys in (planted.harmless, planted.waiting, planted.people[20:]))
    reasons = planter.lines(User.MAX_REASON)
    titles = planter.lines(Topic.MAX_TITLE)[: len(reasons)]
    topics = zip(planted.topics, [*titles[1:], titles[0]], strict=False)  # so that each is still the title of one

    def send(path: str, **data: str) -> None:
        answer = (reader if path.endswith("/report/") else admin).post(f"/en/{path}", data=data)
        assert answer.status_code == 302, f"{path} {data} {answer.status_code}"

    for reason, (topic, title) in zip(reasons, topics, strict=True):
        send(f"moderation/messages/{next(harmless)}/withhold/", words=reason)
        correction = {"body": "A better text.", "language": "en", "on_behalf_of": next(planter.on_behalf_of)}
        send(f"moderation/messages/{next(harmless)}/correct/", words=reason, **correction)
        send(f"messages/{next(harmless)}/report/", reason=reason)
        send(f"moderation/messages/{next(waiting)}/return/", words=reason)
        send(f"moderation/topics/{topic}/retitle/", words=reason, title=title, language="en")
        send(f"admin/people/{next(suspended)}/suspend/", words=reason)


def _joined(lines: list[str], most: int) -> Iterator[str]:
    """As many of the lines together as a field holds."""
    together = ""
    for line in lines:
        if together and len(together) + 1 + len(line) > most:
            yield together
            together = ""
        together = f"{together} {line}".strip()
    yield together


def _is_taken(body: str) -> bool:
    """Whether the site takes it as a message."""
    try:
        return not is_blank(render(body))
    except TooIntricate:
        return False


def _public(planted: Planted) -> list[str]:
    forum = f"/forums/{SLUG}/"
    paths = ["/", "/portal/", forum, f"{forum}groups/", f"{forum}groups/group-1/", f"{forum}record/"]
    paths += [f"/print{path}" for path in (forum, f"{forum}groups/group-1/", f"{forum}record/")]
    paths += [f"/topics/{topic}/" for topic in planted.topics[::2]]
    paths += [f"/print/topics/{topic}/" for topic in planted.topics[::5]]
    paths += [f"/print/messages/{number}/" for number in planted.messages[::50]]
    return [*paths, f"/topics/{planted.topics[-1]}/?page=2", *_histories(planted.histories[::2])]


def _inside(planted: Planted) -> list[str]:
    """Besides what is public, what moderators and administrators have."""
    acts = ("", "lock/", "retitle/", "refile/", "move/", "split/", "merge/")
    moderated = zip(planted.topics[::3], cycle(acts), strict=False)
    topics = [f"/moderation/topics/{topic}/{act}" for topic, act in moderated]
    few = [*planted.harmless[:6], *planted.waiting[:4], *planted.waiting[-2:]]
    cases = [f"/moderation/messages/{number}/" for number in few]
    replies = [f"/topics/{topic}/reply/" for topic in planted.topics[::9]]
    people = [f"/admin/people/{key}/{step}" for key, step in zip(planted.people, cycle(STEPS), strict=False)]
    lists = [f"/admin/people/?page={page}" for page in range(1, len(planted.people) // 50 + 2)]
    lists += [f"/admin/log/?page={page}" for page in range(1, 5)]
    log = [f"/admin/log/{key}/" for key in (*planted.entries[::50], planted.entries[-1])]
    log += [f"/admin/log/acts/{key}/" for key in planted.acts[-3:]]
    forum = [f"/admin/forums/{planted.forum}/", f"/admin/forums/{planted.forum}/roles/", f"/figures/forums/{SLUG}/"]
    seen = [f"/topics/{topic}/" for topic in planted.topics[1::2]] + _histories(planted.histories[1::2])
    return ["/moderation/", *forum, *lists, *log, *topics, *cases, *replies, *people[::9], *seen]


def _own(planted: Planted) -> list[str]:
    """What somebody has of his own whose profile is hostile."""
    account = [f"/account/{name}" for name in ("", "profile/", "data/", "delete/")]
    own, topic = planted.messages[0], planted.topics[0]
    answers = [f"/topics/{topic}/reply/?to={own}&quote=1", f"/messages/{planted.messages[1]}/report/"]
    changes = [f"/messages/{own}/{act}/" for act in ("edit", "withdraw", "history")]
    new = f"/forums/{SLUG}/groups/group-1/new/"
    return [*account, *answers, *changes, new, f"/messages/{planted.waiting[0]}/edit/", f"/topics/{topic}/"]


def _histories(numbers: Sequence[int]) -> list[str]:
    return [f"/messages/{number}/history/" for number in numbers]
