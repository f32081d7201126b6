"""The rows of a forum from the data of its archive (docs/contributions.md), in a site without any forum.

Messages, topics, notices, documents and files keep their numbers. People have a name, but no account. If an act of
moderation names what was never public, of which an archive has the number alone, that becomes a row without words.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from app.auth.account import without_account
from app.difference import compare
from app.extensions import db
from app.languages import site_default, speaking
from app.markup import CITED
from app.models import (
    Act,
    ActKind,
    Annotation,
    AnnotationText,
    Attachment,
    Capacity,
    Document,
    DocumentText,
    Edition,
    Forum,
    ForumRole,
    ForumText,
    Group,
    GroupText,
    Message,
    MessageStatus,
    Notice,
    NoticeText,
    OfficialChange,
    Page,
    PageText,
    Period,
    Question,
    QuestionText,
    Revision,
    Role,
    Topic,
    User,
)
from app.printing.archive_data import Unfit

PART = 1_000  # messages
MOST_VERSIONS = 10_000  # of one message
NUMBERED = (Group, Question, Message, Topic, Notice, Document, Attachment)  # whose keys are given
WITHOUT_WORDS = "…"
Told = Callable[[int], None]
Given = Mapping[str, Any]


class ForumRows:
    """Adds the rows of a forum, inside a transaction. `keys` are those of the attached files in their storage, by
    number, and `made_at` is when the archive was made."""

    def __init__(self, data: Given, keys: Mapping[int, str], made_at: datetime) -> None:
        self.data, self.keys, self.made_at = data, keys, made_at
        self.forum = Forum(origin=data["site"])
        self.groups: dict[int, Group] = {}
        self.questions: dict[tuple[int, int | None], Question] = {}
        self.pages: dict[str, Page] = {}
        self.people: dict[int, User] = {}
        self.annotations: dict[tuple[Any, ...], Annotation] = {}
        self.revisions: dict[tuple[int, int], int] = {}  # keys, by message and number
        self.secretariat = User()

    def add(self, told: Told = lambda _count: None) -> Forum:
        """All of them; `told` hears how many messages there are so far. Raises Unfit where the data contradict
        themselves."""
        self._add_forum()
        self._add_periods()
        self._add_texts()
        self._add_people()
        self._add_topics()
        self._add_messages(told)
        self._add_files()
        self._add_annotations()
        self._add_record()
        db.session.flush()
        _continue_numbers()
        return self.forum

    def _add_forum(self) -> None:
        given, forum = self.data["forum"], self.forum
        for name, moment in _times(given, "published_at archived_at archived_before").items():
            setattr(forum, name, moment)
        forum.slug, forum.by_invitation = given["slug"], given["by_invitation"]
        forum.names_moderators = given["moderators"] is not None
        forum.texts = _texts(ForumText, given)
        for one in self.data["groups"]:
            about = {"id": one["key"], "number": one["number"], "slug": one["slug"]}
            group = Group(**about, texts=_texts(GroupText, one), forum=forum)
            self.groups[group.number] = group
            for asked in one["questions"]:
                about = {"id": asked["key"], "number": asked["number"]}
                question = Question(**about, texts=_texts(QuestionText, asked), group=group)
                self.questions[group.number, question.number] = question
        for one in self.data["pages"]:
            self.pages[one["slug"]] = Page(slug=one["slug"], position=one["position"], texts=_texts(PageText, one))
        forum.pages = list(self.pages.values())
        _flush(forum)

    def _add_periods(self) -> None:
        for one in self.data["periods"]:
            former = tuple((_moment(opens), _moment(closes)) for opens, closes in one["former_dates"])
            dates = _times(one, "opens_at closes_at called_off_at")
            group = self._group(one["group"]) if one["group"] else None
            period = Period(kind=one["kind"], group_id=group and group.id, former_dates=former or None, **dates)
            period.forum_id = self.forum.id
            _flush(period)  # one by one, since they are told in the order of their keys

    def _add_texts(self) -> None:
        for one in self.data["notices"]:
            texts, published_at = _texts(NoticeText, one), _moment(one["published_at"])
            _flush(Notice(id=one["number"], forum_id=self.forum.id, published_at=published_at, texts=texts))
        for one in self.data["documents"]:
            about = {"id": one["number"], "dated": _day(one["dated"]), "texts": _texts(DocumentText, one)}
            _flush(Document(forum_id=self.forum.id, **about, **_same(one, "kind symbol position")))

    def _add_people(self) -> None:
        """Those who have written, the moderators whom the forum names, and the Secretariat, for its acts. A moderator
        of exactly the name of one who has written is taken for the same person, so that both are erased together."""
        with speaking(site_default()):
            self.secretariat = _person({"title": "", "name": _("Secretariat")}, Capacity.SECRETARIAT)
        for one in (*self.data["messages"], *self.data["topics"]):
            given = one["author"]
            if given["number"] not in self.people:
                self.people[given["number"]] = self._author(given)
        _flush(self.secretariat, *self.people.values())
        known = Counter((one.title, one.name) for one in self.people.values())
        written = {(one.title, one.name): one for one in self.people.values() if known[one.title, one.name] == 1}
        moderators = self.data["forum"]["moderators"] or ()
        named = Counter(site_default().sort_key(one["name"]) for one in moderators)
        for one in moderators:
            person = _person(one, Capacity.SECRETARIAT)
            if named[site_default().sort_key(one["name"])] == 1:  # otherwise the keys of the rows put them in order
                person = written.get((one["title"], one["name"]), person)
            held = {"role": Role.MODERATOR, "languages": " ".join(one["languages"])}
            _flush(person, ForumRole(user=person, forum=self.forum, **held))

    def _author(self, given: Given) -> User:
        person = _person(given, Capacity.EXPERT)
        if number := given["former_number"]:
            person.former_number, person.email, person.created_at = number, f"former-{number}", self.made_at
        return person

    def _add_topics(self) -> None:
        topics = [self._topic(one) for one in self.data["topics"]]
        known = {topic.id for topic in topics}
        never_public = {act["topic"] for act in self._acts if act["topic"]} - known
        if self._never_public and not known | never_public:
            never_public = {1}  # for these messages
        if never_public and not self.groups:
            raise Unfit("The record names topics or messages, but there is no group for them.")
        _flush(*topics, *(self._topic_without_words(number) for number in sorted(never_public)))
        for one in self.data["topics"]:
            if one["merged_into"]:
                merged = update(Topic).where(Topic.id == one["number"])
                db.session.execute(merged.values(merged_into_id=one["merged_into"]))

    def _topic(self, one: Given) -> Topic:
        return Topic(
            id=one["number"],
            group_id=self._group(one["group"]).id,
            question_id=self._question(one["group"], one["question"]),
            author_id=self.people[one["author"]["number"]].id,
            last_position=1,  # of one that was merged; counted for others
            **_same(one, "title language"),
            **_times(one, "created_at pinned_at locked_at"),
        )

    def _topic_without_words(self, number: int) -> Topic:
        group_id = min(group.id for group in self.groups.values())
        about = {"title": WITHOUT_WORDS, "language": site_default().code, "created_at": self.made_at}
        return Topic(id=number, group_id=group_id, author_id=self.secretariat.id, last_position=0, **about)

    def _add_messages(self, told: Told) -> None:
        topics = {act["message"]: act["topic"] for act in self._acts}
        any_topic = db.session.scalar(select(func.min(Topic.id)))
        for number in sorted(self._never_public):
            _flush(self._message_without_words(number, topics.get(number) or any_topic))
        given = self.data["messages"]
        for first in range(0, len(given), PART):
            part = given[first : first + PART]
            _flush(*map(self._message, part))
            self._add_revisions(part)
            told(first + len(part))

    def _message(self, one: Given) -> Message:
        same = "position status language capacity organization on_behalf_of after_deadline speaker confirmed"
        return Message(
            id=one["number"],
            topic_id=one["topic"],
            forum_id=self.forum.id,
            author_id=self.people[one["author"]["number"]].id,
            reply_to_id=one["in_reply_to"],
            body=one["markdown"] or "",
            html=one["html"] or "",
            country=one["state"],
            received_on=_day(one["received_on"]),
            published_at=_moment(one["posted_at"]),  # the best that is known
            withheld_for=_reason(one["reason"]),
            **_same(one, same),
            **_times(one, "posted_at edited_at withdrawn_at withheld_at"),
        )

    def _message_without_words(self, number: int, topic_id: int | None) -> Message:
        where = {"id": number, "topic_id": topic_id, "forum_id": self.forum.id}
        words = {"body": "", "html": "", "language": site_default().code}
        by = {"author_id": self.secretariat.id, "capacity": Capacity.SECRETARIAT}
        times = {"posted_at": self.made_at, "withheld_at": self.made_at}
        return Message(**where, **words, **by, **times, status=MessageStatus.WITHHELD)

    @cached_property
    def _never_public(self) -> set[int]:
        """The numbers of messages that are named, and were never public."""
        named = {act["message"] for act in self._acts} | {one["in_reply_to"] for one in self.data["messages"]}
        return named - {one["number"] for one in self.data["messages"]} - {None}

    def _add_revisions(self, part: Iterable[Given]) -> None:
        made = {
            (one["number"], number): revision
            for one in part
            for number, revision in enumerate(_revisions_of(one, self._versions.get(one["number"], 1)), 1)
        }
        _flush(*made.values())
        self.revisions |= {place: revision.id for place, revision in made.items()}

    @cached_property
    def _versions(self) -> dict[int, int]:
        """The last version that the record names, by message."""
        found: dict[int, int] = {}
        for act in self._acts:
            if act["version"]:
                found[act["message"]] = max(found.get(act["message"], 1), act["version"])
        return found

    def _add_files(self) -> None:
        made = []
        for one in self.data["messages"]:
            made += [self._file(file, message_id=one["number"]) for file in (*one["files"], *one["removed_files"])]
        for one in self.data["documents"]:
            made += [self._file(file, document_id=one["number"]) for file in one["files"]]
        _flush(*made)

    def _file(self, file: Given, **owner: int) -> Attachment:
        key = self.keys.get(file["number"]) or secrets.token_hex(16)
        times = {"created_at": _moment(file["attached_at"]), "removed_at": _moment(file.get("removed_at"))}
        about = _same(file, "name media_type size sha256 language")
        return Attachment(id=file["number"], key=key, **owner, **about, **times)

    def _add_annotations(self) -> None:
        for one in self.data["summaries_and_follow_up"]:
            question, group = self._question(one["group"], one["question"]), one["group"]
            about = {
                "message_id": one["message"],
                "question_id": question,
                "group_id": self._group(group).id if group and not question else None,
                **_times(one, "written_at corrected_at"),
            }
            made = Annotation(kind=one["kind"], forum_id=self.forum.id, texts=_texts(AnnotationText, one), **about)
            self.annotations[one["kind"], one["message"], group, one["question"]] = made
            _flush(made)

    def _add_record(self) -> None:
        for one in self.data["record"]:
            _flush(self._change(one) if "change" in one else self._act(one))
        _flush(*(self._approval(one) for one in self.data["messages"] if self._is_hidden_by_approval(one)))

    @cached_property
    def _acts(self) -> list[Given]:
        return [one for one in self.data["record"] if "change" not in one]

    def _act(self, one: Given) -> Act:
        detail = {name: value for name, value in _same(one, "from_topic messages received_on").items() if value}
        revision = self.revisions.get((one["message"], (one["version"] or 1) - 1))
        if revision:
            detail["revision"] = revision
        if one["hides"]:
            detail["hides"] = revision or 0
        about = {"message_id": one["message"], "topic_id": one["topic"], "at": _moment(one["at"])}
        return self._by_secretariat(kind=one["kind"], reason=_reason(one["reason"]) or {}, detail=detail, **about)

    def _by_secretariat(self, **act: Any) -> Act:
        return Act(forum_id=self.forum.id, user_id=self.secretariat.id, **act)

    def _is_hidden_by_approval(self, one: Given) -> bool:
        """Whether there are versions that readers are not shown, and no act in the record that hides them."""
        return _hidden(one) > self._hidden_in_record.get(one["number"], 0)

    @cached_property
    def _hidden_in_record(self) -> dict[int, int]:
        """The last version that an act in the record hides, by message."""
        found: dict[int, int] = {}
        for act in self._acts:
            if act["hides"] and act["version"]:
                found[act["message"]] = max(found.get(act["message"], 0), act["version"] - 1)
        return found

    def _approval(self, one: Given) -> Act:
        """Of a message that was changed before."""
        detail = {"hides": self.revisions[one["number"], _hidden(one)]}
        about = {"message_id": one["number"], "at": _moment(one["posted_at"]), "reason": {}}
        return self._by_secretariat(kind=ActKind.APPROVE, detail=detail, **about)

    def _change(self, one: Given) -> OfficialChange:
        about = _same(one, "change kind after_archiving name place former")
        thing_id = self._changed(one)
        return OfficialChange(forum_id=self.forum.id, at=_moment(one["at"]), thing_id=thing_id, **about)

    def _changed(self, one: Given) -> int | None:
        """The key of what was changed, None if it was deleted."""
        of, kind, place = one["of"], one["kind"], one["place"]
        about = self.annotations.get((kind, *(place.get(name) for name in ("message", "group", "question"))))
        if of is None:
            return about.id if about else None
        things: dict[str, Any] = {"groups": self.groups, "forum-pages": self.pages}
        try:
            if kind == "forums":
                return self.forum.id
            if kind == "questions":
                return self.questions[of["group"], of["question"]].id
            name = kind.removeprefix("forum-").removesuffix("s")
            key: int = things[kind][of[name]].id if kind in things else of[name]
        except KeyError:
            raise Unfit(f"The record names something that is not in the data: {kind} {dict(of)}.") from None
        return key

    def _group(self, number: int) -> Group:
        if number not in self.groups:
            raise Unfit(f"The data have no group {number}, but something that belongs to it.")
        return self.groups[number]

    def _question(self, group: int | None, number: int | None) -> int | None:
        if number is None:
            return None
        if (group, number) not in self.questions:
            raise Unfit(f"The data have no question {number} in group {group}, but something that belongs to it.")
        return self.questions[group or 0, number].id


def add_editions(forum_id: int, edition: Given, **current: Any) -> Edition:
    """The rows of the edition that was loaded, of which `current` says the rest, and of those before it."""
    for one in reversed(edition["earlier"]):
        _flush(_edition(forum_id, one, sha256=one["sha256"], size=one["size"]))
    made = _edition(forum_id, edition, **current)
    _flush(made)
    return made


def _edition(forum_id: int, one: Given, **more: Any) -> Edition:
    about = {"number": one["number"], "made_at": _moment(one["made_at"]), "reasons": one["reasons"]}
    return Edition(forum_id=forum_id, **about, **more)


def _person(given: Given, capacity: Capacity) -> User:
    """A new row for a person as the data describe them, without an account."""
    return without_account(given["name"], title=given["title"], capacity=capacity)


def _revisions_of(one: Given, last: int) -> Iterator[Revision]:
    """All former versions of a message up to this last one, without the words of those that are not public."""
    known = {former["version"]: former for former in one["former"]}
    count = max(one["version"] or 1, last) - 1
    if count > MOST_VERSIONS:
        raise Unfit(f"Message {one['number']} is said to have {count} former versions.")
    nothing = {"markdown": "", "html": "", "language": one["language"], "on_behalf_of": "", "written_at": None}
    for number in range(1, count + 1):
        said, after = known.get(number, nothing), known.get(number + 1, one)
        is_compared = number in known and (number == count or number + 1 in known) and after["html"] is not None
        yield Revision(
            message_id=one["number"],
            body=said["markdown"],
            written_at=_moment(said["written_at"] or one["posted_at"]),
            difference=compare(said["html"], after["html"]) if is_compared else [],
            **_same(said, "html language on_behalf_of"),
        )


def _hidden(one: Given) -> int:
    """How many versions of a message readers are not shown."""
    return (one["version"] or 1) - 1 - len(one["former"])


def _texts(kind: Any, given: Given) -> dict[str, Any]:
    return {
        code: kind(language=code, **said | {"outdated_since": _moment(said["outdated_since"])})
        for code, said in given["texts"].items()
    }


def _same(given: Given, names: str) -> dict[str, Any]:
    """What the columns have as the data have it."""
    return {name: given[name] for name in names.split()}


def _times(given: Given, names: str) -> dict[str, Any]:
    return {name: _moment(given[name]) for name in names.split()}


def _reason(given: Given | None) -> dict[str, str] | None:
    if given is None:
        return None
    cites = " ".join(map(str, given["cites"]))
    return {**given["texts"], **({CITED: cites} if cites else {})}


def _moment(given: str | None) -> Any:
    return datetime.fromisoformat(given) if given else None


def _day(given: str | None) -> date | None:
    return date.fromisoformat(given) if given else None


def _flush(*things: Any) -> None:
    """Through the session, which tells others what is new."""
    db.session.add_all(things)
    for thing in db.session.new:
        _require_length(thing)
    db.session.flush()


def _require_length(thing: Any) -> None:
    """Not every database checks it."""
    for column in type(thing).__table__.columns:
        value, most = vars(thing).get(column.key), getattr(column.type, "length", None)
        if most and isinstance(value, str) and len(value) > most:
            raise Unfit(f"A text is too long for this site ({column}, {most} characters): {value[:80]}…")


def _continue_numbers() -> None:
    """Numbers given next follow the highest one; SQLite sees to it by itself."""
    if db.session.connection().dialect.name != "postgresql":
        return
    for model in NUMBERED:
        highest, sequence = func.max(model.id), func.pg_get_serial_sequence(model.__tablename__, "id")
        next_one = select(func.setval(sequence, func.greatest(highest, func.nextval(sequence))))
        db.session.execute(next_one.having(highest.is_not(None)))
